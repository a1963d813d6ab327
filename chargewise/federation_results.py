"""What a federation's run found, as a table."""

from pathlib import Path
from typing import Any

from rich.table import Table

from chargewise.console import out
from federation.contributions import Contribution
from federation.gate import relative_error
from federation.shares import SHARES
from federation.tuning import FULL


def show_modules(found: dict[str, Any], folder: Path) -> None:
    """Print what a run of modules found: every participant's metrics, round by round."""
    table = Table(title="On each participant's own test set", title_justify="left", title_style="bold")
    names = sorted({name for told in found["rounds"] for name in told})
    measured = [key for key in next(iter(found["rounds"][-1].values())) if key != "num-examples"]
    for heading in ("round", "", *names):
        table.add_column(heading, justify="right")
    for number, told in enumerate(found["rounds"], start=1):
        for row, key in enumerate(measured):
            values = [told.get(name, {}).get(key) for name in names]
            shown = ["" if value is None else f"{value:.4f}" for value in values]
            table.add_row(str(number) if row == 0 else "", key, *shown)
    out.print(table)
    for number, reasons in found["quarantined"].items():
        for name, reason in reasons.items():
            out.print(f"[yellow]round {number}: {name} was put aside: {reason}[/]")
    if found["epsilon"] is not None:
        out.print(f"Privacy of one participant: ε = {found['epsilon']:.2f} at δ = {found['delta']:g}")
    out.print(f"Weights: {folder / found['weights']}", highlight=False)


def show_contributions(found: list[Contribution]) -> None:
    """Print what every plant gave and gained, run by run."""
    table = Table(title="What each plant gave and gained", title_justify="left", title_style="bold")
    for heading in ("run", "plant", "heats", "KiB sent", "gave, bits", "error lower by", ""):
        table.add_column(heading, justify="left" if heading in ("plant", "") else "right")
    for one in found:
        table.add_row(
            str(one.run),
            one.plant,
            str(one.heats),
            f"{one.kilobytes:.0f}",
            "" if one.bits is None else f"{one.bits:.0f}",
            "" if one.gain is None else f"{100 * one.gain:.2f} %",
            one.put_aside or (f"adopted {one.adopted}" if one.adopted else "keeps its own"),
        )
    out.print(table)


def show(found: dict[str, Any]) -> None:
    """Print what a run found."""
    if not found["ran"]:
        out.print("No plant wants a round: every model holds on its newest heats. Nothing was done.")
        return
    for plant, reason in found["proposed"].items():
        out.print(f"{plant} asked for a round: {reason}")
    table = Table(title="Mean absolute error on each plant's later heats", title_justify="left", title_style="bold")
    for heading in ("plant", "heats", "output", "local", "global", "fine-tuned"):
        table.add_column(heading, justify="left" if heading in ("plant", "output") else "right")
    for plant, errors in found["errors"].items():
        for row, (output, by) in enumerate(errors.items()):
            digits = 2 if output.startswith("energy") else 5
            unit = "kWh/t" if output.startswith("energy") else f"{output} wt%"
            shown = ("local", "global", "tuned")
            best = min(shown, key=lambda model: by[model])
            figures = [f"[bold]{by[m]:.{digits}f}[/]" if m == best else f"{by[m]:.{digits}f}" for m in shown]
            table.add_row(plant if row == 0 else "", str(found["heats"][plant]) if row == 0 else "", unit, *figures)
        ratios = [f"{relative_error(errors, model):.3f}" for model in ("global", "tuned")]
        table.add_row("", "", "mean, of local", "1", *ratios, style="bold")
        table.add_section()
    out.print(table)
    by_share: dict[float, list[str]] = {}
    for output, share in found["contract"]["own_share"].items():
        by_share.setdefault(share, []).append(output)
    for share, outputs in sorted(by_share.items()):
        if share < SHARES[0]:
            out.print(f"What a furnace does is its own by {100 * share:g} %, as its heats say, in {', '.join(outputs)}")
    if found["remainder"]:
        out.print(f"Learned together, beyond the balance: {', '.join(found['remainder'])}")
    for plant, reason in found["quarantined"].items():
        out.print(f"[yellow]{plant} was put aside: {reason}[/]")
    for plant, verdict in found["adopted"].items():
        version = f" as {verdict['version']}" if verdict["version"] else ""
        tuned = "" if verdict["tuning"] == FULL.name else f", tuned: {verdict['tuning']}"
        out.print(f"{plant}: {verdict['reason']}{version}{tuned}")
    out.print(f"Contract, exchange, judgement at every plant: {found['seconds']:.1f} s")
