"""Whatever a coordinator asks of plants, of all totals that it can uncover no two share a plant."""

from dataclasses import dataclass, field
from itertools import product

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.exchange.masking import Whole, uncovered
from federation.keys.roster import Roster
from federation.keys.signing import MaskKey, public_line
from federation.plant.masks import Masks, purpose_of
from federation.plant.refusal import RefusedError
from federation.sums.flattened import SUMS_UNIT

PLANTS = ("alpha", "beta", "gamma", "delta")
PRIVATE = {plant: ec.generate_private_key(ec.SECP384R1()) for plant in PLANTS}
ROSTER = Roster(plants={plant: public_line(key) for plant, key in PRIVATE.items()})
VALUES = {plant: np.array([10.0**k, 1.0]) for k, plant in enumerate(PLANTS)}


def masks(plant: str, at_least: int = 2, run: str = "1") -> Masks:
    return Masks(plant, run, PRIVATE[plant], ROSTER, at_least)


@dataclass
class Adversary:
    """A coordinator that asks what it likes and keeps all it is told."""

    at: dict[str, Masks] = field(default_factory=lambda: {plant: masks(plant) for plant in PLANTS})
    keys: dict[tuple[str, int], dict[str, list[MaskKey]]] = field(default_factory=dict)
    wholes: list[tuple[str, int, str, frozenset[str], Whole]] = field(default_factory=list)
    seeds: dict[str, list[bytes]] = field(default_factory=dict)

    def key(self, plant: str, attempt: int) -> None:
        made = self.at[plant].new_key("sums", attempt)
        self.keys.setdefault(("sums", attempt), {}).setdefault(plant, []).append(made)

    def hide(self, plant: str, attempt: int, plants: frozenset[str]) -> None:
        known = self.keys.get(("sums", attempt), {})
        chosen = tuple(known[each][-1] for each in sorted(plants) if each in known)
        whole = self.at[plant].hide(VALUES[plant], SUMS_UNIT, "sums", chosen)
        self.wholes.append(("sums", attempt, plant, frozenset(key.plant for key in chosen), whole))

    def give_away(self, plant: str) -> None:
        self.seeds.setdefault(plant, []).append(self.at[plant].give_away("sums"))

    def totals(self) -> set[frozenset[str]]:
        """Sets of plants whose total can be uncovered: tried with every seed that was ever given away."""
        found = set()
        for attempt, plants in {(attempt, which) for _, attempt, _, which, _ in self.wholes}:
            each = {p: w for _, a, p, which, w in self.wholes if (a, which) == (attempt, plants)}
            if set(each) != plants:
                continue
            true = sum(VALUES[plant] for plant in plants)
            for seeds in product(*(self.seeds.get(plant, []) for plant in each)):
                total = uncovered(list(each.values()), list(seeds), SUMS_UNIT, purpose_of("1", "sums", attempt))
                if total == pytest.approx(true, abs=1e-3):
                    found.add(plants)
        return found


some_plants = st.sampled_from([frozenset(PLANTS[:3]), frozenset(PLANTS[:2]), frozenset(PLANTS), frozenset(PLANTS[1:3])])
plants_of = st.sampled_from(PLANTS)
attempts = st.integers(0, 1)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("key"), some_plants, attempts),
        st.tuples(st.just("hide"), some_plants, attempts),
        st.tuples(st.just("give_away"), some_plants),
        st.tuples(st.just("exchange"), some_plants, attempts),
        st.tuples(st.just("hide"), plants_of.map(lambda plant: frozenset({plant})), attempts),
        st.tuples(st.just("give_away"), plants_of.map(lambda plant: frozenset({plant}))),
    ),
    min_size=2,
    max_size=8,
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(asked=steps)
def test_no_two_totals_that_can_be_uncovered_share_a_plant(asked: list[tuple[object, ...]]) -> None:
    adversary = Adversary()

    def tried(what: str, *arguments: object) -> None:
        try:
            getattr(adversary, what)(*arguments)
        except RefusedError:
            return

    for what, plants, *attempt in asked:
        assert isinstance(plants, frozenset)
        for step in ("key", "hide", "give_away") if what == "exchange" else (str(what),):
            more = {"key": attempt, "hide": [*attempt, plants], "give_away": []}[step]
            for plant in sorted(plants):
                tried(step, plant, *more)
    totals = list(adversary.totals())
    assert all(not one & other for k, one in enumerate(totals) for other in totals[:k])


def test_an_honest_exchange_can_be_uncovered_and_its_repetition_without_a_plant_too() -> None:
    adversary = Adversary()
    for plant in PLANTS:
        adversary.key(plant, 0)
    for plant in PLANTS[:3]:  # delta is late
        adversary.hide(plant, 0, frozenset(PLANTS))
    for plant in PLANTS[:3]:
        adversary.key(plant, 1)
    for plant in PLANTS[:3]:
        adversary.hide(plant, 1, frozenset(PLANTS[:3]))
        adversary.give_away(plant)
    # The late answer comes after all: without seeds of that attempt it tells nothing.
    adversary.hide("delta", 0, frozenset(PLANTS))
    adversary.give_away("delta")
    assert adversary.totals() == {frozenset(PLANTS[:3])}


def test_a_plant_that_was_not_there_before_is_refused() -> None:
    at = {plant: masks(plant) for plant in PLANTS}
    first = tuple(at[plant].new_key("offers", 0) for plant in PLANTS[:3])
    at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "offers", first)
    every = tuple(at[plant].new_key("sums", 0) for plant in PLANTS)
    with pytest.raises(RefusedError, match="delta was not there before"):
        at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", every)
    at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", every[:3])


def test_too_few_are_refused_by_the_plants_own_policy() -> None:
    at = {plant: masks(plant, at_least=3) for plant in PLANTS}
    keys = tuple(at[plant].new_key("sums", 0) for plant in PLANTS[:2])
    with pytest.raises(RefusedError, match="2 plants would be masked together; its policy asks for 3"):
        at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", keys)


def test_a_key_of_another_run_is_refused() -> None:
    at = {plant: masks(plant) for plant in PLANTS[:2]}
    keys = [at[plant].new_key("sums", 0) for plant in PLANTS[:2]]
    yesterday = masks("beta", run="0").new_key("sums", 0)
    with pytest.raises(RefusedError, match="run 0, sums 0"):
        at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", (keys[0], yesterday))


def test_an_attempt_is_answered_once_whatever_the_set() -> None:
    """Two answers under the same streams, for two sets of plants, would tell the others' stream by their difference."""
    at = {plant: masks(plant) for plant in PLANTS[:3]}
    keys = tuple(at[plant].new_key("sums", 0) for plant in PLANTS[:3])
    at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", keys)
    for again in (keys, keys[:2]):
        with pytest.raises(RefusedError, match="was answered under these keys already"):
            at["alpha"].hide(VALUES["alpha"], SUMS_UNIT, "sums", again)
