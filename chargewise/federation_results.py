"""What a federation's run found, as a table."""

from typing import Any

from rich.table import Table

from chargewise.console import out
from federation.gate import relative_error


def show(found: dict[str, Any]) -> None:
    """Print what a run found."""
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
    for plant, reason in found["quarantined"].items():
        out.print(f"[yellow]{plant} was put aside: {reason}[/]")
    for plant, verdict in found["adopted"].items():
        version = f" as {verdict['version']}" if verdict["version"] else ""
        out.print(f"{plant}: {verdict['reason']}{version}")
    out.print(f"Contract, one exchange of sums, judgement at every plant: {found['seconds']:.1f} s")
