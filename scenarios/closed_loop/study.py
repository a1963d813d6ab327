"""Many closed loops beside one another: every policy at several settings, at every plant, in every seed.

What is finished lies in a folder, so that a study can be stopped and goes on where it was.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from optimizer.problem.options import Objective, RecipeOptions
from scenarios.closed_loop.future import Future, future_of
from scenarios.closed_loop.loop import Loop
from scenarios.closed_loop.oracle import Oracle
from scenarios.closed_loop.policies import CatalogueProgramme, Chargewise, MeltShop, Policy
from scenarios.closed_loop.sites import Site

FEDERATED, ALONE, CATALOGUE, SHOP, ORACLE = "chargewise", "alone", "catalogue", "practice", "oracle"
GREEN = "chargewise-green"
KNOBS = {
    FEDERATED: (0.95,),
    ALONE: (0.9, 0.95, 0.98),
    CATALOGUE: (0.10, 0.25, 0.40),
    SHOP: (0.0,),
    ORACLE: (0.9, 0.95, 0.98),
    GREEN: (0.05, 0.2, 0.6),
}
"""Settings at which each policy runs: its confidence, its margin, or what a kg of CO2e is worth to it, €."""
COLD_KNOBS = {**KNOBS, FEDERATED: (0.9, 0.95, 0.98)}
"""At a plant that starts cold the oracle's rate is the one to compare at."""
COLD_DEAREST = 0.15
"""By how much sureness may make a recipe dearer where nothing is known yet."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class LoopSetup:
    """One closed loop to run."""

    plant: str
    policy: str
    knob: float
    seed: int
    heats: int
    cold: bool = False

    @property
    def key(self) -> str:
        """Name of its file."""
        return sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class LoopResult:
    """What a closed loop came to, means over its heats.

    Attributes:
        off_spec: share of heats that miss any limit.
    """

    plant: str
    policy: str
    knob: float
    seed: int
    heats: int
    cold: bool
    off_spec: float
    cost_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float


def policy_of(asked: LoopSetup, site: Site, future: Future) -> Policy:
    """Who decides in a loop."""
    known, dearest = Chargewise(site.federated), COLD_DEAREST if asked.cold else None
    if asked.policy == GREEN:
        worth = RecipeOptions(preferences={Objective.EMISSIONS: asked.knob})
        return Chargewise(site.federated, options=worth)
    if asked.policy == FEDERATED:
        return Chargewise(site.federated, asked.knob, dearest=dearest)
    if asked.policy == ALONE:
        return Chargewise(site.alone, asked.knob, dearest=dearest)
    if asked.policy == CATALOGUE:
        return CatalogueProgramme(known, asked.knob)
    return MeltShop(site.virtual, known, asked.seed) if asked.policy == SHOP else Oracle(future, asked.knob)


def run_one(asked: LoopSetup, site: Site) -> LoopResult:
    """Run one loop."""
    future = future_of(site.virtual, asked.heats, asked.seed)
    results = Loop(future, policy_of(asked, site, future)).run().results
    return LoopResult(
        **asdict(asked),
        off_spec=float(np.mean([one.off_spec for one in results])),
        cost_eur_per_t=float(np.mean([one.cost_eur_per_t for one in results])),
        energy_kwh_per_t=float(np.mean([one.energy_kwh_per_t for one in results])),
        emissions_kgco2e_per_t=float(np.mean([one.emissions_kgco2e_per_t for one in results])),
    )


def setups_of(
    plants: tuple[str, ...], heats: int, seeds: int, policies: tuple[str, ...], cold: bool = False
) -> list[LoopSetup]:
    """Every loop of a study, the longest first."""
    knobs = COLD_KNOBS if cold else KNOBS
    found = [
        LoopSetup(plant, policy, knob, seed, heats, cold)
        for policy in policies
        for knob in knobs[policy]
        for plant in plants
        for seed in range(seeds)
    ]
    return sorted(found, key=lambda one: one.policy != ORACLE)


def run_study(
    asked: list[LoopSetup], sites: dict[str, Site], folder: Path | None = None, progress: Progress | None = None
) -> list[LoopResult]:
    """Run loops on all cores; those whose result lies in the folder are taken from there.

    Args:
        asked: the loops.
        sites: the plants by name.
        folder: where results are kept; nothing is kept unless given.
        progress: is told of each that is finished.
    """
    found = {one: _kept(folder, one) for one in asked}
    missing = [one for one, ran in found.items() if ran is None]
    done = len(asked) - len(missing)
    for one, ran in _at_once(missing, sites):
        found[one] = ran
        done += 1
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{one.key}.json").write_text(json.dumps(asdict(ran)), "utf-8")
        if progress is not None:
            progress(f"{one.policy} at {one.plant}", done / len(asked))
    return [ran for ran in found.values() if ran is not None]


def _kept(folder: Path | None, one: LoopSetup) -> LoopResult | None:
    path = None if folder is None else folder / f"{one.key}.json"
    return LoopResult(**json.loads(path.read_text("utf-8"))) if path is not None and path.is_file() else None


def _at_once(asked: list[LoopSetup], sites: dict[str, Site]) -> Iterator[tuple[LoopSetup, LoopResult]]:
    def run(one: LoopSetup) -> tuple[LoopSetup, LoopResult]:
        return one, run_one(one, sites[one.plant])

    if len(asked) == 1:
        yield run(asked[0])
        return
    yield from Parallel(n_jobs=-1, return_as="generator_unordered")(delayed(run)(one) for one in asked)


@dataclass(frozen=True)
class AtRate:
    """A policy at one realised off-spec rate, mean of all plants."""

    cost_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float


def at_rate(ran: list[LoopResult], policy: str, rates: dict[str, float]) -> AtRate:
    """What a policy costs at each plant's off-spec rate, between its settings; as it is where it has but one.

    Args:
        ran: every loop.
        policy: whose.
        rates: off-spec rate by plant.
    """
    rows = [_between(_by_knob(ran, policy, plant), float(np.log(rate))) for plant, rate in rates.items()]
    return AtRate(*np.mean(rows, axis=0).tolist())


def rates_of(ran: list[LoopResult], policy: str, knob: float) -> dict[str, float]:
    """The off-spec rate by plant of a policy at one setting."""
    plants = dict.fromkeys(one.plant for one in ran)
    chosen = [one for one in ran if one.policy == policy and one.knob == knob]
    return {plant: float(np.mean([one.off_spec for one in chosen if one.plant == plant])) for plant in plants}


def at_cost(ran: list[LoopResult], policy: str, costs: dict[str, float]) -> float:
    """Mean kgCO2e/t of a policy where it costs so much at each plant, between its settings; or its dearest one's."""
    found = []
    for plant, cost in costs.items():
        table = _by_knob(ran, policy, plant)[:, 1:]
        found.append(_between(table[np.argsort(table[:, 0])], cost)[1])
    return float(np.mean(found))


