import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.ledger.ledger import (
    FIRST,
    Entry,
    Ledger,
    LedgerError,
    LedgerInUseError,
    is_open,
    read_ledger,
    torn_line,
)


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


@pytest.mark.parametrize("half", ['{"index": 3, "at"', '{"index": 3, "at": "2026', "{"])
def test_half_a_line_at_the_end_is_cut_off_by_rule_and_written_down(path: Path, half: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(half)
    assert torn_line(path) == half.encode()
    assert len(read_ledger(path)) == 3
    ledger = Ledger(path)
    ledger.append("end", {})
    entries = read_ledger(path)
    assert [entry.kind for entry in entries[3:]] == ["repaired", "end"]
    assert (entries[3].body["bytes"], entries[3].body["began"]) == (len(half), half)


def test_a_line_that_lacks_only_its_end_is_kept(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    assert len(read_ledger(path)) == 3
    Ledger(path).append("end", {})
    assert [entry.kind for entry in read_ledger(path)] == ["run", "contribution", "judgement", "end"]


def test_half_a_line_in_the_middle_is_damage(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1][:40] + b"\n" + lines[2])
    with pytest.raises(LedgerError, match="entry 1 cannot be read"):
        read_ledger(path)
    with pytest.raises(LedgerError):
        Ledger(path)


def test_only_one_writes_at_a_time(path: Path) -> None:
    first = Ledger(path)
    with pytest.raises(LedgerInUseError, match="wait for its end, or stop it"):
        Ledger(path)
    first.close()
    Ledger(path).append("end", {})


def test_a_run_ends_in_the_ledger_however_it_ends(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    with pytest.raises(ValueError, match="a plant is missing"), ledger.run({"started_by": "Ana"}):
        raise ValueError("a plant is missing")
    with pytest.raises(KeyboardInterrupt), ledger.run({"started_by": "Ana"}):
        raise KeyboardInterrupt
    ledger.append("begin", {"started_by": "Ana"})
    ledger.close()
    assert is_open(read_ledger(path))
    Ledger(path).close()
    assert [entry.kind for entry in read_ledger(path)] == ["begin", "failed", "begin", "stopped", "begin", "broken_off"]
    assert read_ledger(path)[1].body == {"reason": "a plant is missing"}


def test_what_the_disk_does_not_take_is_taken_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            ledger.append("end", {})
    assert path.read_bytes() == before
    ledger.append("end", {})
    assert len(read_ledger(path)) == 4


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
