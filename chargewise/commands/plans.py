"""`chargewise front` and `campaign`: more than one recipe at a time."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.orders import CampaignOrder, HeatOrder
from chargewise.app.workplace import Workplace
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import (
    SHORT,
    AsJson,
    Confidence,
    Grade,
    MostMaterials,
    PlantName,
    PricesToday,
    objective_of,
    pairs,
)  # fmt: skip
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from chargewise.commands.console.plan_pictures import draw_campaign, draw_front
from optimizer.problem.options import RecipeOptions
from plant_adapters.reading.toml_files import read_toml, validated
from steel.campaigns import CampaignPlan

Picture = Annotated[Path | None, typer.Option("--picture", help="Draw it to this file, such as plan.png.")]


def front(
    plant: PlantName,
    grade: Grade,
    objectives: Annotated[str, typer.Option(help=f"Two to four of {', '.join(SHORT)}.")] = "cost,emissions",
    points: Annotated[int, typer.Option(min=2, max=200, help="About how many recipes.")] = 30,
    price: PricesToday = None,
    confidence: Confidence = 0.95,
    max_materials: MostMaterials = None,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """Recipes that can be bettered in no objective without losing in another."""
    with reporting_errors():
        chosen = tuple(objective_of(name, "--objectives") for name in objectives.split(","))
        asked = HeatOrder(
            plant=plant, grade=grade, prices_eur_per_t=pairs(price, "--price"),
            options=RecipeOptions(confidence=confidence, max_materials=max_materials),
        )  # fmt: skip
        with progress(quiet=as_json) as say:
            found = Workplace().application().front(asked, chosen, points, lambda share: say("recipes", share))
        if picture is not None:
            draw_front(found, grade, picture)
        if as_json:
            print_json([point.model_dump(mode="json") for point in found])
        else:
            render.front(found, f"{plant}, {grade}: {len(found)} recipes, none better in all")


def campaign(
    file: Annotated[Path, typer.Option("--file", "-f", help="TOML: plant, heats, stock, deliveries, offers.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes to solve with.")] = 1,
    picture: Picture = None,
    as_json: AsJson = False,
) -> None:
    """The cheapest plan for many heats of several grades over one stock, with its proven gap."""
    with reporting_errors():
        asked = validated(CampaignOrder, read_toml(file), str(file))
        with progress(quiet=as_json) as say:
            plan = Workplace().application().campaign(asked, jobs, say)
        if picture is not None:
            draw_campaign(plan, picture)
        if as_json:
            print_json(plan)
        else:
            _print_campaign(plan, asked.plant)


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
