"""The convex remainder that plants learn together: what the shared balance leaves over, as a module of all plants.

A greatest of few affine pieces over the classes' features, one for each output that may have one (P, S, electricity).
Few plants have the heats to find it alone. Plants train it on what the shared balance leaves over at home, weights are
averaged, and an output keeps its pieces only if they surely lower the error on the heats that all plants held back,
taken together; a plant's own held-back heats are too few to tell.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import get_args

import numpy as np
import torch
from torch.utils.data import TensorDataset

from federation.modules.settings import Averaging, ModuleRun
from federation.sums.contract import Contract
from federation.sums.hierarchy import Membership, Pieces, Shared, informed_priors
from federation.sums.participant import Participant
from steel.heats import FloatArray
from surrogate.fit.convex import MaxAffine
from surrogate.fit.fit import fit
from surrogate.fit.heat_data import prepare
from surrogate.fit.remainder import FitOptions, convex_outputs
from surrogate.model.pieces import greatest

PIECES = 3
PENALTY = 0.02
"""Weight of the squared slopes beside the mean squared error, both in standard deviations."""
HELD_BACK = 0.25
SURELY = 2.0
"""Standard errors by which the pooled gain on held-back heats must exceed none: every plant pays for what is kept."""
AVERAGES = tuple(name for name in get_args(Averaging) if name != "krum")
"""Ways of averaging that make sense here; Krum takes one plant's weights, and one plant is not enough."""
PROXIMAL_MU = 0.01
"""FedProx's pull towards the shared remainder."""
USUAL = ModuleRun(participants=1, rounds=30, epochs=5, learning_rate=0.02)
"""Few passes between two averages: with more, plants drift apart and what they find holds at home only."""
GAINS = ("heats", "gain", "square")


def usual_run(averaging: str) -> ModuleRun:
    """The usual rounds under a way of averaging."""
    mu = PROXIMAL_MU if averaging == "fedprox" else 0.0
    return ModuleRun.model_validate({**USUAL.model_dump(), "averaging": averaging, "proximal_mu": mu})


@dataclass(frozen=True)
class LeftOver:
    """What the shared balance leaves over at one plant; it never leaves the plant.

    Attributes:
        features: (N, d - 1) by class, the constant left out.
        left: (N, O).
        sd: (N, O) of what is left.
        early: heats that train; the others are held back.
    """

    features: FloatArray
    left: FloatArray
    sd: FloatArray
    early: int

    def moments(self) -> "Moments":
        """Sums over the heats that train, which all plants' scales are made of."""
        features, left = self.features[: self.early], self.left[: self.early]
        return Moments(
            heats=np.array([float(self.early)]),
            total=features.sum(axis=0),
            square=(features**2).sum(axis=0),
            left_square=np.nansum(left**2, axis=0),
            left_heats=np.isfinite(left).sum(axis=0).astype(np.float64),
        )


@dataclass(frozen=True)
class Moments:
    """Sums over heats: how many, features and their squares, squares of what is left and how many are known."""

    heats: FloatArray
    total: FloatArray
    square: FloatArray
    left_square: FloatArray
    left_heats: FloatArray


@dataclass(frozen=True)
class Scales:
    """Common standardisation: centre and spread of every feature, size of what is left of every output."""

    centre: FloatArray
    spread: FloatArray
    size: FloatArray

    @staticmethod
    def of(every: Iterable[Moments]) -> "Scales":
        """The scales of all plants' heats together; a feature that nowhere moves has no say."""
        parts = list(every)
        heats, total, square, left, known = (
            np.sum([getattr(one, field.name) for one in parts], axis=0) for field in fields(Moments)
        )
        centre = total / heats
        variance = square / heats - centre**2
        spread = np.where(variance > 1e-18, np.sqrt(np.maximum(variance, 0.0)), np.inf)
        return Scales(centre, spread, np.sqrt(left / np.maximum(known, 1.0)) + 1e-12)

    def pieces(self, module: MaxAffine, outputs: tuple[str, ...]) -> Pieces:
        """A module's pieces in the units of the features and outputs."""
        slope = module.slope.detach().numpy() * self.size[:, None, None] / self.spread
        centre = np.where(np.isfinite(self.spread), self.centre, 0.0)
        offset = module.offset.detach().numpy() * self.size[:, None] - slope @ centre
        return dict(zip(outputs, np.concatenate([slope, offset[:, :, None]], axis=2), strict=True))


