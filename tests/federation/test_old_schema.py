"""A plant that comes back with an older version of what plants say to one another."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from flwr.app import Context, Message, RecordDict

from api.onboarding import set_up_bundled
from federation import server_app
from federation.asking import TooFewPlantsError
from federation.client_app import app
from federation.ledger import read_ledger
from federation.modules.in_process import InProcessGrid
from plant_adapters.store import HeatStore
from surrogate.registry import Registry

HEATS = {"northmill": 90, "riverside": 80, "eastport": 70}


class Older(InProcessGrid):
    """A grid on which riverside offers what version 0 offered."""

    def pull_messages(self, message_ids: Iterable[str]) -> Iterable[Message]:
        replies = list(super().pull_messages(message_ids))
        for reply in replies:
            text = reply.content.config_records.get("text", {}) if reply.has_content() else {}
            if "offer" in text and "riverside" in str(text["offer"]):
                offer = json.loads(str(text["offer"]))
                text["offer"] = json.dumps({"plant": offer["plant"], "version": 0, "heats": offer["heats"]})
        return replies


def run(tmp_path: Path, fewest: int) -> dict[str, Any]:
    store, registry = HeatStore(f"sqlite:///{tmp_path / 'heats.db'}"), Registry(tmp_path / "models")
    for name, heats in HEATS.items():
        set_up_bundled(name, heats, tmp_path / "plants", store, registry)
    grid = Older(
        app,
        [{"plant": name, "database": store.absolute_url(), "models": str(tmp_path / "models")} for name in HEATS],
    )
    config: dict[str, Any] = {
        "plants": 3, "fewest": fewest, "secure": False, "if-proposed": False, "remainder": "", "wait-s": 60.0,
        "result": str(tmp_path / "result.json"), "ledger": str(tmp_path / "ledger.jsonl"), "started-by": "a test",
    }  # fmt: skip
    server_app.main(grid, Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=config))
    return dict(json.loads((tmp_path / "result.json").read_text("utf-8")))


def test_it_is_left_out_by_name_and_the_others_go_on(tmp_path: Path) -> None:
    found = run(tmp_path, fewest=2)
    assert set(found["errors"]) == {"northmill", "eastport"}
    (refused,) = [entry.body for entry in read_ledger(tmp_path / "ledger.jsonl") if entry.kind == "refused"]
    assert "version of riverside: 0 cannot be used; expected version" in "".join(refused["nodes"].values())


def test_where_all_are_needed_the_run_ends_and_says_why(tmp_path: Path) -> None:
    with pytest.raises(TooFewPlantsError, match=r"2 of at least 3 plants can take part.*riverside"):
        run(tmp_path, fewest=0)
    assert not (tmp_path / "result.json").exists()
