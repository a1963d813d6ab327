"""How good a surrogate is on heats it has not seen, beside the baselines, on one split in order."""

from collections.abc import Callable

import numpy as np

from steel.heats import HeatLog
from steel.materials import Material
from surrogate.fit.fit import fit
from surrogate.fit.heat_data import charged_heats
from surrogate.fit.remainder import FitOptions
from surrogate.judge.baselines import BASELINES, fit_predict
from surrogate.judge.recorded import recorded
from surrogate.judge.scores import OutputEvaluation, score
from surrogate.model.model import Surrogate

COVERAGE = 0.90


def evaluate(
    log: HeatLog,
    materials: tuple[Material, ...],
    train_fraction: float = 0.7,
    options: FitOptions | None = None,
    baselines: tuple[str, ...] = tuple(BASELINES),
    progress: Callable[[str, float], None] | None = None,
) -> tuple[Surrogate, list[OutputEvaluation]]:
    """Fit on the first heats, judge on the later ones, beside the baselines.

    Outputs recorded on fewer than 20 heats of either part are left out.
    """
    train, test = charged_heats(log).split(train_fraction)
    model = fit(train, materials, options, progress=progress)
    return model, judge(model, train, test, baselines)


def judge(
    model: Surrogate, train: HeatLog, test: HeatLog, baselines: tuple[str, ...] = tuple(BASELINES)
) -> list[OutputEvaluation]:
    """Judge a fitted model and baselines fitted to the same training heats."""
    prediction = model.predict(test)
    found = []
    for output in model.schema.outputs:
        actual, past = recorded(test, output), recorded(train, output)
        if min(np.isfinite(actual).sum(), np.isfinite(past).sum()) < 20:
            continue
        low, high = model.interval(output, prediction, COVERAGE)
        known = np.isfinite(actual)
        found.append(
            OutputEvaluation(
                output=output,
                heats=int(known.sum()),
                surrogate=score(actual, prediction.mean[output]),
                coverage_90=float(((actual >= low) & (actual <= high))[known].mean()),
                baselines={name: score(actual, fit_predict(name, train, past, test)) for name in baselines},
            )
        )
    return found
