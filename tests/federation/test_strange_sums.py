"""A whole run in this process, in which one plant's answer is no sums at all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Context, Message, RecordDict

from api.onboarding import set_up_bundled
from federation import client_app, server_app
from federation.ledger import read_ledger
from federation.messages import CONTRIBUTE, masked_from_record, record_of, sums_from_record
from federation.modules.in_process import InProcessGrid
from plant_adapters.store import HeatStore
from steel.errors import InputError
from surrogate.registry import Registry

PLANTS = ("northmill", "riverside", "eastport")
STRANGE = {
    "no arrays": RecordDict(),
    "no safetensors": RecordDict({"sums": ArrayRecord({"safetensors": Array(np.arange(9, dtype=np.uint8))})}),
    "another name": RecordDict({"sums": ArrayRecord({"sums": Array(np.arange(9.0))})}),
    "too few whole numbers": RecordDict({"sums": ArrayRecord({"masked": Array(np.arange(9, dtype=np.uint64))})}),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("federation")
    store, registry = HeatStore(f"sqlite:///{folder / 'heats.db'}"), Registry(folder / "models")
    for name in PLANTS:
        set_up_bundled(name, 60, folder / "plants", store, registry)
    return folder


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_sums_is_refused_with_what_would_be_right(kind: str) -> None:
    record = record_of(STRANGE[kind], "sums")
    with pytest.raises(InputError, match="safetensors"):
        sums_from_record(record)
    with pytest.raises(InputError, match="whole numbers"):
        masked_from_record(record, 10)


@pytest.mark.parametrize(("kind", "secure"), [("no safetensors", False), ("too few whole numbers", True)])
def test_a_plant_whose_sums_cannot_be_read_is_put_aside_and_named(
    home: Path, tmp_path: Path, kind: str, secure: bool
) -> None:
    def answer(message: Message, context: Context) -> Message:
        if context.node_config["plant"] == "riverside" and message.metadata.message_type == CONTRIBUTE:
            return Message(STRANGE[kind], reply_to=message)
        return client_app.app(message, context)

    url = HeatStore(f"sqlite:///{home / 'heats.db'}").absolute_url()
    nodes: list[Any] = [{"plant": name, "database": url, "models": str(tmp_path / "models")} for name in PLANTS]
    config: dict[str, Any] = {
        "wait-s": 60.0, "plants": 3, "fewest": 2, "secure": secure, "if-proposed": False, "remainder": "",
        "started-by": "a test", "result": str(tmp_path / "result.json"), "ledger": str(tmp_path / "ledger.jsonl"),
    }  # fmt: skip
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=config)
    grid = InProcessGrid(answer, nodes)
    server_app.app(grid=grid, context=context)
    entries = read_ledger(tmp_path / "ledger.jsonl")
    put_aside = [entry.body for entry in entries if entry.kind == "quarantine"]
    assert [body["plant"] for body in put_aside] == ["riverside"]
    assert "cannot be used; expected" in put_aside[0]["reason"]
    result = json.loads((tmp_path / "result.json").read_text("utf-8"))
    assert set(result["errors"]) >= {"northmill", "eastport"}
    assert np.isfinite(result["shared"]["Cu"]).all()
