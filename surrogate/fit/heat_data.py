"""A heat log as the arrays that fitting works on."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from steel.heats import FloatArray, HeatLog
from surrogate.fit.lots import LotHistory
from surrogate.model.model import Output, Surrogate

RUN_HEATS = 100
"""Heats in one run, within which contents are taken to rest."""


@dataclass(frozen=True)
class HeatData:
    """N heats as features and targets.

    Attributes:
        features: (N, d).
        targets: (N, O) fresh steel's analysis and energy, NaN where not recorded.
        lots: which heats drew on the same lots.
        unmixed: (N,) what un-mixing the heel makes of an analysis' own scatter, 1 without a heel.
    """

    features: FloatArray
    targets: FloatArray
    lots: LotHistory
    unmixed: FloatArray

    def rows(self, which: slice) -> "HeatData":
        """The heats of a slice."""
        return HeatData(self.features[which], self.targets[which], self.lots.rows(which), self.unmixed[which])

    def less(self, parts: Mapping[int, FloatArray]) -> "HeatData":
        """The same with (N,) known parts of some targets taken off, by column."""
        targets = self.targets.copy()
        for column, part in parts.items():
            targets[:, column] -= part
        return HeatData(self.features, targets, self.lots, self.unmixed)

    def noise(self, outputs: Mapping[str, Output]) -> FloatArray:
        """(O, N) standard deviation of each heat that its lots do not explain."""
        return np.array([output.noise_of(output.mean(self.features), self.unmixed) for output in outputs.values()])

    def residuals(self, outputs: Mapping[str, Output], most_sd: float = np.inf) -> FloatArray:
        """(N, O) recorded less predicted; what is beyond so many standard deviations is taken for so many."""
        columns = []
        for column, output in enumerate(outputs.values()):
            away = self.targets[:, column] - output.mean(self.features)
            most = most_sd * output.sd(self.features, self.unmixed) if np.isfinite(most_sd) else np.inf
            columns.append(np.clip(away, -most, most))
        return np.column_stack(columns)

    def runs(self) -> list[slice]:
        """Runs of about `RUN_HEATS` successive heats."""
        return self.blocks(max(1, round(len(self.features) / RUN_HEATS)))

    def blocks(self, count: int) -> list[slice]:
        """About equal runs of successive heats."""
        return successive(len(self.features), count)


def successive(length: int, count: int) -> list[slice]:
    """About equal runs of successive rows."""
    edges = np.linspace(0, length, count + 1).astype(int)
    return [slice(int(a), int(b)) for a, b in pairwise(edges) if b > a]


def charged_heats(log: HeatLog) -> HeatLog:
    """The heats in which anything was charged: of the others nothing can be learned."""
    charged = log.charged_t.sum(axis=1) > 0
    return log if charged.all() else log.rows(charged)


def prepare(model: Surrogate, log: HeatLog) -> HeatData:
    """Features and fresh-steel targets of a log under a model's yields: the heel is un-mixed from the bath."""
    schema = model.schema
    charged, process = schema.charged(log), schema.standardised(log)
    tapped = model.tapped_t(charged, process)
    fresh = fresh_wt_pct(log, tapped)
    features = schema.features(charged, tapped, process)
    return HeatData(
        features=features,
        targets=np.column_stack([fresh, log.energy_kwh_per_t]),
        lots=LotHistory.of(charged, features[:, : len(schema.materials)]),
        unmixed=_unmixed(log, tapped),
    )


def _unmixed(log: HeatLog, tapped_t: FloatArray) -> FloatArray:
    """(N,) growth of an analysis' scatter where a heel, analysed as exactly, is taken out of it."""
    share = np.nan_to_num(log.heel_t / (log.heel_t + tapped_t)) * np.isfinite(log.heel_wt_pct).any(axis=1)
    return np.asarray(np.hypot(1.0, share) / (1.0 - share))


def fresh_wt_pct(log: HeatLog, tapped_t: FloatArray) -> FloatArray:
    """(N, E) analysis of the steel that the charge brought, the heel un-mixed; (N,) t tapped of it."""
    share = log.heel_t / (log.heel_t + tapped_t)
    kappa = np.where(np.isfinite(log.heel_wt_pct) & np.isfinite(share)[:, None], share[:, None], 0.0)
    return np.asarray((log.analysis_wt_pct - kappa * np.nan_to_num(log.heel_wt_pct)) / (1 - kappa))


def typical_values(targets: FloatArray) -> FloatArray:
    """(O,) a usual value of each output: the median of what was recorded, 1 where nothing was."""
    known = np.isfinite(targets).any(axis=0)
    filled = np.where(known, targets, 1.0)
    return np.asarray(np.maximum(np.nanmedian(filled, axis=0), 1e-6))
