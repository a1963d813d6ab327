"""Contents that move slowly: a trend and a random walk of the coefficients over runs of heats, filtered and smoothed.

A run's sufficient statistics `J = Φᵀ V⁻¹ Φ`, `h = Φᵀ V⁻¹ y` update the state in information form; between runs
a coefficient takes a Gaussian step. A trend is one more state, its slope: run b sees `β + slope · τ_b`, τ being
runs before today, so that its statistics are those of `Φ [I, τ_b I]`. Which materials move, and how, is chosen by
the marginal likelihood of the runs, over several elements at once: what moves in a scrap moves in all it holds.
Where nothing moves the state rests and the estimate is the static one.
"""

from dataclasses import dataclass, replace

import numpy as np

from steel.heats import FloatArray
from surrogate.model.linear import Posterior, Statistics, posterior
from surrogate.model.priors import Prior

STEPS = (0.10, 0.25, 0.50)
"""Standard deviations of a step from run to run that are tried, relative to the prior's own uncertainty."""
TRENDS = (0.05, 0.15)
"""Standard deviations of a lasting slope per run that are tried, relative to the prior's own uncertainty."""
CLEARLY = 1.0
"""Log-likelihood that a material's moving must be worth, as much as Akaike asks for one more parameter."""


@dataclass(frozen=True)
class Movement:
    """How coefficients (d,) move from run to run, relative to their prior's uncertainty.

    Attributes:
        steps: standard deviation of a step.
        trends: of a lasting slope. Both 0 where a coefficient rests.
    """

    steps: FloatArray
    trends: FloatArray

    @staticmethod
    def none(width: int) -> "Movement":
        """All d coefficients rest."""
        return Movement(np.zeros(width), np.zeros(width))

    @property
    def moves(self) -> FloatArray:
        """(d,) 1 where a coefficient moves."""
        return np.asarray((self.steps > 0) | (self.trends > 0), dtype=np.float64)

    def with_one(self, column: int, step: float, trend: float) -> "Movement":
        """The same but for one coefficient."""
        steps, trends = self.steps.copy(), self.trends.copy()
        steps[column], trends[column] = step, trend
        return Movement(steps, trends)


@dataclass(frozen=True)
class Trajectory:
    """A coefficient vector over B runs of heats.

    Attributes:
        movement: how each coefficient moves.
        smoothed: posterior at the middle of each run, of what is known today.
        now: posterior today, at the end of the last run.
        slope: (d,) estimated change per run.
        walk: (d,) variance of a step.
    """

    movement: Movement
    smoothed: list[Posterior]
    now: Posterior
    slope: FloatArray
    walk: FloatArray


@dataclass(frozen=True)
class _State:
    """The problem with slopes among the coefficients: prior, runs, and what a run sees of the state."""

    prior: Prior
    runs: list[Statistics]
    views: list[FloatArray]
    walk: FloatArray


def moving_materials(priors: list[Prior], runs: list[list[Statistics]], may_move: FloatArray) -> Movement:
    """How each coefficient moves, not at all where nothing says so.

    Args:
        priors: of each output.
        runs: of each output, the statistics of successive runs.
        may_move: (d,) 1 for coefficients of materials whose contents may move.
    """

    def likelihood(movement: Movement) -> float:
        return sum(_evidence(_state(prior, each, movement)) for prior, each in zip(priors, runs, strict=True))

    # One material's movement can look like another's: start with all moving, keep only who must.
    chosen = Movement(STEPS[0] * np.asarray(may_move, dtype=np.float64), np.zeros(len(may_move)))
    while chosen.steps.any():
        reached = likelihood(chosen)
        without = {int(m): likelihood(chosen.with_one(int(m), 0.0, 0.0)) for m in np.flatnonzero(chosen.steps)}
        idle = max(without, key=lambda material: without[material])
        if reached - without[idle] > CLEARLY:
            break
        chosen = chosen.with_one(idle, 0.0, 0.0)
    ways = [(step, 0.0) for step in STEPS] + [(step, trend) for step in (0.0, STEPS[0]) for trend in TRENDS]
    for material in np.flatnonzero(chosen.moves).tolist():
        tried = [(likelihood(chosen.with_one(material, *way)), way) for way in ways]
        chosen = chosen.with_one(material, *max(tried)[1])
    return chosen


def follow(prior: Prior, runs: list[Statistics], movement: Movement) -> Trajectory:
    """Filter and smooth one output's runs under a given movement of its coefficients (d,)."""
    width = len(prior.mean)
    if not movement.moves.any():
        now = posterior(prior, sum(runs[1:], runs[0]))
        return Trajectory(movement, [now] * len(runs), now, np.zeros(width), np.zeros(width))
    state = _state(prior, runs, movement)
    mean, covariance = state.prior.mean, state.prior.covariance
    filtered: list[Posterior] = []
    for run in state.runs:
        covariance = covariance + state.walk if filtered else covariance
        found = posterior(replace(state.prior, mean=mean, class_covariance=covariance), run)
        mean, covariance = found.mean, found.covariance
        filtered.append(found)
    seen = [_seen(view, each) for view, each in zip(state.views, _smooth(filtered, state.walk), strict=True)]
    slope = np.zeros(width)
    slope[movement.trends > 0] = filtered[-1].mean[width:]
    return Trajectory(movement, seen, _seen(np.eye(width, len(mean)), filtered[-1]), slope, np.diag(state.walk)[:width])


def _state(prior: Prior, runs: list[Statistics], movement: Movement) -> _State:
    variance = np.diag(prior.covariance)
    sloped = np.flatnonzero(movement.trends)
    width, slopes = len(variance), len(sloped)
    pick = np.eye(width)[:, sloped]
    views = [np.hstack([np.eye(width), (b - len(runs) + 0.5) * pick]) for b in range(len(runs))]

    def wider(block: FloatArray, corner: FloatArray) -> FloatArray:
        return np.block([[block, np.zeros((width, slopes))], [np.zeros((slopes, width)), np.diag(corner)]])

    return _State(
        prior=Prior(
            mean=np.append(prior.mean, np.zeros(slopes)),
            class_covariance=wider(prior.covariance, (movement.trends**2 * variance)[sloped]),
            local_covariance=np.zeros((width + slopes, width + slopes)),
            non_negative=np.append(prior.non_negative, np.zeros(slopes)),
        ),
        runs=[Statistics(a.T @ r.information @ a, a.T @ r.moment, r.heats) for a, r in zip(views, runs, strict=True)],
        views=views,
        walk=wider(np.diag(movement.steps**2 * variance), np.zeros(slopes)),
    )


def _seen(view: FloatArray, state: Posterior) -> Posterior:
    return Posterior(view @ state.mean, view @ state.covariance @ view.T)


def _evidence(state: _State) -> float:
    """Log marginal likelihood of the runs, less what does not depend on the state."""
    mean, covariance, total = state.prior.mean, state.prior.covariance, 0.0
    identity = np.eye(len(mean))
    for position, run in enumerate(state.runs):
        if position:
            covariance = covariance + state.walk
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
