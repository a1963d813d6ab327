"""`chargewise predict` and `recommend`."""

from dataclasses import asdict
from getpass import getuser
from pathlib import Path
from typing import Annotated

import typer

from chargewise.app.application import Application
from chargewise.app.orders import HeatOrder
from chargewise.app.records import RecipeRecord, Records
from chargewise.app.workplace import Workplace
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import (
    AsJson,
    Confidence,
    Maxima,
    Minima,
    MostMaterials,
    PlantName,
    PricesToday,
    StockToday,
    pairs,
)  # fmt: skip
from chargewise.commands.console.output import EXIT_SOLVER, out, print_json, progress, reporting_errors
from optimizer.explain.recommend import Optimizer
from optimizer.explain.verification import recipe_by
from optimizer.explain.verification import verify as check
from optimizer.model.exchange import write_model
from optimizer.problem.options import Aim, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem
from plant_adapters.plants.prices import with_price_file
from plant_adapters.sources.recipe_file import write_recipe
from steel.elements import parse_element
from steel.errors import InputError
from steel.heats import Charge
from steel.plants import Plant
from steel.recipes import Recipe


def predict(
    plant: PlantName,
    charge: Annotated[list[str], typer.Option("--charge", "-c", metavar="MATERIAL=T", help="t of a material.")],
    process: Annotated[
        list[str] | None, typer.Option("--process", metavar="NAME=NUMBER", help="A process input.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a given charge will give, with intervals."""
    with reporting_errors():
        asked = Charge(charged_t=pairs(charge, "--charge"), process=pairs(process, "--process"))
        found = Workplace().application().predict(plant, asked)
        if as_json:
            print_json(found)
        else:
            render.prediction(found)


def recommend(
    plant: Annotated[str | None, typer.Option("--plant", "-p", help="A plant with a trained surrogate.")] = None,
    grade: Annotated[str | None, typer.Option("--grade", "-g", help="A catalogue grade.")] = None,
    mass_t: Annotated[float | None, typer.Option("--tonnes", help="Liquid steel wanted, t.")] = None,
    tolerance_t: Annotated[float, typer.Option("--tolerance", min=0, help="How much lighter or heavier, t.")] = 0.0,
    maximum: Maxima = None,
    minimum: Minima = None,
    aim: Annotated[list[str] | None, typer.Option("--aim", metavar="EL=WT%", help="A content to come near to.")] = None,
    price: PricesToday = None,
    stock: StockToday = None,
    prices: Annotated[Path | None, typer.Option("--prices", help="A TOML file of prices.")] = None,
    heats: Annotated[Path | None, typer.Option("--heats", help="Heats to learn from on the spot.")] = None,
    mapping: Annotated[str | None, typer.Option("--mapping", help="How to read them.")] = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    time_limit_s: Annotated[float, typer.Option("--time-limit", help="Seconds for the whole answer.")] = 10.0,
    heat: Annotated[
        str | None, typer.Option("--heat", help="Number of the heat it is for; part of the outbox.")
    ] = None,
    outbox: Annotated[
        Path | None, typer.Option("--outbox", help="Folder to write the recipe to, CSV and JSON.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Keep it, for `chargewise outcome` to say what became.")] = False,
    solver: Annotated[
        str | None, typer.Option(help="Solve with this solver of Pyomo's, such as highs or scip.")
    ] = None,
    export: Annotated[Path | None, typer.Option(help="Write the model to a .lp, .mps or .nl file.")] = None,
    verify: Annotated[bool, typer.Option("--verify", help="Solve on both roads and print both costs.")] = False,
    as_json: AsJson = False,
) -> None:
    """The cheapest recipe for an order: at a trained plant, or straight from a record of heats."""
    with reporting_errors():
        aims = {parse_element(symbol, "--aim"): Aim(wt_pct=value) for symbol, value in pairs(aim, "--aim").items()}
        options = RecipeOptions(
            confidence=confidence, max_materials=max_materials, aims=aims, time_limit_s=time_limit_s
        )
        mass = (mass_t, tolerance_t)
        limits = (pairs(maximum, "--max"), pairs(minimum, "--min"))
        today = (pairs(price, "--price"), pairs(stock, "--stock"))
        problem: RecipeProblem | None = None
        if keep and (plant is None or solver is not None):
            raise typer.BadParameter("--keep keeps what --plant was recommended by Chargewise's own solver")
        if plant is not None:
            application, asked, at = _at_plant(plant, grade, mass, limits, today, prices, options)
        elif heats is not None and mapping is not None:
            # Learning on the spot needs torch, which takes seconds to import and nothing else here needs.
            from chargewise.app.record import problem_from_record  # noqa: PLC0415

            with progress(quiet=as_json) as say:
                problem = problem_from_record(heats, mapping, grade, mass, limits, today, prices, options, say)
        else:
            raise typer.BadParameter("give --plant, or --heats and --mapping")
        if export is not None or verify or solver is not None:
            problem = problem or application.problem(asked, at)
            if export is not None or verify:
                _by_others(problem, export, solver or "highs", verify, as_json)
                return
            found = recipe_by(problem, str(solver))
        else:
            found = _made(application, asked, at, keep) if problem is None else Optimizer().solve(problem)
        if outbox is not None:
            write_recipe(found, outbox, heat)
        if as_json:
            print_json(found)
        else:
            render.recipe(found)
            if isinstance(found, RecipeRecord):
                number = found.recipe_id
                out.print(f"Kept as {number}; `chargewise outcome --recipe {number}` says what became of it.")


def _made(application: Application, asked: HeatOrder, plant: Plant, keep: bool) -> Recipe:
    """The recipe of an order, in the journal if it is to be kept."""
    if keep:
        return Records(application).make(asked, getuser(), plant=plant)
    return application.recipe(asked, plant=plant)


def _at_plant(
    plant: str,
    grade: str | None,
    mass: tuple[float | None, float],
    limits: tuple[dict[str, float], dict[str, float]],
    today: tuple[dict[str, float], dict[str, float]],
    prices: Path | None,
    options: RecipeOptions,
) -> tuple[Application, HeatOrder, Plant]:
    application = Workplace().application()
    loaded = application.plant(plant)
    if grade is None:
        raise InputError(None, "--grade", f"a grade, such as {', '.join(loaded.plant.grades)}")
    asked = HeatOrder(
        plant=plant, grade=grade, mass_t=mass[0], tolerance_t=mass[1],
        maximum_wt_pct=limits[0], minimum_wt_pct=limits[1],
        prices_eur_per_t=today[0], available_t=today[1], options=options,
    )  # fmt: skip
    return application, asked, loaded.plant if prices is None else with_price_file(loaded.plant, prices)


def _by_others(problem: RecipeProblem, export: Path | None, solver: str, verify: bool, as_json: bool) -> None:
    """Write the model for others, or have one of them check it."""
    if export is not None:
        write_model(problem, export)
        if as_json:
            print_json({"model": str(export)})
        else:
            out.print(f"{export}: the recipe's model, cones and all", soft_wrap=True)
    if verify:
        found = check(problem, solver)
        if as_json:
            print_json({**asdict(found), "difference": found.difference, "agrees": found.agrees})
        else:
            out.print(f"own road {found.own_eur_per_t:.6f} €/t, {solver} {found.other_eur_per_t:.6f} €/t")
            out.print(f"difference {found.difference:+.2e}: {'they agree' if found.agrees else 'they do not agree'}")
        if not found.agrees:
            raise typer.Exit(EXIT_SOLVER)
