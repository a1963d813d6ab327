"""`chargewise outcome` and `claims`: what became of recipes, and whether what they claimed was kept."""

from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName, pairs
from chargewise.commands.console.output import out, print_json, reporting_errors
from steel.claims import KeptClaim
from steel.elements import by_element


def outcome(
    plant: PlantName,
    recipe: Annotated[str, typer.Option("--recipe", help="Its number, as `recommend --keep` printed it.")],
    heat: Annotated[str, typer.Option("--heat", help="Number of the heat that was made of it.")],
    analysis: Annotated[list[str], typer.Option("--analysis", "-a", metavar="EL=WT%", help="Final analysis.")],
    as_json: AsJson = False,
) -> None:
    """Say what became of a recipe; its margins learn from it."""
    with reporting_errors():
        found = by_element(pairs(analysis, "--analysis"), "--analysis")
        _show(Workplace().records().give_outcome(plant, recipe, heat, found), as_json)


def claims(plant: PlantName, as_json: AsJson = False) -> None:
    """What a plant's recipes claimed of each limit, and what was kept of it."""
    with reporting_errors():
        _show(Workplace().application().plant(plant).feedback.kept(), as_json)


def _show(found: tuple[KeptClaim, ...], as_json: bool) -> None:
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    if not found:
        out.print("No outcome of any recipe has come back yet; `chargewise outcome` gives one.")
        return
    table = Table("limit", "recipes", "claimed, %", "realised, %", "margin times")
    for one in found:
        table.add_row(
            f"{one.element} {one.side}", str(one.recipes), f"{100 * (1 - one.claimed):.1f}",
            f"{100 * (1 - one.missed):.1f}", f"{one.width:.2f}",
        )  # fmt: skip
    out.print(table)
