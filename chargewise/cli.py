"""The `chargewise` command. Each subcommand's module is imported only when it is asked for."""

from importlib.metadata import version
from typing import Annotated

import typer

from chargewise.lazy import LazyGroup

COMMANDS = {
    "demo": ("chargewise.demo", "The main job end to end on a bundled plant."),
    "ingest": ("chargewise.model_commands", "Read a plant's heats into the store."),
    "plant": ("chargewise.plant_commands", "A plant's file: written from its heats, and checked."),
    "train": ("chargewise.model_commands", "Fit, judge and publish a plant's surrogate."),
    "update": ("chargewise.life_cycle", "Take the newest heats into the active surrogate, in milliseconds."),
    "retrain": ("chargewise.life_cycle", "Refit, and promote only what is better on the newest heats."),
    "models": ("chargewise.life_cycle", "List a plant's surrogates, or roll back to one."),
    "card": ("chargewise.card", "The active surrogate's model card, Markdown and HTML."),
    "evaluate": ("chargewise.model_commands", "Compare the surrogate with plain regressions on later heats."),
    "characterise": ("chargewise.characterise", "What is in the scrap, by the plant's own heats."),
    "predict": ("chargewise.recipe_commands", "What a given charge will give."),
    "recommend": ("chargewise.recipe_commands", "The cheapest recipe for an order."),
    "alternatives": ("chargewise.answer_commands", "The cheapest recipes that differ in their materials."),
    "ranges": ("chargewise.answer_commands", "How long the recipe stands, by price and limit."),
    "priorities": ("chargewise.answer_commands", "One objective after another."),
    "front": ("chargewise.plan_commands", "Recipes between cost, energy, emissions and headroom."),
    "campaign": ("chargewise.plan_commands", "A plan for many heats over one stock."),
    "serve": ("chargewise.serve", "The REST service and the page."),
    "castings": ("chargewise.castings", "A foundry's castings: their property from the melt."),
    "publish": ("chargewise.data_space", "A federation's shared model as an entry of data spaces."),
    "fetch": ("chargewise.data_space", "A published model, by its entry and its hash."),
    "federation": ("chargewise.federation", "Plants improve one surrogate together."),
}
"""Module and summary of each subcommand; `plant`, `castings` and `federation` have subcommands of their own."""
HELP = """What to load into an electric arc furnace.

Every command takes --json. Exit codes: 2 bad input, 3 an order no recipe meets, 4 no answer in time, 5 an altered
ledger, 6 a federation that could not go on, 7 an altered published model, 8 a solver that failed, 9 files or a database
that do not answer."""


class ChargewiseGroup(LazyGroup):
    """Every subcommand."""

    modules = COMMANDS


app = typer.Typer(
    cls=ChargewiseGroup, no_args_is_help=True, add_completion=False, help=HELP, pretty_exceptions_show_locals=False
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"chargewise {version('chargewise')}")
        raise typer.Exit


@app.callback()
def chargewise(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """What to load into an electric arc furnace."""


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
