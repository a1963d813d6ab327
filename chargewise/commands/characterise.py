"""`chargewise characterise`: what is in the scrap, by the plant's own heats."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import matplotlib as mpl
import typer
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from rich.table import Table

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from chargewise.commands.console.picture import HOT, MUTED, PALE, STEEL
from plant_adapters.store.yard_book import YardBook
from steel.elements import Element
from surrogate.judge.characterisation import CHARACTERISED, Characterisation, Estimate
from surrogate.judge.characterisation import characterise as characterise_log

DRAWN = (Element.CU, Element.SN, Element.NI)


def characterise(
    plant: PlantName,
    picture: Annotated[Path | None, typer.Option(help="Where to write a picture.")] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate every material's contents from the plant's heats, against the catalogue or the supplier's claim."""
    with reporting_errors():
        place = Workplace()
        log, materials = place.heats(plant)
        with progress(quiet=as_json) as say:
            found = characterise_log(log, materials, say, YardBook(place.store.database).supplied(plant))
        if picture is not None:
            _draw(found, picture)
        if as_json:
            print_json({"plant": plant, "materials": [asdict(one) for one in found]})
        else:
            _show(found, plant)


def _show(found: list[Characterisation], plant: str) -> None:
    table = Table(
        title=f"{plant}: contents by its own heats, wt%; 90 % interval; catalogue or claim",
        title_justify="left",
        title_style="bold",
        padding=(0, 0),
        show_lines=True,
    )
    table.add_column("material", no_wrap=True)
    table.add_column("heats", justify="right")
    table.add_column("yield %", justify="right")
    table.add_column("kWh/t", justify="right")
    shown = [element for element in CHARACTERISED if found and element in found[0].contents]
    for element in shown:
        table.add_column(element.value, justify="right")
    for one in found:
        cells = []
        for element in shown:
            estimate = one.contents[element]
            digits = 2 if estimate.wt_pct >= 0.095 else 3
            style = "bold yellow" if estimate.differs else "none"
            trend = " ~" if estimate.moves else ""
            cells.append(
                f"[{style}]{estimate.wt_pct:.{digits}f}{trend}[/]\n"
                f"[dim]±{(estimate.high - estimate.low) / 2:.{digits}f}\n{_stated(estimate, digits)}[/]"
            )
        percent, power = one.metallic_yield, one.energy_kwh_per_t
        own = (
            f"{100 * percent.mean:.1f}\n[dim]±{50 * (percent.high - percent.low):.1f}[/]",
            f"{power.mean:.0f}\n[dim]±{(power.high - power.low) / 2:.0f}[/]",
        )
        table.add_row(one.material, str(one.heats), *own, *cells)
    out.print(table)
    _show_origins(found, shown)
    out.print(
        "Third line: catalogue, or the supplier's claim (c); yellow where it lies outside the interval.\n"
        "~: moved over the heats; shown as of today."
    )


def _show_origins(found: list[Characterisation], shown: list[Element]) -> None:
    """Materials by supplier and season, where these are known."""
    if not any(one.origins for one in found):
        return
    table = Table(title="by supplier and season, wt%", title_justify="left", title_style="bold")
    for heading in ("material", "from", "t", "yield %", *(element.value for element in shown)):
        table.add_column(heading, justify="left" if heading in ("material", "from") else "right")
    for one in found:
        for origin in one.origins:
            cells = [f"{origin.contents[element].mean:.3g}" for element in shown]
            share = f"{100 * origin.metallic_yield.mean:.1f}"
            table.add_row(one.material, origin.origin, f"{origin.supplied_t:.0f}", share, *cells)
    out.print(table)


def _stated(estimate: Estimate, digits: int) -> str:
    """The supplier's claim (marked c), else the catalogue's figure."""
    if estimate.stated_wt_pct is None:
        return "–"
    return f"{estimate.stated_wt_pct:.{digits}f}{'' if estimate.claim_wt_pct is None else ' c'}"


def _draw(found: list[Characterisation], path: Path) -> None:
    """Contents today on the left, how they moved on the right, one row an element."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure = Figure(figsize=(13, 3.6 * len(DRAWN)), layout="constrained")
    axes = figure.subplots(len(DRAWN), 2, squeeze=False, width_ratios=[1, 1.2])
    for row, element in enumerate(DRAWN):
        today, moved = axes[row]
        for position, one in enumerate(reversed(found)):
            estimate = one.contents[element]
            today.plot([estimate.low, estimate.high], [position, position], color=PALE, linewidth=7)
            today.plot(estimate.wt_pct, position, marker="|", markersize=13, markeredgewidth=3, color=STEEL)
            if estimate.stated_wt_pct is not None:
                today.plot(estimate.stated_wt_pct, position, marker="o", markersize=5, color=HOT)
        today.set_yticks(range(len(found)), [one.material for one in reversed(found)])
        today.set_xlabel(f"{element.value}, wt% (orange: catalogue or claim)")
        for one in found:
            history = one.contents[element].history
            moving = one.contents[element].moves
            moved.plot(
                [value for _, value, *_ in history],
                color=STEEL if moving else MUTED,
                alpha=1.0 if moving else 0.35,
                linewidth=2.2 if moving else 1.0,
            )
            if moving:
                runs = range(len(history))
                moved.fill_between(
                    runs,
                    [low for _, _, low, _, _ in history],
                    [high for _, _, _, high, _ in history],
                    color=PALE,
                    alpha=0.4,
                )
                moved.annotate(one.material, (len(history) - 1, history[-1][1]), fontsize=8, color=STEEL)
        moved.set_xlabel("runs of about 100 heats, oldest first (blue: moved)")
        moved.xaxis.set_major_locator(MaxNLocator(integer=True))
        moved.set_ylabel(f"{element.value}, wt%")
        for axis in (today, moved):
            axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=110)
