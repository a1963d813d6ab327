"""Pictures of a Pareto front and of a campaign."""

from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from chargewise.commands.console.picture import HOT, MUTED, STEEL
from steel.campaigns import CampaignPlan
from steel.recipes import FrontPoint

COLOURS = mpl.colormaps["tab20"]
LEAST_SHARE = 0.005
"""Share of all that is charged below which a material is drawn among the others."""


def _title(name: str) -> str:
    return name.replace("_per_", "/").replace("_", " ")


def draw_front(points: tuple[FrontPoint, ...], grade: str, path: Path) -> None:
    """Write the front: every further objective over the first, and for two of them the materials of each recipe."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    names = list(points[0].objectives)
    values = np.array([[point.objectives[name] for name in names] for point in points])
    figure = Figure(figsize=(12, 3.2 + 2.6 * (len(names) - 1)), layout="constrained")
    axes = figure.subplots(max(2, len(names) - 1), 1, sharex=True, squeeze=False)[:, 0]
    for row, name in enumerate(names[1:]):
        axes[row].plot(values[:, 0], values[:, row + 1], "o-" if len(names) == 2 else "o", color=STEEL, markersize=4)
        axes[row].set_ylabel(_title(name))
        axes[row].spines[["top", "right"]].set_visible(False)
    if len(names) == 2:
        charged = _by_material([point.masses_t for point in points])
        colours = [COLOURS(k % 20) for k in range(len(charged))]
        axes[-1].stackplot(values[:, 0], *charged.values(), labels=list(charged), colors=colours)
        axes[-1].set_ylabel("t a heat")
        axes[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
    axes[-1].set_xlabel(_title(names[0]))
    figure.suptitle(f"{grade}: what one objective costs in the others", x=0.01, ha="left", fontweight="bold")
    figure.savefig(path, dpi=130)


def draw_campaign(plan: CampaignPlan, path: Path) -> None:
    """Write the plan: what every heat is made of, and what it costs."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    figure = Figure(figsize=(13, 6.5), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    every = [heat.number for heat in plan.heats]
    base = np.zeros(len(every))
    for colour, (name, masses) in enumerate(_by_material([heat.masses_t for heat in plan.heats]).items()):
        upper.bar(every, masses, bottom=base, width=1.0, label=name, color=COLOURS(colour % 20))
        base += masses
    upper.set_ylabel("t charged")
    upper.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
    grades = list(dict.fromkeys(heat.grade for heat in plan.heats))
    for colour, grade in enumerate(grades):
        made = [heat for heat in plan.heats if heat.grade == grade and heat.masses_t]
        numbers, costs = [heat.number for heat in made], [heat.cost_eur_per_t for heat in made]
        lower.plot(numbers, costs, "o", markersize=3, label=grade, color=COLOURS(2 * colour % 20))
    lower.set_ylabel("€/t")
    lower.set_xlabel("heat")
    lower.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=8, frameon=False)
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)
        for bought in plan.purchases:
            axes.axvline(bought.from_heat - 0.5, color=HOT, linewidth=1)
    for bought in plan.purchases:
        what = f"{bought.mass_t:.0f} t {bought.material}"
        upper.text(bought.from_heat, upper.get_ylim()[1], what, color=MUTED, fontsize=8)
    headline = f"{len(plan.heats)} heats, {plan.cost_eur:,.0f} €, gap {100 * plan.gap:.2f} %"
    if plan.one_by_one_eur is not None:
        headline += f", {100 * (1 - plan.cost_eur / plan.one_by_one_eur):.2f} % cheaper than one by one"
    figure.suptitle(headline, x=0.01, ha="left", fontweight="bold")
    figure.savefig(path, dpi=130)


def _by_material(recipes: list[dict[str, float]]) -> dict[str, np.ndarray]:
    """(N,) t of each material in each recipe, most used first, small ones together."""
    totals: dict[str, float] = {}
    for masses in recipes:
        for name, mass in masses.items():
            totals[name] = totals.get(name, 0.0) + mass
    least = LEAST_SHARE * sum(totals.values())
    ranked = sorted((name for name in totals if totals[name] >= least), key=lambda name: -totals[name])
    found = {name: np.array([masses.get(name, 0.0) for masses in recipes]) for name in ranked}
    found["others"] = np.array([sum(m for n, m in masses.items() if n not in found) for masses in recipes])
    return found