def _by_knob(ran: list[LoopResult], policy: str, plant: str) -> np.ndarray:
    """(K, 4) log off-spec rate, cost, energy and emissions of each setting, in the order of the rate."""
    here = [one for one in ran if one.policy == policy and one.plant == plant]
    rows = []
    for knob in sorted({one.knob for one in here}):
        at = [one for one in here if one.knob == knob]
        rate = max(float(np.mean([one.off_spec for one in at])), 1e-4)
        rows.append(
            (
                np.log(rate),
                np.mean([one.cost_eur_per_t for one in at]),
                np.mean([one.energy_kwh_per_t for one in at]),
                np.mean([one.emissions_kgco2e_per_t for one in at]),
            )
        )
    table = np.array(rows, dtype=np.float64)
    return table[np.argsort(table[:, 0])]


def _between(table: np.ndarray, at: float) -> np.ndarray:
    """The last columns of a table where its first is so much; beyond its ends as they are at the nearest one."""
    if len(table) == 1:
        return np.asarray(table[0, 1:])
    at = float(np.clip(at, table[0, 0], table[-1, 0]))
    right = int(np.clip(np.searchsorted(table[:, 0], at), 1, len(table) - 1))
    left = table[right - 1]
    width = max(float(table[right, 0] - left[0]), 1e-9)
    return np.asarray(left[1:] + (table[right, 1:] - left[1:]) * (at - left[0]) / width)
