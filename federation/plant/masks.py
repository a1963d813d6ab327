"""How often, and with whom, a plant hides a thing in one run. The argument for it is in `docs/federation.md`.

A stage is one thing that is summed: offers, then sums. Of each stage a plant gives away the seed of one attempt only,
and never answers the stage again after that; an attempt that follows takes new keys and forgets the ones before; and
plants may only become fewer. So whatever a coordinator asks, of all totals it can uncover no two differ by a plant.
"""

import os
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec

from federation.exchange.masking import Purpose, Whole, hidden, new_key
from federation.keys.roster import Roster
from federation.keys.signing import MaskKey, check, sign
from federation.plant.refusal import RefusedError
from steel.errors import InputError
from steel.heats import FloatArray

MOST_ATTEMPTS = 3


@dataclass
class _Attempt:
    number: int
    private: bytes
    public: bytes
    seed: bytes
    answered: bool = False


@dataclass
class _Stage:
    attempt: _Attempt | None = None
    given_away: bool = False
    plants: frozenset[str] | None = None


@dataclass
class Masks:
    """One plant's masks in one run.

    Attributes:
        plant: its name.
        run: the run's number.
        key: the plant's, under which it signs.
        roster: whom it believes.
        plants_at_least: that must take part.
    """

    plant: str
    run: str
    key: ec.EllipticCurvePrivateKey
    roster: Roster
    plants_at_least: int
    _stages: dict[str, _Stage] = field(default_factory=dict)

    def new_key(self, stage: str, attempt: int) -> MaskKey:
        """A signed key for an attempt; those of the attempts before are forgotten.

        Raises:
            RefusedError: the stage is over, or the attempt is not a new one.
        """
        known = self._stages.setdefault(stage, _Stage())
        if known.given_away:
            raise RefusedError(f"{stage} was told in this run already")
        before = -1 if known.attempt is None else known.attempt.number
        if not before < attempt < MOST_ATTEMPTS:
            raise RefusedError(f"attempt {attempt} of {stage} is not a new one of at most {MOST_ATTEMPTS}")
        private, public = new_key()
        known.attempt = _Attempt(attempt, private, public, os.urandom(32))
        mine = MaskKey(run=self.run, stage=stage, attempt=attempt, plant=self.plant, public=public.hex())
        return sign(mine, self.key)

    def hide(self, flat: FloatArray, unit: float, stage: str, keys: tuple[MaskKey, ...]) -> Whole:
        """Numbers hidden under the keys of all who take part; once an attempt.

        Raises:
            RefusedError: the keys are not those of plants of the roster for this attempt, they are too few, a plant is
                among them that was not before, or the attempt was answered.
        """
        attempt = self._current(stage)
        if attempt.answered:
            raise RefusedError(f"{stage} was answered under these keys already")
        try:
            check(keys, self.roster, self.run, stage, attempt.number)
        except InputError as error:
            raise RefusedError(str(error)) from error
        names = frozenset(key.plant for key in keys)
        publics = {key.plant: bytes.fromhex(key.public) for key in keys}
        if publics.get(self.plant) != attempt.public:
            raise RefusedError(f"the key of {self.plant} is not the one it sent")
        if len(names) < self.plants_at_least:
            raise RefusedError(
                f"{len(names)} plants would be masked together; its policy asks for {self.plants_at_least}"
            )
        before = self.plants()
        if before is not None and not names <= before:
            raise RefusedError(f"{', '.join(sorted(names - before))} was not there before in this run")
        attempt.answered = True
        self._stages[stage].plants = names
        return hidden(flat, unit, self.plant, attempt.private, publics, self._purpose(stage, attempt), attempt.seed)

    def give_away(self, stage: str) -> bytes:
        """The seed of the latest attempt, so that the total can be uncovered; after it the stage is over.

        Raises:
            RefusedError: it was not answered, or was given away.
        """
        attempt = self._current(stage)
        if not attempt.answered:
            raise RefusedError(f"{stage} was not answered under these keys")
        self._stages[stage].given_away = True
        self._stages[stage].attempt = None
        return attempt.seed

    def plants(self) -> frozenset[str] | None:
        """Who took part in the latest answer; None if there was none."""
        every = [stage.plants for stage in self._stages.values() if stage.plants is not None]
        return min(every, key=len) if every else None

    def _current(self, stage: str) -> _Attempt:
        known = self._stages.get(stage)
        if known is None or known.attempt is None:
            over = known is not None and known.given_away
            raise RefusedError(f"{stage} was told in this run already" if over else f"no key was asked for {stage}")
        return known.attempt

    def _purpose(self, stage: str, attempt: _Attempt) -> Purpose:
        return purpose_of(self.run, stage, attempt.number)


def purpose_of(run: str, stage: str, attempt: int) -> Purpose:
    """What the streams of an attempt are for, the same at every plant and at the coordinator."""
    return run, stage, str(attempt)
