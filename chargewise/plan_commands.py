"""`chargewise front` and `campaign`: more than one recipe at a time."""

import tomllib
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from api.plan_requests import CampaignRequest, FrontRequest
from chargewise.arguments import AsJson, PlantName, pairs
from chargewise.console import out, print_json, progress, reporting_errors
from chargewise.plan_pictures import draw_campaign, draw_front
from chargewise.workplace import Workplace
from optimizer.options import Objective, RecipeOptions
from steel.campaigns import CampaignPlan
from steel.errors import InputError
from steel.recipes import FrontPoint

SHORT = {"cost": Objective.COST, "energy": Objective.ENERGY, "emissions": Objective.EMISSIONS,
         "headroom": Objective.HEADROOM}  # fmt: skip
Picture = Annotated[Path | None, typer.Option("--picture", help="Draw it to this file, such as plan.png.")]


def front(
    plant: PlantName,
    grade: Annotated[str, typer.Option("--grade", "-g", help="A catalogue grade.")],
    objectives: Annotated[str, typer.Option(help=f"Two to four of {', '.join(SHORT)}.")] = "cost,emissions",
    points: Annotated[int, typer.Option(min=2, max=200, help="About how many recipes.")] = 30,
    price: Annotated[list[str] | None, typer.Option("--price", metavar="MATERIAL=€/t", help="A price today.")] = None,
    confidence: Annotated[float, typer.Option(help="Probability each limit must hold with.")] = 0.95,
    max_materials: Annotated[int | None, typer.Option(min=1, help="Most metal-bearing materials.")] = None,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """Recipes that can be bettered in no objective without losing in another."""
    with reporting_errors():
        asked_for = [name.strip() for name in objectives.split(",")]
        strange = [name for name in asked_for if name not in SHORT]
        if strange:
            raise InputError(strange, "--objectives", f"two to four of {', '.join(SHORT)}")
        service = Workplace().service()
        loaded = service.plant(plant)
        asked = FrontRequest(
            plant=plant, grade=grade, prices_eur_per_t=pairs(price, "--price"),
            options=RecipeOptions(confidence=confidence, max_materials=max_materials),
        )  # fmt: skip
        at = asked.plant_today(loaded.plant)
        chosen = tuple(SHORT[name] for name in asked_for)
        with progress(quiet=as_json) as say:
            found = service.front(
                loaded, asked.order(at), asked.options, at, chosen, points, lambda share: say("recipes", share)
            )
        if picture is not None:
            draw_front(found, grade, picture)
        if as_json:
            print_json([point.model_dump(mode="json") for point in found])
        else:
            _print_front(found, f"{plant}, {grade}")


def _print_front(found: tuple[FrontPoint, ...], title: str) -> None:
    table = Table(title=f"{title}: {len(found)} recipes, none better in all", title_justify="left")
    for name in found[0].objectives:
        table.add_column(name.replace("_", " ").replace(" per ", "/"), justify="right")
    table.add_column("materials, t")
    for point in found:
        heaviest = sorted(point.masses_t.items(), key=lambda pair: -pair[1])[:5]
        masses = ", ".join(f"{name} {mass:.1f}" for name, mass in heaviest)
        table.add_row(*(f"{value:.4g}" for value in point.objectives.values()), masses)
    out.print(table)


def campaign(
    file: Annotated[Path, typer.Option("--file", "-f", help="TOML: plant, heats, stock, deliveries, offers.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes to solve with.")] = 1,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """The cheapest plan for many heats of several grades over one stock, with its proven gap."""
    with reporting_errors():
        asked = _read_campaign(file)
        service = Workplace().service()
        loaded = service.plant(asked.plant)
        at = asked.plant_today(loaded.plant)
        with progress(quiet=as_json) as say:
            plan = service.campaign(loaded, asked.campaign(at), asked.options, at, asked.time_limit_s, jobs, say)
        if picture is not None:
            draw_campaign(plan, picture)
        if as_json:
            print_json(plan)
        else:
            _print_campaign(plan, asked.plant)


def _read_campaign(file: Path) -> CampaignRequest:
    try:
        return CampaignRequest.model_validate(tomllib.loads(file.read_text("utf-8")))
    except FileNotFoundError:
        raise InputError(str(file), "--file", "a campaign file") from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(file), "campaign file", f"TOML: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(first["input"], f"{file.name}: {where}", first["msg"]) from None


def _print_campaign(plan: CampaignPlan, plant: str) -> None:
    grades = list(dict.fromkeys(heat.grade for heat in plan.heats))
    table = Table(title=f"{plant}: {len(plan.heats)} heats", title_justify="left")
    for heading in ("grade", "heats", "€/t", "materials, t a heat on average"):
        table.add_column(heading, justify="left" if heading[0] in "gm" else "right")
    for grade in grades:
        made = [heat for heat in plan.heats if heat.grade == grade and heat.masses_t]
        names = {name for heat in made for name in heat.masses_t}
        mean = {name: sum(heat.masses_t.get(name, 0.0) for heat in made) / len(made) for name in names}
        heaviest = sorted(mean.items(), key=lambda pair: -pair[1])[:6]
        cost = sum(heat.cost_eur_per_t for heat in made) / max(len(made), 1)
        table.add_row(grade, str(len(made)), f"{cost:.2f}", ", ".join(f"{n} {m:.1f}" for n, m in heaviest))
    out.print(table)
    for bought in plan.purchases:
        out.print(
            f"Buy {bought.mass_t:.1f} t {bought.material} for heat {bought.from_heat} at {bought.price_eur_per_t:g} €/t"
        )
    for scarce in sorted(plan.scarcities, key=lambda one: -one.worth_eur_per_t)[:5]:
        out.print(
            f"One more t of {scarce.material} from heat {scarce.from_heat} on saves {scarce.worth_eur_per_t:.2f} €"
        )
    if plan.unmade:
        out.print(f"[yellow]Stock and offers cannot make heats {', '.join(map(str, plan.unmade))}[/]")
    out.print(f"{plan.cost_eur:,.0f} € in all, at most {100 * plan.gap:.2f} % above the cheapest there can be")
    if plan.one_by_one_eur is not None:
        saved = 100 * (1 - plan.cost_eur / plan.one_by_one_eur)
        out.print(f"{saved:.2f} % cheaper than each heat at its own best, {plan.one_by_one_eur:,.0f} €")
    elif plan.stranded:
        out.print(f"Each heat at its own best would leave {len(plan.stranded)} heats without a recipe")
