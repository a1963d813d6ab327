"""What a plant takes part in is its own file's to say; what left it is written down; what it told is remembered."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.ledger.ledger import Ledger
from federation.plant.memory import Remembering
from federation.plant.outbox import Outbox
from federation.plant.policy import OPEN, STRICTEST, Policy, read_policy, write_policy
from federation.run import SumsRun, run_sums
from federation.sums.contract import common, offered
from federation.sums.participant import Participant
from steel.errors import InputError
from tests.federation.local import given_plants, grid_of
from tests.federation.participants import participant

HEATS = {"northmill": 110, "riverside": 105, "eastport": 100}


@pytest.fixture(scope="module")
def participants() -> dict[str, Participant]:
    return {name: participant(name, heats) for name, heats in HEATS.items()}


def asked(**more: object) -> SumsRun:
    return SumsRun.model_validate({"plants": 3, "wait_s": 60.0, "started_by": "a test", **more})


def test_the_strictest_is_what_a_plant_without_a_file_has(tmp_path: Path) -> None:
    assert read_policy(tmp_path / "none.toml") == STRICTEST
    assert STRICTEST.secure_only
    assert (STRICTEST.remainder, STRICTEST.modules, STRICTEST.errors) == (False, False, False)


@given(
    policy=st.builds(
        Policy,
        secure_only=st.booleans(),
        plants_at_least=st.integers(1, 99),
        heats_at_least=st.integers(0, 9999),
        new_heats_at_least=st.integers(0, 9999),
        runs_a_day=st.integers(1, 99),
        outputs=st.lists(st.sampled_from(["all", "Cu", "Sn", "energy_kwh_per_t", "yield"]), unique=True).map(tuple),
        remainder=st.booleans(),
        modules=st.booleans(),
        errors=st.booleans(),
    )
)
def test_what_is_written_is_read_back(policy: Policy, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("policy") / "policy.toml"
    write_policy(path, policy)
    assert read_policy(path) == policy


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("secure_onli = true", "one of secure_only, plants_at_least"),
        ("plants_at_least = 0", "greater than or equal to 1"),
        ("heats_at_least = -1", "greater than or equal to 0"),
        ('secure_only = "perhaps"', "valid boolean"),
        ('outputs = ["Unobtainium"]', "Unobtainium"),
        ("plants_at_least = ", "TOML"),
    ],
)
def test_what_cannot_be_a_policy_is_refused_by_name(tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(line + "\n", "utf-8")
    with pytest.raises(InputError, match=r"policy\.toml") as refused:
        read_policy(path)
    assert reason in str(refused.value)


def test_a_strict_federation_works_and_nothing_of_one_plant_is_seen(
    participants: dict[str, Participant], tmp_path: Path
) -> None:
    plants = given_plants(tmp_path, participants, STRICTEST)
    found = run_sums(grid_of(plants), asked(), Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    assert set(found["adopted"]) == set(HEATS)
    assert (found["heats"], found["errors"]) == ({}, {plant: {} for plant in HEATS})
    ledger = (tmp_path / "ledger.jsonl").read_text("utf-8")
    for plant, each in participants.items():
        assert f'"heats":{HEATS[plant]}' not in ledger
        sent = plants[plant].outbox.lines()
        assert [line.message.rpartition(".")[2] for line in sent] == [
            "hello", "key", "offer", "reveal", "key", "contribute", "reveal", "adopt",
        ]  # fmt: skip
        assert all("masked" in line.sent for line in sent if line.message in ("query.offer", "query.contribute"))
        assert all(line.bytes > 0 and len(line.sha256) == 64 for line in sent)
        assert str(each.log.heat_ids[0]) not in "".join(line.model_dump_json() for line in sent)


@pytest.mark.parametrize(
    ("policy", "run", "reason"),
    [
        (Policy(), {"secure": False}, "its policy allows secure runs only"),
        (Policy(plants_at_least=4), {}, "a run of 3 plants; its policy asks for 4"),
        (Policy(heats_at_least=106), {}, "fewer heats than its policy asks for (106)"),
        (Policy(secure_only=False), {"secure": False, "remainder": "fedavg"}, "its policy allows no remainder"),
    ],
)
def test_what_the_policy_does_not_allow_is_refused_in_words_of_the_plants_own(
    participants: dict[str, Participant], tmp_path: Path, policy: Policy, run: dict[str, object], reason: str
) -> None:
    plants = given_plants(tmp_path, participants, OPEN)
    write_policy(plants["riverside"].policy_file, policy)
    with pytest.raises(Exception, match="riverside") as ended:
        run_sums(grid_of(plants), asked(**run), Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    assert f"riverside: refused: {reason}" in str(ended.value)
    (line,) = plants["riverside"].outbox.lines()
    assert (line.refused, line.sent, line.bytes) == (reason, "", 0)


def test_outputs_that_a_plant_does_not_tell_of_are_nothing_in_its_sums(
    participants: dict[str, Participant], tmp_path: Path
) -> None:
    terms = common([each.hello() for each in participants.values()])
    offer = participants["eastport"].offer()
    quiet = Policy(outputs=("Cu", "energy_kwh_per_t"))
    told, whole = offered(offer, terms, quiet.tells_of), offered(offer, terms)
    names = [*terms.outputs]
    sums = len(told) - 2 * len(names)
    assert told[sums + names.index("Cu")] == whole[sums + names.index("Cu")] > 0
    assert told[sums + names.index("Sn")] == told[sums + len(names) + names.index("Sn")] == 0.0
    plants = given_plants(tmp_path, participants, OPEN)
    write_policy(plants["eastport"].policy_file, OPEN.model_copy(update={"outputs": ("Cu", "energy_kwh_per_t")}))
    run = asked(secure=False)
    found = run_sums(grid_of(plants), run, Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    assert set(found["adopted"]) == set(HEATS)
    assert found["quarantined"] == {}


def test_a_record_that_changed_by_a_heat_is_not_told_again(
    participants: dict[str, Participant], tmp_path: Path
) -> None:
    remembering = Remembering(tmp_path / "memory.json")
    log, three = participants["northmill"].log, frozenset(HEATS)
    remembering.tell("sums", three, log)
    memory = Remembering(tmp_path / "memory.json").memory
    assert memory.may_tell("sums", three, log, 20) == ""
    assert memory.may_tell("offers", three, log.rows(slice(0, 50)), 20) == ""
    assert "0 new heats" in memory.may_tell("sums", three - {"eastport"}, log, 20)
    assert "0 new heats" in memory.may_tell("sums", three, replace(log, tapped_t=log.tapped_t + 0.1), 20)
    remembering.tell("sums", three, log.rows(slice(0, 90)))
    assert remembering.memory.may_tell("sums", three, log, 20) == ""
    assert "20 new heats since it last told of them; its policy asks for 21" in remembering.memory.may_tell(
        "sums", three, log, 21
    )


def test_a_plant_that_cannot_read_what_it_told_tells_nothing(tmp_path: Path) -> None:
    (tmp_path / "memory.json").write_text("{", "utf-8")
    with pytest.raises(InputError, match=r"memory\.json"):
        Remembering(tmp_path / "memory.json")


def test_the_outbox_reads_what_a_crash_left_and_names_what_was_changed(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox.jsonl")
    outbox.write("1", "query.offer", "sums", size=10, sha256="0" * 64)
    outbox.write("1", "query.reveal", refused="no")
    assert oct((tmp_path / "outbox.jsonl").stat().st_mode)[-3:] == "600"
    whole = (tmp_path / "outbox.jsonl").read_bytes()
    (tmp_path / "outbox.jsonl").write_bytes(whole + b'{"at": "2026')
    assert [line.refused for line in outbox.lines()] == ["", "no"]
    (tmp_path / "outbox.jsonl").write_bytes(b"{}\n" + whole)
    with pytest.raises(InputError, match="line 1"):
        outbox.lines()


def test_a_contract_far_from_the_plants_own_values_is_refused(
    participants: dict[str, Participant], tmp_path: Path
) -> None:
    """Forged offers of 10⁹ wt% made every honest plant fail."""
    forged = participants["riverside"]
    wrong = replace(forged.log, analysis_wt_pct=forged.log.analysis_wt_pct * 1e9)
    plants = given_plants(tmp_path, {**participants, "riverside": replace(forged, log=wrong)}, OPEN)
    with pytest.raises(Exception, match="is not within a factor of 10 of this plant's"):
        run_sums(grid_of(plants), asked(), Ledger(tmp_path / "ledger.jsonl"), tmp_path, "1")
    assert not np.isnan(json.loads((tmp_path / "ledger.jsonl").read_text("utf-8").splitlines()[0])["index"])
