"""What federating gives eight virtual plants: against each alone, the catalogue, and all heats on one heap.

    python -m benchmarks.federation [--quick] --json FILE

*Excess* is the mean absolute distance of a prediction from the true expected value of that charge, over Cu Sn Ni Cr Mo
P S, yield and kWh/t. Local is the same structured model with the catalogue's priors on the plant's own heats. Sums are
exchanged once; then a convex remainder is learned by federated averaging. Poison is about the sums.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from benchmarks import report
from benchmarks.federation_deployment import measure_deployment
from benchmarks.federation_foundry import measure_foundry
from benchmarks.federation_plants import COLD, POOR, Site, by_class, class_materials, heap, learned_together, sites
from benchmarks.federation_simulation import measure_simulation
from benchmarks.report import Results
from federation.exchange.messages import sums_to_record
from federation.sums.contract import Contract, agree
from federation.sums.gate import judge
from federation.sums.hierarchy import Pieces, Shared
from federation.sums.screening import total
from federation.sums.shares import Ballot, Tally, flat, tally
from federation.sums.tuning import Tuning
from steel.heats import HeatLog
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.recorded import recorded
from surrogate.model.linear import Statistics
from surrogate.model.model import Surrogate
from surrogate.model.schema import ENERGY

OUTPUTS = ("Cu", "Sn", "Ni", "Cr", "Mo", "P", "S", ENERGY, "yield")
VICTIM = 1
"""The plant that sends poison; neither the largest nor the smallest."""


def _values(log: HeatLog, output: str) -> np.ndarray:
    return np.asarray(log.tapped_t / log.charged_t.sum(axis=1)) if output == "yield" else recorded(log, output)


def _errors(model: Surrogate, log: HeatLog, truth: HeatLog) -> np.ndarray:
    """(outputs,) mean absolute distance of a model's predictions from a truth."""
    found = model.predict(log)
    told = {**found.mean, "yield": found.tapped_t / log.charged_t.sum(axis=1)}
    return np.array([np.nanmean(np.abs(told[output] - _values(truth, output))) for output in OUTPUTS])


def _excess(site: Site, model: Surrogate) -> np.ndarray:
    return _errors(model, site.later, site.virtual.expected(site.later))


def _scaled(ballot: Ballot, factor: float) -> Ballot:
    def scaled(one: Statistics) -> Statistics:
        return Statistics(factor * one.information, factor * one.moment, one.heats, factor * one.evidence)

    return {share: {name: scaled(one) for name, one in sums.items()} for share, sums in ballot.items()}


def _tuned(
    every: list[Site], contract: Contract, others: list[Shared], pieces: Pieces, ways: list[Tuning]
) -> list[Surrogate]:
    """As plants adopt: from what the others know, every plant's own heats counted once."""
    return _at_once(
        lambda site, known, way: site.participant.tuned_model(contract, known, site.log, pieces, way),
        every,
        others,
        ways,
    )


def _others(every: list[Site], tallied: Tally, ballots: dict[str, Ballot]) -> list[Shared]:
    """The classes as every plant's others know them; who was put aside takes all."""
    whole = total(tallied.sums.values())
    mine = [ballots[site.name] if site.name in tallied.sums else None for site in every]
    return [s.participant.others(tallied.contract, whole, own) for s, own in zip(every, mine, strict=True)]


def _at_once(each: Callable[..., Any], *of_plants: Sequence[Any]) -> list[Any]:
    """What plants do on machines of their own is done on this one's cores."""
    found: list[Any] = Parallel(n_jobs=-1)(delayed(each)(*of_plant) for of_plant in zip(*of_plants, strict=True))
    return found


def _balances(every: list[Site], tallied: Tally, ballots: dict[str, Ballot]) -> list[Surrogate]:
    """Tuned in full and without remainders of their own: what sums alone do, and soon fitted."""
    linear, others = FitOptions(remainders=()), _others(every, tallied, ballots)
    return [
        site.participant.tuned_model(tallied.contract, known, site.log, options=linear)
        for site, known in zip(every, others, strict=True)
    ]


def measure(quick: bool) -> Results:
    """Excess and measured error of federated models, and what poison does to them."""
    results: Results = {}
    every = sites()
    warm = [site for number, site in enumerate(every) if number != COLD]
    started = time.perf_counter()
    contract = agree([site.participant.offer() for site in warm])
    ballots = {site.name: site.participant.ballot(contract) for site in warm}
    tallied = tally(contract, ballots)
    contract, shared = tallied.contract, tallied.shared
    results["exchange_7_plants_s"] = time.perf_counter() - started
    results["clean_plants_quarantined"] = len(tallied.quarantined)
    sent = sums_to_record(flat(ballots[warm[0].name]))
    results["bytes_per_round_per_plant"] = sum(len(array.data) for array in sent.values())
    pieces = learned_together(warm, contract, shared)
    results["remainder_outputs"] = len(pieces)
    local = _at_once(lambda site: fit(site.log, site.materials), warm)
    others = _others(warm, tallied, ballots)
    ways = _at_once(lambda site, known: site.participant.tuning(contract, known, pieces), warm, others)
    tuned = _tuned(warm, contract, others, pieces, ways)
    _against_local(results, warm, local, tuned, ways, contract, others, pieces)
    cold = every[COLD]
    first = cold.participant.first_model(contract, shared, pieces)
    catalogue = cold.participant.first_model(contract, None)
    results["cold_plant_excess_vs_catalogue"] = float(np.mean(_excess(cold, first) / _excess(cold, catalogue)))
    _against_heap(results, warm, tuned)
    _poison(results, warm, contract, ballots, _balances(warm, tallied, ballots))
    measure_foundry(results)
    measure_simulation(results, quick)
    measure_deployment(results, quick)
    return results


