"""`chargewise sequence` and `month`: the heats that come next, and what to buy for them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.month import MonthOrder
from chargewise.app.sequences import SequenceOrder
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from plant_adapters.reading.toml_files import read_toml, validated
from steel.buying import OfferAdvice
from steel.sequences import SequencePlan

COLOURS = {"buy": "bold green", "hold": "bold yellow", "walk away": "bold red"}


def sequence(
    file: Annotated[Path, typer.Option("--file", "-f", help="TOML: plant, heats, heats_done, stock, returns.")],
    before: Annotated[Path | None, typer.Option(help="The plan so far, as --json printed it.")] = None,
    planned_after: Annotated[int, typer.Option(min=0, help="Heats that were made when that plan was.")] = 0,
    as_json: AsJson = False,
) -> None:
    """The next heats of a cast sequence, each from what the one before leaves; a plan goes on until things change."""
    with reporting_errors():
        asked = validated(SequenceOrder, read_toml(file), str(file))
        if before is not None:
            plan = SequencePlan.model_validate_json(before.read_text("utf-8"))
            asked = asked.model_copy(update={"plan": plan, "plan_done": planned_after})
        found = Workplace().application().sequence(asked)
        if as_json:
            print_json(found)
            return
        table = Table(title=f"{asked.plant}: the next {len(found.heats)} heats", title_justify="left")
        for heading in ("heat", "grade", "€/t", "sure", "materials, t"):
            table.add_column(heading, justify="left" if heading in ("grade", "materials, t") else "right")
        for heat in found.heats:
            masses = sorted(heat.masses_t.items(), key=lambda pair: -pair[1])[:6]
            table.add_row(
                str(asked.heats_done + heat.number), heat.grade, f"{heat.cost_eur_per_t:.2f}" if masses else "–",
                f"{100 * heat.met_with:.1f} %", ", ".join(f"{n} {m:.1f}" for n, m in masses) or "cannot be made",
            )  # fmt: skip
        out.print(table)
        left = ", ".join(f"{name} {mass:.1f}" for name, mass in found.stock_left_t.items())
        kept = "The plan so far goes on" if found.kept else "A new plan"
        out.print(f"{kept}: {found.cost_eur:,.0f} €; left at the end, t: {left or 'nothing is counted'}", markup=False)


def month(
    file: Annotated[Path, typer.Option("--file", "-f", help="TOML: plant, heats, offers and contracts.")],
    jobs: Annotated[int, typer.Option(min=1, help="Processes to solve with.")] = 1,
    as_json: AsJson = False,
) -> None:
    """The buyer's month: which offers to buy, hold or walk away from, and up to which price each pays."""
    with reporting_errors():
        asked = validated(MonthOrder, read_toml(file), str(file))
        with progress(quiet=as_json) as say:
            found = Workplace().application().month(asked, jobs, say)
        if as_json:
            print_json(found)
            return
        table = Table(title=f"{asked.plant}: {len(found.plan.heats)} heats", title_justify="left")
        for heading in ("offer", "material", "€/t", "verdict", "take, t", "pays up to, €/t", "pays with", "for"):
            table.add_column(heading, justify="left" if heading in ("offer", "material", "verdict", "for") else "right")
        for one in found.offers:
            table.add_row(
                one.offer.offer_id, one.offer.material, f"{one.offer.price_eur_per_t:g}",
                f"[{COLOURS[one.verdict]}]{one.verdict}[/]", f"{one.planned_t:,.0f}",
                f"{one.break_even_eur_per_t:.1f} ({one.low:.0f} to {one.high:.0f})", f"{100 * one.pays_with:.0f} %",
                one.value_in_use.grade,
            )  # fmt: skip
        out.print(table)
        _print_values(found.offers)
        plan = found.plan
        in_all = plan.cost_eur + found.contracts_eur
        out.print(f"{in_all:,.0f} € in all, at most {100 * plan.gap:.2f} % above the cheapest there can be")
        if plan.unmade:
            out.print(f"[yellow]Stock and offers cannot make heats {', '.join(map(str, plan.unmade))}[/]")


def _print_values(offers: tuple[OfferAdvice, ...]) -> None:
    """Credits and penalties against the reference, €/t."""
    reference = offers[0].value_in_use.reference
    table = Table(title=f"Value in use against {reference}, €/t: credits +, penalties -", title_justify="left")
    parts = ("metal", "residuals", "alloys", "certainty", "energy", "carbon", "slag", "baskets", "rest")
    for heading in ("offer", *parts, "worth"):
        table.add_column(heading, justify="left" if heading == "offer" else "right")
    for one in offers:
        value = one.value_in_use
        cells = [f"{getattr(value, part):+.1f}" for part in parts]
        table.add_row(one.offer.offer_id, *cells, f"{value.total_eur_per_t:.1f}")
    out.print(table)
