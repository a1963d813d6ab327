"""Fit, judge and watch a casting model; every split is in the order of pouring."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import BayesianRidge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from steel.castings import CastingLog
from steel.errors import InputError
from steel.heats import FloatArray
from surrogate.fit.boosting import complete, fit_trees, split_points
from surrogate.fit.calibration import effective_heats
from surrogate.fit.conformal import conformal
from surrogate.fit.heat_data import successive
from surrogate.judge.alarm import Alarm, alarm_on
from surrogate.judge.baselines import BASELINES
from surrogate.judge.scores import OutputEvaluation, score
from surrogate.model.casting_model import CastingModel
from surrogate.model.motion import swing_of
from surrogate.model.quantiles import LEVELS, Quantiles
from surrogate.model.trees import Trees

FEWEST_CASTINGS = 30
FOLDS = 5
BOOSTED_SEEDS = 5
"""Boosted sums that are averaged, so that one subsample's chance counts less."""
RANDOM_TREES, RANDOM_DEPTH, RANDOM_LEAF = 200, 8, 3
COVERAGE = 0.90
CASTING_BASELINES: dict[str, Callable[[], Any]] = {
    **BASELINES,
    "extra_trees": lambda: ExtraTreesRegressor(300, random_state=0, n_jobs=-1),
}


@dataclass(frozen=True)
class SlopePrior:
    """What is believed of the linear member before any casting of this product is seen.

    Attributes:
        mean: (d,) in the property's unit per unit of each input.
        covariance: (d, d) of the same.
    """

    mean: FloatArray
    covariance: FloatArray


def fit_castings(
    log: CastingLog, progress: Callable[[str, float], None] | None = None, prior: SlopePrior | None = None
) -> CastingModel:
    """Fit a casting model, oldest castings first; intervals come from runs of castings left out in turn.

    Args:
        log: one product's castings.
        progress: called with a stage and the share done.
        prior: of the linear member, such as other products teach it; a ridge learns from the castings alone else.

    Raises:
        InputError: fewer than thirty castings with a measured property.
    """
    known = np.isfinite(log.measured)
    if known.sum() < FEWEST_CASTINGS:
        raise InputError(int(known.sum()), "castings with a measured property", f"at least {FEWEST_CASTINGS}")
    say = progress or (lambda stage, share: None)
    log = log.rows(known)
    residuals = np.zeros(len(log))
    for fold, run in enumerate(successive(len(log), FOLDS)):
        say("runs left out in turn", fold / (FOLDS + 1))
        judged, rest = log.rows(run), log.rows(np.delete(np.arange(len(log)), run))
        residuals[run] = judged.measured - members(rest, prior).predict(judged)
    say("all castings", FOLDS / (FOLDS + 1))
    sd = float(np.sqrt(np.mean(residuals**2)))
    standard = residuals / sd
    say("done", 1.0)
    return replace(
        members(log, prior),
        sd=sd,
        quantiles=conformal(standard, effective_heats(standard)),
        swing=swing_of(standard),
    )


def filled_in(log: CastingLog) -> tuple[FloatArray, FloatArray]:
    """(N, d) inputs with usual values where nothing was recorded, and (d,) these."""
    never = ~np.isfinite(log.values).any(axis=0)
    usual = np.nanmedian(np.where(never, 0.0, log.values), axis=0)
    return np.where(np.isfinite(log.values), log.values, usual), np.asarray(usual)


def noise_variance(filled: FloatArray, measured: FloatArray) -> float:
    """Variance that no linear function of the inputs explains."""
    return float(1.0 / _ridge(filled, measured)[-1].alpha_)


def _ridge(filled: FloatArray, measured: FloatArray) -> Any:
    return make_pipeline(StandardScaler(), BayesianRidge()).fit(filled, measured)


def _slope(filled: FloatArray, measured: FloatArray, prior: SlopePrior | None) -> FloatArray:
    if prior is None:
        ridge = _ridge(filled, measured)
        return np.asarray(ridge[-1].coef_ / ridge[0].scale_)
    centred, variance = filled - filled.mean(axis=0), noise_variance(filled, measured)
    precision = np.linalg.inv(prior.covariance)
    information = precision + centred.T @ centred / variance
    moment = precision @ prior.mean + centred.T @ (measured - measured.mean()) / variance
    return np.asarray(np.linalg.solve(information, moment))


def members(log: CastingLog, prior: SlopePrior | None = None) -> CastingModel:
    """The three members fitted, not yet calibrated."""
    measured = log.measured
    filled, usual = filled_in(log)
    slope = _slope(filled, measured, prior)
    points, middle, alike = split_points(filled), float(np.median(measured)), np.ones(len(measured))
    grown = [fit_trees(filled, measured - middle, alike, points, seed) for seed in range(BOOSTED_SEEDS)]
    parts = [np.concatenate([getattr(trees, part) for trees in grown]) for part in ("feature", "threshold", "leaf")]
    boosted = Trees(parts[0], parts[1], parts[2] / BOOSTED_SEEDS)
    boosted.leaf[0] += middle
    forest = ExtraTreesRegressor(
        RANDOM_TREES, max_depth=RANDOM_DEPTH, min_samples_leaf=RANDOM_LEAF, random_state=0, n_jobs=-1
    ).fit(filled, measured)
    random = complete([tree.tree_ for tree in forest], RANDOM_DEPTH, 1.0 / RANDOM_TREES, lambda _, at: at)
    return CastingModel(
        inputs=log.inputs,
        property_name=log.property_name,
        usual=usual,
        slope=slope,
        intercept=float(measured.mean() - slope @ filled.mean(axis=0)),
        boosted=boosted,
        random=random,
        sd=1.0,
        quantiles=Quantiles(np.zeros(len(LEVELS))),
        swing=0.0,
        least=filled.min(axis=0),
        most=filled.max(axis=0),
    )


@dataclass(frozen=True)
class CastingEvaluation:
    """A casting model on later castings: scores beside the baselines, and whether its alarm was raised."""

    scores: OutputEvaluation
    alarm: Alarm | None


def evaluate_castings(
    log: CastingLog, train_fraction: float = 0.7, progress: Callable[[str, float], None] | None = None
) -> CastingEvaluation:
    """Fit on the first castings, judge and watch on the later ones, beside the baselines.

    Raises:
        InputError: too few castings.
    """
    train, test = log.split(train_fraction)
    model = fit_castings(train, progress)
    mean = model.predict(test)
    low, high = model.interval(mean, COVERAGE)
    known, past = np.isfinite(test.measured), np.isfinite(train.measured)
    fill = [np.where(np.isfinite(part.values), part.values, model.usual) for part in (train, test)]
    baselines = {
        name: score(test.measured, make().fit(fill[0][past], train.measured[past]).predict(fill[1]))
        for name, make in CASTING_BASELINES.items()
    }
    within = (test.measured >= low) & (test.measured <= high)
    return CastingEvaluation(
        OutputEvaluation(
            output=log.property_name,
            heats=int(known.sum()),
            surrogate=score(test.measured, mean),
            coverage_90=float(within[known].mean()),
            baselines=baselines,
        ),
        watch_castings(model, test),
    )


def watch_castings(model: CastingModel, log: CastingLog) -> Alarm | None:
    """The alarm that castings raise, oldest first, if the model no longer holds."""
    return alarm_on(log.property_name, model.residuals(log), model.quantiles, model.swing, log.casting_ids)
