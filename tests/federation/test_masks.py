"""Whatever a coordinator asks of plants, of all totals that it can uncover no two share a plant."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.flattened import SUMS_UNIT
from federation.keys.roster import Roster
from federation.keys.signing import MaskKey, public_line
from federation.masking import Whole, uncovered
from federation.plant.masks import MOST_ATTEMPTS, Masks, purpose_of
from federation.plant.refusal import RefusedError

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
        for attempt in range(MOST_ATTEMPTS):
            for plants in {which for _, a, _, which, _ in self.wholes if a == attempt}:
                each = {p: w for _, a, p, which, w in self.wholes if (a, which) == (attempt, plants)}
                if set(each) == plants and all(self.seeds.get(plant) for plant in plants):
                    wholes, seeds = list(each.values()), [self.seeds[plant][-1] for plant in each]
                    total = uncovered(wholes, seeds, SUMS_UNIT, purpose_of("1", "sums", attempt))
                    if total == pytest.approx(sum(VALUES[plant] for plant in plants), abs=1e-3):
                        found.add(plants)
        return found


plants_of = st.sampled_from(PLANTS)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("key"), plants_of, st.integers(0, MOST_ATTEMPTS)),
        st.tuples(st.just("hide"), plants_of, st.integers(0, 2), st.frozensets(plants_of, min_size=1)),
        st.tuples(st.just("give_away"), plants_of),
        st.tuples(st.just("exchange"), st.integers(0, 2), st.frozensets(plants_of, min_size=2)),
    ),
    max_size=14,
)


@settings(max_examples=150, deadline=None)
@given(asked=steps)
def test_no_two_totals_that_can_be_uncovered_share_a_plant(asked: list[tuple[object, ...]]) -> None:
    adversary = Adversary()

    def tried(what: str, *arguments: object) -> None:
        try:
            getattr(adversary, what)(*arguments)
        except RefusedError:
            return

    for what, *arguments in asked:
        if what == "exchange":
            attempt, plants = arguments
            assert isinstance(plants, frozenset)
            for step in ("key", "hide", "give_away"):
                for plant in sorted(plants):
                    more = {"key": (attempt,), "hide": (attempt, plants), "give_away": ()}[step]
                    tried(step, plant, *more)
        else:
            tried(str(what), *arguments)
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
