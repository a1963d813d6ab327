"""Whether plants can trust the federation: foreign code, swapped keys, replays, the gate, faults, idleness, privacy.

    python -m benchmarks.trust [--quick] --json FILE

Everything between processes is tried on real ones, on loopback. `round_overhead_over_before` is a round's overhead over
Flower's own in the same run, against what that ratio was before plants had a loop of their own.
"""

import json
import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import RecordDict

from benchmarks import report
from benchmarks.breakable_federation import plants_with_heats
from benchmarks.federation_deployment import PLANTS, TASK, round_s, stock_round_s
from benchmarks.federation_faults import FAULTS, survived
from benchmarks.hostile import Answered, Hostile, foreign_bundles, hostile, until_connected
from benchmarks.report import Results
from benchmarks.trust_gate import measure_gate
from benchmarks.trust_privacy import measure_privacy
from federation.engine import LocalPlant, local_engine
from federation.exchange.masking import new_key
from federation.exchange.messages import HELLO, KEY, OFFER, OFFERS, REVEAL, text_of, text_record
from federation.flower.bundles import bundle
from federation.flower.operator import Operator, RunGrid
from federation.keys.signing import MaskKey, sign
from federation.plant.session import Asked

BEFORE_OVER_STOCK = 1.94 / 19.24
"""Seconds of a round over Flower's own, when plants were its SuperNodes and looked for work ten times a second."""
ROUNDS, STOCK_ROUNDS_QUICK = 4, 1
SETTLED_S, IDLE_S = 3.0, 12.0
SLOW_FAULTS = frozenset(
    {
        "plant_killed_in_a_run",
        "coordinator_killed_in_a_run",
        "coordinator_killed_at_the_end",
        "operator_killed_in_a_run",
        "plant_missing",
        "coordinator_killed_idle",
    }
)
"""Tried in the full run only."""


def measure(quick: bool) -> Results:
    """All of it; quick leaves out the faults that take longest."""
    logging.getLogger("flwr").setLevel(logging.ERROR)
    results: Results = {}
    ours, stock = round_s(ROUNDS), stock_round_s(STOCK_ROUNDS_QUICK if quick else ROUNDS)
    results["round_overhead_s"], results["round_overhead_stock_s"] = ours, stock
    results["round_overhead_over_before"] = ours / stock / BEFORE_OVER_STOCK
    # The gate's trials take the cores while the rest waits for processes; none of that is timed.
    of_the_gate: Results = {}
    with ThreadPoolExecutor(1) as beside:
        trials = beside.submit(_measure_by_models, of_the_gate)
        results["idle_coordinator_core_share"] = idle_share()
        with TemporaryDirectory() as folder, hostile(Path(folder)) as coordinator:
            measure_bundles(results, coordinator)
            measure_keys(results, coordinator)
        measure_faults(results, [name for name in FAULTS if not (quick and name in SLOW_FAULTS)])
        trials.result()
    return results | of_the_gate


def _measure_by_models(results: Results) -> None:
    measure_gate(results)
    measure_privacy(results)


