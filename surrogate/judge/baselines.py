"""What a plant could have had without Chargewise: plain regressions on the same columns."""

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from steel.heats import FloatArray, HeatLog

BASELINES: dict[str, Callable[[], Any]] = {
    "ridge": lambda: make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 4, 13))),
    "hist_gradient_boosting": lambda: HistGradientBoostingRegressor(random_state=0),
}
"""Name and constructor of each baseline, default settings."""


def columns(log: HeatLog) -> FloatArray:
    """(N, f) what a plain regression would be given: masses, process inputs, the heel's analysis."""
    heel = log.heel_wt_pct[:, np.isfinite(log.heel_wt_pct).any(axis=0)]
    mean = np.nanmean(heel, axis=0) if heel.size else np.zeros(0)
    parts = [log.charged_t, np.where(np.isfinite(heel), heel, mean)]
    parts += [np.nan_to_num(values, nan=float(np.nanmean(values)))[:, None] for values in log.process.values()]
    return np.hstack(parts)


def fit_predict(name: str, train: HeatLog, target: FloatArray, test: HeatLog) -> FloatArray:
    """Fit a baseline to one target of the training heats, (N,) with NaN where unknown; predict the others."""
    known = np.isfinite(target)
    model = BASELINES[name]().fit(columns(train)[known], target[known])
    return np.asarray(model.predict(columns(test)))
