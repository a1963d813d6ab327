"""What a plant holds of one run while it lasts, and the rules that are the run's."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from federation.exchange.masking import Whole
from federation.keys.signing import MaskKey
from federation.plant.masks import Masks
from federation.plant.memory import DAY, Remembering
from federation.plant.plant import Plant
from federation.plant.policy import Policy
from federation.plant.refusal import RefusedError
from federation.sums.contract import Contract, Terms
from federation.sums.participant import Participant
from federation.sums.shares import Ballot
from steel.frozen import Frozen
from steel.heats import FloatArray

FAR = 10.0
"""Factor by which a contract's usual value may differ from the plant's own."""


class Asked(Frozen):
    """What a run is, as the coordinator says it to every plant at its beginning.

    Attributes:
        plants: that it waits for.
        secure: whether sums are masked.
        remainder: whether weights are averaged after them.
        started_by: who started it.
    """

    plants: int
    secure: bool
    remainder: bool
    started_by: str


@dataclass
class Session:
    """One run at one plant.

    Attributes:
        run: its number.
        asked: what it is.
        policy: the plant's, as it was when the run began.
        participant: its heats, as they were then.
        masks: of a secure run.
        terms: of the run, once they came.
        contract: once agreed.
        ballot: once answered.
        adopted: whether a model was judged already.
    """

    run: str
    asked: Asked
    policy: Policy
    participant: Participant
    masks: Masks
    remembering: Remembering
    terms: Terms | None = None
    contract: Contract | None = None
    ballot: Ballot | None = None
    adopted: bool = False
    _told: set[str] = field(default_factory=set)

    @staticmethod
    def open(plant: Plant, run: str, asked: Asked) -> "Session":
        """Begin a run.

        Raises:
            RefusedError: the plant's policy does not allow it, or it answered the run before.
        """
        policy, remembering = plant.policy(), plant.remembering()
        if remembering.memory.knows(run):
            raise RefusedError("this run was answered before")
        if policy.secure_only and not asked.secure:
            raise RefusedError("its policy allows secure runs only")
        if asked.plants < policy.plants_at_least:
            raise RefusedError(f"a run of {asked.plants} plants; its policy asks for {policy.plants_at_least}")
        if asked.remainder and not policy.remainder:
            raise RefusedError("its policy allows no remainder")
        check_day(policy, remembering)
        participant = plant.participant()
        if len(participant.log) < policy.heats_at_least:
            raise RefusedError(f"fewer heats than its policy asks for ({policy.heats_at_least})")
        remembering.begin(run)
        masks = Masks(plant.name, run, plant.key, plant.roster, policy.plants_at_least)
        return Session(run, asked, policy, participant, masks, remembering)

    def told_of(self, stage: str, plants: frozenset[str]) -> None:
        """Note that a stage is being answered in plain.

        Raises:
            RefusedError: the run is a secure one, the stage was answered, or too few heats are new.
        """
        if self.asked.secure:
            raise RefusedError(f"this is a secure run: {stage} travel masked")
        if stage in self._told:
            raise RefusedError(f"{stage} were told in this run already")
        self.check_new(stage, plants)
        self._told.add(stage)
        self.remembering.tell(stage, plants, self.participant.log)

    def hidden(self, flat: FloatArray, unit: float, stage: str, keys: tuple[MaskKey, ...]) -> Whole:
        """Numbers masked among plants that may be told of them.

        Raises:
            RefusedError: as `Masks.hide` says, or too few heats are new for these plants.
        """
        whole = self.masks.hide(flat, unit, stage, keys)
        self.check_new(stage, frozenset(key.plant for key in keys))
        return whole

    def check_new(self, stage: str, plants: frozenset[str]) -> None:
        """Whether a changed record may be told of.

        Raises:
            RefusedError: too few heats are new.
        """
        reason = self.remembering.memory.may_tell(stage, plants, self.participant.log, self.policy.new_heats_at_least)
        if reason:
            raise RefusedError(reason)

    def give_away(self, stage: str) -> bytes:
        """The seed of a stage; what is uncovered by it is remembered.

        Raises:
            RefusedError: as `Masks.give_away` says.
        """
        plants = self.masks.plants() or frozenset()
        seed = self.masks.give_away(stage)
        self.remembering.tell(stage, plants, self.participant.log)
        return seed

    def check_contract(self, contract: Contract) -> None:
        """Whether a contract can hold for this plant.

        Raises:
            RefusedError: it is not of the terms its offer was under, or its usual values are far from the plant's own.
        """
        terms = self.terms
        if terms is None:
            raise RefusedError("no offer was asked for in this run")
        if (contract.classes, contract.elements, contract.process) != (terms.classes, terms.elements, terms.process):
            raise RefusedError("the contract is not of what was offered")
        offer = self.participant.offer()
        for name in terms.outputs:
            count = offer.output_count.get(name, 0.0)
            own = offer.output_sum.get(name, 0.0) / count if count else 0.0
            if own > 0 and not own / FAR <= contract.typical[name] <= own * FAR:
                raise RefusedError(f"the contract's usual {name} is not within a factor of {FAR:g} of this plant's")


def check_day(policy: Policy, remembering: Remembering) -> None:
    """Whether one more run may be answered today.

    Raises:
        RefusedError: as many as the policy allows were.
    """
    if remembering.memory.runs_since(datetime.now(UTC) - DAY) >= policy.runs_a_day:
        raise RefusedError(f"{policy.runs_a_day} runs were answered in the last 24 hours, as many as its policy allows")
