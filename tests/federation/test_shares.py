"""How much of what a furnace does is its own: the likelihood of all heats says it, and the right share is voted."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from federation.sums.contract import Contract, agree
from federation.sums.hierarchy import Membership, class_statistics, log_evidence, priors_for
from federation.sums.shares import SHARES, Ballot, ballot_of, flat, tally, under, voted
from scenarios.bundled import names
from steel.errors import InputError
from surrogate.fit.yields import YIELD
from surrogate.model.linear import Statistics
from surrogate.model.priors import Prior
from tests.federation.participants import participant

HEATS = {"northmill": 200, "riverside": 120, "eastport": 60}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return agree([participant(name, HEATS[name]).offer() for name in names()])


def test_the_evidence_is_the_likelihood_of_all_heats_together() -> None:
    """Of two priors, by brute force on the heats themselves; what depends on the noise alone drops out."""
    rng = np.random.default_rng(1)
    noise = 0.5
    membership = Membership(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]))
    plants = [(rng.normal(size=(heats, 3)), rng.normal(size=heats)) for heats in (12, 5, 8)]
    mean, told, wanted = np.array([0.3, -0.2]), [], []
    for width, spread in ((0.1, 1.0), (0.6, 0.4)):
        local = Prior(membership.matrix @ mean, np.zeros((3, 3)), width**2 * np.eye(3), np.zeros(3))
        classes = Prior(mean, spread**2 * np.eye(2), np.zeros((2, 2)), np.zeros(2))
        sums = [
            class_statistics(Statistics(x.T @ x / noise, x.T @ y / noise, len(y)), local, membership) for x, y in plants
        ]
        told.append(log_evidence(classes, reduce(add, sums)))
        design = np.vstack([x @ membership.matrix for x, _ in plants])
        covariance = spread**2 * design @ design.T + noise * np.eye(len(design))
        start = 0
        for x, _ in plants:
            block = slice(start, start + len(x))
            covariance[block, block] += width**2 * x @ x.T
            start += len(x)
        target = np.concatenate([y for _, y in plants])
        wanted.append(float(multivariate_normal(design @ mean, covariance).logpdf(target)))
    assert told[1] - told[0] == pytest.approx(wanted[1] - wanted[0])


@pytest.mark.parametrize("true_share", [SHARES[0], SHARES[-1]])
def test_the_share_is_voted_that_the_plants_were_made_with(contract: Contract, true_share: float) -> None:
    """Eight plants drawn from the priors themselves."""
    rng = np.random.default_rng(0)
    classes = contract.class_schema()
    made = priors_for(under(contract, true_share), classes)
    ballots: list[Ballot] = []
    of_classes = {n: rng.multivariate_normal(p.mean, p.class_covariance) for n, p in made.items()}
    for _ in range(8):
        own: dict[str, Statistics] = {}
        for name, prior in made.items():
            coefficients = rng.multivariate_normal(of_classes[name], prior.local_covariance)
            features = rng.dirichlet(np.ones(len(prior.mean)), 400)
            features[:, len(classes.materials) :] = rng.normal(size=(400, len(prior.mean) - len(classes.materials)))
            noise = 0.02 * contract.typical.get(name, 1.0)
            target = features @ coefficients + noise * rng.normal(size=400)
            own[name] = Statistics(features.T @ features / noise**2, features.T @ target / noise**2, 400)
        ballot: Ballot = {}
        for share in SHARES:
            priors = priors_for(under(contract, share), classes)
            unit = {name: Membership(np.eye(len(prior.mean))) for name, prior in priors.items()}
            ballot[share] = {name: class_statistics(own[name], priors[name], unit[name]) for name in own}
        ballots.append(ballot)
    found = voted(contract, ballots)
    # Of noble elements and where nothing of the furnace is learned, all shares are the same.
    told = [found[name] for name in ("Cr", "P", "S", "energy_kwh_per_t", YIELD)]
    assert np.median(told) == true_share


def test_virtual_furnaces_that_are_all_alike_are_found_alike(contract: Contract) -> None:
    ballots = {name: participant(name, HEATS[name]).ballot(contract) for name in names()}
    tallied = tally(contract, ballots)
    assert tallied.quarantined == {}
    assert np.median([tallied.contract.own_share[name] for name in ("Cr", "P", "S", "energy_kwh_per_t")]) <= 0.1
    assert set(tallied.contract.own_share) == set(tallied.shared)


def test_a_ballot_that_lacks_a_share_is_refused(contract: Contract) -> None:
    ballot = participant("eastport", HEATS["eastport"]).ballot(contract)
    assert set(ballot_of(flat(ballot))) == set(SHARES)
    with pytest.raises(InputError, match="shares"):
        ballot_of(flat({share: sums for share, sums in ballot.items() if share != SHARES[1]}))
    with pytest.raises(InputError, match="a share and an output"):
        ballot_of({"Cu": ballot[SHARES[0]]["Cu"]})
