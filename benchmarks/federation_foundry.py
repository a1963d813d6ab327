"""Four products of a foundry as participants: what each gains by the others; unique castings in order."""

import numpy as np

from benchmarks.report import SHARED_DATA, Results
from federation.castings import (
    JUDGED_ON,
    agree_castings,
    combine_castings,
    contribute_castings,
    gate_castings,
    offer,
    prior_from_others,
)
from plant_adapters.sources.casting_table import read_casting_mapping, read_castings
from steel.castings import CastingLog
from surrogate.judge.casting_fit import SlopePrior, members

FRACTION = 0.7


def _priors(logs: dict[str, CastingLog]) -> dict[str, SlopePrior]:
    terms = agree_castings({name: offer(log) for name, log in logs.items()})
    shared = combine_castings({name: contribute_castings(log, terms) for name, log in logs.items()})
    return {name: prior_from_others(log, terms, shared) for name, log in logs.items()}


def measure_foundry(results: Results) -> None:
    """Error of what each product uses after its gate, over that of its own model; held-back castings."""
    folder = SHARED_DATA / "foundry"
    if not folder.is_dir():
        return
    mapping = read_casting_mapping("brake_disc_frequency")
    paths = sorted(folder.glob("*_frequency.xlsx"))
    splits = {path.stem.split("_")[1]: read_castings(path, mapping).log.split(FRACTION) for path in paths}
    train = {name: split[0] for name, split in splits.items()}
    tuned, judging = _priors(train), _priors({name: log.split(JUDGED_ON)[0] for name, log in train.items()})
    ratios = {}
    for name, (log, test) in splits.items():
        verdict = gate_castings(log, tuned[name], judging[name])
        known = test.rows(np.isfinite(test.measured))
        models = (members(log, verdict.prior), members(log))
        errors = [np.abs(known.measured - one.predict(known)).mean() for one in models]
        ratios[name] = float(errors[0] / errors[1])
        results[f"foundry_{name}_adopts"] = verdict.adopt
        results[f"foundry_{name}_vs_local"] = ratios[name]
    results["foundry_worst_vs_local"] = max(ratios.values())
    results["foundry_mean_vs_local"] = float(np.mean(list(ratios.values())))
