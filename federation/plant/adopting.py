"""The end of a run at a plant: judge what was learned together on its own heats, and publish what is surely better."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from federation.sums.contract import Contract, read_contract
from federation.sums.gate import Errors, Verdict, foreign, judge
from federation.sums.hierarchy import Pieces, Shared
from federation.sums.participant import Participant
from federation.sums.published import arrays_of, shared_of
from federation.sums.screening import Sums
from federation.sums.shares import Ballot
from federation.sums.tuning import FULL, TUNINGS, Tuning
from steel.errors import InputError
from surrogate.judge.stretches import FEWEST_HEATS
from surrogate.store.registry import Registry

PARENT = "federation"
APPROVED_BY = "federation's gate"
_STANDING = "adopted.safetensors"


@dataclass(frozen=True)
class Adoption:
    """What a plant made of a run.

    Attributes:
        version: it published; empty if none.
        reason: the gate's finding.
        tuning: the way it was tuned.
        outputs: that were adopted.
        errors: mean absolute errors by output and model.
    """

    version: str
    reason: str
    tuning: str
    outputs: tuple[str, ...]
    errors: Errors

    def flat_errors(self) -> dict[str, float]:
        """Errors by `OUTPUT/MODEL`, as they travel."""
        return {f"{output}/{model}": value for output, by in self.errors.items() for model, value in by.items()}


@dataclass(frozen=True)
class Standing:
    """What the last adoption was made with; it stays at the plant, so that the next is measured against it.

    Attributes:
        version: it was published as.
        contract: that it was tuned from.
        shared: that it was tuned from.
        way: that it was tuned from.
    """

    version: str
    contract: Contract
    shared: Shared
    way: Tuning


def adopted(
    participant: Participant,
    registry: Registry,
    folder: Path,
    contract: Contract,
    every: Sums,
    mine: Ballot | None,
    pieces: Pieces,
    head: str,
    say: Callable[[str], None] = lambda what: None,
) -> Adoption:
    """Judge and, where it is surely better, publish.

    Args:
        participant: the plant's heats.
        registry: of its models.
        folder: where it keeps what it was adopted with.
        contract: with the shares that were voted.
        every: all plants' sums, added up.
        mine: what this plant gave of them; None where that was put aside.
        pieces: a shared convex remainder.
        head: the ledger's at this moment, kept with the model.
        say: told how it goes.
    """
    if len(participant.log) < FEWEST_HEATS:
        too_few = f"not adopted: {len(participant.log)} heats are too few to tell; {FEWEST_HEATS} are not"
        return Adoption("", too_few, FULL.name, (), {})
    others = participant.others(contract, every, mine)
    evidence = participant.evidence(contract, others)
    if why := foreign(evidence):
        return Adoption("", why, FULL.name, (), {})
    standing = _standing(folder, registry, participant.plant)
    way = participant.tuning(contract, others, pieces)
    say("judging the shared model on this plant's heats")
    active = (standing.contract, standing.shared, standing.way) if standing else None
    verdict = judge(participant.trial(contract, others, pieces, way, active), evidence)
    by_hand = _by_hand(registry, participant.plant)
    if by_hand:
        verdict = Verdict((), verdict.ratio, f"not adopted: {by_hand}", verdict.errors)
    version = ""
    if verdict.adopt:
        outputs = verdict.outputs
        model = participant.tuned_model(contract, others, participant.log, pieces, way, outputs=outputs)
        metrics = {**verdict.metrics(), "tuning": way.name, "ledger_head": head}
        version = registry.publish(model, participant.plant, participant.log, metrics, PARENT, APPROVED_BY)
        _keep(folder, Standing(version, contract, others, way))
    return Adoption(version, verdict.reason, way.name, verdict.outputs, verdict.errors)


def _by_hand(registry: Registry, plant: str) -> str:
    """Why the active model is not to be replaced by a gate: a person went back to it."""
    if plant not in registry.plants():
        return ""
    active, newest = registry.active_version(plant), max(a.version for a in registry.approvals(plant))
    if active == newest:
        return ""
    by = [approval.by for approval in registry.approvals(plant) if approval.version == active][-1]
    return f"{by} went back to {active}; `chargewise models --activate {newest}` lets newer ones in again"


def _standing(folder: Path, registry: Registry, plant: str) -> Standing | None:
    """What the active model was adopted with; None where it was made otherwise."""
    path = folder / _STANDING
    if not path.is_file() or plant not in registry.plants():
        return None
    try:
        with safe_open(path, framework="numpy") as file:
            told = file.metadata() or {}
            shared = shared_of({key: file.get_tensor(key) for key in file.keys()})  # noqa: SIM118  # it is no mapping
        contract = read_contract(told["contract"])
        way = next(way for way in TUNINGS if way.name == told["way"])
    except (OSError, SafetensorError, KeyError, StopIteration, InputError):
        # Made by another version: the active model then counts as the plant's own.
        return None
    if told["version"] != registry.active_version(plant):
        return None
    return Standing(told["version"], contract, shared, way)


def _keep(folder: Path, standing: Standing) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = {
        "version": standing.version,
        "contract": standing.contract.model_dump_json(),
        "way": standing.way.name,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays_of(standing.shared).items()}
    part = folder / f"{_STANDING}.part"
    save_file(arrays, part, metadata=told)
    part.replace(folder / _STANDING)
