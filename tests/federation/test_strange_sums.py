"""A whole run in this process, in which one plant's answer is no sums at all."""

from pathlib import Path

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Context, Message, RecordDict

from federation.exchange.messages import CONTRIBUTE, masked_from_record, record_of, sums_from_record
from federation.ledger.ledger import Ledger, read_ledger
from federation.modules.in_process import InProcessGrid
from federation.plant.answers import Answers
from federation.plant.plant import Plant
from federation.run import SumsRun, run_sums
from steel.errors import InputError
from tests.federation.local import bundled_plants

PLANTS = ("northmill", "riverside", "eastport")
STRANGE = {
    "no arrays": RecordDict(),
    "no safetensors": RecordDict({"sums": ArrayRecord({"safetensors": Array(np.arange(9, dtype=np.uint8))})}),
    "another name": RecordDict({"sums": ArrayRecord({"sums": Array(np.arange(9.0))})}),
    "too few whole numbers": RecordDict({"sums": ArrayRecord({"masked": Array(np.arange(9, dtype=np.uint64))})}),
}


@pytest.fixture(scope="module")
def plants(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plant]:
    return bundled_plants(tmp_path_factory.mktemp("federation"), dict.fromkeys(PLANTS, 60))


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_sums_is_refused_with_what_would_be_right(kind: str) -> None:
    record = record_of(STRANGE[kind], "sums")
    with pytest.raises(InputError, match="safetensors"):
        sums_from_record(record)
    with pytest.raises(InputError, match="whole numbers"):
        masked_from_record(record, 10)


@pytest.mark.parametrize(("kind", "secure"), [("no safetensors", False), ("too few whole numbers", True)])
def test_a_plant_whose_sums_cannot_be_read_is_put_aside_and_named(
    plants: dict[str, Plant], tmp_path: Path, kind: str, secure: bool
) -> None:
    answers = {name: Answers(plant) for name, plant in plants.items()}

    def answer(message: Message, context: Context) -> Message:
        plant = str(context.node_config["plant"])
        if plant == "riverside" and message.metadata.message_type == CONTRIBUTE:
            return Message(STRANGE[kind], reply_to=message)
        return answers[plant](message, context)

    for plant in plants.values():
        (plant.folder / "memory.json").unlink(missing_ok=True)
    run = SumsRun(plants=3, fewest=2, secure=secure, wait_s=60.0, started_by="a test")
    grid = InProcessGrid(answer, [{"plant": name} for name in PLANTS])
    result = run_sums(grid, run, Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    entries = read_ledger(tmp_path / "ledger.jsonl")
    put_aside = [entry.body for entry in entries if entry.kind == "quarantine"]
    assert [body["plant"] for body in put_aside] == ["riverside"]
    assert "cannot be used; expected" in put_aside[0]["reason"]
    assert set(result["errors"]) >= {"northmill", "eastport"}
    assert np.isfinite(result["shared"]["Cu"]).all()
