from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from plant_adapters.reading.quarantine import Reason
from plant_adapters.sources.casting_table import read_casting_mapping, read_castings
from steel.castings import CastingLog
from steel.errors import InputError
from surrogate.judge.casting_fit import evaluate_castings, fit_castings, watch_castings
from surrogate.store.casting_artifact import load_castings, save_castings
from surrogate.store.sealed import MANIFEST, ArtifactError


def castings(seed: int, count: int = 200) -> CastingLog:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(count, 3))
    measured = 1000 + 10 * values[:, 0] + 15 * (values[:, 1] > 0.5) + 4 * rng.normal(size=count)
    return CastingLog(np.arange(count).astype(str), ("C", "Si", "T"), values, "frequency_hz", measured)


def test_lines_and_steps_are_both_learned_and_intervals_hold() -> None:
    model = fit_castings(castings(0))
    later = castings(1, 400)
    mean = model.predict(later)
    assert np.abs(later.measured - mean).mean() < 6.0
    low, high = model.interval(mean, 0.90)
    assert np.mean((later.measured >= low) & (later.measured <= high)) == pytest.approx(0.90, abs=0.06)
    assert watch_castings(model, later) is None


def test_a_missing_input_counts_as_usual_and_other_inputs_are_refused() -> None:
    model = fit_castings(castings(0))
    later = castings(2, 5)
    gap = replace(later, values=np.where(np.arange(3) == 2, np.nan, later.values))
    assert np.isfinite(model.predict(gap)).all()
    with pytest.raises(InputError, match="Mg"):
        model.predict(replace(later, inputs=("C", "Si", "Mg")))
    with pytest.raises(InputError, match="at least 30"):
        fit_castings(castings(0, 20))


def test_a_kept_model_predicts_the_same_and_an_altered_one_is_refused(tmp_path: Path) -> None:
    model = fit_castings(castings(0))
    save_castings(model, tmp_path / "disc", "disc", 200, {})
    later = castings(3, 50)
    assert np.array_equal(load_castings(tmp_path / "disc").predict(later), model.predict(later))
    manifest = tmp_path / "disc" / MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace('"castings": 200', '"castings": 900'), "utf-8")
    with pytest.raises(ArtifactError, match="unaltered"):
        load_castings(tmp_path / "disc")


@pytest.mark.slow
def test_the_real_foundry_is_judged_on_unique_castings_and_only_the_shifted_product_alarms(real_foundry: Path) -> None:
    mapping = read_casting_mapping("brake_disc_frequency")
    small = read_castings(real_foundry / "castIron2_product4_frequency.xlsx", mapping)
    assert small.report.by_reason()[Reason.DUPLICATE_ROW] == small.report.rows_read - len(small.log)
    assert len(small.log) < 0.8 * small.report.rows_read
    raised = evaluate_castings(small.log).alarm
    assert raised is not None
    assert raised.kind == "jump"
    third = evaluate_castings(read_castings(real_foundry / "castIron2_product3_frequency.xlsx", mapping).log)
    assert third.alarm is None
    assert third.scores.surrogate.mae < min(peer.mae for peer in third.scores.baselines.values())
