"""The regressions that the surrogate is measured against, on the same heats or castings and columns."""

from collections.abc import Callable
from typing import Any

import lightgbm
import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from steel.castings import CastingLog
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.judge.baselines import BASELINES, columns
from surrogate.judge.casting_fit import CASTING_BASELINES
from surrogate.model.priors import ENERGY_PER_T_METAL_KWH
from surrogate.model.schema import ENERGY

PEERS: dict[str, Callable[[], Any]] = {
    **BASELINES,
    "lightgbm": lambda: lightgbm.LGBMRegressor(verbose=-1, n_jobs=2, random_state=0),
    "relu_mlp_2x64": lambda: TransformedTargetRegressor(
        make_pipeline(
            StandardScaler(),
            MLPRegressor(hidden_layer_sizes=(64, 64), max_iter=300, early_stopping=True, random_state=0),
        ),
        transformer=StandardScaler(),
    ),
}


def predictions(train: HeatLog, target: FloatArray, test: HeatLog) -> dict[str, FloatArray]:
    """What every peer, fitted to one target (N,), predicts for the test heats."""
    known = np.isfinite(target)
    features, later = columns(train)[known], columns(test)
    return {
        name: np.asarray(make().fit(features, target[known]).predict(later), dtype=np.float64).ravel()
        for name, make in PEERS.items()
    }


def casting_predictions(train: CastingLog, test: CastingLog) -> dict[str, FloatArray]:
    """What every peer, fitted to one product's castings, predicts for its later ones."""
    return {
        name: np.asarray(make().fit(train.values, train.measured).predict(test.values), dtype=np.float64).ravel()
        for name, make in {**PEERS, **CASTING_BASELINES}.items()
    }


def catalogue_predictions(log: HeatLog, materials: tuple[Material, ...]) -> dict[str, FloatArray]:
    """What published figures alone say of every output and the yield, (N,) each: a balance, nothing learned."""
    by_name = {material.name: material for material in materials}
    charged = [by_name[name] for name in log.materials]
    yields = np.array([material.metallic_yield for material in charged])
    tapped = log.charged_t @ yields
    share = log.heel_t / (log.heel_t + tapped)
    metal_t = log.charged_t[:, yields > 0].sum(axis=1)
    found = {"yield": tapped / log.charged_t.sum(axis=1), ENERGY: ENERGY_PER_T_METAL_KWH * metal_t / tapped}
    for column, element in enumerate(log.elements):
        fresh = log.charged_t @ np.array([material.recovered_content(element) for material in charged]) / tapped
        mixed = (1 - share) * fresh + share * log.heel_wt_pct[:, column]
        found[element.value] = np.where(np.isfinite(mixed), mixed, fresh)
    return found
