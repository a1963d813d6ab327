"""Fit a surrogate to a plant's heats: one call."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from steel.elements import NOBLE, Element
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from surrogate.fit.calibration import calibrated, expected_skewness, held_out_residuals
from surrogate.fit.conformal import conformal
from surrogate.fit.drift_state import Movement, Trajectory, follow, moving_materials
from surrogate.fit.heat_data import HeatData, charged_heats, prepare, typical_values
from surrogate.fit.lots import likeliest_lot_t, shared_lot_statistics
from surrogate.fit.remainder import FitOptions, candidates, refit, surely_best
from surrogate.fit.sampling import USUAL_CV, likeliest_cv
from surrogate.fit.scatter import fit_scatter
from surrogate.fit.yields import YIELD, fit_yields
from surrogate.model.inputs import input_levels
from surrogate.model.linear import Posterior, Statistics, posterior
from surrogate.model.model import Output, Surrogate
from surrogate.model.pieces import greatest, sum_of_pieces
from surrogate.model.priors import Prior, prior_of, scatter_prior
from surrogate.model.schema import ENERGY, Schema, schema_of

FEWEST_HEATS = 10
Progress = Callable[[str, float], None]
Priors = dict[str, Prior]


def fit(
    log: HeatLog,
    materials: tuple[Material, ...],
    options: FitOptions | None = None,
    priors: Priors | None = None,
    schema: Schema | None = None,
    progress: Progress | None = None,
    given: Mapping[str, FloatArray] | None = None,
) -> Surrogate:
    """Fit the structured surrogate.

    Args:
        log: the heats, oldest first.
        materials: the furnace materials of the yard, a superset of the log's.
        options: what to fit.
        priors: by output (and "yield"), in place of the catalogue's; what plants learned together.
        schema: in place of the log's own, so that plants mean the same by their features.
        progress: called with a stage and the share done.
        given: (K, d) convex pieces by output that are known beforehand; all else is learned beside them.

    Raises:
        InputError: fewer than ten heats, or a material of the log that is not in the yard.
    """
    log = charged_heats(log)
    if len(log) < FEWEST_HEATS:
        raise InputError(len(log), "heats to learn from", f"at least {FEWEST_HEATS} in which something was charged")
    options, say = options or FitOptions(), progress or (lambda stage, share: None)
    schema = schema or schema_of(log, materials)
    say("yields", 0.0)
    yields = fit_yields(schema, log, (priors or {}).get(YIELD))
    levels = input_levels(schema, log)
    bare = Surrogate(schema, yields, {}, levels)
    data = prepare(bare, log)
    typical = typical_values(data.targets)
    given = given or {}
    data = data.less({schema.outputs.index(n): greatest(data.features, pieces) for n, pieces in given.items()})
    priors = priors or catalogue_priors(schema, typical)
    cut = round(len(log) * (1 - options.held_back))
    early, late = data.rows(slice(None, cut)), data.rows(slice(cut, None))
    say("contents and scatter", 0.05)
    balance, lot_t, cv = _balance(schema, data, typical, priors, options.rounds)
    first: dict[str, Output] = {}
    if options.remainders:
        say("the earlier heats' own", 0.2)
        linear, early_lot_t, _ = _balance(schema, early, typical, priors, options.rounds, cv)
        say("remainders", 0.3)
        tried = {kind: candidates(schema, early, linear, kind, options) for kind in options.remainders}
        first = surely_best(linear, tried, late)
        if any(output.has_remainder for output in first.values()):
            first = _refine(schema, early, typical, priors, first, early_lot_t, cv)
    say("all heats", 0.5)
    final = refit(data, balance, first, options)
    if any(output.has_remainder for output in final.values()):
        final = _refine(schema, data, typical, priors, final, lot_t, cv)
    paths = trajectories(schema, final, priors, data, lot_t)
    say("calibration", 0.8)
    outputs = {}
    for column, (name, output) in enumerate(final.items()):
        judged, seen = output, data
        if output.has_remainder:
            # A remainder has seen all of these heats; only the newest judge it unseen.
            judged, seen = first[name], late
            expected, spread = judged.mean(seen.features), judged.sd(seen.features, seen.unmixed)
            residuals = (seen.targets[:, column] - expected) / spread
        else:
            residuals = held_out_residuals(output, priors[name], data, column, lot_t)
        skewness = None if name == ENERGY else expected_skewness(output, seen.features)
        found = calibrated(replace(output, linear=paths[name].now), residuals, paths[name], seen.runs(), skewness)
        known = given.get(name, found.pieces[:0])
        outputs[name] = replace(found, pieces=sum_of_pieces(found.pieces, known))
    say("done", 1.0)
    return Surrogate(schema, yields, outputs, levels, lot_t)


def catalogue_priors(schema: Schema, typical: FloatArray) -> Priors:
    """The catalogue's prior of every output."""
    return {name: prior_of(name, schema, float(typical[column])) for column, name in enumerate(schema.outputs)}


