"""Contents that move slowly: a random walk of the coefficients over runs of heats, filtered and smoothed.

A run's sufficient statistics `J = Φᵀ V⁻¹ Φ`, `h = Φᵀ V⁻¹ y` update the state in information form; between runs
a coefficient takes a Gaussian step. Which materials move, and how far a step, is chosen by the marginal
likelihood of the runs, over several elements at once: what moves in a scrap moves in all it holds. Where nothing
moves the state rests and the estimate is the static one.
"""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray
from surrogate.linear import Posterior, Statistics, posterior
from surrogate.priors import Prior

STEPS = (0.10, 0.25, 0.50)
"""Standard deviations of a step from run to run that are tried, relative to the prior's own uncertainty."""
CLEARLY = 1.0
"""Log-likelihood that a material's moving must be worth, as much as Akaike asks for one more parameter."""


@dataclass(frozen=True)
class Trajectory:
    """A coefficient vector over B runs of heats.

    Attributes:
        steps: (d,) relative step of each coefficient between runs; 0 where it rests.
        filtered: posterior after each run, of what was known then; the last is today's.
        smoothed: posterior of each run, of what is known today.
    """

    steps: FloatArray
    filtered: list[Posterior]
    smoothed: list[Posterior]

    @property
    def now(self) -> Posterior:
        """Today's coefficients."""
        return self.filtered[-1]


def moving_materials(priors: list[Prior], runs: list[list[Statistics]], may_move: FloatArray) -> FloatArray:
    """(d,) step of each coefficient, 0 where nothing says that it moves.

    Args:
        priors: of each output.
        runs: of each output, the statistics of successive runs.
        may_move: (d,) 1 for coefficients of materials whose contents may move.
    """
    width = len(may_move)

    def likelihood(steps: FloatArray) -> float:
        return sum(_evidence_of(prior, each, steps) for prior, each in zip(priors, runs, strict=True))

    def with_step(steps: FloatArray, material: int, step: float) -> FloatArray:
        return np.where(np.arange(width) == material, step, steps)

    # One material's movement can look like another's: start with all moving, keep only who must.
    chosen = STEPS[0] * np.asarray(may_move, dtype=np.float64)
    while chosen.any():
        reached = likelihood(chosen)
        without = {int(m): likelihood(with_step(chosen, int(m), 0.0)) for m in np.flatnonzero(chosen)}
        idle = max(without, key=lambda material: without[material])
        if reached - without[idle] > CLEARLY:
            break
        chosen = with_step(chosen, idle, 0.0)
    for material in np.flatnonzero(chosen).tolist():
        tried = [(likelihood(with_step(chosen, material, step)), step) for step in STEPS]
        chosen = with_step(chosen, material, max(tried)[1])
    return chosen


def follow(prior: Prior, runs: list[Statistics], steps: FloatArray) -> Trajectory:
    """Filter and smooth one output's runs under given steps of its coefficients (d,)."""
    if not steps.any():
        return _resting(prior, runs)
    walk = _walk(prior, steps)
    mean, covariance = prior.mean, prior.covariance
    filtered: list[Posterior] = []
    for run in runs:
        covariance = covariance + walk if filtered else covariance
        found = posterior(Prior(mean, covariance, np.zeros_like(covariance), prior.non_negative), run)
        mean, covariance = found.mean, found.covariance
        filtered.append(found)
    return Trajectory(steps, filtered, _smooth(filtered, walk))


def _resting(prior: Prior, runs: list[Statistics]) -> Trajectory:
    """Nothing moves: after each run what all runs so far say, and today's estimate throughout."""
    so_far, filtered = runs[0], [posterior(prior, runs[0])]
    for run in runs[1:]:
        so_far = so_far + run
        filtered.append(posterior(prior, so_far))
    return Trajectory(np.zeros(len(prior.mean)), filtered, [filtered[-1]] * len(runs))


def _walk(prior: Prior, steps: FloatArray) -> FloatArray:
    """(d, d) covariance of one step: each coefficient by itself, in proportion to its uncertainty."""
    return np.diag(steps**2 * np.diag(prior.covariance))


def _evidence_of(prior: Prior, runs: list[Statistics], steps: FloatArray) -> float:
    """Log marginal likelihood of the runs, less what does not depend on the state."""
    walk, mean, covariance, total = _walk(prior, steps), prior.mean, prior.covariance, 0.0
    identity = np.eye(len(mean))
    for position, run in enumerate(runs):
        if position:
            covariance = covariance + walk
        gap = run.moment - run.information @ mean
        spread = identity + covariance @ run.information
        _, logdet = np.linalg.slogdet(spread)
        solved = np.linalg.solve(spread, np.column_stack([covariance, covariance @ gap]))
        shift = solved[:, -1]
        total += 0.5 * (float(gap @ shift) - float(logdet))
        total += float(run.moment @ mean - 0.5 * mean @ run.information @ mean)
        mean, covariance = mean + shift, (solved[:, :-1] + solved[:, :-1].T) / 2
    return total


def _smooth(filtered: list[Posterior], walk: FloatArray) -> list[Posterior]:
    """Rauch-Tung-Striebel smoother."""
    smoothed = [filtered[-1]]
    for now in reversed(filtered[:-1]):
        ahead, later = now.covariance + walk, smoothed[0]
        gain = now.covariance @ np.linalg.pinv(ahead, hermitian=True)
        smoothed.insert(
            0,
            Posterior(
                now.mean + gain @ (later.mean - now.mean),
                now.covariance + gain @ (later.covariance - ahead) @ gain.T,
            ),
        )
    return smoothed
