"""One thing summed over plants: offers, then sums. In plain each is looked at; masked, only their total can be seen."""

import json
from dataclasses import dataclass

from flwr.app import RecordDict
from pydantic import ValidationError

from federation.exchange.masking import Whole, uncovered
from federation.exchange.messages import (
    KEY,
    MASKED,
    REVEAL,
    digest,
    masked_from_record,
    record_of,
    text_of,
    text_record,
)
from federation.keys.signing import MaskKey
from federation.ledger.errors import TooFewPlantsError
from federation.ledger.quorum import Round
from federation.plant.masks import MOST_ATTEMPTS, purpose_of
from steel.errors import InputError
from steel.heats import FloatArray

FEWEST_MASKED = 2
"""Plants of whom one alone would not be hidden."""


@dataclass
class Masked:
    """A secure run's way of adding up what plants send without seeing it.

    Attributes:
        round: who must answer.
        run: its number.
        nodes: that still take part; plants only become fewer.
    """

    round: Round
    run: str
    nodes: list[int]

    def total(self, stage: str, message_type: str, question: dict[str, str], length: int, unit: float) -> FloatArray:
        """(length,) the sum of all plants' numbers.

        An attempt that a plant leaves, or whose answer cannot be read, is repeated without it under new keys.

        Args:
            stage: what is summed.
            message_type: by which it is asked for.
            question: texts of that message.
            length: how many numbers.
            unit: of the numbers, as plants round them.

        Raises:
            TooFewPlantsError: too few are left, or every attempt lost a plant.
        """
        for attempt in range(MOST_ATTEMPTS):
            keys = self._keys(stage, attempt)
            asked = text_record(**question, keys=json.dumps([key.model_dump() for key in keys.values()]))
            given = self.round.ask(list(keys), message_type, RecordDict({"text": asked}), FEWEST_MASKED)
            wholes = self._readable(given, stage, length)
            complete = set(wholes) == set(keys)
            self._go_on_with(list(wholes))
            if not complete:
                continue
            asked = text_record(stage=stage)
            seeds = self._seeds(self.round.ask(self.nodes, REVEAL, RecordDict({"text": asked}), FEWEST_MASKED))
            if set(seeds) != set(wholes):
                lost = ", ".join(self.round.name(node) for node in sorted(set(wholes) - set(seeds)))
                raise TooFewPlantsError(
                    f"{lost} left after {stage} were sent; the total cannot be uncovered without it"
                )
            purpose = purpose_of(self.run, stage, attempt)
            return uncovered([wholes[node] for node in self.nodes], [seeds[node] for node in self.nodes], unit, purpose)
        raise TooFewPlantsError(f"{stage}: each of {MOST_ATTEMPTS} attempts lost a plant")

    def _keys(self, stage: str, attempt: int) -> dict[int, MaskKey]:
        asked = RecordDict({"text": text_record(stage=stage, attempt=str(attempt))})
        found, strange = {}, {}
        for node, content in self.round.ask(self.nodes, KEY, asked, FEWEST_MASKED).items():
            try:
                key = MaskKey.model_validate_json(text_of(content, "key"))
            except (ValidationError, KeyError) as error:
                strange[self.round.name(node)] = f"its mask key cannot be read: {error}"[:300]
                continue
            if key.plant != self.round.name(node):
                strange[self.round.name(node)] = f"its mask key is of {key.plant}"
                continue
            found[node] = key
        for plant, reason in strange.items():
            self.round.ledger.append("quarantine", {"plant": plant, "reason": reason})
        self._go_on_with(list(found))
        return found

    def _readable(self, given: dict[int, RecordDict], stage: str, length: int) -> dict[int, Whole]:
        found = {}
        for node, content in given.items():
            plant, record = self.round.name(node), record_of(content, stage)
            try:
                found[node] = masked_from_record(record, length)
            except InputError as error:
                self.round.ledger.append("quarantine", {"plant": plant, "reason": str(error)})
                continue
            body = {"plant": plant, "stage": stage, "masked": True, "sha256": digest(record)}
            self.round.ledger.append("contribution", body | {"bytes": len(record[MASKED].data)})
        return found

    def _seeds(self, given: dict[int, RecordDict]) -> dict[int, bytes]:
        found = {}
        for node, content in given.items():
            try:
                found[node] = bytes.fromhex(text_of(content, "seed"))
            except (KeyError, ValueError) as error:
                reason = f"its seed cannot be read: {error}"
                self.round.ledger.append("quarantine", {"plant": self.round.name(node), "reason": reason})
        return found

    def _go_on_with(self, nodes: list[int]) -> None:
        self.nodes = nodes
        if len(nodes) < max(self.round.fewest, FEWEST_MASKED):
            who = ", ".join(self.round.name(node) for node in nodes)
            raise TooFewPlantsError(f"masked sums of {len(nodes)} plants can be read: {who}")
