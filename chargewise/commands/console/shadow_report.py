"""A shadow run on one page for the morning meeting: figures, a picture, HTML and PDF."""

import io
from collections import defaultdict
from html import escape
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing

from chargewise.app.shadow import Mean, Shadow, ShadowHeat
from chargewise.commands.console.picture import HOT, MUTED, PALE, STEEL

HEADINGS = ("", "as charged", "shadow", "difference", "90 % interval")
WRONG_YIELDS = "planning by the plant file's yields would cost, €/t"
EMPTY_BAYS = "what the yard did not have cost, €/t"
A4_PORTRAIT_IN = (8.27, 11.69)
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2a33}
table{border-collapse:collapse;margin:1rem 0}
td,th{padding:.25rem .8rem;border-bottom:1px solid #d8dee4;text-align:right}
td:first-child,th:first-child{text-align:left}svg{max-width:100%;height:auto}.note{color:#5b6875}
@media print{body{margin:0;font-size:12px}}"""


def headline(found: Shadow) -> str:
    """The one sentence of it."""
    saving = found.saving_eur_per_t
    return (
        f"{found.plant}: {saving.mean:.2f} €/t saved over {len(found.heats)} heats "
        f"(90 % interval {saving.low:.2f} to {saving.high:.2f})"
    )


def rows(found: Shadow) -> list[tuple[str, str, str, str, str]]:
    """Figure, as charged, shadow, difference and its interval."""
    lines = []
    for one in found.figures:
        name = f"{one.name}, {one.unit}"
        digits = 2 if one.unit == "€/t" else 1
        interval = _interval(one.difference, digits)
        lines.append(
            (
                name,
                f"{one.as_charged:.{digits}f}",
                f"{one.shadow:.{digits}f}",
                f"{one.difference.mean:+.{digits}f}",
                interval,
            )
        )
    for name, mean in (
        (
            "heats off their mass by the plant file's yields would cost, €/t",
            found.mean_of(lambda heat: heat.wrong_yields_eur_per_t),
        ),
        ("what the yard did not have cost, €/t", found.mean_of(lambda heat: heat.empty_bays_eur_per_t)),
    ):
        lines.append((name, "", "", f"{mean.mean:+.2f}", _interval(mean, 2)))
    return lines


def by_grade(found: Shadow) -> dict[str, list[ShadowHeat]]:
    """Heats of each grade, the most made first."""
    groups: dict[str, list[ShadowHeat]] = defaultdict(list)
    for heat in found.heats:
        groups[heat.grade].append(heat)
    return dict(sorted(groups.items(), key=lambda pair: -len(pair[1])))


def write_report(found: Shadow, html: Path, pdf: Path) -> None:
    """Write the page as HTML and PDF."""
    mpl.rcParams["font.family"] = "DejaVu Sans"
    html.parent.mkdir(parents=True, exist_ok=True)
    html.write_text(_html(found), "utf-8")
    _page(found).savefig(pdf, format="pdf")


def draw(found: Shadow, path: Path) -> None:
    """Write the picture alone; the ending of `path` chooses the format."""
    _picture(found).savefig(path, dpi=130)


def _interval(mean: Mean, digits: int) -> str:
    return "" if np.isnan(mean.low) else f"{mean.low:.{digits}f} to {mean.high:.{digits}f}"


def _picture(found: Shadow) -> Drawing:
    figure = Drawing(figsize=(11, 4.4), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
    _draw_time(left, found)
    _draw_grades(right, found)
    return figure


def _draw_time(axes: Axes, found: Shadow) -> None:
    savings = np.array([heat.saving_eur_per_t for heat in found.heats])
    number = np.arange(1, len(savings) + 1)
    axes.bar(number, savings, width=1.0, color=np.where(savings >= 0, PALE, HOT), linewidth=0)
    axes.plot(number, np.cumsum(savings) / number, color=STEEL, linewidth=2, label="mean so far")
    axes.axhline(0, color=MUTED, linewidth=0.8)
    axes.set(xlabel="heat", ylabel="saved, €/t", title="Saving of each heat")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_grades(axes: Axes, found: Shadow) -> None:
    groups = by_grade(found)
    names = list(groups)[::-1]
    for offset, colour, label in ((0.2, PALE, "as charged"), (-0.2, STEEL, "shadow")):
        both = {n: [h.shadow if label == "shadow" else h.as_charged for h in groups[n]] for n in names}
        costs = [float(np.mean([side.cost_eur_per_t for side in both[name]])) for name in names]
        axes.barh(np.arange(len(names)) + offset, costs, height=0.38, color=colour, label=label)
    axes.set_yticks(np.arange(len(names)), [f"{name} ({len(groups[name])})" for name in names])
    lowest = min(min(heat.shadow.cost_eur_per_t, heat.as_charged.cost_eur_per_t) for heat in found.heats)
    axes.set_xlim(left=0.9 * lowest)
    axes.set(xlabel="€/t", title="Cost by grade (heats)")
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)


def _page(found: Shadow) -> Drawing:
    figure = Drawing(figsize=A4_PORTRAIT_IN, layout="constrained")
    top, table, left, right = figure.subplots(4, 1, height_ratios=[0.5, 2.1, 3, 3])
    for axes in (top, table):
        axes.axis("off")
    first, last = found.heats[0].tapped_at, found.heats[-1].tapped_at
    top.text(0, 0.75, headline(found), fontsize=13, fontweight="bold", va="center")
    top.text(0, 0.05, f"heats tapped from {first} to {last}, UTC", fontsize=9, color=MUTED, va="center")
    cells = table.table(
        cellText=[list(row) for row in rows(found)], colLabels=list(HEADINGS),
        colWidths=[0.42, 0.13, 0.13, 0.13, 0.19], loc="upper center", edges="horizontal",
    )  # fmt: skip
    cells.auto_set_font_size(False)
    cells.set_fontsize(9)
    cells.scale(1, 1.5)
    for (_, column), cell in cells.get_celld().items():
        cell.get_text().set_horizontalalignment("left" if column == 0 else "right")
    _draw_time(left, found)
    _draw_grades(right, found)
    figure.supxlabel("\n".join((*found.notes, *_left_out(found))), fontsize=7.5, color=MUTED, x=0.02, ha="left")
    return figure


def _left_out(found: Shadow) -> list[str]:
    reasons: dict[str, int] = defaultdict(int)
    for reason in found.left_out.values():
        reasons[reason] += 1
    return [f"{count} heats left out: {reason}." for reason, count in reasons.items()]


def _html(found: Shadow) -> str:
    drawn = io.StringIO()
    _picture(found).savefig(drawn, format="svg")
    svg = drawn.getvalue()
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows(found))
    head = "".join(f"<th>{name}</th>" for name in HEADINGS)
    notes = "".join(f"<p class='note'>{escape(note)}</p>" for note in (*found.notes, *_left_out(found)))
    first, last = found.heats[0].tapped_at, found.heats[-1].tapped_at
    return (
        f"<!doctype html><html lang='en'><head><meta charset='utf-8'><title>{escape(headline(found))}</title>"
        f"<style>{STYLE}</style></head><body><h1>{escape(headline(found))}</h1>"
        f"<p class='note'>heats tapped from {first} to {last}, UTC</p>"
        f"<table><tr>{head}</tr>{body}</table>{svg[svg.index('<svg') :]}{notes}</body></html>\n"
    )
