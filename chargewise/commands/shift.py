"""`chargewise heat`: a heat in progress, from its plan to its trim."""

from datetime import UTC, datetime
from getpass import getuser
from typing import Annotated, Literal

import typer
from rich.table import Table

from chargewise.app.heats_in_progress import HeatNow, HeatsInProgress
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName, pairs
from chargewise.commands.console.output import out, print_json, reporting_errors
from steel.answers import GradeLeft, Trim
from steel.elements import by_element
from steel.recipes import Recipe
from steel.samples import Sample
from steel.shift import Lift, StepKind

app = typer.Typer(no_args_is_help=True, help="A heat in progress: planned, weighed, sampled, trimmed.")
HeatId = Annotated[str, typer.Argument(help="The plant's number of the heat.", metavar="HEAT")]
Masses = Annotated[list[str] | None, typer.Option("--lift", metavar="MATERIAL=T", help="What was lifted; several.")]
ENDS = {"tapped": StepKind.TAP, "done": StepKind.FINISH, "cancelled": StepKind.CANCEL}


@app.command()
def plan(
    heat: HeatId,
    plant: PlantName,
    recipe: Annotated[str, typer.Option("--recipe", "-r", help="Number of a recipe of the journal.")],
    as_json: AsJson = False,
) -> None:
    """Plan a heat by a recipe of the journal."""
    with reporting_errors():
        _show(_heats().plan(plant, heat, recipe, getuser()), as_json)


@app.command()
def show(
    heat: HeatId,
    plant: PlantName,
    confidence: Annotated[float | None, typer.Option(help="Of the rest; the recipe's unless given.")] = None,
    room: Annotated[float | None, typer.Option(min=0, help="t by which a melt may be thinned.")] = None,
    as_json: AsJson = False,
) -> None:
    """A heat as it is: its rest optimised again, or what its melt needs."""
    with reporting_errors():
        _show(_heats().now(plant, heat, room_t=room, confidence=confidence), as_json)


@app.command()
def weigh(
    heat: HeatId,
    plant: PlantName,
    basket: Annotated[int, typer.Option(min=1, help="Number of the basket.")],
    lift: Masses = None,
    as_json: AsJson = False,
) -> None:
    """What the crane put into a basket; a material that was said before is corrected."""
    with reporting_errors():
        masses = pairs(lift, "--lift")
        lifts = tuple(
            Lift(lift_id=f"{basket}-{name}"[:64], material=name, mass_t=mass) for name, mass in masses.items()
        )
        _show(_heats().weigh(plant, heat, basket, lifts, getuser()), as_json)


@app.command()
def missing(
    heat: HeatId,
    plant: PlantName,
    material: Annotated[list[str], typer.Option(help="What is not to be had; several.")],
    as_json: AsJson = False,
) -> None:
    """A bay is empty: the rest of the heat does without."""
    with reporting_errors():
        _show(_heats().missing(plant, heat, tuple(material), getuser()), as_json)


@app.command()
def grade(
    heat: HeatId,
    plant: PlantName,
    grade: Annotated[str, typer.Option("--grade", "-g", help="That is to be made instead.")],
    as_json: AsJson = False,
) -> None:
    """Make another grade of the heat."""
    with reporting_errors():
        _show(_heats().regrade(plant, heat, grade, getuser()), as_json)


@app.command()
def charged(heat: HeatId, plant: PlantName, as_json: AsJson = False) -> None:
    """All baskets are in; what was weighed is drawn of the yard's lots."""
    with reporting_errors():
        _show(_heats().charge(plant, heat, getuser()), as_json)


@app.command()
def sample(
    heat: HeatId,
    plant: PlantName,
    number: Annotated[str, typer.Option("--number", "-n", help="The laboratory's number of the sample.")],
    found: Annotated[list[str], typer.Option("--found", metavar="EL=WT%", help="What was analysed; several.")],
    ladle: Annotated[bool, typer.Option(help="Taken from the ladle, not from the bath.")] = False,
    confirmed: Annotated[bool, typer.Option(help="It is this heat's, far from what was expected as it is.")] = False,
    as_json: AsJson = False,
) -> None:
    """A sample of the melt; the answer is what the melt needs."""
    with reporting_errors():
        one = Sample(
            sample_id=number, place="ladle" if ladle else "bath", taken_at=datetime.now(UTC),
            analysis_wt_pct=by_element(pairs(found, "--found"), "--found"),
        )  # fmt: skip
        _show(_heats().sample(plant, heat, one, getuser(), confirmed), as_json)