def _against_local(
    results: Results,
    warm: list[Site],
    local: list[Surrogate],
    tuned: list[Surrogate],
    ways: list[Tuning],
    contract: Contract,
    others: list[Shared],
    pieces: Pieces,
) -> None:
    linear = _excess(warm[POOR], warm[POOR].participant.tuned_model(contract, others[POOR], warm[POOR].log))
    results["poor_plant_excess_vs_local_without_remainder"] = float(np.mean(linear / _excess(warm[POOR], local[POOR])))
    ratios = [
        float(np.mean(_excess(site, theirs) / _excess(site, own)))
        for site, own, theirs in zip(warm, local, tuned, strict=True)
    ]
    results["poor_plant_excess_vs_local"] = ratios[POOR]
    results["mean_excess_vs_local"] = float(np.mean(ratios))
    used_by_all = _at_once(lambda site, known, way: _used(site, contract, known, pieces, way), warm, others, ways)
    results["plants_that_adopted"] = sum(used is not None for used in used_by_all)
    measured = []
    for site, own, adopted in zip(warm, local, used_by_all, strict=True):
        used = adopted or own
        measured.append(float(np.mean(_errors(used, site.later, site.later) / _errors(own, site.later, site.later))))
    results["worst_plant_mae_vs_local"] = max(measured)
    results["mean_mae_vs_local"] = float(np.mean(measured))


def _used(site: Site, contract: Contract, known: Shared, pieces: Pieces, way: Tuning) -> Surrogate | None:
    """What a plant adopts by its gate; None where it keeps its own."""
    verdict = judge(site.participant.trial(contract, known, pieces, way), site.participant.evidence(contract, known))
    if not verdict.adopt:
        return None
    return site.participant.tuned_model(contract, known, site.log, pieces, way, outputs=verdict.outputs)


def _against_heap(results: Results, warm: list[Site], tuned: list[Surrogate]) -> None:
    together = heap([by_class(site.log, site.materials) for site in warm])
    pooled = fit(together, class_materials(together))
    ratios = []
    for site, model in zip(warm, tuned, strict=True):
        as_classes = by_class(site.later, site.materials)
        truth = by_class(site.virtual.expected(site.later), site.materials)
        ratios.append(float(np.mean(_excess(site, model) / _errors(pooled, as_classes, truth))))
    results["mean_excess_vs_pooled"] = float(np.mean(ratios))


def _poison(
    results: Results, warm: list[Site], contract: Contract, ballots: dict[str, Ballot], tuned: list[Surrogate]
) -> None:
    """One plant sends shifted labels, a hundredfold update, or no numbers; the others' excess against a clean run."""
    victim = warm[VICTIM]
    shifted = replace(victim.log, analysis_wt_pct=1.5 * victim.log.analysis_wt_pct)
    kinds = {
        "shifted_labels": replace(victim.participant, log=shifted).ballot(contract),
        "updates_x100": _scaled(ballots[victim.name], 100.0),
        "nan": _scaled(ballots[victim.name], float("nan")),
    }
    others = [site for site in warm if site is not victim]
    clean = [model for site, model in zip(warm, tuned, strict=True) if site is not victim]
    named, ratios = True, dict[frozenset[str], float]()
    for kind, bad in kinds.items():
        tallied = tally(contract, {**ballots, victim.name: bad})
        named = named and set(tallied.quarantined) == {victim.name}
        added = frozenset(tallied.sums)
        # Whoever was put aside, what is left is one and the same.
        if victim.name in added or added not in ratios:
            models = _balances(others, tallied, {**ballots, victim.name: bad})
            pairs = zip(others, models, clean, strict=True)
            ratios[added] = float(np.mean([np.mean(_excess(site, m) / _excess(site, c)) for site, m, c in pairs]))
        results[f"poisoned_{kind}_excess_vs_clean"] = ratios[added]
    results["poisoned_mean_excess_vs_clean"] = max(float(results[f"poisoned_{kind}_excess_vs_clean"]) for kind in kinds)
    results["poisoner_alone_is_named"] = named


if __name__ == "__main__":
    report.run("federation", measure)
