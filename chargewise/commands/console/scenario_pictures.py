"""A scenario as a picture: a tornado of its cases, or curves over the number that is swept."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from chargewise.commands.console.picture import HOT, MUTED, STEEL
from scenarios.what_if.scenario import AS_IS
from scenarios.what_if.study import CaseAnswer, WhatIf
from steel.errors import InputError

FEWEST_ON_A_CURVE = 3


def draw_scenario(found: WhatIf, path: Path) -> None:
    """Write the picture; the ending of `path` chooses the format.

    Raises:
        InputError: no grade can be made in every case, so that nothing compares.
    """
    if not found.compared:
        raise InputError(found.title, "picture", "a scenario in all cases of which some grade can be made")
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure = Figure(figsize=(11, 4.8), layout="constrained")
    left, right = figure.subplots(1, 2, sharey=not found.swept)
    if len(found.values) >= FEWEST_ON_A_CURVE:
        _curve(left, found, "cost_eur_per_t", "€/t", STEEL)
        _curve(right, found, "emissions_kgco2e_per_t", "kgCO2e/t", HOT)
    else:
        _tornado(left, found, "cost_eur_per_t", "€/t against today")
        _tornado(right, found, "emissions_kgco2e_per_t", "kgCO2e/t against today")
    over = ", ".join(found.compared)
    figure.suptitle(f"{found.plant}: {found.title} (mean of {over})", fontsize=12, fontweight="bold", x=0.01, ha="left")
    figure.savefig(path, dpi=130)


def _figure(case: CaseAnswer, name: str) -> float:
    value = getattr(case, name)
    return float(value)


def _tornado(axes: Axes, found: WhatIf, name: str, label: str) -> None:
    base = _figure(found.cases[0], name)
    moved = [(case.case, _figure(case, name) - base) for case in found.cases if case.case != AS_IS]
    # Both pictures are in the order of the cost.
    order = {case.case: abs(_figure(case, "cost_eur_per_t")) for case in found.cases}
    moved.sort(key=lambda pair: order[pair[0]])
    axes.barh([case for case, _ in moved], [by for _, by in moved], color=[HOT if by > 0 else STEEL for _, by in moved])
    for row, (_, by) in enumerate(moved):
        axes.text(by, row, f" {by:+.1f} ", va="center", ha="left" if by >= 0 else "right", fontsize=8.5)
    axes.axvline(0, color=MUTED, linewidth=0.8)
    axes.margins(x=0.18)
    axes.set_xlabel(label)
    axes.spines[["top", "right"]].set_visible(False)


def _curve(axes: Axes, found: WhatIf, name: str, label: str, colour: str) -> None:
    swept = found.cases[1:]
    numbers = list(found.values)
    along = numbers if numbers == sorted(numbers) else list(range(len(numbers)))
    axes.plot(along, [_figure(case, name) for case in swept], color=colour, marker="o", markersize=4, linewidth=2)
    if along != numbers:
        step = max(1, len(swept) // 8)
        axes.set_xticks(along[::step], [case.case for case in swept][::step])
    else:
        axes.set_xlabel(found.swept)
    axes.axhline(_figure(found.cases[0], name), color=MUTED, linewidth=0.9, linestyle="--", label=AS_IS)
    axes.set_ylabel(label)
    axes.legend(frameon=False)
    axes.grid(color=MUTED, alpha=0.2)
    axes.spines[["top", "right"]].set_visible(False)
