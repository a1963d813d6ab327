"""The gate, tried on plants of 120 heats: in one world with two others, and with two others of an unrelated world.

An unrelated world's classes have other contents under the same names; its furnaces work alike. A model's *excess* is
its mean absolute distance from the true expected value on 400 later heats, by output, as a multiple of what the plant
alone would have. What is limited in recipes: every element, not electricity and not the yield.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from statistics import median

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from benchmarks.report import Results
from federation.sums.contract import agree
from federation.sums.gate import Verdict, foreign, judge
from federation.sums.participant import Participant
from federation.sums.screening import total
from federation.sums.shares import tally
from scenarios.bundled import names, virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.heats import HeatLog
from surrogate.fit.remainder import FitOptions
from surrogate.judge.recorded import recorded
from surrogate.model.model import Surrogate
from surrogate.model.schema import ENERGY

TRIALS, HEATS, LATER, OTHERS = 30, 120, 400, 200
WORLDS = 70_000
"""First of the worlds tried here; the gate's figures were chosen on others."""
ELSEWHERE = 777
LINEAR = FitOptions(remainders=())


@dataclass(frozen=True)
class Tried:
    """One trial.

    Attributes:
        same: whether the others were of the plant's world.
        adopted: whether anything was.
        excess: by output, of what the plant then has against what it alone would have; empty if nothing was adopted.
    """

    same: bool
    adopted: bool
    excess: dict[str, float]

    @property
    def mean(self) -> float:
        """Mean over outputs; 1 where nothing was adopted."""
        return float(np.mean(list(self.excess.values()))) if self.excess else 1.0

    @property
    def worst_limited(self) -> float:
        """Of the element that fared worst."""
        return max(value for output, value in self.excess.items() if output not in (ENERGY, "yield"))


def measure_gate(results: Results) -> None:
    """Shares of trials in which a plant adopted what helps, and what does not."""
    trials = [(number, same) for number in range(TRIALS) for same in (True, False)]
    tried: list[Tried] = Parallel(n_jobs=-1)(delayed(trial)(number, same) for number, same in trials)
    helpful = [one for one in tried if one.same]
    unrelated = [one for one in tried if not one.same]
    adopted = [one for one in tried if one.adopted]
    results["gate_false_adoption_share"] = _share(one.adopted for one in unrelated)
    results["gate_harmful_adoption_share"] = _share(one.adopted and one.mean >= 1.0 for one in tried)
    results["gate_true_adoption_share"] = _share(one.adopted and one.mean < 1.0 for one in helpful)
    results["adopted_mean_excess"] = float(np.mean([one.mean for one in adopted]))
    results["adopted_worst_limited_output"] = median(one.worst_limited for one in adopted)
    results["adopted_worst_limited_output_of_all_trials"] = max(one.worst_limited for one in adopted)


def trial(number: int, same: bool) -> Tried:
    """One plant and two others, as a run has it: its own sums in the total, and taken off it again."""
    world = WORLDS + number
    virtual, heats = _site(number, 0, world, HEATS + LATER)
    home = Participant("home", heats.rows(slice(0, HEATS)), virtual.materials)
    plants = [home]
    for other in (1, 2):
        there, log = _site(number, other, world if same else world + ELSEWHERE, OTHERS)
        plants.append(Participant(f"other-{other}", log, there.materials))
    contract = agree([plant.offer() for plant in plants])
    ballots = {plant.plant: plant.ballot(contract) for plant in plants}
    tallied = tally(contract, ballots)
    contract, whole = tallied.contract, total(tallied.sums.values())
    others = home.others(contract, whole, ballots["home"] if "home" in tallied.sums else None)
    evidence = home.evidence(contract, others)
    verdict = Verdict((), 1.0, "")
    if not foreign(evidence):
        verdict = judge(home.trial(contract, others), evidence)
    if not verdict.adopt:
        return Tried(same, False, {})
    later = heats.rows(slice(HEATS, None))
    truth = virtual.expected(later)
    theirs = home.tuned_model(contract, others, home.log, options=LINEAR, outputs=verdict.outputs)
    own = home.tuned_model(contract, others, home.log, options=LINEAR, outputs=())
    before, after = _distances(own, later, truth), _distances(theirs, later, truth)
    return Tried(same, True, {output: after[output] / before[output] for output in before})


def _site(number: int, which: int, world: int, heats: int) -> tuple[VirtualPlant, HeatLog]:
    base = virtual_plant(names()[(number + which) % len(names())])
    plant = base.plant.model_copy(update={"name": f"plant-{number}-{which}"})
    virtual = replace(base, plant=plant, seed=100 * WORLDS + 10 * number + which, world_seed=world)
    return virtual, virtual.history(heats)


def _distances(model: Surrogate, log: HeatLog, truth: HeatLog) -> dict[str, float]:
    """Mean absolute distance from a truth, by output."""
    found, charged = model.predict(log), log.charged_t.sum(axis=1)
    each = {name: np.abs(found.mean[name] - recorded(truth, name)) for name in model.schema.outputs}
    each["yield"] = np.abs(found.tapped_t - truth.tapped_t) / charged
    return {name: float(np.nanmean(values)) for name, values in each.items()}


def _share(each: Iterable[bool]) -> float:
    return float(np.mean(list(each)))
