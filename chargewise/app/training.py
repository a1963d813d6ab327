"""From heats to a served model: what `train` and the demo do, one straight way."""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from plant_adapters.plants.plant_file import read_plant
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from steel.plants import Plant
from surrogate.judge.scores import OutputEvaluation
from surrogate.store.registry import Registry

if TYPE_CHECKING:
    from surrogate.judge.alarm import Alarm

Progress = Callable[[str, float], None]
TRAIN_FRACTION = 0.7
RETRAIN_FRACTION = 0.8


def train_plant(
    registry: Registry,
    plant: str,
    log: HeatLog,
    materials: tuple[Material, ...],
    progress: Progress | None = None,
    approved_by: str = "training",
) -> tuple[str, list[OutputEvaluation]]:
    """Judge a surrogate on the newest heats, fit it to all of them, publish it as active.

    Returns:
        The version, and the evaluation on the last 30 % that its manifest carries; nothing where the heats are too few
        to learn from some and be judged on others.

    Raises:
        InputError: fewer than ten heats.
    """
    # torch and scikit-learn take seconds to import, and serving a trained plant needs neither.
    from surrogate.fit.fit import FEWEST_HEATS, fit  # noqa: PLC0415
    from surrogate.fit.heat_data import charged_heats  # noqa: PLC0415
    from surrogate.judge.evaluation import evaluate  # noqa: PLC0415

    say = progress or (lambda stage, share: None)
    judged: list[OutputEvaluation] = []
    log = charged_heats(log)
    if round(TRAIN_FRACTION * len(log)) >= FEWEST_HEATS:
        _, judged = evaluate(
            log, materials, TRAIN_FRACTION, baselines=(),
            progress=lambda stage, share: say(f"judging: {stage}", share / 2),
        )  # fmt: skip
    model = fit(log, materials, progress=lambda stage, share: say(f"fitting: {stage}", 0.5 + share / 2))
    metrics = {
        row.output: {**asdict(row.surrogate), "coverage_90": row.coverage_90, "heats": row.heats} for row in judged
    }
    return registry.publish(model, plant, log, metrics, approved_by=approved_by), judged


@dataclass(frozen=True)
class Retraining:
    """What a retraining found.

    Attributes:
        promoted: the new version, or None where the old one stays.
        reason: why, in words.
        judged: heats on which both were judged, which neither had seen.
        ratio: mean over outputs of the candidate's error over the active model's; None where they were not judged.
        errors: mean absolute error by output, (active, candidate).
        alarms: outputs on which the active model had drifted.
        moved: inputs that left the level the active model learned from.
    """

    promoted: str | None
    reason: str
    judged: int
    ratio: float | None
    errors: dict[str, tuple[float, float]]
    alarms: tuple[str, ...]
    moved: tuple[str, ...]


def retrain_plant(
    registry: Registry,
    plant: str,
    log: HeatLog,
    materials: tuple[Material, ...],
    progress: Progress | None = None,
) -> Retraining:
    """Refit on a window of heats and promote the result only if it is surely better on heats neither has seen.

    The newest fifth of the window judges, as far as it came after the heats that the active model knows; the candidate
    learns from what is older. A promoted model is then fitted to the whole window.
    """
    from surrogate.fit.fit import FEWEST_HEATS as FEWEST_TO_FIT  # noqa: PLC0415
    from surrogate.fit.fit import fit  # noqa: PLC0415
    from surrogate.judge.alarm import watch, watch_inputs  # noqa: PLC0415
    from surrogate.judge.recorded import recorded  # noqa: PLC0415
    from surrogate.judge.stretches import FEWEST_HEATS  # noqa: PLC0415

    say = progress or (lambda stage, share: None)
    active, version = registry.active(plant)
    known = np.flatnonzero(log.heat_ids == str(version.manifest.data["last_heat"]))
    unseen = len(log) - 1 - int(known[-1]) if len(known) else len(log)
    judged = min(round((1 - RETRAIN_FRACTION) * len(log)), unseen)
    if judged < FEWEST_HEATS or len(log) - judged < FEWEST_TO_FIT:
        reason = f"{judged} heats that neither model has seen are too few to tell; {FEWEST_HEATS} are not"
        return Retraining(None, reason, judged, None, {}, (), ())
    early, newest = log.rows(slice(None, len(log) - judged)), log.rows(slice(len(log) - judged, None))
    candidate = fit(early, materials, progress=lambda stage, share: say(f"candidate: {stage}", share / 2))
    old, new = active.predict(newest), candidate.predict(newest)
    outputs = [
        output
        for output in candidate.schema.outputs
        if output in old.mean and np.isfinite(recorded(newest, output)).any()
    ]
    before, after = (
        np.column_stack([found.mean[output] - recorded(newest, output) for output in outputs]) for found in (old, new)
    )
    mae = zip(np.nanmean(np.abs(before), axis=0), np.nanmean(np.abs(after), axis=0), strict=True)
    errors = {output: (float(one), float(other)) for output, (one, other) in zip(outputs, mae, strict=True)}
    ratio = float(np.mean([other / one for one, other in errors.values() if one > 0]))
    better, reason = _surely_better(before, after, outputs, judged)
    promoted = None
    if better:
        final = fit(log, materials, progress=lambda stage, share: say(f"whole window: {stage}", 0.5 + share / 2))
        metrics = {"retraining": {"error_vs_active": ratio, "judged_on": judged, "reason": reason}}
        promoted = registry.publish(final, plant, log, metrics, version.version, f"gate: {reason}")
    alarms, moved = _named(watch(active, newest)), _named(watch_inputs(active, newest))
    return Retraining(promoted, reason, judged, ratio, errors, alarms, moved)