@app.command()
def trim(heat: HeatId, plant: PlantName, lift: Masses = None, as_json: AsJson = False) -> None:
    """What came to the melt: alloys, or further charge that thins it."""
    with reporting_errors():
        masses = pairs(lift, "--lift")
        lifts = tuple(Lift(lift_id=f"melt-{name}"[:64], material=name, mass_t=mass) for name, mass in masses.items())
        _show(_heats().trim(plant, heat, lifts, getuser()), as_json)


@app.command("order-additions")
def order_additions(heat: HeatId, plant: PlantName, masses: Masses = None, as_json: AsJson = False) -> None:
    """Have the plant's systems add to the melt; what was then added is told with `trim`."""
    with reporting_errors():
        _show(_heats().order_additions(plant, heat, pairs(masses, "--lift"), getuser()), as_json)


@app.command()
def stage(
    heat: HeatId,
    plant: PlantName,
    to: Annotated[Literal["tapped", "done", "cancelled"], typer.Argument(help="What has happened to it.")],
    as_json: AsJson = False,
) -> None:
    """Tap a heat, be done with it, or give it up."""
    with reporting_errors():
        _show(_heats().advance(plant, heat, ENDS[to], getuser()), as_json)


def _heats() -> HeatsInProgress:
    return HeatsInProgress(Workplace().application())


def _show(now: HeatNow, as_json: bool) -> None:
    if as_json:
        print_json(now)
        return
    out.print(f"Heat {now.heat_id} at {now.plant}: {now.stage}, {now.grade}", markup=False)
    for number, load in enumerate(now.baskets_t, 1):
        out.print(f"Basket {number} weighed: {_masses(load)}", markup=False)
    if now.unavailable:
        out.print(f"Not to be had: {', '.join(now.unavailable)}", markup=False)
    if now.rest is not None:
        kept = "stays as planned" if now.rest.kept else "is changed"
        out.print(f"The rest {kept}, {now.rest.dearer_by_eur_per_t:+.2f} €/t: {_masses(now.rest.rest_t)}", markup=False)
        _baskets(now.rest.recipe, len(now.baskets_t))
        additions = now.rest.recipe.additions_t()
        if additions:
            out.print(f"At tapping: {_masses(additions, 3)}", markup=False)
    if now.lost is not None:
        out.print("[bold red]This grade cannot be made any more:[/]")
        for words in now.lost.requirements:
            out.print(f"  • {words}", markup=False)
        out.print(f"It still can be: {_grades(now.lost.grades)}", markup=False)
    if now.melt is not None:
        shown = [one for one in now.melt.contents if one.is_sampled] or list(now.melt.contents)
        held = ", ".join(f"{one.element} {one.wt_pct:.3g} ± {one.sd_wt_pct:.1g}" for one in shown)
        out.print(f"{now.melt.steel_t:.1f} t of melt, wt%: {held}", markup=False)
        for choice in now.melt.choices:
            _choice(choice)
        if now.melt.grades:
            out.print(f"Without further charge it can be: {_grades(now.melt.grades)}", markup=False)


def _baskets(recipe: Recipe, weighed: int) -> None:
    """What the crane still has to load, from the bottom of each basket."""
    left = recipe.baskets[weighed:]
    if not left:
        return
    table = Table("basket", "t", "from the bottom")
    for number, basket in enumerate(left, weighed + 1):
        layers = ", ".join(f"{layer.material} {layer.mass_t:.1f}" for layer in basket.layers)
        table.add_row(str(number), f"{basket.mass_t:.1f}", layers)
    out.print(table)


def _choice(choice: Trim) -> None:
    thinned = f"charge {_masses(choice.dilution_t)} more, " if choice.dilution_t else ""
    added = _masses(choice.additions_t, 3) or "nothing"
    misses = f"; misses {', '.join(choice.misses)}" if choice.misses else ""
    sure = f"{100 * choice.met_with:.1f} % sure"
    out.print(f"• {thinned}add {added}: {choice.cost_eur:,.0f} €, {choice.steel_t:.1f} t, {sure}{misses}", markup=False)


def _grades(grades: tuple[GradeLeft, ...]) -> str:
    return ", ".join(f"{one.grade} at {one.cost_eur_per_t:.2f} €/t" for one in grades) or "no grade of the plant's"


def _masses(masses: dict[str, float], digits: int = 1) -> str:
    return ", ".join(f"{name} {mass:.{digits}f} t" for name, mass in masses.items())
