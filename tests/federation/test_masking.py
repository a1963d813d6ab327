"""Masked numbers add up to the plain ones, and one plant's tell nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.exchange.masking import MOST_PLANTS, Whole, hidden, new_key, uncovered
from federation.sums.flattened import SUMS_UNIT, flat_length, flattened, unflattened
from federation.sums.screening import Sums
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.model.linear import Statistics

SIZES = {"Cu": 5, "yield": 3}
TYPICAL = {"Cu": 0.2}
PURPOSE = ("run 1", "sums", "0")


def random_sums(seed: int, scale: float) -> Sums:
    rng = np.random.default_rng(seed)
    found: Sums = {}
    for name, size in SIZES.items():
        root = rng.normal(size=(size + 2, size)) * scale
        found[name] = Statistics(root.T @ root, root.T @ rng.normal(size=size + 2), 10)
    return found


def sent(numbers: dict[str, FloatArray]) -> tuple[list[Whole], list[bytes]]:
    keys = {name: new_key() for name in numbers}
    publics = {name: public for name, (_, public) in keys.items()}
    seeds = {name: name.encode().ljust(32, b"\0") for name in numbers}
    wholes = [hidden(n, SUMS_UNIT, k, keys[k][0], publics, PURPOSE, seeds[k]) for k, n in numbers.items()]
    return wholes, list(seeds.values())


@given(plants=st.integers(2, 9), scale=st.sampled_from([1.0, 30.0, 1e3]), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_masks_cancel_to_the_plain_sum(plants: int, scale: float, seed: int) -> None:
    sums = {f"plant {k}": random_sums(seed + k, scale) for k in range(plants)}
    wholes, seeds = sent({name: flattened(each, TYPICAL) for name, each in sums.items()})
    found = unflattened(uncovered(wholes, seeds, SUMS_UNIT, PURPOSE), SIZES, TYPICAL)
    for output in SIZES:
        information = sum(each[output].information for each in sums.values())
        moment = sum(each[output].moment for each in sums.values())
        assert found[output].information == pytest.approx(information, rel=1e-4, abs=1e-5)
        assert found[output].moment == pytest.approx(moment, rel=1e-4, abs=1e-5)


def test_what_one_plant_sends_looks_like_noise_whatever_it_holds() -> None:
    wholes, seeds = sent({"alpha": np.zeros(100_000), "beta": np.zeros(100_000)})
    for one in (wholes[0], wholes[0] - wholes[1]):
        bits = np.unpackbits(one.view(np.uint8))
        assert abs(bits.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(bits))
        assert len(np.unique(one)) == len(one)
    assert (uncovered(wholes, seeds, SUMS_UNIT, PURPOSE) == 0).all()


@pytest.mark.parametrize("missing", ["a plant", "a seed", "the purpose"])
def test_with_anything_missing_there_is_only_noise(missing: str) -> None:
    numbers = {name: flattened(random_sums(k, 1.0), {}) for k, name in enumerate(("alpha", "beta", "gamma"))}
    wholes, seeds = sent(numbers)
    if missing == "a plant":
        wholes, seeds = wholes[:2], seeds[:2]
    elif missing == "a seed":
        seeds[1] = bytes(32)
    purpose = ("run 1", "sums", "1") if missing == "the purpose" else PURPOSE
    assert np.abs(uncovered(wholes, seeds, SUMS_UNIT, purpose)).min() > 1e3


def test_every_exchange_has_masks_of_its_own() -> None:
    numbers = {name: flattened(random_sums(0, 1.0), {}) for name in ("alpha", "beta")}
    assert not (sent(numbers)[0][0] == sent(numbers)[0][0]).any()


def test_what_cannot_be_hidden_is_refused() -> None:
    private, public = new_key()
    others = {f"plant {k}": new_key()[1] for k in range(MOST_PLANTS)}
    one = np.ones(3)
    with pytest.raises(InputError, match="alpha and 1 to 63 more"):
        hidden(one, SUMS_UNIT, "alpha", private, {"alpha": public}, PURPOSE, bytes(32))
    with pytest.raises(InputError, match="alpha and 1 to 63 more"):
        hidden(one, SUMS_UNIT, "alpha", private, {"alpha": public, **others}, PURPOSE, bytes(32))
    for wrong in (np.inf, 1e12):
        with pytest.raises(InputError, match="a finite number of at most"):
            hidden(one * wrong, SUMS_UNIT, "plant 0", private, others, PURPOSE, bytes(32))
    with pytest.raises(InputError, match="length of flat sums"):
        unflattened(np.zeros(3), SIZES, {})
    assert flat_length(SIZES) == 25 + 5 + 1 + 9 + 3 + 1
