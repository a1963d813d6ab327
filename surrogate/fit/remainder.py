"""What the linear balance leaves over, and which form of it the held-back heats ask for.

In the order of what they cost the optimizer: nothing; a convex maximum of affine pieces, which stays a linear
program where it is minimised or bounded above; trees, one yes/no decision a split point. The dearer form is
taken only where it surely lowers the error on heats it has not seen.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from steel.heats import FloatArray
from surrogate.fit.boosting import fit_trees, split_points
from surrogate.fit.convex import fit_pieces
from surrogate.fit.heat_data import HeatData
from surrogate.model.model import Output
from surrogate.model.schema import ENERGY, Schema

SURELY = {"convex": 1.0, "trees": 3.0}
"""Standard errors by which a remainder must lower the error on held-back heats: more where a recipe pays for it, and
where each of a dozen outputs might do so by chance."""
Kind = Literal["convex", "trees"]
Outputs = dict[str, Output]


@dataclass(frozen=True)
class FitOptions:
    """What to fit.

    Attributes:
        remainders: the forms that are tried, cheapest to optimise first.
        pieces: affine pieces of each convex remainder.
        held_back: share of the newest heats that judges the remainder and calibrates the intervals.
        rounds: times that contents and scatter are re-estimated in turn.
        seed: of the remainder's start.
    """

    remainders: tuple[Kind, ...] = ("convex", "trees")
    pieces: int = 3
    held_back: float = 0.25
    rounds: int = 2
    seed: int = 0


def candidates(schema: Schema, data: HeatData, linear: Outputs, kind: Kind, options: FitOptions) -> Outputs:
    """The outputs that may have a remainder of one kind, with it."""
    names = convex_outputs(schema) if kind == "convex" else schema.outputs
    recorded = [name for name in names if np.isfinite(data.targets[:, schema.outputs.index(name)]).any()]
    if kind == "convex":
        return _with_pieces(data, linear, recorded, options, None)
    return _with_trees(data, linear, recorded, options)


def convex_outputs(schema: Schema) -> tuple[str, ...]:
    """Names of the outputs that may have a convex remainder: P, S and energy.

    Their upper bound or minimum is all a recipe needs. Carbon bends too, where the oxygen runs out of it; but grades
    ask for a least carbon, and that takes one yes/no decision a piece: 35 ms a recipe in place of 5, for 3 to 6 % of
    the error. Where the baskets are not on record a remainder stands for what was in them, which has no reason to be
    convex.
    """
    return () if schema.baskets_unrecorded else tuple(n for n in ("P", "S", ENERGY) if n in schema.outputs)


def surely_best(linear: Outputs, tried: dict[Kind, Outputs], late: HeatData) -> Outputs:
    """Of each output the linear balance, unless a remainder surely lowers the absolute error on later heats."""
    best = dict(linear)
    for kind, way in tried.items():
        for name, output in way.items():
            target = late.targets[:, list(linear).index(name)]
            gain = np.abs(target - best[name].mean(late.features)) - np.abs(target - output.mean(late.features))
            known = gain[np.isfinite(gain)]
            if len(known) and known.mean() > SURELY[kind] * known.std() / np.sqrt(len(known)):
                best[name] = output
    return best


def refit(data: HeatData, linear: Outputs, chosen: Outputs, options: FitOptions) -> Outputs:
    """Remainders of the chosen kinds on all heats, beside a linear balance of all heats."""
    convex = [name for name, output in chosen.items() if len(output.pieces)]
    wooded = [name for name, output in chosen.items() if len(output.trees)]
    start = np.array([chosen[name].pieces for name in convex])
    found = dict(linear)
    if convex:
        found |= _with_pieces(data, linear, convex, options, start)
    return found | _with_trees(data, linear, wooded, options)


def _left_over(data: HeatData, outputs: Outputs, name: str) -> FloatArray:
    output = outputs[name]
    return np.asarray(data.targets[:, list(outputs).index(name)] - data.features @ output.linear.mean)


def _with_pieces(
    data: HeatData, linear: Outputs, names: list[str], options: FitOptions, start: FloatArray | None
) -> Outputs:
    if not names:
        return {}
    left = np.column_stack([_left_over(data, linear, name) for name in names])
    variance = np.column_stack([linear[name].sd(data.features) ** 2 for name in names])
    found = fit_pieces(data.features, left, variance, options.pieces, seed=options.seed, start=start)
    return {name: replace(linear[name], pieces=found.coefficients[row]) for row, name in enumerate(names)}


def _with_trees(data: HeatData, linear: Outputs, names: list[str], options: FitOptions) -> Outputs:
    points = split_points(data.features) if names else []
    return {
        name: replace(
            linear[name],
            trees=fit_trees(
                data.features,
                _left_over(data, linear, name),
                linear[name].sd(data.features) ** 2,
                points,
                options.seed,
            ),
        )
        for name in names
    }