def _surely_better(before: FloatArray, after: FloatArray, outputs: list[str], heats: int) -> tuple[bool, str]:
    """Whether a candidate's (N, O) errors are surely lower than the active model's, and no output's surely higher."""
    from surrogate.judge.stretches import SURELY, over_outputs, squared_gains, standard_errors  # noqa: PLC0415

    gains = squared_gains(before, after)
    sure = standard_errors(over_outputs(gains))
    worse = [output for column, output in enumerate(outputs) if standard_errors(gains[:, column]) <= -SURELY]
    on = f"on the {heats} newest heats, which neither model had seen"
    if sure < SURELY:
        return False, f"its error is not surely lower ({sure:.1f} standard errors) {on}"
    if worse:
        return False, f"it is surely worse in {', '.join(worse)} {on}"
    return True, f"its error is lower by {sure:.1f} standard errors {on}"


@dataclass(frozen=True)
class Updating:
    """What an update took in.

    Attributes:
        version: the new version.
        heats: how many were new.
        milliseconds: what adding them took.
        alarms: outputs on which the new heats raise a drift alarm.
        moved: inputs that left the level the model learned from.
        corrected: whether heats that it had learned from had changed, so that it was fitted anew.
    """

    version: str
    heats: int
    milliseconds: float
    alarms: tuple[str, ...]
    moved: tuple[str, ...]
    corrected: bool = False


def update_plant(
    registry: Registry, plant: str, log: HeatLog, materials: tuple[Material, ...]
) -> Updating | None:  # fmt: skip
    """Take the heats after the last one the active model knows into it and serve the result; None if there are none.

    Where heats that it learned from were corrected since, or came late among them, it is fitted anew to its window and
    what came after: what was learned of the old values is not taken back otherwise.

    Raises:
        InputError: the log does not hold that heat.
    """
    from surrogate.fit.fit import fit  # noqa: PLC0415
    from surrogate.fit.update import update  # noqa: PLC0415
    from surrogate.judge.alarm import watch, watch_inputs  # noqa: PLC0415
    from surrogate.store.artifact import data_summary  # noqa: PLC0415

    active, version = registry.active(plant)
    told = version.manifest.data
    last, first = (np.flatnonzero(log.heat_ids == str(told[end])) for end in ("last_heat", "first_heat"))
    if not len(last):
        raise InputError(str(told["last_heat"]), "last heat the model knows", "one of the plant's heats; retrain")
    begin, end = int(first[0]) if len(first) else 0, int(last[-1]) + 1
    corrected = data_summary(log.rows(slice(begin, end)))["sha256"] != told["sha256"]
    if end == len(log) and not corrected:
        return None
    new = log.rows(slice(end, None))
    started = time.perf_counter()
    window = log.rows(slice(begin, None))
    model = fit(window, materials) if corrected else update(active, new)
    took_ms = 1000.0 * (time.perf_counter() - started)
    reason = "fitted anew: heats that it had learned from were corrected" if corrected else "update by new heats"
    found = registry.publish(model, plant, window, {"update": {"heats": len(new)}}, version.version, reason)
    alarms, moved = (_named(watch(active, new)), _named(watch_inputs(active, new))) if len(new) else ((), ())
    return Updating(found, len(new), took_ms, alarms, moved, corrected)


def _named(alarms: "list[Alarm]") -> tuple[str, ...]:
    return tuple(alarm.output for alarm in alarms)


def materials_for(store: HeatStore, plant: Plant | None, name: str) -> tuple[Material, ...]:
    """The furnace materials a plant's surrogate should know: those of its heats, then new ones of its yard."""
    known = {material.name: material for material in store.materials(name)}
    if plant is not None:
        known |= {item.material.name: item.material for item in plant.charge_items()}
    return tuple(known.values())


def plant_of(plants: Path, name: str) -> Plant | None:
    """A plant's file, if it has one."""
    path = plants / f"{name}.toml"
    return read_plant(path) if path.is_file() else None
