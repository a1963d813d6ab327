"""What the balance leaves over: a convex max-affine function of the same features, learned in torch.

A max-affine function needs no binary in the optimizer: minimising it, or bounding it above, is linear.
"""

from dataclasses import dataclass

import numpy as np
import torch

from steel.heats import FloatArray

PENALTY = 0.04
"""Weight of the squared slopes, in standard deviations of the target per standard deviation of a feature, where the
target is all noise; less in proportion where it is not."""


class MaxAffine(torch.nn.Module):
    """`max_k (γ_k · φ + δ_k)` of each of O outputs, features (N, d) to values (N, O)."""

    def __init__(self, outputs: int, pieces: int, width: int, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        shape = (outputs, pieces, width)
        self.slope = torch.nn.Parameter(0.15 * torch.randn(shape, generator=generator, dtype=torch.float64))
        self.offset = torch.nn.Parameter(torch.zeros(shape[:2], dtype=torch.float64))

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Evaluate all pieces and take the greatest."""
        values = torch.einsum("nd,okd->nok", features, self.slope) + self.offset
        return values.amax(dim=2)


@dataclass(frozen=True)
class Pieces:
    """Fitted pieces in the units of the features: (O, K, d) coefficients on `(x/T, u, 1)`."""

    coefficients: FloatArray

    def value(self, features: FloatArray) -> FloatArray:
        """(N, O) of (N, d) features."""
        return np.asarray(np.einsum("nd,okd->nok", features, self.coefficients).max(axis=2))


def fit_pieces(
    features: FloatArray,
    target: FloatArray,
    variance: FloatArray,
    pieces: int,
    epochs: int = 300,
    seed: int = 0,
    start: FloatArray | None = None,
) -> Pieces:
    """Fit the convex remainder of O outputs at once.

    Args:
        features: (N, d), the last column one.
        target: (N, O) what the linear balance left over; NaN where not analysed.
        variance: (N, O) of each target.
        pieces: K, how many affine pieces each.
        epochs: full-batch steps.
        seed: of a random start.
        start: (O, K, d) pieces to start from instead, such as those found on fewer heats.
    """
    centre, spread = features[:, :-1].mean(axis=0), features[:, :-1].std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)
    standard = torch.from_numpy((features[:, :-1] - centre) / spread)
    scale = np.nanstd(target, axis=0) + 1e-12
    known = torch.from_numpy(np.isfinite(target))
    goal = torch.from_numpy(np.nan_to_num(target / scale))
    weight = torch.from_numpy(np.nanmedian(variance, axis=0) / variance) * known
    module = MaxAffine(target.shape[1], pieces, features.shape[1] - 1, seed)
    if start is not None:
        _set(module, start, centre, np.where(np.isfinite(spread), spread, 0.0), scale)
    noise = torch.from_numpy(np.nanmedian(variance, axis=0) / scale**2)
    penalty = (PENALTY * noise.clamp(max=1.0))[:, None, None]
    optimiser = torch.optim.Adam(module.parameters(), lr=0.03)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, epochs)
    for _ in range(epochs):
        optimiser.zero_grad()
        loss = (weight * (module(standard) - goal).square()).sum() / len(features)
        loss = loss + (penalty * module.slope.square()).sum()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():
        slope = module.slope.numpy() * scale[:, None, None] / spread
        offset = module.offset.numpy() * scale[:, None] - slope @ np.where(np.isfinite(spread), centre, 0.0)
    return Pieces(np.concatenate([slope, offset[:, :, None]], axis=2))


def _set(module: MaxAffine, pieces: FloatArray, centre: FloatArray, spread: FloatArray, scale: FloatArray) -> None:
    """Give a module pieces (O, K, d) that are written in the units of the features."""
    slope, offset = pieces[:, :, :-1], pieces[:, :, -1] + pieces[:, :, :-1] @ centre
    with torch.no_grad():
        module.slope.copy_(torch.from_numpy(slope * spread / scale[:, None, None]))
        module.offset.copy_(torch.from_numpy(offset / scale[:, None]))
