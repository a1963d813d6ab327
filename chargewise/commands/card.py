"""`chargewise card`: a surrogate's model card in Markdown and HTML, with its two plots."""

from pathlib import Path
from typing import Annotated

import markdown2
import numpy as np
import typer
from matplotlib.figure import Figure

from chargewise.app.training import TRAIN_FRACTION
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from chargewise.commands.console.picture import HOT, MUTED, STEEL
from steel.heats import HeatLog
from surrogate.judge.alarm import watch, watch_inputs
from surrogate.judge.coverage import LEVELS, Coverage, limit_coverage
from surrogate.judge.evaluation import evaluate
from surrogate.judge.recorded import recorded
from surrogate.model.model import Surrogate
from surrogate.store.model_card import CardFacts, card_markdown

PARITY, COVERAGE = "parity.svg", "coverage.svg"
COLUMNS = 4
STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1f2a33}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .8rem;border-bottom:1px solid #d8dee4;text-align:left}
img{max-width:100%}code{background:#f2f4f6;padding:0 .3rem}"""


def card(
    plant: PlantName,
    folder: Annotated[Path, typer.Option("--out", help="Folder to write the card to.")] = Path("model-card"),
    as_json: AsJson = False,
) -> None:
    """Write the model card of the active surrogate; how good it is, is shown on the newest 30 % of the heats."""
    with reporting_errors():
        place = Workplace()
        model, version = place.registry.active(plant)
        log, materials = place.heats(plant)
        with progress(quiet=as_json) as say:
            judged, scores = evaluate(log, materials, TRAIN_FRACTION, progress=say)
        newest = log.split(TRAIN_FRACTION)[1]
        facts = CardFacts(
            model=model,
            version=version,
            approvals=tuple(a for a in place.registry.approvals(plant) if a.version == version.version),
            judged_on=len(newest),
            scores=scores,
            coverage=limit_coverage(judged, newest),
            alarms=watch(judged, newest),
            moved=watch_inputs(judged, newest),
            kept=place.application().plants.heard(plant).kept(),
        )
        folder.mkdir(parents=True, exist_ok=True)
        _draw_parity(judged, newest, folder / PARITY)
        _draw_coverage(facts.coverage, folder / COVERAGE)
        text = card_markdown(facts, PARITY, COVERAGE)
        (folder / "model-card.md").write_text(text, "utf-8")
        (folder / "model-card.html").write_text(_html(text, f"{plant} {version.version}"), "utf-8")
        if as_json:
            print_json({"plant": plant, "version": version.version, "folder": str(folder)})
        else:
            out.print(f"Model card of {plant} {version.version}: {folder / 'model-card.html'}")


def _html(markdown: str, title: str) -> str:
    body = markdown2.markdown(markdown, extras=["tables", "code-friendly"])
    head = f"<meta charset='utf-8'><title>{title}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang='en'><head>{head}</head><body>{body}</body></html>\n"


def _draw_parity(model: Surrogate, log: HeatLog, path: Path) -> None:
    prediction = model.predict(log)
    names = [name for name in model.schema.outputs if np.isfinite(recorded(log, name)).any()]
    rows = -(-len(names) // COLUMNS)
    figure = Figure(figsize=(13, 3.1 * rows), layout="constrained")
    axes = figure.subplots(rows, COLUMNS, squeeze=False)
    for axis in axes.flat[len(names) :]:
        axis.set_visible(False)
    for axis, name in zip(axes.flat, names, strict=False):
        actual, predicted = recorded(log, name), prediction.mean[name]
        known = np.isfinite(actual)
        low, high = np.quantile(np.concatenate([actual[known], predicted[known]]), [0.005, 0.995])
        axis.scatter(predicted[known], actual[known], s=5, color=STEEL, alpha=0.35, linewidths=0, rasterized=True)
        axis.plot([low, high], [low, high], color=HOT, linewidth=1.2)
        axis.set(xlim=(low, high), ylim=(low, high), title=name)
        axis.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("predicted")
    figure.supylabel("measured")
    figure.savefig(path, dpi=110)


def _draw_coverage(coverage: list[Coverage], path: Path) -> None:
    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axis = figure.subplots()
    stated = [100 * level for level in LEVELS]
    for row in (row for row in coverage if row.group == "all"):
        axis.plot(stated, [100 * share for share in row.shares], marker="o", markersize=4, color=STEEL, alpha=0.6)
    axis.plot(stated, stated, color=HOT, linewidth=2, label="as stated")
    axis.set(xlabel="stated confidence of the limit, %", ylabel="heats under it, %")
    axis.legend(frameon=False)
    axis.grid(color=MUTED, alpha=0.2)
    axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
