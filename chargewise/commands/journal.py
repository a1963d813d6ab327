"""`chargewise recipes`: the journal of a plant's recipes."""

from datetime import UTC, datetime, timedelta
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.export import export_recipes
from chargewise.app.records import RecipeStory, Records
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import EXIT_SOLVER, err, out, print_json, reporting_errors
from steel.errors import InputError

app = typer.Typer(no_args_is_help=True, help="The journal of recipes: listed, told whole, made again.")
Number = Annotated[str, typer.Argument(help="The recipe's number.", metavar="NUMBER")]


@app.command("list")
def listed(
    plant: PlantName,
    newest: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 20,
    as_json: AsJson = False,
) -> None:
    """A plant's newest recipes, and what became of them."""
    with reporting_errors():
        records = Workplace().records()
        stories = records.stories(plant, newest)
        if as_json:
            print_json([story.model_dump(mode="json") for story in stories])
            return
        table = Table("number", "made", "grade", "€/t", "model", "decision", "heat", "analyses inside")
        for story in stories:
            inside = [one.inside for one in story.foreseen.values()]
            table.add_row(
                story.recipe.recipe_id, story.recipe.made_at, story.recipe.grade, f"{story.recipe.cost_eur_per_t:.2f}",
                story.recipe.model_version, story.decisions[-1].verdict if story.decisions else "",
                story.heat_id or "", f"{sum(inside)} of {len(inside)}" if inside else "",
            )  # fmt: skip
        out.print(table)


@app.command()
def show(number: Number, as_json: AsJson = False) -> None:
    """One recipe: what was asked, what was decided, what was charged, what came of it."""
    with reporting_errors():
        story = _story(Workplace().records(), number)
        if as_json:
            print_json(story)
            return
        made = story.recipe
        by = f" for {story.asked_by}" if story.asked_by else ""
        out.print(f"{made.recipe_id}: {made.grade} at {made.plant}, made {made.made_at}{by} with {made.model_version}")
        out.print(f"{made.cost_eur_per_t:.2f} €/t, proven to {100 * made.optimality_gap:.3f} %")
        masses = ", ".join(f"{line.material} {line.mass_t:.1f} t" for line in made.lines)
        out.print(masses, markup=False)
        for one in story.decisions:
            out.print(f"{one.decided_at} {one.verdict} by {one.decided_by} {one.reason}".rstrip(), markup=False)
        if story.charged is not None:
            charged = ", ".join(f"{name} {mass:.1f} t" for name, mass in story.charged.charged_t.items())
            out.print(f"{story.charged.charged_at} charged for heat {story.charged.heat_id}: {charged}", markup=False)
        for element, found in story.foreseen.items():
            where = "inside" if found.inside else "outside"
            span = f"{found.predicted.low:.4f} to {found.predicted.high:.4f}"
            out.print(f"{element}: {found.analysed:.4f} wt%, {where} {span} (90 %)")


@app.command()
def reproduce(number: Number, as_json: AsJson = False) -> None:
    """Make a recipe again from the journal alone, and compare."""
    with reporting_errors():
        records = Workplace().records()
        found = records.reproduce(_plant(records, number), number)
        if as_json:
            print_json(found)
        else:
            same = "the same numbers" if found.same else "[red]other numbers[/]"
            out.print(f"{number}: {same} from the journal's order, plant, model, heel and margins")
            out.print(f"predictions differ by {found.predictions_differ_by:.1e}, relative")
            out.print(
                f"cost {found.cost_eur_per_t:.4f} €/t; solved again {found.solved_again_eur_per_t:.4f} €/t, "
                f"masses differ by {found.masses_differ_by_t:.4f} t; proven gap {found.optimality_gap:.1e}"
            )
        if not found.same:
            raise typer.Exit(EXIT_SOLVER)


@app.command()
def erase(
    plant: PlantName,
    older_than_days: Annotated[int, typer.Option(min=1, help="Recipes made longer ago than this.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase old recipes for good; those whose outcome margins learn from stay."""
    with reporting_errors():
        before = datetime.now(UTC) - timedelta(days=older_than_days)
        if not yes:
            err.print(f"Recipes of {plant} made before {before:%Y-%m-%d} will be gone for good.", markup=False)
            typer.confirm("Erase them?", abort=True, err=True)
        count = Workplace().records().erase(plant, before, getuser())
        if as_json:
            print_json({"erased": count})
        else:
            out.print(f"{plant}: {count} recipes erased")


@app.command()
def export(
    plant: PlantName,
    file: Annotated[Path, typer.Argument(help="To write: .jsonl for all that is known, .csv for a table.")],
    as_json: AsJson = False,
) -> None:
    """Write a plant's recipes, what was decided, charged and analysed, to a file."""
    with reporting_errors():
        count = export_recipes(Workplace().records(), plant, file)
        if as_json:
            print_json({"recipes": count, "file": str(file)})
        else:
            out.print(f"{file}: {count} recipes", markup=False, soft_wrap=True)


def _plant(records: Records, number: str) -> str:
    plant = records.plant_of(number)
    if plant is None:
        raise InputError(number, "recipe", "the number of a recipe of this journal; `chargewise recipes list` has them")
    return plant


def _story(records: Records, number: str) -> RecipeStory:
    return records.story(_plant(records, number), number)
