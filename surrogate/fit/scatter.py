"""How much lots scatter: variance components estimated backwards from heats by maximum a posteriori.

The residual of a heat has variance `Σᵢ (xᵢ/T)² sᵢ² + (c w)² + σ²`: each material's lots, sampling and analysis
(`surrogate.fit.sampling`), and everything unmodelled (after Arzpeyma, Alam, Gyllenram, Jönsson).
"""

import numpy as np
import torch

from steel.heats import FloatArray

PRIOR_LOG_SD = 0.4
"""How far a material's scatter may stray from the catalogue's, one standard deviation of its logarithm."""
LEAST_NOISE = 1e-6
"""Noise that every output has, relative to its usual value: a meter that is not wired says the same every time."""
ODD_HEAT = 5.0
"""Standard deviations beyond which a single heat counts no further."""
NOISE_LOG_SD = 1.0
NOISE_START = 0.02
"""Residual noise before any heat is seen, relative to the output's usual value."""


def fit_scatter(
    shares: FloatArray,
    residuals: FloatArray,
    prior_sd: FloatArray,
    typical: FloatArray,
    sampling: FloatArray,
    steps: int = 40,
) -> tuple[FloatArray, FloatArray]:
    """Estimate lot scatter and noise of all outputs at once.

    Args:
        shares: (N, n) t charged per t tapped.
        residuals: (N, O) observed less predicted; NaN where not analysed.
        prior_sd: (O, n) prior scatter; 0 fixes a material's scatter at 0.
        typical: (O,) usual value of each output.
        sampling: (N, O) standard deviation of sampling and analysis, which is known.
        steps: greatest number of L-BFGS iterations.

    Returns:
        (O, n) standard deviations of lots and (O,) of the noise.
    """
    scale = torch.from_numpy(typical)
    squared_shares = torch.from_numpy(shares**2)
    known = torch.from_numpy(np.isfinite(residuals))
    squared = torch.from_numpy(np.nan_to_num(residuals) ** 2) / scale**2
    start = torch.from_numpy(prior_sd) / scale[:, None]
    log_lots = torch.zeros(prior_sd.shape, dtype=torch.float64, requires_grad=True)
    log_noise = torch.zeros(len(typical), dtype=torch.float64, requires_grad=True)
    sampled = torch.from_numpy(sampling**2) / scale**2
    optimiser = torch.optim.LBFGS([log_lots, log_noise], max_iter=steps, history_size=10, line_search_fn="strong_wolfe")

    def variance() -> torch.Tensor:
        lots = (start * torch.exp(log_lots)) ** 2
        noise = (NOISE_START * torch.exp(log_noise)) ** 2
        return squared_shares @ lots.T + noise + sampled

    def closure() -> float:
        optimiser.zero_grad()
        total = variance()
        # A Student-t likelihood (ν = 6) so that single odd heats do not widen every interval.
        likelihood = 0.5 * torch.log(total) + 3.5 * torch.log1p(squared / (6.0 * total))
        prior = 0.5 * (log_lots / PRIOR_LOG_SD).square().sum() + 0.5 * (log_noise / NOISE_LOG_SD).square().sum()
        loss = (likelihood * known).sum() + prior
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        # The likelihood's scale is not a standard deviation; the residuals' own mean square makes it one.
        ratios = torch.clamp(squared / variance(), max=ODD_HEAT**2) * known
        spread = torch.sqrt(ratios.sum(dim=0) / known.sum(dim=0).clamp(min=1))
        spread = torch.where(known.any(dim=0), spread, 1.0) * scale
        lots = start * torch.exp(log_lots) * spread[:, None]
        noise = torch.clamp(NOISE_START * torch.exp(log_noise) * spread, min=LEAST_NOISE * scale)
    return lots.numpy(), noise.numpy()
