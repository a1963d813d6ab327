"""`chargewise castings`: a foundry's model of a casting's property, judged, trained and asked."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.table import Table

from chargewise.app.settings import Settings
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from chargewise.commands.console.tables import short_name
from plant_adapters.sources.casting_table import CastingBatch, read_casting_mapping, read_castings
from steel.names import checked_name
from surrogate.judge.casting_fit import COVERAGE, evaluate_castings, fit_castings, watch_castings
from surrogate.judge.scores import shown_r2
from surrogate.model.casting_model import CastingModel
from surrogate.store.casting_artifact import load_castings, save_castings

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
Files = Annotated[list[Path], typer.Argument(help="Castings in the order of pouring: CSV, Excel or Parquet.")]
MappingName = Annotated[str, typer.Option("--mapping", help="A casting mapping file, or a shipped one's name.")]
Product = Annotated[str, typer.Option("--product", help="Name the model is kept under.")]


@app.command()
def evaluate(files: Files, mapping: MappingName = "brake_disc_frequency", as_json: AsJson = False) -> None:
    """Judge a model of each file's product on its later castings; repeated rows are set aside first."""
    with reporting_errors():
        read = {file.stem: read_castings(file, read_casting_mapping(mapping)) for file in files}
        with progress(quiet=as_json) as say:
            found = {name: evaluate_castings(batch.log, progress=say) for name, batch in read.items()}
        if as_json:
            print_json({name: {**asdict(one), "unique": len(read[name].log)} for name, one in found.items()})
            return
        table = Table(title="Mean absolute error on the last 30 % of unique castings", title_justify="left")
        for heading in ("product", "unique of", "own", "R²", "90 % covers"):
            table.add_column(heading, justify="left" if heading == "product" else "right")
        for peer in next(iter(found.values())).scores.baselines:
            table.add_column(short_name(peer), justify="right")
        for name, one in found.items():
            scores = one.scores
            table.add_row(
                name,
                f"{len(read[name].log)} of {read[name].report.rows_read}",
                f"{scores.surrogate.mae:.4g}",
                shown_r2(scores.surrogate),
                f"{100 * scores.coverage_90:.0f} %",
                *(f"{peer.mae:.4g}" for peer in scores.baselines.values()),
            )
        out.print(table)
        for name, one in found.items():
            if one.alarm is not None:
                out.print(
                    f"[yellow]{name}: drift alarm[/] ({one.alarm.kind}, {one.alarm.shift_sd:+.1f} sd) at casting "
                    f"{one.alarm.heat_id}: the model no longer holds; train on castings from there on."
                )


@app.command()
def train(
    file: Annotated[Path, typer.Argument(help="Castings in the order of pouring.")],
    product: Product,
    mapping: MappingName = "brake_disc_frequency",
    as_json: AsJson = False,
) -> None:
    """Fit a product's model to all its castings and keep it."""
    with reporting_errors():
        batch = read_castings(file, read_casting_mapping(mapping))
        with progress(quiet=as_json) as say:
            judged = evaluate_castings(batch.log, progress=say)
            model = fit_castings(batch.log, say)
        metrics = {"mae": judged.scores.surrogate.mae, "r2": judged.scores.surrogate.r2}
        save_castings(model, _folder(product), product, len(batch.log), metrics)
        if as_json:
            print_json({"product": product, "castings": len(batch.log), "metrics": metrics})
        else:
            out.print(
                f"{product}: {len(batch.log)} unique castings of {batch.report.rows_read} rows; "
                f"error on the newest 30 % {metrics['mae']:.4g}, R² {metrics['r2']:.2f}"
            )


@app.command()
def predict(
    file: Annotated[Path, typer.Argument(help="Castings; the property may be empty.")],
    product: Product,
    mapping: MappingName = "brake_disc_frequency",
    as_json: AsJson = False,
) -> None:
    """Predict the property of castings, each with its 90 % interval, and watch for drift where it was measured."""
    with reporting_errors():
        model = load_castings(_folder(product))
        batch = read_castings(file, read_casting_mapping(mapping), measured=False)
        mean = model.predict(batch.log)
        low, high = model.interval(mean, COVERAGE)
        alarm = watch_castings(model, batch.log)
        if as_json:
            rows = zip(batch.log.casting_ids.tolist(), mean.tolist(), low.tolist(), high.tolist(), strict=True)
            castings = [dict(zip(("casting", "mean", "low", "high"), row, strict=True)) for row in rows]
            print_json({"property": model.property_name, "castings": castings, "alarm": alarm and asdict(alarm)})
            return
        _show(model, batch, mean, low, high)
        if alarm is not None:
            out.print(f"[yellow]Drift alarm[/] ({alarm.kind}, {alarm.shift_sd:+.1f} sd) at casting {alarm.heat_id}")


def _show(model: CastingModel, batch: CastingBatch, mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> None:
    table = Table(title=f"{model.property_name}, with 90 % intervals", title_justify="left")
    for heading in ("casting", "predicted", "low", "high", "measured", "never seen before"):
        table.add_column(heading, justify="right")
    outside = (batch.log.values < model.least) | (batch.log.values > model.most)
    for row, casting in enumerate(batch.log.casting_ids):
        strange = [name for name, out_of_range in zip(model.inputs, outside[row], strict=True) if out_of_range]
        measured = batch.log.measured[row]
        table.add_row(
            casting,
            *(f"{value:.5g}" for value in (mean[row], low[row], high[row])),
            f"{measured:.5g}" if np.isfinite(measured) else "",
            ", ".join(strange),
        )
    out.print(table)


def _folder(product: str) -> Path:
    return Settings.read().home / "castings" / checked_name(product, "--product")
