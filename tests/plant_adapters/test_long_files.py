"""Files longer than are read at a time: a block after the other, as one record."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.messy_files import MAPPING
from benchmarks.messy_writers import HEAD
from plant_adapters.connections.folder import FolderSource
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading import files
from plant_adapters.sources.table import TableAdapter
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.store import HeatStore
from steel.errors import InputError

LONG = 45


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "BLOCK_ROWS", 20)


def written(path: Path, days: int = 15) -> Path:
    """Heats of so many days of March, three a day and in order; only the later ones tell day from month."""
    rows = [
        f"{1000 + n};{n // 3 % days + 1:02d}/03/2024 06:{n:02d};98,5;0,3{n:02d};0,01;48{n:03d};60000"
        for n in range(LONG)
    ]
    path.write_text("\n".join((HEAD, *rows)) + "\n", "utf-8")
    return path


def test_blocks_say_together_what_the_whole_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    adapter = TableAdapter(written(tmp_path / "heats.csv"), Mapping.model_validate(MAPPING))
    blocks = list(adapter.read_in_blocks())
    assert [len(one.log) for one in blocks] == [20, 20, 5]
    assert [one.report.goes_on for one in blocks] == [False, True, True]
    whole = adapter.read_heats().log
    order = np.argsort(np.concatenate([one.log.heat_ids for one in blocks]))
    for field in ("heat_ids", "tapped_at", "analysis_wt_pct", "charged_t"):
        joined = np.concatenate([getattr(one.log, field) for one in blocks])[order]
        assert np.array_equal(joined, getattr(whole, field)[np.argsort(whole.heat_ids)])


def test_what_only_the_last_block_tells_counts_for_the_first(tmp_path: Path) -> None:
    path = written(tmp_path / "heats.csv")
    first = next(TableAdapter(path, Mapping.model_validate(MAPPING)).read_in_blocks()).log
    assert str(first.tapped_at[list(first.heat_ids).index("1003")])[:10] == "2024-03-02"


def test_a_heat_that_comes_again_in_a_later_block_is_set_aside(tmp_path: Path) -> None:
    path = written(tmp_path / "heats.csv")
    text = path.read_text("utf-8").splitlines()
    path.write_text("\n".join((*text, text[1])) + "\n", "utf-8")
    last = list(TableAdapter(path, Mapping.model_validate(MAPPING)).read_in_blocks())[-1]
    assert [(one.row, one.reason.value) for one in last.report.rejections] == [(LONG + 2, "duplicate heat")]


def test_nothing_of_a_long_file_is_read_where_it_can_be_read_in_two_ways(tmp_path: Path) -> None:
    path = written(tmp_path / "heats.csv", days=3)
    with pytest.raises(InputError, match="date_order"):
        next(TableAdapter(path, Mapping.model_validate(MAPPING)).read_in_blocks())


def test_a_long_parquet_file_comes_in_blocks(tmp_path: Path) -> None:
    rows = [(f"{n}", np.datetime64("2024-03-01T00:00") + n, 98.5, 0.3, 0.01, 48000 + n, 60000) for n in range(LONG)]
    pd.DataFrame(rows, columns=HEAD.split(";")).to_parquet(tmp_path / "heats.parquet")
    blocks = list(TableAdapter(tmp_path / "heats.parquet", Mapping.model_validate(MAPPING)).read_in_blocks())
    assert [len(one.log) for one in blocks] == [20, 20, 5]
    assert blocks[2].report.rejections == ()


def test_a_long_file_in_a_folder_is_stored_with_one_report_and_all_its_quarantine(tmp_path: Path) -> None:
    watched = tmp_path / "in"
    watched.mkdir()
    path = written(watched / "heats.csv")
    text = path.read_text("utf-8").splitlines()
    text[3], text[44] = text[3].replace("60000", "6O000"), text[44].replace("60000", "6O000")
    path.write_text("\n".join(text) + "\n", "utf-8")
    store = HeatStore(f"sqlite:///{tmp_path / 'heats.db'}")
    states = ConnectionStates(store.database)
    source = FolderSource("works", "exports", watched, "*.csv", Mapping.model_validate(MAPPING), states, 1.0, 0.0)
    for arrival in source.arrivals(None):
        assert arrival.batch is not None
        store.add("works", arrival.batch.log, arrival.batch.materials, arrival.batch.report)
        source.stored(arrival)
    assert store.count("works") == LONG - 2
    assert [row["row"] for row in store.quarantined("works")] == [4, 45]
    report = (watched / "done" / "heats.csv.report.json").read_text("utf-8")
    assert f'"rows_read": {LONG}' in report
