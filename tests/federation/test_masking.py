"""Masked sums add up to the plain ones, and one alone tells nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.masking import masked, new_key, unmasked
from federation.screening import Sums
from steel.errors import InputError
from surrogate.linear import Statistics

SIZES = {"Cu": 5, "yield": 3}
TYPICAL = {"Cu": 0.2}


def random_sums(seed: int, scale: float) -> Sums:
    rng = np.random.default_rng(seed)
    found: Sums = {}
    for name, size in SIZES.items():
        root = rng.normal(size=(size + 2, size)) * scale
        found[name] = Statistics(root.T @ root, root.T @ rng.normal(size=size + 2), 10)
    return found


@given(plants=st.integers(2, 9), scale=st.sampled_from([1.0, 30.0, 1e3]), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_masks_cancel_to_the_plain_sum(plants: int, scale: float, seed: int) -> None:
    names = [f"plant {k}" for k in range(plants)]
    sums = {name: random_sums(seed + k, scale) for k, name in enumerate(names)}
    keys = {name: new_key() for name in names}
    publics = {name: public for name, (_, public) in keys.items()}
    sent = [masked(sums[name], TYPICAL, name, keys[name][0], publics) for name in names]
    found = unmasked(sent, SIZES, TYPICAL)
    for output in SIZES:
        information = sum(each[output].information for each in sums.values())
        moment = sum(each[output].moment for each in sums.values())
        assert found[output].information == pytest.approx(information, rel=1e-4, abs=1e-5)
        assert found[output].moment == pytest.approx(moment, rel=1e-4, abs=1e-5)


def test_what_one_plant_sends_looks_like_noise_whatever_it_holds() -> None:
    keys = {name: new_key() for name in ("alpha", "beta")}
    publics = {name: public for name, (_, public) in keys.items()}
    nothing = {name: Statistics(np.zeros((500, 500)), np.zeros(500), 0) for name in ("Cu",)}
    sent = masked(nothing, {}, "alpha", keys["alpha"][0], publics)
    bits = np.unpackbits(sent.view(np.uint8))
    assert abs(bits.mean() - 0.5) < 5 * 0.5 / np.sqrt(len(bits))
    assert len(np.unique(sent)) == len(sent)


def test_with_a_plant_missing_there_is_only_noise() -> None:
    names = ("alpha", "beta", "gamma")
    keys = {name: new_key() for name in names}
    publics = {name: public for name, (_, public) in keys.items()}
    sent = [masked(random_sums(k, 1.0), {}, name, keys[name][0], publics) for k, name in enumerate(names)]
    found = unmasked(sent[:2], SIZES, {})
    assert np.abs(found["Cu"].moment).min() > 1e3


def test_every_run_has_masks_of_its_own() -> None:
    sums = random_sums(0, 1.0)
    sent = []
    for _ in range(2):
        keys = {name: new_key() for name in ("alpha", "beta")}
        sent.append(masked(sums, {}, "alpha", keys["alpha"][0], {name: public for name, (_, public) in keys.items()}))
    assert not (sent[0] == sent[1]).any()


def test_what_cannot_be_hidden_is_refused() -> None:
    private, public = new_key()
    other = new_key()[1]
    with pytest.raises(InputError, match="at least one more"):
        masked(random_sums(0, 1.0), {}, "alpha", private, {"alpha": public})
    endless = {"Cu": Statistics(np.array([[np.inf]]), np.zeros(1), 0)}
    with pytest.raises(InputError, match="a finite number"):
        masked(endless, {}, "alpha", private, {"alpha": public, "beta": other})
    with pytest.raises(InputError, match="length of masked sums"):
        unmasked([np.zeros(3, dtype=np.uint64)], SIZES, {})
