"""Which plants' sums may be added: what is malformed, implausible, or at odds with all others is quarantined.

A sum cannot be trimmed plant by plant as a mean of updates can; but it can be asked whether a plant's moment is what
the other plants' classes predict for its information. Under the model `h - J μ` has covariance `J + J Σ J` with μ, Σ
the posterior of the others; the mean squared standardised distance is near one for a plant of the same kind, and far
above for one whose labels were shifted or whose update was blown up. The worst is put aside, and the rest asked again.
"""

from collections.abc import Iterable
from functools import reduce
from operator import add

import numpy as np

from federation.sums.contract import Contract
from federation.sums.hierarchy import combine, priors_for
from surrogate.model.linear import Statistics

Sums = dict[str, Statistics]
FEWEST_TO_JUDGE = 3
"""Plants below which nobody can tell who of them is the odd one."""
ASYMMETRY = 1e-6
AT_ODDS = 3.5
"""Mean squared distance, as a multiple of the median plant's, from which a plant is at odds with the others..."""
LEAST_AT_ODDS = 5.0
"""...and that it must exceed at all: plants differ in more ways than the model knows."""
RANK = 1e-9
"""Share of the greatest eigenvalue below which a direction was not seen."""


def screen(contract: Contract, sums: dict[str, Sums]) -> tuple[dict[str, Sums], dict[str, str]]:
    """Sums that may be added, and why others may not, by plant."""
    quarantined = {plant: fault for plant, each in sums.items() if (fault := fault_of(contract, each))}
    accepted = {plant: each for plant, each in sums.items() if plant not in quarantined}
    while len(accepted) >= FEWEST_TO_JUDGE:
        distances = {plant: _distance(contract, plant, accepted) for plant in accepted}
        worst = max(distances, key=lambda plant: distances[plant][0])
        far, output = distances[worst]
        usual = float(np.median([distance for distance, _ in distances.values()]))
        if far <= max(LEAST_AT_ODDS, AT_ODDS * usual):
            break
        quarantined[worst] = f"{output} is at odds with all other plants: {far:.3g} times what scatter allows"
        del accepted[worst]
    return accepted, quarantined


def total(sums: Iterable[Sums]) -> Sums:
    """Sums of plants added up."""
    each = list(sums)
    return {name: reduce(add, (one[name] for one in each)) for name in each[0]}


def fault_of(contract: Contract, sums: Sums) -> str | None:
    """What is wrong with one plant's sums by themselves."""
    expected = {name: len(prior.mean) for name, prior in priors_for(contract, contract.class_schema()).items()}
    if set(sums) != set(expected):
        return f"sums of {', '.join(sorted(set(sums) ^ set(expected)))} missing or not asked for"
    for name, found in sums.items():
        size = expected[name]
        if found.information.shape != (size, size) or found.moment.shape != (size,):
            shapes = f"{found.information.shape} and {found.moment.shape}"
            return f"{name}: sums of shape {shapes}, expected ({size}, {size}) and ({size},)"
        numbers = (found.information, found.moment, found.evidence)
        if not all(np.isfinite(one).all() for one in numbers):
            return f"{name}: a sum is not a finite number"
        scale = max(float(np.abs(found.information).max()), 1e-300)
        if float(np.abs(found.information - found.information.T).max()) > ASYMMETRY * scale:
            return f"{name}: the information is not symmetric"
        if float(np.linalg.eigvalsh(found.information).min()) < -ASYMMETRY * scale:
            return f"{name}: the information is below zero in some direction"
    return None


def _distance(contract: Contract, plant: str, sums: dict[str, Sums]) -> tuple[float, str]:
    """How far a plant lies from the others, and in which output most; 0 where it brings nothing."""
    shared = combine(contract, total(each for other, each in sums.items() if other != plant))
    farthest, worst = 0.0, ""
    for name, own in sums[plant].items():
        covariance = own.information + own.information @ shared[name].covariance @ own.information
        values, vectors = np.linalg.eigh((covariance + covariance.T) / 2)
        seen = values > RANK * max(float(values.max()), 1e-300)
        if not seen.any() or values.max() <= 0:
            continue
        residual = vectors[:, seen].T @ (own.moment - own.information @ shared[name].mean)
        distance = float(np.mean(residual**2 / values[seen]))
        if distance > farthest:
            farthest, worst = distance, name
    return farthest, worst
