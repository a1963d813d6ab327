"""`chargewise demo`: the main job end to end on a bundled plant."""

from pathlib import Path
from typing import Annotated

import typer

from api.onboarding import set_up_bundled
from api.requests import RecipeRequest
from chargewise import render
from chargewise.arguments import AsJson
from chargewise.console import out, print_json, progress, reporting_errors
from chargewise.picture import draw_recipe
from chargewise.workplace import Workplace
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
        service = place.service()
        loaded = service.plant(plant)
        asked = RecipeRequest(plant=plant, grade=grade, options=RecipeOptions(confidence=confidence))
        recipe = service.recommend(loaded, asked.order(loaded.plant), asked.options)
        draw_recipe(recipe, picture)
        if as_json:
            print_json({**ready, "recipe": recipe.model_dump(mode="json"), "picture": str(picture)})
            return
        out.print(f"[bold]{loaded.plant.title}[/]: {heats} heats, surrogate {ready['version']}")
        render.recipe(recipe)
        out.print(f"\nPicture: {picture}   Next: make serve, then open http://127.0.0.1:{place.settings.port}/")
