"""`chargewise scenario`: what-if scenarios, and the closed loop at virtual plants."""

import csv
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, Confidence
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from optimizer.problem.options import RecipeOptions
from scenarios.what_if.scenario import gallery, read_scenario
from scenarios.what_if.study import WhatIf, on_cluster
from steel.errors import InputError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
CLOSED_LOOP = "closed-loop"
EXPORTED = ("case", "grade", "cost_eur_per_t", "energy_kwh_per_t", "emissions_kgco2e_per_t", "charge", "impossible")


@app.callback()
def scenario() -> None:
    """What-if scenarios, and the closed loop at virtual plants."""


@app.command("list")
def list_scenarios(as_json: AsJson = False) -> None:
    """The scenarios that come with Chargewise."""
    with reporting_errors():
        found = {name: read_scenario(name) for name in gallery()}
        if as_json:
            print_json({name: one.model_dump(mode="json", exclude_defaults=True) for name, one in found.items()})
            return
        table = Table("name", "title", "cases")
        for name, one in found.items():
            table.add_row(name, one.title, str(len(one.cases())))
        table.add_row(CLOSED_LOOP, "Policies charge virtual plants; lots scatter, the model learns on", "")
        out.print(table)


@app.command()
def run(
    name: Annotated[str, typer.Argument(metavar="SCENARIO", help=f"Of the gallery, a TOML file, or {CLOSED_LOOP}.")],
    plant: Annotated[str | None, typer.Option("--plant", "-p", help="Name of the plant.")] = None,
    grade: Annotated[list[str] | None, typer.Option("--grade", "-g", help="A grade; all unless given.")] = None,
    confidence: Confidence = 0.95,
    workers: Annotated[int, typer.Option(min=-1, help="Processes; -1 for all cores.")] = 1,
    picture: Annotated[Path | None, typer.Option(help="Draw it to this file, such as carbon.png.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write every case and grade to a CSV file.")] = None,
    heats: Annotated[int, typer.Option(min=1, help=f"Heats of the {CLOSED_LOOP}.")] = 100,
    seeds: Annotated[int, typer.Option(min=1, help=f"Repetitions of the {CLOSED_LOOP}.")] = 1,
    folder: Annotated[Path, typer.Option("--out", help="Where a stopped run goes on.")] = Path("closed-loop"),
    as_json: AsJson = False,
) -> None:
    """Run a scenario at a plant, or the closed loop at the virtual plants."""
    with reporting_errors():
        if name == CLOSED_LOOP:
            _closed_loop(heats, seeds, folder, as_json)
            return
        if plant is None:
            raise InputError("", "--plant", "the name of a plant that is set up")
        place = Workplace()
        asked, options = read_scenario(name), RecipeOptions(confidence=confidence)
        cluster = place.settings.cluster
        # On a cluster there are as many processes as it has.
        beside = workers if cluster is None else -1
        with progress(quiet=as_json) as say, on_cluster(cluster):
            found = place.application().what_if(plant, asked, tuple(grade or ()), options, beside, say)
        if picture is not None:
            from chargewise.commands.console.scenario_pictures import draw_scenario  # noqa: PLC0415

            draw_scenario(found, picture)
        if export is not None:
            _export(found, export)
        if as_json:
            print_json(found)
        else:
            _print(found)


def _print(found: WhatIf) -> None:
    base = found.cases[0]
    over = f"mean of {', '.join(found.compared)}" if found.compared else "no grade can be made in every case"
    table = Table(title=f"{found.plant}: {found.title} ({over})", title_justify="left", title_style="bold")
    table.add_column("case")
    for name in ("€/t", "against today", "kWh/t", "kgCO2e/t"):
        table.add_column(name, justify="right")
    for case in found.cases:
        if case.cost_eur_per_t is None or base.cost_eur_per_t is None:
            table.add_row(case.case, "", "", "", "")
            continue
        more = "" if case is base else f"{case.cost_eur_per_t - base.cost_eur_per_t:+.2f}"
        table.add_row(
            case.case, f"{case.cost_eur_per_t:.2f}", more, f"{case.energy_kwh_per_t:.0f}",
            f"{case.emissions_kgco2e_per_t:.0f}",
        )  # fmt: skip
    out.print(table)
    for case in found.cases:
        for answer in case.grades:
            if answer.impossible:
                out.print(f"[yellow]![/] {case.case}, {answer.grade}: ", end="")
                out.print(answer.impossible, markup=False)


def _export(found: WhatIf, path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(EXPORTED)
        for case in found.cases:
            for one in case.grades:
                charge = "; ".join(f"{name} {mass:.2f} t" for name, mass in one.masses_t.items())
                figures = (one.cost_eur_per_t, one.energy_kwh_per_t, one.emissions_kgco2e_per_t)
                writer.writerow((case.case, one.grade, *figures, charge, one.impossible))


def _closed_loop(heats: int, seeds: int, folder: Path, as_json: bool) -> None:
    from chargewise.app.closed_loop import closed_loop  # noqa: PLC0415

    with progress(quiet=as_json) as say:
        found = closed_loop(heats, seeds, folder, say)
    if as_json:
        print_json([one.model_dump() for one in found])
        return
    table = Table(title=f"Three virtual plants, {heats} heats, {seeds} seeds", title_justify="left", title_style="bold")
    table.add_column("who decides")
    for name in ("heats off grade, %", "€/t", "€/t at Chargewise's rate", "kWh/t", "kgCO2e/t"):
        table.add_column(name, justify="right")
    for one in found:
        table.add_row(
            one.policy, f"{100 * one.off_spec:.1f}", f"{one.cost_eur_per_t:.2f}",
            f"{one.cost_at_equal_rate_eur_per_t:.2f}", f"{one.energy_kwh_per_t:.0f}",
            f"{one.emissions_kgco2e_per_t:.0f}",
        )  # fmt: skip
    out.print(table)
