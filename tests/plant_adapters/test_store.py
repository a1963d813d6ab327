from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from plant_adapters.reading.quarantine import IngestReport, Reason, Rejection
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.heats import HeatLog
from steel.materials import Material


@pytest.fixture
def store(tmp_path: Path) -> HeatStore:
    return HeatStore(f"sqlite:///{tmp_path / 'heats.db'}")


def test_what_goes_in_comes_out(store: HeatStore, history: HeatLog, materials: tuple[Material, ...]) -> None:
    stored = store.add("northmill", history, materials)
    assert (stored.added, stored.changed, stored.unchanged) == (len(history), 0, 0)
    back = store.log("northmill")
    assert back.materials == history.materials
    assert np.array_equal(back.charged_t, history.charged_t)
    assert np.array_equal(back.analysis_wt_pct, history.analysis_wt_pct, equal_nan=True)
    assert np.array_equal(back.heel_wt_pct, history.heel_wt_pct, equal_nan=True)
    assert np.array_equal(back.tapped_at, history.tapped_at)
    assert all(np.array_equal(back.process[name], values) for name, values in history.process.items())
    assert store.materials("northmill") == materials


def test_sending_again_changes_nothing_and_sending_differently_keeps_the_old(
    store: HeatStore, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    heats = history.rows(slice(0, 20))
    store.add("northmill", heats, materials)
    assert store.add("northmill", heats, materials).unchanged == 20
    corrected = replace(heats, tapped_t=np.where(np.arange(20) == 7, 88.0, heats.tapped_t))
    assert store.add("northmill", corrected, materials).changed == 1
    assert store.log("northmill").tapped_t[7] == 88.0
    assert [revision["before"]["tapped_t"] for revision in store.revisions("northmill")] == [heats.tapped_t[7]]


def test_quarantine_keeps_the_row_as_it_was_sent(
    store: HeatStore, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    rejection = Rejection(
        row=9, heat_id="H9", reason=Reason.ABSURD_WEIGHT, column="M1", value="999", expected="0 to 90 t"
    )
    report = IngestReport(
        source="a.csv", rows_read=21, rows_valid=20, rejections=(rejection,), raw={9: {"M1": "999", "heat": "H9"}}
    )
    store.add("northmill", history.rows(slice(0, 20)), materials, report)
    kept = store.quarantined("northmill")
    assert [(row["heat_id"], row["reason"], row["raw"]["M1"]) for row in kept] == [("H9", "absurd weight", "999")]


def test_a_plant_without_heats_and_a_database_that_cannot_be_opened_are_clear_errors(
    store: HeatStore, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="none yet"):
        store.log("nowhere")
    with pytest.raises(InputError, match="database"):
        HeatStore(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")


def test_a_days_heats_are_added_without_reading_the_history(
    store: HeatStore, history: HeatLog, materials: tuple[Material, ...]
) -> None:
    store.add("northmill", history.rows(slice(0, len(history) - 40)), materials)
    read: list[int] = []

    def count(*event: Any) -> None:
        statement, parameters = event[2], event[3]
        if "FROM heats" in statement and "analysis_wt_pct" in statement:
            read.append(len(parameters) - 1)

    sa.event.listen(store.database.engine, "before_cursor_execute", count)
    store.add("northmill", history.rows(slice(len(history) - 40, None)), materials)
    assert read == [40]


def test_more_heats_than_one_query_asks_for_are_told_apart(
    store: HeatStore, history: HeatLog, materials: tuple[Material, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plant_adapters.store.store.AT_A_TIME", 7)
    heats = history.rows(slice(0, 20))
    store.add("northmill", heats, materials)
    more = store.add("northmill", history.rows(slice(10, 40)), materials)
    assert (more.added, more.changed, more.unchanged) == (20, 0, 10)
    assert store.log("northmill").heat_ids.tolist() == history.heat_ids[:40].tolist()
