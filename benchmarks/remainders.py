"""Which form of convex remainder to learn: none, a few or more affine pieces, or an input-convex network.

    python -m benchmarks.remainders [--quick] --json FILE

All start from the same linear balance and see the same heats of virtual plants. *Excess* is the mean absolute distance
from the true expected value of a charge, over that of the linear balance. Energy and phosphorus are what the furnace
bends; the network has two layers of sixteen units and non-negative weights between them (Amos, Xu and Kolter 2017).
"""

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from benchmarks import report
from benchmarks.report import Results
from scenarios.bundled import names, virtual_plant
from steel.heats import FloatArray
from surrogate.fit.convex import PENALTY, fit_pieces
from surrogate.fit.fit import fit
from surrogate.fit.heat_data import HeatData, prepare
from surrogate.fit.remainder import FitOptions
from surrogate.model.schema import ENERGY

HEATS, FRACTION, EPOCHS, UNITS = 2000, 0.7, 300, 16
OUTPUTS = ("P", ENERGY)
Remainder = Callable[[FloatArray], FloatArray]


class InputConvex(torch.nn.Module):
    """A network that is convex in its input, features (N, d) to values (N,)."""

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.first = torch.nn.Linear(width, units, dtype=torch.float64)
        self.skip = torch.nn.Linear(width, units, dtype=torch.float64)
        self.through = torch.nn.Parameter(0.1 * torch.rand(units, units, dtype=torch.float64))
        self.last = torch.nn.Parameter(0.1 * torch.rand(units, dtype=torch.float64))
        self.straight = torch.nn.Linear(width, 1, dtype=torch.float64)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Two layers of ReLUs, joined by non-negative weights."""
        hidden = torch.relu(self.first(features))
        hidden = torch.relu(hidden @ self.through.clamp(min=0).T + self.skip(features))
        value: torch.Tensor = hidden @ self.last.clamp(min=0) + self.straight(features)[:, 0]
        return value


def _pieces(count: int) -> Callable[[HeatData, FloatArray, FloatArray], Remainder]:
    def learn(data: HeatData, left: FloatArray, variance: FloatArray) -> Remainder:
        found = fit_pieces(data.features, left[:, None], variance[:, None], count, EPOCHS)
        return lambda features: found.value(features)[:, 0]

    return learn


def _network(data: HeatData, left: FloatArray, variance: FloatArray) -> Remainder:
    centre, spread = data.features[:, :-1].mean(axis=0), data.features[:, :-1].std(axis=0)
    spread = np.where(spread > 1e-9, spread, np.inf)

    def standard(features: FloatArray) -> torch.Tensor:
        return torch.from_numpy((features[:, :-1] - centre) / spread)

    scale = float(left.std())
    module = InputConvex(data.features.shape[1] - 1, UNITS)
    goal, weight = torch.from_numpy(left / scale), torch.from_numpy(np.median(variance) / variance)
    penalty = PENALTY * min(1.0, float(np.median(variance)) / scale**2)
    inputs = standard(data.features)
    optimiser = torch.optim.Adam(module.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, 3 * EPOCHS)
    for _ in range(3 * EPOCHS):
        optimiser.zero_grad()
        loss = (weight * (module(inputs) - goal).square()).mean()
        loss = loss + penalty * sum(parameter.square().sum() for parameter in module.parameters())
        loss.backward()
        optimiser.step()
        schedule.step()

    def value(features: FloatArray) -> FloatArray:
        with torch.no_grad():
            return np.asarray(scale * module(standard(features)).numpy())

    return value


FORMS = {"max_affine_3": _pieces(3), "max_affine_8": _pieces(8), "input_convex_2x16": _network}


def measure(quick: bool) -> Results:
    """Excess of each form over the linear balance's, and what learning it takes."""
    results: Results = {}
    ratios: dict[tuple[str, str], list[float]] = {}
    seconds: dict[str, float] = dict.fromkeys(FORMS, 0.0)
    for name in names():
        plant = virtual_plant(name)
        train, test = plant.history(HEATS if quick else 2 * HEATS).split(FRACTION)
        model = fit(train, tuple(i.material for i in plant.plant.charge_items()), FitOptions(remainders=()))
        expected = plant.expected(test)
        truth = prepare(
            model, replace(test, analysis_wt_pct=expected.analysis_wt_pct, energy_kwh_per_t=expected.energy_kwh_per_t)
        )
        data = prepare(model, train)
        for output in OUTPUTS:
            column, fitted = model.schema.outputs.index(output), model.outputs[output]
            left = data.targets[:, column] - fitted.mean(data.features)
            away = truth.targets[:, column] - fitted.mean(truth.features)
            for form, learn in FORMS.items():
                started = time.perf_counter()
                remainder = learn(data, left, fitted.sd(data.features) ** 2)
                seconds[form] += time.perf_counter() - started
                excess = np.abs(away - remainder(truth.features)).mean() / np.abs(away).mean()
                ratios.setdefault((form, output), []).append(float(excess))
    for (form, output), values in ratios.items():
        results[f"excess_{form}_{output}_over_linear"] = float(np.mean(values))
    for form, total in seconds.items():
        results[f"fit_{form}_s"] = total / (len(names()) * len(OUTPUTS))
    return results


if __name__ == "__main__":
    report.run("remainders", measure)
