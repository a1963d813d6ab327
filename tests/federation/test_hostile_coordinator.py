"""Real plants against a coordinator that must not be trusted: Flower's own SuperLink, and an operator who cheats."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import RecordDict

from benchmarks.hostile import Answered, Hostile, foreign_bundles, hostile
from federation.exchange.masking import new_key
from federation.exchange.messages import CONTRIBUTE, HELLO, KEY, OFFER, OFFERS, REVEAL, text_of, text_record
from federation.flower.bundles import bundle
from federation.flower.operator import RunGrid
from federation.keys.signing import MaskKey, read_keys, sign
from federation.plant.session import Asked

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(scope="module")
def coordinator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    with hostile(tmp_path_factory.mktemp("hostile")) as found:
        yield found


def texts(**said: str) -> RecordDict:
    return RecordDict({"text": text_record(**said)})


def begun(coordinator: Hostile, grid: RunGrid, secure: bool = True, remainder: bool = False) -> dict[str, Answered]:
    asked = Asked(plants=3, secure=secure, remainder=remainder, started_by="somebody")
    return coordinator.send(grid, HELLO, texts(asked=asked.model_dump_json()))


def keys_of(coordinator: Hostile, grid: RunGrid, attempt: int = 0) -> dict[str, MaskKey]:
    answers = coordinator.send(grid, KEY, texts(stage=OFFERS, attempt=str(attempt)))
    return {
        plant: MaskKey.model_validate_json(text_of(answer.content, "key"))
        for plant, answer in answers.items()
        if answer.content is not None
    }


def offer_with(keys: list[MaskKey], terms: str) -> RecordDict:
    return texts(terms=terms, keys=json.dumps([key.model_dump() for key in keys]))


def refusals(answers: dict[str, Answered], of: set[str]) -> set[str]:
    assert set(answers) == of
    assert all(answer.content is None for answer in answers.values()), answers
    return {answer.reason for answer in answers.values()}


def test_no_foreign_bundle_is_run_and_every_plant_says_why(coordinator: Hostile) -> None:
    kinds = foreign_bundles(coordinator.marks, coordinator.folder)
    for kind in ("another module", "the right module, another file inside", "a package of the installed name"):
        with coordinator.operator.run(kinds[kind]) as grid:
            answers = begun(coordinator, grid)
        (reason,) = refusals(answers, set(coordinator.plants))
        assert reason.startswith("refused: the run's bundle is not one that this plant's own Chargewise would make")
    assert coordinator.ran() == []
    for plant in coordinator.plants:
        refused = [line for line in coordinator.outbox(plant) if "bundle is not one" in line.refused]
        assert len(refused) >= 3
        assert all(line.bytes == 0 for line in refused)
        log = (coordinator.folder / f"plant-{plant}.log").read_text("utf-8")
        assert "refused query.hello: the run's bundle is not one" in log
    assert "GetFab" not in (coordinator.folder / "superlink.log").read_text("utf-8")


def test_what_the_plants_policy_does_not_allow_is_refused(coordinator: Hostile) -> None:
    for more, reason in (
        ({"secure": False}, "refused: its policy allows secure runs only"),
        ({"remainder": True}, "refused: its policy allows no remainder"),
    ):
        with coordinator.operator.run(bundle("sums")) as grid:
            assert refusals(begun(coordinator, grid, **more), set(coordinator.plants)) == {reason}
            # Whoever was not asked at the beginning answers nothing later.
            late = coordinator.send(grid, CONTRIBUTE, texts(contract="{}", keys="[]"))
            assert refusals(late, set(coordinator.plants)) == {"refused: it was not asked at the run's beginning"}
    with coordinator.operator.run(bundle("modules")) as grid:
        answers = coordinator.send(grid, "query.begin", RecordDict())
        assert refusals(answers, set(coordinator.plants)) == {"refused: its policy allows no modules"}


def test_keys_of_the_coordinators_own_making_are_refused_and_no_answer_comes_twice(coordinator: Hostile) -> None:
    everybody = set(coordinator.plants)
    with coordinator.operator.run(bundle("sums")) as old:
        begun(coordinator, old)
        yesterdays = keys_of(coordinator, old)
    with coordinator.operator.run(bundle("sums")) as grid:
        hellos = begun(coordinator, grid)
        assert {a.reason for a in begun(coordinator, grid).values()} == {"refused: this run has begun already"}
        shown = [json.loads(text_of(a.content, "hello")) for a in hellos.values() if a.content is not None]
        terms = json.dumps(
            {
                "classes": sorted({name for hello in shown for name in hello["classes"]}),
                "elements": shown[0]["elements"],
                "process": shown[0]["process"],
            }
        )
        keys = keys_of(coordinator, grid)
        for swapped, reason in swapped_keys(keys, yesterdays).values():
            answers = coordinator.send(grid, OFFER, offer_with(swapped, terms))
            # One of the three may be asked with all others' own keys in place, but never with its own in them.
            assert reason in " ".join(refusals(answers, everybody))
        honest = offer_with(list(keys.values()), terms)
        first = coordinator.send(grid, OFFER, honest)
        assert all(answer.content is not None for answer in first.values())
        again = coordinator.send(grid, OFFER, honest)
        assert refusals(again, everybody) == {"refused: offers was answered under these keys already"}
        given = coordinator.send(grid, REVEAL, texts(stage=OFFERS))
        assert all(answer.content is not None for answer in given.values())
        for kind, content in (
            (REVEAL, texts(stage=OFFERS)),
            (OFFER, honest),
            (KEY, texts(stage=OFFERS, attempt="1")),
        ):
            told = coordinator.send(grid, kind, content)
            assert refusals(told, everybody) == {"refused: offers was told in this run already"}
    for plant in coordinator.plants:
        in_plain = [line for line in coordinator.outbox(plant) if "in plain" in line.sent]
        assert in_plain == []


def swapped_keys(keys: dict[str, MaskKey], yesterdays: dict[str, MaskKey]) -> dict[str, tuple[list[MaskKey], str]]:
    """Sets of keys that no plant may answer, and a part of the reason that each gives."""
    victim, *others = list(keys.values())
    stranger = ec.generate_private_key(ec.SECP384R1())
    public = new_key()[1].hex()
    signed_by_nobody = [key.model_copy(update={"public": public}) for key in keys.values()]
    signed_by_stranger = [sign(key.model_copy(update={"public": public}), stranger) for key in keys.values()]
    ghost = sign(victim.model_copy(update={"plant": "ghost", "public": public}), stranger)
    return {
        "another public half": (signed_by_nobody, "signed"),
        "signed by a stranger": (signed_by_stranger, "signed"),
        "an invented plant": ([*keys.values(), ghost], "one of the roster"),
        "too few": ([victim, others[0]], "2 plants would be masked together; its policy asks for 3"),
        "a plant twice": ([*keys.values(), victim], "each once"),
        "another run's": (list(yesterdays.values()), "mask key of"),
        "another attempt's": ([k.model_copy(update={"attempt": 1}) for k in keys.values()], "mask key of"),
        "one plant's name on another's key": (
            [*others, others[0].model_copy(update={"plant": victim.plant})],
            "signed",
        ),
    }


def test_keys_that_are_no_keys_are_refused() -> None:
    with pytest.raises(ValueError, match="a list of signed keys"):
        read_keys('{"run": 1}')


def test_the_mark_of_a_foreign_bundle_is_left_where_it_does_run(tmp_path: Path) -> None:
    """That nothing was found above means something: the same code does leave a mark where it is imported."""
    content = foreign_bundles(tmp_path / "marks", tmp_path)["another module"]
    zipfile.ZipFile(BytesIO(content)).extractall(tmp_path / "unpacked")
    subprocess.run([sys.executable, "-c", "import evil.client"], cwd=tmp_path / "unpacked", check=True, timeout=60)
    assert list((tmp_path / "marks").iterdir())
