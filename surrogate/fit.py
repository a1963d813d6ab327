"""Fit a surrogate to a plant's heats: one call."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.linear import Posterior, Statistics, posterior, statistics
from surrogate.model import Output, Surrogate
from surrogate.priors import Prior, prior_of, scatter_prior
from surrogate.quantiles import Quantiles, conformal
from surrogate.remainder import fit_pieces
from surrogate.scatter import fit_scatter
from surrogate.schema import ENERGY, Schema, schema_of
from surrogate.yields import YIELD, fit_yields

FEWEST_HEATS = 10
Progress = Callable[[str, float], None]
Priors = dict[str, Prior]


@dataclass(frozen=True)
class FitOptions:
    """What to fit.

    Attributes:
        convex: outputs that may have a convex remainder; None means P, S and energy, whose upper bound or
            minimum is all a recipe needs, and every output where the baskets are not on record.
        pieces: affine pieces of each remainder.
        held_back: share of the newest heats that judges the remainder and calibrates the intervals.
        rounds: times that contents and scatter are re-estimated in turn.
        seed: of the remainder's start.
    """

    convex: tuple[str, ...] | None = None
    pieces: int = 6
    held_back: float = 0.25
    rounds: int = 2
    seed: int = 0


@dataclass(frozen=True)
class _Data:
    """A log as arrays: (N, n) charged, (N, d) features, (N, O) fresh targets, (N, O) heel correction."""

    charged: FloatArray
    features: FloatArray
    targets: FloatArray
    fresh_share: FloatArray

    def rows(self, which: slice) -> "_Data":
        return _Data(self.charged[which], self.features[which], self.targets[which], self.fresh_share[which])


def fit(
    log: HeatLog,
    materials: tuple[Material, ...],
    options: FitOptions | None = None,
    priors: Priors | None = None,
    schema: Schema | None = None,
    progress: Progress | None = None,
) -> Surrogate:
    """Fit the structured surrogate.

    Args:
        log: the heats, oldest first.
        materials: the furnace materials of the yard, a superset of the log's.
        options: what to fit.
        priors: by output (and "yield"), in place of the catalogue's; what plants learned together.
        schema: in place of the log's own, so that plants mean the same by their features.
        progress: called with a stage and the share done.

    Raises:
        InputError: fewer than ten heats, or a material of the log that is not in the yard.
    """
    if len(log) < FEWEST_HEATS:
        raise InputError(len(log), "number of heats", f"at least {FEWEST_HEATS} to fit a surrogate")
    options, say = options or FitOptions(), progress or (lambda stage, share: None)
    schema = schema or schema_of(log, materials)
    say("yields", 0.0)
    yields = fit_yields(schema, log, (priors or {}).get(YIELD))
    bare = Surrogate(schema, yields, {})
    data = prepare(bare, log)
    typical = typical_values(data.targets)
    priors = priors or catalogue_priors(schema, typical)
    early = slice(None, round(len(log) * (1 - options.held_back)))
    late = slice(early.stop, None)
    say("contents and scatter", 0.1)
    first = _fit_outputs(schema, data.rows(early), typical, priors, options, keep=None)
    say("calibration", 0.5)
    keep = _helpful(first, data.rows(late))
    judged = {
        name: output if keep[name] else replace(output, pieces=output.pieces[:0]) for name, output in first.items()
    }
    refit_linear = [name for name in judged if len(first[name].pieces) and not keep[name]]
    if refit_linear:
        plain = _fit_outputs(schema, data.rows(early), typical, priors, options, keep=dict.fromkeys(judged, False))
        judged |= {name: plain[name] for name in refit_linear}
    quantiles = {
        name: _calibrate(output, data.rows(late), column) for column, (name, output) in enumerate(judged.items())
    }
    say("all heats", 0.7)
    final = _fit_outputs(schema, data, typical, priors, options, keep)
    say("done", 1.0)
    return Surrogate(
        schema, yields, {name: replace(output, quantiles=quantiles[name]) for name, output in final.items()}
    )


def prepare(model: Surrogate, log: HeatLog) -> _Data:
    """Features and fresh-steel targets of a log under a model's yields."""
    schema = model.schema
    charged, process = schema.charged(log), schema.standardised(log)
    tapped = model.tapped_t(charged, process)
    share = log.heel_t / (log.heel_t + tapped)
    kappa = np.where(np.isfinite(log.heel_wt_pct) & np.isfinite(share)[:, None], share[:, None], 0.0)
    fresh = (log.analysis_wt_pct - kappa * np.nan_to_num(log.heel_wt_pct)) / (1 - kappa)
    return _Data(
        charged=charged,
        features=schema.features(charged, tapped, process),
        targets=np.column_stack([fresh, log.energy_kwh_per_t]),
        fresh_share=np.column_stack([1 - kappa, np.ones(len(log))]),
    )


def typical_values(targets: FloatArray) -> FloatArray:
    """(O,) a usual value of each output: the median of what was recorded, 1 where nothing was."""
    known = np.isfinite(targets).any(axis=0)
    filled = np.where(known, targets, 1.0)
    return np.asarray(np.maximum(np.nanmedian(filled, axis=0), 1e-6))