def idle_share() -> float:
    """Share of a core that a coordinator of three plants takes while nothing goes on."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        plants = [LocalPlant(f"plant-{number}", "sqlite://", folder, TASK) for number in range(PLANTS)]
        with local_engine(folder / "engine", plants):
            until_connected(Operator.of(folder / "engine"), PLANTS)
            time.sleep(SETTLED_S)
            coordinator = next(pid for pid in os.listdir("/proc") if pid.isdigit() and _is_coordinator(pid))
            before = _cpu_s(coordinator)
            time.sleep(IDLE_S)
            return (_cpu_s(coordinator) - before) / IDLE_S


def measure_bundles(results: Results, coordinator: Hostile) -> None:
    """Foreign bundles that ran at a plant, and heats that came back."""
    kinds = foreign_bundles(coordinator.marks, coordinator.folder)
    ran, leaked = 0, 0
    for content in kinds.values():
        before = len(coordinator.ran())
        with coordinator.operator.run(content) as grid:
            answers = _hello(coordinator, grid)
        ran += len(coordinator.ran()) > before or any(answer.content is not None for answer in answers.values())
        leaked += sum(_has_heats(answer) for answer in answers.values())
        if set(answers) != set(coordinator.plants):
            raise RuntimeError(f"{sorted(set(coordinator.plants) - set(answers))} did not answer at all")
    results["foreign_bundles_tried"], results["foreign_bundles_run"] = len(kinds), ran
    results["heats_leaked"] = leaked


def measure_keys(results: Results, coordinator: Hostile) -> None:
    """Keys of the coordinator's own making, and repetitions, that a plant answered."""
    with coordinator.operator.run(bundle("sums")) as old:
        _hello(coordinator, old)
        yesterdays = list(_keys(coordinator, old).values())
    with coordinator.operator.run(bundle("sums")) as grid:
        hellos = _hello(coordinator, grid)
        terms = _terms(hellos)
        keys = list(_keys(coordinator, grid).values())
        swapped = swapped_keys(keys)
        replayed = {"keys of another run": yesterdays, "keys of another attempt": [_later(key) for key in keys]}

        def answered(with_keys: list[MaskKey]) -> int:
            answers = coordinator.send(grid, OFFER, _offer(with_keys, terms))
            return sum(answer.content is not None for answer in answers.values())

        results["swapped_keys_tried"] = len(swapped)
        results["swapped_keys_accepted"] = sum(map(answered, swapped.values()))
        accepted = sum(map(answered, replayed.values()))
        if answered(keys) != len(coordinator.plants):
            raise RuntimeError("the honest keys are not answered either: nothing was tried")
        again = [(HELLO, _asked()), (OFFER, _offer(keys, terms))]
        coordinator.send(grid, REVEAL, _texts(stage=OFFERS))
        after = [(REVEAL, _texts(stage=OFFERS)), (KEY, _texts(stage=OFFERS, attempt="1")), again[1]]
        for kind, content in [*again, *after]:
            answers = coordinator.send(grid, kind, content)
            accepted += sum(answer.content is not None for answer in answers.values())
        results["replays_tried"] = len(replayed) + len(again) + len(after)
        results["replays_accepted"] = accepted


def swapped_keys(keys: list[MaskKey]) -> dict[str, list[MaskKey]]:
    """Sets of keys in which not every one is its plant's own."""
    victim, *others = keys
    stranger, public = ec.generate_private_key(ec.SECP384R1()), new_key()[1].hex()
    mine = {"public": public}
    return {
        "another public half": [key.model_copy(update=mine) for key in keys],
        "one of them another": [victim, *(key.model_copy(update=mine) for key in others)],
        "signed by a stranger": [sign(key.model_copy(update=mine), stranger) for key in keys],
        "an invented plant": [*keys, sign(victim.model_copy(update={"plant": "ghost", **mine}), stranger)],
        "a plant twice": [*keys, victim],
        "a plant left out": [victim, *others[:-1]],
        "a name on another's key": [*others, others[0].model_copy(update={"plant": victim.plant})],
    }


def measure_faults(results: Results, faults: list[str]) -> None:
    """How many kinds of faults plants and coordinator come through."""
    with plants_with_heats() as database:
        found = {fault: survived(fault, database) for fault in faults}
    for fault, why in found.items():
        if why:
            print(f"not survived: {fault}: {why}", flush=True)
    results["faults_tried"], results["faults_survived"] = len(faults), sum(not why for why in found.values())


def _texts(**said: str) -> RecordDict:
    return RecordDict({"text": text_record(**said)})


def _asked() -> RecordDict:
    asked = Asked(plants=PLANTS, secure=True, remainder=False, started_by="somebody")
    return _texts(asked=asked.model_dump_json())


def _hello(coordinator: Hostile, grid: RunGrid) -> dict[str, Answered]:
    return coordinator.send(grid, HELLO, _asked())


def _keys(coordinator: Hostile, grid: RunGrid) -> dict[str, MaskKey]:
    answers = coordinator.send(grid, KEY, _texts(stage=OFFERS, attempt="0"))
    told = {plant: answer.content for plant, answer in answers.items() if answer.content is not None}
    return {plant: MaskKey.model_validate_json(text_of(content, "key")) for plant, content in told.items()}


def _later(key: MaskKey) -> MaskKey:
    return key.model_copy(update={"attempt": key.attempt + 1})


def _terms(hellos: dict[str, Answered]) -> str:
    said = [json.loads(text_of(answer.content, "hello")) for answer in hellos.values() if answer.content is not None]
    classes = sorted({name for hello in said for name in hello["classes"]})
    return json.dumps({"classes": classes, "elements": said[0]["elements"], "process": said[0]["process"]})


def _offer(keys: list[MaskKey], terms: str) -> RecordDict:
    return _texts(terms=terms, keys=json.dumps([key.model_dump() for key in keys]))


def _has_heats(answer: Answered) -> bool:
    return answer.content is not None and "loot" in answer.content


def _is_coordinator(pid: str) -> bool:
    try:
        return b"federation.flower.superlink" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _cpu_s(pid: str) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    report.run("trust", measure)