def shared_outputs(contract: Contract) -> tuple[str, ...]:
    """Outputs that may have a convex remainder."""
    return convex_outputs(contract.class_schema())


def left_over(participant: Participant, contract: Contract, shared: Shared) -> LeftOver:
    """What a plant's balance, informed by the shared one, leaves over of its learning heats."""
    schema, log = contract.schema_for(participant.materials), participant.learning_under(contract)
    early = round((1.0 - HELD_BACK) * len(log))
    priors = informed_priors(contract, schema, shared)
    model = fit(log.rows(slice(0, early)), participant.materials, FitOptions(remainders=()), priors, schema)
    data, outputs = prepare(model, log), shared_outputs(contract)
    by_class = data.features @ Membership.of(schema, contract.class_schema(), with_one=True).matrix
    known = [model.outputs[name] for name in outputs]
    targets = data.targets[:, [schema.outputs.index(name) for name in outputs]]
    return LeftOver(
        features=by_class[:, :-1],
        left=targets - np.column_stack([output.mean(data.features) for output in known]),
        sd=np.column_stack([output.sd(data.features) for output in known]),
        early=early,
    )


class RemainderTask:
    """The module and its loss; targets are (N, O, 2): what is left, and whether it is known.

    Args:
        outputs: O. width: d - 1 features.
    """

    def __init__(self, outputs: int, width: int) -> None:
        self._shape = (outputs, PIECES, width)

    def module(self) -> MaxAffine:
        """The module with its first weights, the same at every plant."""
        return MaxAffine(*self._shape, seed=0)

    def loss(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean squared error over what is known."""
        return (targets[..., 1] * (outputs - targets[..., 0]).square()).mean()

    def penalty(self, module: torch.nn.Module) -> torch.Tensor:
        """On steep pieces, which heats far from the usual would follow."""
        return PENALTY * module.get_parameter("slope").square().sum()


def training_data(left: LeftOver, scales: Scales) -> TensorDataset:
    """The heats that train, standardised."""
    early = slice(0, left.early)
    goal = left.left[early] / scales.size
    features = torch.from_numpy((left.features[early] - scales.centre) / scales.spread)
    targets = torch.from_numpy(np.stack([np.nan_to_num(goal), np.isfinite(goal).astype(np.float64)], axis=-1))
    return TensorDataset(features, targets)


def gains(left: LeftOver, pieces: Mapping[str, FloatArray]) -> dict[str, float]:
    """By output, sums over held-back heats of the gain in absolute error, in standard deviations: n, sum, squares."""
    late = slice(left.early, None)
    features = np.column_stack([left.features[late], np.ones(len(left.features) - left.early)])
    found: dict[str, float] = {}
    for column, (name, of) in enumerate(pieces.items()):
        target, sd = left.left[late, column], left.sd[late, column]
        gain = (np.abs(target) - np.abs(target - greatest(features, of))) / sd
        known = gain[np.isfinite(gain)]
        found |= {f"{name}/heats": float(len(known)), f"{name}/gain": float(known.sum())}
        found[f"{name}/square"] = float((known**2).sum())
    return found


def surely_better(scores: Iterable[Mapping[str, float | None]], outputs: tuple[str, ...]) -> dict[str, float]:
    """Standard errors by which each output gains over all plants' held-back heats; 0 where nothing is known."""
    answers = list(scores)
    found: dict[str, float] = {}
    for name in outputs:
        heats, gain, square = (sum(one.get(f"{name}/{what}") or 0.0 for one in answers) for what in GAINS)
        mean = gain / max(heats, 1.0)
        error = np.sqrt(max(square / max(heats, 1.0) - mean**2, 0.0) / max(heats, 1.0))
        found[name] = float(mean / error) if error > 0 else 0.0
    return found