def output_statistics(outputs: dict[str, Output], data: HeatData, lot_t: float) -> dict[str, Statistics]:
    """Sufficient statistics of every output's linear part, its convex pieces taken off, shared lots accounted for.

    Trees stay on: they were grown on what the balance left, and a balance fitted to what they leave would take back
    what they have learned.
    """
    lot_sd = np.array([output.lot_sd for output in outputs.values()])
    noise = data.noise(outputs)
    bands = data.lots.bands(lot_sd, noise, lot_t)
    found = {}
    for column, (name, output) in enumerate(outputs.items()):
        target = data.targets[:, column] - output.convex(data.features)
        found[name] = shared_lot_statistics(bands[column], data.features, target)
    return found


def trajectories(
    schema: Schema, outputs: dict[str, Output], priors: Priors, data: HeatData, lot_t: float
) -> dict[str, Trajectory]:
    """How each output's coefficients moved over runs of about `RUN_HEATS` heats."""
    runs = [output_statistics(outputs, data.rows(run), lot_t) for run in data.runs()]
    by_output = {name: [run[name] for run in runs] for name in outputs}
    elements = [name for name in outputs if name != ENERGY]
    # Noble elements show what moves in a scrap without the furnace's say; others only where there are none.
    elements = [name for name in elements if Element(name) in NOBLE] or elements
    priors_of, runs_of = [priors[n] for n in elements], [by_output[n] for n in elements]
    movement = moving_materials(priors_of, runs_of, schema.metal_features)
    rest = Movement.none(schema.width)
    return {name: follow(priors[name], by_output[name], rest if name == ENERGY else movement) for name in outputs}


def prior_outputs(schema: Schema, typical: FloatArray, priors: Priors) -> dict[str, Output]:
    """What is known of every output before any heat is seen; typical: (outputs,) usual values."""
    nothing = np.zeros((0, schema.width))
    return {
        name: Output(
            Posterior(priors[name].mean, priors[name].covariance),
            nothing,
            scatter_prior(name, schema, float(typical[column])),
            0.05 * float(typical[column]),
            conformal(np.zeros(0)),
        )
        for column, name in enumerate(schema.outputs)
    }


def _balance(
    schema: Schema, data: HeatData, typical: FloatArray, priors: Priors, rounds: int, known_cv: float | None = None
) -> tuple[dict[str, Output], float, float]:
    """The linear balance of all outputs, the mass of a lot, and how sampling and analysis scatter, relative."""
    cv, lot_t = USUAL_CV if known_cv is None else known_cv, 0.0
    outputs = _refine(schema, data, typical, priors, prior_outputs(schema, typical, priors), lot_t, cv)
    for left in range(rounds, 0, -1):
        lot_t = _lot_t(data, outputs)
        if known_cv is None and left == 1:
            cv = _sampling_cv(schema, data, typical, outputs, lot_t)
        outputs = _refine(schema, data, typical, priors, outputs, lot_t, cv)
    return outputs, lot_t, cv


def _sampling_cv(
    schema: Schema, data: HeatData, typical: FloatArray, outputs: dict[str, Output], lot_t: float
) -> float:
    elements = len(schema.elements)
    prior_sd = np.array([scatter_prior(e.value, schema, float(typical[i])) for i, e in enumerate(schema.elements)])
    residuals, analysed = data.residuals(outputs)[:, :elements], _analysed(data, outputs)[:, :elements]
    return likeliest_cv(data, residuals, prior_sd, typical[:elements], analysed, lot_t)


def _analysed(data: HeatData, outputs: dict[str, Output]) -> FloatArray:
    """(N, O) what each sample held, as the scatter of its analysis sees it; 0 for what is metered."""
    return np.column_stack(
        [np.abs(out.mean(data.features)) * data.unmixed * (name != ENERGY) for name, out in outputs.items()]
    )


def _lot_t(data: HeatData, outputs: dict[str, Output]) -> float:
    """The likeliest mass of a lot, judged by the outputs that lots make: the elements."""
    elements = {name: output for name, output in outputs.items() if name != ENERGY}
    residuals = data.residuals(outputs)[:, : len(elements)]
    lot_sd = np.array([output.lot_sd for output in elements.values()])
    return likeliest_lot_t(data.lots, residuals, lot_sd, data.noise(elements))


def _refine(
    schema: Schema,
    data: HeatData,
    typical: FloatArray,
    priors: Priors,
    outputs: dict[str, Output],
    lot_t: float,
    cv: float,
) -> dict[str, Output]:
    """Contents given scatter, then scatter given contents."""
    seen = output_statistics(outputs, data, lot_t)
    refined = {name: replace(out, linear=posterior(priors[name], seen[name])) for name, out in outputs.items()}
    prior_sd = np.array([scatter_prior(name, schema, float(typical[i])) for i, name in enumerate(refined)])
    sampling = cv * _analysed(data, refined)
    lots, noise = fit_scatter(data.lots.shares, data.residuals(refined), prior_sd, typical, sampling)
    return {
        name: replace(output, lot_sd=lots[column], noise=float(noise[column]), sampling_cv=cv * (name != ENERGY))
        for column, (name, output) in enumerate(refined.items())
    }
