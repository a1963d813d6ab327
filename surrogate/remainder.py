"""What the linear balance leaves over, and which form of it the held-back heats ask for.

In the order of what they cost the optimizer: nothing; a convex maximum of affine pieces, which stays a linear
program where it is minimised or bounded above; trees, one yes/no decision a split point. Either is taken
only where it surely lowers the error on heats it has not seen, and then the more accurate of them.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from steel.heats import FloatArray
from surrogate.boosting import fit_trees, split_points
from surrogate.convex import fit_pieces
from surrogate.heat_data import HeatData
from surrogate.model import Output
from surrogate.schema import ENERGY, Schema

SURELY = 2.0
"""Standard errors by which a remainder must lower the error on held-back heats to be kept."""
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
    """Names of the outputs that may have a convex remainder.

    P, S and energy, whose upper bound or minimum is all a recipe needs; every output where the baskets are not on
    record.
    """
    usual = schema.outputs if schema.baskets_unrecorded else ("P", "S", ENERGY)
    return tuple(name for name in usual if name in schema.outputs)


def surely_best(linear: Outputs, tried: list[Outputs], late: HeatData) -> Outputs:
    """Of each output the linear balance, or the best remainder that surely lowers the absolute error on later heats."""
    best = dict(linear)
    lowest = dict.fromkeys(linear, np.inf)
    for way in tried:
        for name, output in way.items():
            target = late.targets[:, list(linear).index(name)]
            known = np.isfinite(target)
            if not known.any():
                continue
            plain, error = (np.abs(target - o.mean(late.features))[known] for o in (linear[name], output))
            gain = plain - error
            if gain.mean() > SURELY * gain.std() / np.sqrt(len(gain)) and error.mean() < lowest[name]:
                best[name], lowest[name] = output, float(error.mean())
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
