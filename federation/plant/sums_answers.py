"""What a plant answers in a run of sums. It runs where the heats are; sums, and yes or no, come out."""

import json
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict
from pydantic import ValidationError

from federation.exchange.messages import (
    ADOPT,
    CONTRIBUTE,
    HELLO,
    KEY,
    MASKED,
    OFFER,
    OFFERS,
    REVEAL,
    SUMS,
    arrays_from_record,
    sums_from_record,
    sums_to_record,
    text_of,
    text_record,
)
from federation.keys.signing import read_keys
from federation.plant.adopting import adopted
from federation.plant.plant import Plant
from federation.plant.refusal import RefusedError
from federation.plant.session import Session
from federation.sums.contract import Terms, offered, read_contract
from federation.sums.flattened import OFFERS_UNIT, SUMS_UNIT, flattened
from federation.sums.proposal import proposal
from federation.sums.shares import flat
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.linear import Statistics

Say = Callable[[str], None]
Answer = Callable[[Plant, Session, RecordDict, Say], RecordDict]
Read = TypeVar("Read")


def hello(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """Who the plant is by name, and whether it wants a round."""
    proposed = proposal(plant.registry, plant.name, session.participant.log)
    return RecordDict({"text": text_record(hello=session.participant.hello().model_dump_json(), proposal=proposed)})


def key(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """A signed key for one attempt of a stage."""
    stage, attempt = text_of(content, "stage"), checked(lambda: int(text_of(content, "attempt")))
    if stage not in (OFFERS, SUMS):
        raise RefusedError(f"{stage[:20]} is nothing that is summed")
    return RecordDict({"text": text_record(key=session.masks.new_key(stage, attempt).model_dump_json())})


def offer(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """What the plant charges, analyses and records, in sums; masked where the run is secure."""
    session.terms = terms = checked(lambda: Terms.model_validate_json(text_of(content, "terms")))
    made = session.participant.offer()
    if session.asked.secure:
        return _masked(session, content, offered(made, terms, session.policy.tells_of), OFFERS_UNIT, OFFERS)
    session.told_of(OFFERS, _named_plants(content))
    untold = dict.fromkeys((name for name in made.output_sum if not session.policy.tells_of(name)), 0.0)
    answer = {"output_sum": made.output_sum | untold, "output_count": made.output_count | untold}
    return RecordDict({"text": text_record(offer=made.model_copy(update=answer).model_dump_json())})


def contribute(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """The plant's sums under the agreed contract; masked where the run is secure."""
    contract = checked(lambda: read_contract(text_of(content, "contract")))
    if session.ballot is None or session.contract != contract:
        session.check_contract(contract)
        ballot = session.participant.ballot(contract)
        session.contract, session.ballot = contract, {s: _told_of(sums, session) for s, sums in ballot.items()}
    answer = flat(session.ballot)
    if session.asked.secure:
        return _masked(session, content, flattened(answer, contract.typical), SUMS_UNIT, SUMS)
    session.told_of(SUMS, _named_plants(content))
    return RecordDict({"sums": sums_to_record(answer)})


def reveal(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """The seed by which the total of a stage, and nothing else, can be uncovered."""
    return RecordDict({"text": text_record(seed=session.give_away(text_of(content, "stage")).hex())})


def adopt(plant: Plant, session: Session, content: RecordDict, say: Say) -> RecordDict:
    """Judge what was learned together on the plant's own heats; publish it where it is surely better."""
    contract = checked(lambda: read_contract(text_of(content, "contract")))
    if session.adopted:
        raise RefusedError("a model was judged in this run already")
    if session.ballot is None or contract.model_copy(update={"own_share": {}}) != session.contract:
        raise RefusedError("the contract is not the one its sums were under")
    session.adopted = True
    total = checked(lambda: sums_from_record(content.array_records["total"]))
    pieces = checked(lambda: arrays_from_record(content.array_records["pieces"]))
    aside = checked(lambda: plant.name in json.loads(text_of(content, "put_aside")))
    found = adopted(
        session.participant, plant.registry, plant.folder, contract, total, None if aside else session.ballot,
        pieces, text_of(content, "head"), say,
    )  # fmt: skip
    say(found.reason + (f" as {found.version}" if found.version else ""))
    answer = text_record(
        version=found.version, reason=found.reason, tuning=found.tuning, outputs=json.dumps(found.outputs)
    )
    errors = found.flat_errors() if session.policy.errors else {}
    return RecordDict({"errors": MetricRecord(errors), "text": answer})


ANSWERS: dict[str, Answer] = {
    HELLO: hello,
    KEY: key,
    OFFER: offer,
    CONTRIBUTE: contribute,
    REVEAL: reveal,
    ADOPT: adopt,
}


def checked(read: Callable[[], Read]) -> Read:
    """What a message says.

    Raises:
        RefusedError: it cannot be read.
    """
    try:
        return read()
    except (InputError, ValidationError, KeyError, ValueError, TypeError) as error:
        raise RefusedError(f"the message cannot be read: {error}"[:300]) from error


def _masked(session: Session, content: RecordDict, numbers: FloatArray, unit: float, stage: str) -> RecordDict:
    keys = checked(lambda: read_keys(text_of(content, "keys")))
    return RecordDict({stage: ArrayRecord({MASKED: Array(session.hidden(numbers, unit, stage, keys))})})


def _named_plants(content: RecordDict) -> frozenset[str]:
    return checked(lambda: frozenset(map(str, json.loads(text_of(content, "plants")))))


def _told_of(sums: dict[str, Statistics], session: Session) -> dict[str, Statistics]:
    """Sums, of which those that the policy does not tell of say nothing."""

    def nothing(one: Statistics) -> Statistics:
        return Statistics(np.zeros_like(one.information), np.zeros_like(one.moment), 0)

    return {name: one if session.policy.tells_of(name) else nothing(one) for name, one in sums.items()}
