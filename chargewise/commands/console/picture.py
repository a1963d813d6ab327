"""A recipe as a picture: what is loaded, and the analysis against the grade."""

from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from steel.recipes import AnalysisLine, Recipe

STEEL, PALE, HOT, MUTED = "#2f5d8a", "#9db8d1", "#d9622b", "#5b6875"


def draw_recipe(recipe: Recipe, path: Path) -> None:
    """Write the picture; the ending of `path` chooses the format."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure = Figure(figsize=(12, 5.6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.15])
    _draw_load(left, recipe)
    _draw_analysis(right, recipe)
    costs, gas = recipe.costs_eur_per_t, recipe.emissions_kgco2e_per_t
    headline = (
        f"{recipe.order_t:g} t {recipe.grade}: {costs.total:.2f} €/t, {recipe.energy_kwh_per_t.mean:.0f} kWh/t, "
        f"{gas.total:.0f} kgCO2e/t, every limit with {100 * recipe.confidence:g} % confidence"
    )
    figure.suptitle(headline, fontsize=13, fontweight="bold", x=0.01, ha="left")
    figure.savefig(path, dpi=130)


def _draw_load(axes: Axes, recipe: Recipe) -> None:
    lines = list(reversed(recipe.lines))
    masses = [line.mass_t for line in lines]
    colours = [STEEL if line.stage == "furnace" else HOT for line in lines]
    axes.barh([line.material for line in lines], masses, color=colours)
    for row, line in enumerate(lines):
        axes.text(
            line.mass_t, row, f" {line.mass_t:.2f} t  × {line.price_eur_per_t:.0f} €/t", va="center", fontsize=8.5
        )
    axes.set_xlim(0, 1.45 * max(masses))
    axes.set_xlabel("t loaded (orange: at tapping)")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_analysis(axes: Axes, recipe: Recipe) -> None:
    lines = [line for line in recipe.analysis if line.maximum_wt_pct is not None or line.minimum_wt_pct is not None]
    for row, line in enumerate(reversed(lines)):
        _draw_element(axes, row, line)
    labels = [f"{line.element.value}  {line.predicted.mean:.3f}" for line in reversed(lines)]
    axes.set_yticks(range(len(lines)), labels)
    axes.axvline(100, color=HOT, linewidth=2)
    axes.set_xlim(0, 130)
    axes.set_xlabel("wt% as a share of the limit, with its 90 % interval (▶ minimum)")
    axes.spines[["top", "right"]].set_visible(False)


def _draw_element(axes: Axes, row: int, line: AnalysisLine) -> None:
    unit = 100.0 / (line.maximum_wt_pct or line.minimum_wt_pct or 1.0)
    low, high = unit * line.predicted.low, unit * line.predicted.high
    axes.barh(row, high - low, left=low, height=0.5, color=PALE)
    axes.plot(unit * line.predicted.mean, row, marker="|", markersize=14, markeredgewidth=3, color=STEEL)
    if line.minimum_wt_pct is not None:
        axes.plot(unit * line.minimum_wt_pct, row, marker=">", markersize=7, color=HOT)
    axes.text(128, row, f"{100 * line.met_with:.1f} %", va="center", ha="right", fontsize=8.5, color=MUTED)
