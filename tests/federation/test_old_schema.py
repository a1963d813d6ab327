"""A plant that comes back with an older version of what plants say to one another."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flwr.app import Message

from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import Ledger, read_ledger
from federation.modules.in_process import InProcessGrid
from federation.run import SumsRun, run_sums
from tests.federation.local import bundled_plants, grid_of

HEATS = {"northmill": 90, "riverside": 80, "eastport": 70}


class Older(InProcessGrid):
    """A grid on which riverside says what version 0 said."""

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        replies = list(super().pull_messages(message_ids))
        for reply in replies:
            text = reply.content.config_records.get("text", {}) if reply.has_content() else {}
            if "hello" in text and "riverside" in str(text["hello"]):
                text["hello"] = json.dumps({"plant": "riverside", "version": 0, "heats": 80})
        return replies


def run(tmp_path: Path, fewest: int) -> dict[str, Any]:
    grid = grid_of(bundled_plants(tmp_path, HEATS), Older)
    asked = SumsRun(plants=3, fewest=fewest, secure=False, wait_s=60.0, started_by="a test")
    return run_sums(grid, asked, Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")


def test_it_is_left_out_by_name_and_the_others_go_on(tmp_path: Path) -> None:
    found = run(tmp_path, fewest=2)
    assert set(found["errors"]) == {"northmill", "eastport"}
    (refused,) = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "refused"]
    assert "version of riverside: 0 cannot be used; expected version" in refused["plants"]["riverside"]


def test_where_all_are_needed_the_run_ends_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(TooFewPlantsError, match=r"2 of at least 3 plants can take part.*riverside"):
        run(tmp_path, fewest=0)
    last = read_ledger(tmp_path / "ledger.jsonl")[-1]
    assert (last.kind, "riverside" in last.body["reason"]) == ("failed", True)
