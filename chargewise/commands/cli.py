"""The `chargewise` command. Each subcommand's module is imported only when it is asked for."""

from importlib.metadata import version
from typing import Annotated

import typer

from chargewise.commands.console.ending import end_with_starter
from chargewise.commands.console.lazy import LazyGroup

COMMANDS = {
    "demo": ("chargewise.commands.demo", "The main job end to end on a bundled plant."),
    "ingest": ("chargewise.commands.heats", "Read a plant's heats into the store."),
    "mapping": ("chargewise.commands.mapping", "A first mapping proposed from a table; what a mapping would lose."),
    "plant": ("chargewise.commands.plants", "A plant's file: written from its heats, and checked."),
    "connect": ("chargewise.commands.connect", "A plant's systems, read and served on and on."),
    "inbox": ("chargewise.commands.inbox", "What a plant's systems told, what waits and what was set aside."),
    "quarantine": ("chargewise.commands.quarantine", "Rows of heats that were set aside; corrected ones stored."),
    "outbox": ("chargewise.commands.outbox", "What went to a plant's systems, and what was refused."),
    "train": ("chargewise.commands.heats", "Fit, judge and publish a plant's surrogate."),
    "update": ("chargewise.commands.models", "Take the newest heats into the active surrogate, in milliseconds."),
    "retrain": ("chargewise.commands.models", "Refit, and promote only what is better on the newest heats."),
    "models": ("chargewise.commands.models", "List a plant's surrogates, or roll back to one."),
    "card": ("chargewise.commands.card", "The active surrogate's model card, Markdown and HTML."),
    "evaluate": ("chargewise.commands.heats", "Compare the surrogate with plain regressions on later heats."),
    "characterise": ("chargewise.commands.characterise", "What is in the scrap, by the plant's own heats."),
    "predict": ("chargewise.commands.recipes", "What a given charge will give."),
    "recommend": ("chargewise.commands.recipes", "The cheapest recipe for an order."),
    "recipes": ("chargewise.commands.journal", "The journal of recipes: listed, told whole, made again."),
    "alternatives": ("chargewise.commands.answers", "The cheapest recipes that differ in their materials."),
    "substitutes": ("chargewise.commands.substitutes", "A bay is empty: what takes its place, at what price."),
    "baskets": ("chargewise.commands.loading", "How many baskets, and what the last one may cost."),
    "lots": ("chargewise.commands.loading", "A recipe that chooses among the yard's lots."),
    "heat": ("chargewise.commands.shift", "A heat in progress: planned, weighed, sampled, trimmed."),
    "ranges": ("chargewise.commands.answers", "How long the recipe stands, by price and limit."),
    "priorities": ("chargewise.commands.answers", "One objective after another."),
    "front": ("chargewise.commands.plans", "Recipes between cost, energy, emissions and headroom."),
    "campaign": ("chargewise.commands.plans", "A plan for many heats over one stock."),
    "sequence": ("chargewise.commands.ahead", "The next heats of a cast sequence, planned again as it rolls."),
    "month": ("chargewise.commands.ahead", "The buyer's month: buy, hold or walk away, and up to which price."),
    "carbon": ("chargewise.commands.carbon", "The carbon sheet: scopes, recycled content, CBAM and ETS route."),
    "outcome": ("chargewise.commands.outcomes", "What became of a recipe; its margins learn from it."),
    "claims": ("chargewise.commands.outcomes", "What recipes claimed of each limit, and what was kept."),
    "scenario": ("chargewise.commands.scenario", "What-if scenarios, and the closed loop at virtual plants."),
    "watch": (
        "chargewise.commands.watch",
        "Bays that held other scrap than booked, deliveries that changed.",
    ),
    "shadow": ("chargewise.commands.shadow", "Recorded heats beside what would have been charged: saving, report."),
    "keys": ("chargewise.commands.keys", "Who may use the service: keys made, listed, revoked."),
    "serve": ("chargewise.commands.serve", "The REST service and the page."),
    "work": ("chargewise.commands.work", "Does the jobs that the service was asked for."),
    "backup": ("chargewise.commands.upkeep", "An installation in one file, taken while it runs."),
    "restore": ("chargewise.commands.upkeep", "A backup, put back into SQLite or PostgreSQL."),
    "doctor": ("chargewise.commands.upkeep", "What is wrong with a machine or an installation, and what mends it."),
    "castings": ("chargewise.commands.castings", "A foundry's castings: their property from the melt."),
    "publish": ("chargewise.commands.data_space", "A federation's shared model as an entry of data spaces."),
    "fetch": ("chargewise.commands.data_space", "A published model, by its entry and its hash."),
    "federation": ("chargewise.commands.federation", "Plants improve one surrogate together."),
}
"""Module and summary of each subcommand; several have subcommands of their own."""
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
    end_with_starter()
    app()


if __name__ == "__main__":
    main()
