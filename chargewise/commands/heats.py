"""`chargewise ingest`, `train` and `evaluate`: from records to a judged surrogate."""

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from chargewise.app.training import train_plant
from chargewise.app.workplace import Workplace
from chargewise.commands.console import tables as render
from chargewise.commands.console.arguments import AsJson, HeatsFile, MappingName, PlantName
from chargewise.commands.console.output import out, print_json, progress, reporting_errors
from plant_adapters.mapping.mapping import read_mapping
from plant_adapters.sources.table import TableAdapter
from steel.errors import InputError
from steel.names import checked_name


def ingest(heats: HeatsFile, mapping: MappingName, plant: PlantName, as_json: AsJson = False) -> None:
    """Read a plant's heats into the store; rows that cannot be used go to quarantine with a reason."""
    with reporting_errors():
        checked_name(plant, "--plant")
        store, report, counts = Workplace().store, None, Counter[str]()
        with progress(quiet=as_json) as say:
            for batch in TableAdapter(heats, read_mapping(mapping)).read_in_blocks():
                stored = store.add(plant, batch.log, batch.materials, batch.report, batch.replaced)
                counts.update(added=stored.added, changed=stored.changed, unchanged=stored.unchanged)
                report = batch.report if report is None else report.followed_by(batch.report)
                say(f"{report.rows_read:,} rows of {heats.name}", 0.5)
        assert report is not None
        if as_json:
            print_json({**report.model_dump(mode="json"), "stored": dict(counts)})
        else:
            render.ingest_report(report)
            out.print(
                f"Stored: {counts['added']} new, {counts['changed']} changed (earlier values kept), "
                f"{counts['unchanged']} known"
            )
        if not report.rows_valid:
            reasons = ", ".join(reason.value for reason in report.by_reason()) or "there are none"
            raise InputError(report.rows_read, f"rows of {heats.name}", f"at least one heat; {reasons}")


def train(
    plant: PlantName,
    newest: Annotated[int | None, typer.Option(min=10, help="Fit only the newest heats.")] = None,
    as_json: AsJson = False,
) -> None:
    """Fit a surrogate to a plant's stored heats, judge it on the newest 30 %, publish it."""
    with reporting_errors():
        place = Workplace()
        window, materials = place.heats(plant, newest)
        with progress(quiet=as_json) as say:
            version, judged = train_plant(place.registry, plant, window, materials, say)
        if as_json:
            print_json(
                {"plant": plant, "version": version, "heats": len(window), "metrics": [asdict(r) for r in judged]}
            )
            return
        if judged:
            render.evaluation(judged, f"{plant} {version}: {len(window)} heats, judged on the newest 30 %")
        else:
            out.print(f"{plant} {version}: {len(window)} heats; too few to judge it on heats it has not learned from")


def evaluate(
    heats: Annotated[Path | None, typer.Option("--heats", help="Heats: CSV, Excel or Parquet.")] = None,
    mapping: Annotated[str | None, typer.Option("--mapping", help="A mapping file or a shipped mapping.")] = None,
    plant: Annotated[
        str | None, typer.Option("--plant", "-p", help="A plant with stored heats, instead of a file.")
    ] = None,
    train_fraction: Annotated[float, typer.Option(min=0.1, max=0.95, help="Share of the heats to learn from.")] = 0.7,
    as_json: AsJson = False,
) -> None:
    """Compare the surrogate with plain regressions on later heats, in the order of the record."""
    with reporting_errors():
        # torch takes seconds to import, and reading heats needs it not.
        from surrogate.judge.baselines import BASELINES  # noqa: PLC0415
        from surrogate.judge.evaluation import evaluate as evaluate_log  # noqa: PLC0415

        if heats is not None and mapping is not None:
            batch = TableAdapter(heats, read_mapping(mapping)).read_heats()
            log, materials, report = batch.log, batch.materials, batch.report
        elif plant is not None:
            (log, materials), report = Workplace().heats(plant), None
        else:
            raise typer.BadParameter("give --heats and --mapping, or --plant")
        with progress(quiet=as_json) as say:
            _, judged = evaluate_log(log, materials, train_fraction, baselines=tuple(BASELINES), progress=say)
        if as_json:
            quarantine = None if report is None else report.model_dump(mode="json", exclude={"raw"})
            print_json({"heats": len(log), "outputs": [asdict(row) for row in judged], "quarantine": quarantine})
            return
        if report is not None:
            render.ingest_report(report)
        share = f"{100 * (1 - train_fraction):.0f} %"
        render.evaluation(judged, f"{len(log)} heats in order, errors on the last {share}")
