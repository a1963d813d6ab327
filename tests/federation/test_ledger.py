import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.ledger import FIRST, Entry, Ledger, LedgerError, read_ledger


@pytest.fixture
def path(tmp_path: Path) -> Path:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    ledger.append("run", {"started_by": "Ana", "contract": {"elements": ["Cu"]}})
    ledger.append("contribution", {"plant": "alpha", "heats": 300})
    ledger.append("judgement", {"plant": "alpha", "errors": {"Cu": 0.0123456789012345}})
    return tmp_path / "ledger.jsonl"


def test_what_was_written_is_read_and_chained(path: Path) -> None:
    entries = read_ledger(path)
    assert [entry.kind for entry in entries] == ["run", "contribution", "judgement"]
    assert entries[0].previous == FIRST
    assert [entry.previous for entry in entries[1:]] == [entry.sha256 for entry in entries[:-1]]
    assert entries[2].body["errors"]["Cu"] == 0.0123456789012345


def test_a_later_process_goes_on_where_the_last_one_ended(path: Path) -> None:
    added = Ledger(path).append("end", {"seconds": 1.5})
    assert (added.index, len(read_ledger(path, head=added.sha256))) == (3, 4)


@pytest.mark.parametrize("index", [0, 1, 2])
def test_a_changed_entry_is_found(path: Path, index: int) -> None:
    lines = path.read_text("utf-8").splitlines()
    raw = json.loads(lines[index])
    raw["body"]["heats"] = 999
    lines[index] = json.dumps(raw)
    path.write_text("\n".join(lines) + "\n", "utf-8")
    with pytest.raises(LedgerError, match=f"entry {index} .* was changed"):
        read_ledger(path)
    with pytest.raises(LedgerError):
        Ledger(path)


@pytest.mark.parametrize("order", [(0, 2), (1, 2), (1, 0, 2), (0, 0, 1, 2)])
def test_a_removed_moved_or_repeated_entry_is_found(path: Path, order: tuple[int, ...]) -> None:
    lines = path.read_text("utf-8").splitlines()
    path.write_text("".join(lines[at] + "\n" for at in order), "utf-8")
    with pytest.raises(LedgerError, match="does not follow"):
        read_ledger(path)


def test_a_cut_end_is_found_by_the_hash_a_plant_wrote_down(path: Path) -> None:
    head = read_ledger(path)[-1].sha256
    lines = path.read_text("utf-8").splitlines()
    path.write_text("\n".join(lines[:-1]) + "\n", "utf-8")
    assert len(read_ledger(path)) == 2
    with pytest.raises(LedgerError, match="cut off"):
        read_ledger(path, head=head)


def test_a_half_written_line_is_found(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write('{"index": 3, "at"')
    with pytest.raises(LedgerError, match="entry 3 cannot be read"):
        read_ledger(path)


def test_no_ledger_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger there"):
        read_ledger(tmp_path / "nothing.jsonl")


def read_or_none(path: Path) -> tuple[Entry, ...] | None:
    try:
        return read_ledger(path)
    except LedgerError:
        return None


@given(position=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_no_single_bit_can_be_turned_unseen(tmp_path_factory: pytest.TempPathFactory, position: int, bit: int) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append("run", {"started_by": "Ana"})
    ledger.append("end", {"plants": ["alpha"]})
    raw = bytearray(path.read_bytes())
    whole = read_ledger(path)
    raw[position % len(raw)] ^= 1 << bit
    path.write_bytes(bytes(raw))
    assert read_or_none(path) in (None, whole)
