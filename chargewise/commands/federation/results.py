"""What a federation's run found, as a table."""

from pathlib import Path
from typing import Any

from rich.table import Table

from chargewise.commands.console.output import out
from federation.sums.contributions import Contribution
from federation.sums.gate import LOCAL, SHARED, TUNED, relative_error
from federation.sums.shares import SHARES
from federation.sums.tuning import FULL
from surrogate.fit.yields import YIELD
from surrogate.model.schema import ENERGY

SHOWN = (LOCAL, SHARED, TUNED)


def show_modules(found: dict[str, Any], folder: Path) -> None:
    """Print what a run of modules found: every participant's metrics, round by round."""
    table = Table(title="On each participant's own test set", title_justify="left", title_style="bold")
    names = sorted({name for metrics in found["rounds"] for name in metrics})
    measured = [key for key in next(iter(found["rounds"][-1].values())) if key != "num-examples"]
    for heading in ("round", "", *names):
        table.add_column(heading, justify="right")
    for number, metrics in enumerate(found["rounds"], start=1):
        for row, key in enumerate(measured):
            values = [metrics.get(name, {}).get(key) for name in names]
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
            "masked" if one.heats is None else str(one.heats),
            f"{one.kilobytes:.0f}",
            "" if one.bits is None else f"{one.bits:.0f}",
            "" if one.gain is None else f"{100 * one.gain:.2f} %",
            one.put_aside or _outcome(one.adopted),
        )
    out.print(table)


def _outcome(adopted: str | None) -> str:
    if adopted is None:
        return "the run ended before it judged"
    return f"adopted {adopted}" if adopted else "keeps its own"


def show(found: dict[str, Any]) -> None:
    """Print what a run found."""
    if not found["ran"]:
        out.print("No plant wants a round: every model holds on its newest heats. Nothing was done.")
        return
    for plant, reason in found["proposed"].items():
        out.print(f"{plant} asked for a round: {reason}")
    if any(found["errors"].values()):
        _show_errors(found)
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
    how = "masked, so that only totals were seen" if found["secure"] else "in plain"
    out.print(f"Contract, exchange {how}, judgement at every plant: {found['seconds']:.1f} s")


def _show_errors(found: dict[str, Any]) -> None:
    """Errors of plants whose policy tells of them."""
    title = "Mean absolute error on each plant's own heats, unseen"
    table = Table(title=title, title_justify="left", title_style="bold")
    for heading in ("plant", "heats", "output", LOCAL, SHARED, "fine-tuned"):
        table.add_column(heading, justify="left" if heading in ("plant", "output") else "right")
    for plant, errors in found["errors"].items():
        if not errors:
            continue
        heats = str(found["heats"].get(plant, ""))
        for row, (output, by) in enumerate(errors.items()):
            digits = 2 if output == ENERGY else 5
            unit = {ENERGY: "kWh/t", YIELD: "yield, t/t"}.get(output, f"{output} wt%")
            best = min(SHOWN, key=lambda model: by[model])
            figures = [f"[bold]{by[m]:.{digits}f}[/]" if m == best else f"{by[m]:.{digits}f}" for m in SHOWN]
            table.add_row(plant if row == 0 else "", heats if row == 0 else "", unit, *figures)
        ratios = [f"{relative_error(errors, model):.3f}" for model in (SHARED, TUNED)]
        table.add_row("", "", "mean, of local", "1", *ratios, style="bold")
        table.add_section()
    out.print(table)