def catalogue_priors(schema: Schema, typical: FloatArray) -> Priors:
    """The catalogue's prior of every output."""
    return {name: prior_of(name, schema, float(typical[column])) for column, name in enumerate(schema.outputs)}


def output_statistics(output: Output, features: FloatArray, target: FloatArray) -> Statistics:
    """Sufficient statistics of an output's linear part, its remainder taken off."""
    convex = (features @ output.pieces.T).max(axis=1) if len(output.pieces) else 0.0
    lots = features[:, : len(output.lot_sd)] ** 2 @ output.lot_sd**2
    return statistics(features, target - convex, lots + output.noise**2)


def convex_outputs(schema: Schema, options: FitOptions) -> tuple[str, ...]:
    """Names of the outputs that may have a convex remainder."""
    if options.convex is not None:
        return options.convex
    usual = schema.outputs if schema.baskets_unrecorded else ("P", "S", ENERGY)
    return tuple(name for name in usual if name in schema.outputs)


def _recorded(names: tuple[str, ...], schema: Schema, data: _Data) -> list[str]:
    """The outputs that at least one heat recorded."""
    finite = np.isfinite(data.targets)
    return [name for name in names if finite[:, schema.outputs.index(name)].any()]


def _start(schema: Schema, typical: FloatArray, priors: Priors) -> dict[str, Output]:
    nothing = np.zeros((0, schema.width))
    return {
        name: Output(
            Posterior(priors[name].mean, priors[name].covariance),
            nothing,
            scatter_prior(name, schema, float(typical[column])),
            0.05 * float(typical[column]),
            Quantiles(np.zeros(0)),
        )
        for column, name in enumerate(schema.outputs)
    }


def _fit_outputs(
    schema: Schema,
    data: _Data,
    typical: FloatArray,
    priors: Priors,
    options: FitOptions,
    keep: dict[str, bool] | None,
) -> dict[str, Output]:
    """Contents, scatter and (where wanted) convex remainders of all outputs."""
    outputs = _start(schema, typical, priors)
    for _ in range(options.rounds):
        outputs = _refine(schema, data, typical, priors, outputs)
    wanted = _recorded(convex_outputs(schema, options), schema, data)
    convex = [name for name in wanted if keep is None or keep[name]]
    if convex:
        outputs = _add_pieces(schema, data, outputs, convex, options)
        outputs = _refine(schema, data, typical, priors, outputs)
    return outputs


def _refine(
    schema: Schema, data: _Data, typical: FloatArray, priors: Priors, outputs: dict[str, Output]
) -> dict[str, Output]:
    """Contents given scatter, then scatter given contents."""
    refined = {
        name: replace(
            output,
            linear=posterior(priors[name], output_statistics(output, data.features, data.targets[:, column])),
        )
        for column, (name, output) in enumerate(outputs.items())
    }
    residuals = np.column_stack(
        [data.targets[:, column] - output.mean(data.features) for column, output in enumerate(refined.values())]
    )
    prior_sd = np.array([scatter_prior(name, schema, float(typical[i])) for i, name in enumerate(refined)])
    lots, noise = fit_scatter(data.features[:, : len(schema.materials)], residuals, prior_sd, typical)
    return {
        name: replace(output, lot_sd=lots[column], noise=float(noise[column]))
        for column, (name, output) in enumerate(refined.items())
    }


def _add_pieces(
    schema: Schema, data: _Data, outputs: dict[str, Output], convex: list[str], options: FitOptions
) -> dict[str, Output]:
    columns = [list(outputs).index(name) for name in convex]
    left = np.column_stack(
        [data.targets[:, c] - outputs[n].mean(data.features) for c, n in zip(columns, convex, strict=True)]
    )
    variance = np.column_stack([outputs[name].sd(data.features) ** 2 for name in convex])
    usable = np.ones((len(convex), schema.width))
    found = fit_pieces(data.features, left, variance, usable, options.pieces, seed=options.seed)
    return outputs | {name: replace(outputs[name], pieces=found.coefficients[row]) for row, name in enumerate(convex)}


def _helpful(outputs: dict[str, Output], late: _Data) -> dict[str, bool]:
    """Whether each remainder lowers the squared error on the newest heats."""
    helpful = {}
    for column, (name, output) in enumerate(outputs.items()):
        target = late.targets[:, column]
        if not len(output.pieces) or not np.isfinite(target).any():
            helpful[name] = False
            continue
        flat = replace(output, pieces=output.pieces[:0])
        centred = np.nanmean(target - flat.mean(late.features))
        plain = np.nanmean((target - flat.mean(late.features) - centred) ** 2)
        helpful[name] = bool(np.nanmean((target - output.mean(late.features)) ** 2) < plain)
    return helpful


def _calibrate(output: Output, late: _Data, column: int) -> Quantiles:
    standardised = (late.targets[:, column] - output.mean(late.features)) / output.sd(late.features)
    return conformal(standardised)
