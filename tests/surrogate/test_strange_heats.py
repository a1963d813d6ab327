"""Heats that tell nothing, or everything: training says so, and never breaks."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from chargewise.app.training import train_plant
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.evaluation import evaluate
from surrogate.judge.scores import Score, score, shown_r2
from surrogate.store.registry import Registry, Spoilt

QUICK = FitOptions(remainders=())


@pytest.fixture(scope="module")
def short(history: HeatLog) -> HeatLog:
    return history.rows(slice(0, 120))


def with_element(log: HeatLog, at: int, values: np.ndarray | float) -> HeatLog:
    analysis, heel = log.analysis_wt_pct.copy(), log.heel_wt_pct.copy()
    analysis[:, at] = values
    heel[1:, at] = analysis[:-1, at]
    return replace(log, analysis_wt_pct=analysis, heel_wt_pct=heel)


@pytest.mark.parametrize("energy", [0.0, 400.0, np.nan])
def test_a_meter_that_says_the_same_every_time_trains(
    short: HeatLog, materials: tuple[Material, ...], energy: float
) -> None:
    log = replace(short, energy_kwh_per_t=np.full(len(short), energy))
    model, judged = evaluate(log, materials, options=QUICK, baselines=())
    scores = {row.output: row.surrogate for row in judged}
    if np.isfinite(energy):
        assert scores["energy_kwh_per_t"].r2 is None
        assert scores["energy_kwh_per_t"].mae == pytest.approx(0.0, abs=1.0)
    assert np.isfinite(model.predict(log).tapped_t).all()


@pytest.mark.parametrize("tin", [0.0, 0.012])
def test_an_element_that_is_always_the_same_has_no_score(
    short: HeatLog, materials: tuple[Material, ...], tin: float
) -> None:
    at = [element.value for element in short.elements].index("Sn")
    _, judged = evaluate(with_element(short, at, tin), materials, options=QUICK, baselines=())
    found = next(row.surrogate for row in judged if row.output == "Sn")
    assert found.r2 is None
    assert shown_r2(found) == "none"
    assert found.mae < 0.1 * max(tin, 1e-3)


def test_exact_and_alike_charges_train(short: HeatLog, materials: tuple[Material, ...]) -> None:
    charged = short.charged_t
    exact = short
    for at in range(len(short.elements)):
        shares = np.linspace(0.1, 1.0, charged.shape[1]) * (at + 1)
        exact = with_element(exact, at, charged @ shares / charged.sum(axis=1) / 100.0)
    alike = replace(short, charged_t=np.tile(charged.mean(axis=0), (len(short), 1)))
    for log in (exact, alike):
        model = fit(log, materials, QUICK)
        assert all(np.isfinite(output.linear.mean).all() for output in model.outputs.values())


def test_a_heat_with_nothing_charged_is_left_out(short: HeatLog, materials: tuple[Material, ...]) -> None:
    charged = short.charged_t.copy()
    charged[60] = 0.0
    model = fit(replace(short, charged_t=charged), materials, QUICK)
    assert all(np.isfinite(output.linear.mean).all() for output in model.outputs.values())
    with pytest.raises(InputError, match="heats to learn from: 0"):
        fit(replace(short, charged_t=np.zeros_like(charged)), materials, QUICK)


def test_ten_heats_train_and_nine_say_how_many_it_takes(
    tmp_path: Path, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    registry = Registry(tmp_path)
    version, judged = train_plant(registry, "works", history.rows(slice(0, 10)), materials)
    assert (version, judged) == ("v0001", [])
    with pytest.raises(InputError, match=r"heats to learn from: 9 .* at least 10"):
        train_plant(registry, "works", history.rows(slice(0, 9)), materials)


def test_a_score_is_none_where_there_is_nothing_to_explain() -> None:
    assert score(np.array([1.0, 1.0, np.nan]), np.array([1.0, 1.5, 5.0])) == Score(0.25, None)
    assert score(np.array([1.0, 2.0]), np.array([1.0, 2.0])).r2 == 1.0


def test_one_spoilt_model_is_named_and_the_others_are_listed(
    tmp_path: Path, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    registry, log = Registry(tmp_path), history.rows(slice(0, 60))
    model = fit(log, materials, QUICK)
    for _ in range(2):
        registry.publish(model, "works", log)
    registry.publish(model, "other", log)
    with (tmp_path / "works" / "approvals.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"version": "v00')
    registry.activate("works", "v0002", "A. Melter")
    assert [approval.by for approval in registry.approvals("works")] == ["training", "training", "A. Melter"]
    (tmp_path / "works" / "v0001" / "model.safetensors").write_bytes(b"torn")
    (tmp_path / "other" / "v0001").rename(tmp_path / "works" / "v10000")
    found = registry.versions("works")
    assert [version.version for version in found] == ["v0001", "v0002", "v10000"]
    assert [isinstance(version, Spoilt) for version in found] == [True, False, True]
    assert registry.publish(model, "works", log) == "v10001"
    with (tmp_path / "works" / "approvals.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"version": "../other/v0001", "by": "nobody", "at": "now"}\n')
    with pytest.raises(InputError, match="a version such as v0001"):
        registry.active("works")


def test_an_approval_that_a_crash_left_torn_switches_nothing(
    tmp_path: Path, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    registry, log = Registry(tmp_path), history.rows(slice(0, 60))
    model = fit(log, materials, QUICK)
    for _ in range(2):
        registry.publish(model, "works", log)
    whole = (tmp_path / "works" / "approvals.jsonl").read_bytes()
    registry.activate("works", "v0001", "A. Melter")
    longer = (tmp_path / "works" / "approvals.jsonl").read_bytes()
    # Wherever a crash cuts the one write, the plant is served what was approved last as a whole.
    for cut in range(len(whole), len(longer) + 1, 7):
        (tmp_path / "works" / "approvals.jsonl").write_bytes(longer[:cut])
        assert registry.active_version("works") == registry.approvals("works")[-1].version == "v0002"
    (tmp_path / "works" / "approvals.jsonl").write_bytes(longer)
    assert registry.active_version("works") == "v0001"


def test_trainings_that_publish_at_once_get_versions_of_their_own(
    tmp_path: Path, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    registry, log = Registry(tmp_path), history.rows(slice(0, 60))
    model = fit(log, materials, QUICK)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: registry.publish(model, "works", log), range(8)))
    assert sorted(found) == [f"v{number:04d}" for number in range(1, 9)]
    assert len(registry.approvals("works")) == 8


@pytest.mark.parametrize("name", ["../outside", "", ".", "a/b", "Werk Süd"])
def test_a_name_that_is_no_file_name_reaches_no_model(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="plant"):
        Registry(tmp_path).active(name)
