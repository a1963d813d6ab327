"""`chargewise demo`: the main job end to end on a bundled plant."""

from pathlib import Path
from typing import Annotated

import typer

from chargewise.app.demo_plants import set_up_bundled
from chargewise.app.orders import HeatOrder
from chargewise.app.workplace import Workplace
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from chargewise.commands.console.picture import draw_recipe
from optimizer.problem.options import RecipeOptions


def demo(
    plant: Annotated[str, typer.Option(help="northmill, riverside or eastport.")] = "northmill",
    grade: Annotated[str, typer.Option(help="A grade the plant makes.")] = "SAE1018",
    heats: Annotated[int, typer.Option(min=100, help="Heats to make up.")] = 2000,
    confidence: Annotated[float, typer.Option(help="Probability each limit must hold with.")] = 0.95,
    picture: Annotated[Path, typer.Option(help="Where to write the picture.")] = Path("chargewise-demo.png"),
    as_json: AsJson = False,
) -> None:
    """Make the heats of a bundled plant, learn from them, and recommend a recipe."""
    with reporting_errors():
        place = Workplace()
        with progress(quiet=as_json) as say:
            ready = set_up_bundled(plant, heats, place.settings.plants, place.store, place.registry, say)
        application = place.application()
        asked = HeatOrder(plant=plant, grade=grade, options=RecipeOptions(confidence=confidence))
        recipe = application.recipe(asked)
        draw_recipe(recipe, picture)
        if as_json:
            print_json({**ready, "recipe": recipe.model_dump(mode="json"), "picture": str(picture)})
            return
        out.print(f"[bold]{application.plant(plant).plant.title}[/]: {heats} heats, surrogate {ready['version']}")
        render.recipe(recipe)
        out.print(f"\nPicture: {picture}   Next: make serve, then open http://127.0.0.1:{place.settings.port}/")
