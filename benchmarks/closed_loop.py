"""What recipes claim against what happens, and what they save: virtual plants whose truth is known.

    python -m benchmarks.closed_loop [--quick] --json FILE

Recipes are made many times by the virtual furnace, which shares no code and no functional form with the surrogate.
Policies with a knob are compared at the off-spec rate that Chargewise has at 95 %, plant by plant, between their
settings. Nothing here was tuned on the seeds it uses.
"""

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from benchmarks import report
from benchmarks.closed_loop_shadow import shadow_error_pct
from benchmarks.report import Results
from optimizer.problem.options import RecipeOptions
from scenarios.bundled import names, virtual_plant
from scenarios.closed_loop.claims import Claim, claims_at, kept
from scenarios.closed_loop.future import Cheat, Events, future_of
from scenarios.closed_loop.loop import Loop
from scenarios.closed_loop.policies import Chargewise
from scenarios.closed_loop.sites import sites
from scenarios.closed_loop.study import (
    ALONE,
    CATALOGUE,
    FEDERATED,
    GREEN,
    ORACLE,
    SHOP,
    at_cost,
    at_rate,
    rates_of,
    run_study,
    setups_of,
)  # fmt: skip
from scenarios.world import ANALYSED
from steel.elements import Element
from steel.heats import together
from steel.materials import MaterialKind
from surrogate.fit.fit import fit
from surrogate.fit.remainder import FitOptions
from surrogate.judge.misbooked import misbooked
from surrogate.model.model import Surrogate

HISTORY = 2000
PLAIN = FitOptions(remainders=("convex",))
"""Of the surrogates that go through long loops: recipes over trees take several times as long."""
DAYS = 40
CONFIDENCES = (0.9, 0.95, 0.99)
JOINT = (0.95,)
DRAWS = 4000
"""Times that each recipe is made: the worst of many recipes is then a bad one and not an unlucky one."""
FEEDBACK_HEATS = 400
LONG_RUN = 300
"""Recipes in which a limit must bind before its long run is judged."""
BINDS = 0.8
SWAP_ONE_IN, SWAPPED_WT_PCT = 12, 0.09
"""Heats of which in one a basket comes from the wrong bay, and least change of the heat's copper by that."""
SWAPS = (
    (Events(swap_one_in=SWAP_ONE_IN, swap_from_wt_pct=SWAPPED_WT_PCT), 200),
    (Events(swap_one_in=SWAP_ONE_IN), 60),
    (Events(), 200),
)
"""Futures in which baskets are swapped so that copper shows it, swapped at all, and never; and their heats."""
SEEN_HEATS = 40
"""Heats of an honest future by which the scrap that matters is chosen."""
BROUGHT = 0.25
"""Share of the recipes' copper that a cheating supplier's scrap brings: of what is hardly used nobody learns much."""
DRIFT = 0.3
SEED = 100
"""First seed; those below were looked at while this was built."""
Sums = dict[tuple[Element, str], list[float]]


@dataclass(frozen=True)
class FeedbackResult:
    """What one plant's loop with feedback showed.

    Attributes:
        sums: by limit, recipes in which it binds, misses claimed and misses.
        found_after: heats that charged the cheating supplier's scrap before that was told; None where none cheats.
    """

    sums: Sums
    found_after: float | None


@dataclass(frozen=True)
class SwapResult:
    """What one plant's swapped baskets showed.

    Attributes:
        named: swapped baskets that were named, alone or with one alike, by whether they change copper as much as is
            asked.
        first: of those that change it so, those named alone or as the likelier of two.
        swapped: swapped baskets, the same.
        false_alarms: heats without a swapped basket of which one was told.
        heats: of those.
    """

    named: tuple[int, int]
    first: int
    swapped: tuple[int, int]
    false_alarms: int
    heats: int


def _model(name: str, options: FitOptions) -> Surrogate:
    virtual = virtual_plant(name)
    return fit(virtual.history(HISTORY), virtual.materials, options)


def _claims(name: str, model: Surrogate, days: int, joint: bool) -> list[Claim]:
    virtual, confidences = virtual_plant(name), JOINT if joint else CONFIDENCES
    options = [RecipeOptions(confidence=confidence, joint=joint) for confidence in confidences]
    return claims_at(virtual, model, virtual.history(HISTORY), days, options, heats=DRAWS, seed=SEED)


def _claimed(results: Results, claims: list[Claim]) -> None:
    each = kept([claim for claim in claims if claim.element is not None])
    joint = kept([claim for claim in claims if claim.element is None])
    results["recipe_miss_over_claim_max"] = max(one.ratio for one in each)
    results["recipe_miss_over_claim_min"] = min(one.ratio for one in each)
    results["recipe_worst_miss_95"] = max(one.worst for one in each if one.confidence == 0.95)
    results["joint_miss_over_claim_max"] = max(one.ratio for one in joint)
    results["recipes_judged"] = len({(c.plant, c.grade, c.confidence, c.element) for c in claims})
    for one in sorted(each, key=lambda one: (one.confidence, str(one.element))):
        results[f"miss_over_claim_{one.element}_{100 * one.confidence:.0f}"] = one.ratio


def _cheating(name: str, model: Surrogate, seed: int, from_heat: int) -> Cheat | None:
    """The scrap that brings most copper to the plant's recipes; None where little of any is used."""
    virtual = virtual_plant(name)
    results = Loop(future_of(virtual, SEEN_HEATS, seed), Chargewise(model), draws=2).run().results
    copper = ANALYSED.index(Element.CU)
    brought = {
        true.material.name: true.contents_wt_pct[copper] * used
        for true in virtual.truth
        for used in [float(np.mean([one.charged_t.get(true.material.name, 0.0) for one in results]))]
    }
    scrap = [true.material.name for true in virtual.truth if true.material.kind is MaterialKind.SCRAP]
    most = max(scrap, key=lambda name: brought[name])
    enough = brought[most] >= BROUGHT * sum(brought.values())
    return Cheat(most, Element.CU, 1.5, from_heat) if enough else None


def _feedback(name: str, model: Surrogate, seed: int) -> FeedbackResult:
    virtual = virtual_plant(name)
    cheat = _cheating(name, model, seed, FEEDBACK_HEATS // 2)
    scrap = [true.material.name for true in virtual.truth if true.material.kind is MaterialKind.SCRAP]
    drifting = next(material for material in scrap if cheat is None or material != cheat.material)
    events = Events(drift_per_1000_heats={drifting: DRIFT}, cheat=cheat)
    policy = Chargewise(model, with_feedback=True)
    loop = Loop(future_of(virtual, FEEDBACK_HEATS, seed, events), policy, draws=2).run()
    sums: Sums = defaultdict(lambda: [0.0, 0.0, 0.0])
    for result, final in zip(loop.results, loop.finals, strict=True):
        for claim in result.claims:
            one = sums[claim.element, claim.side]
            one[0] += claim.risk >= BINDS * (1.0 - policy.confidence)
            one[1] += claim.risk
            one[2] += claim.missed(final[claim.element])
    return FeedbackResult(dict(sums), _found_after(policy, loop, cheat))


def _found_after(policy: Chargewise, loop: Loop, cheat: Cheat | None) -> float | None:
    if cheat is None:
        return None
    charged = [result.charged_t.get(cheat.material, 0.0) > 0 for result in loop.results]
    numbers = {str(heat.heat_ids[0]): number for number, heat in enumerate(loop.recorded)}
    for heat_id, change in policy.told.items():
        found = numbers[str(heat_id)]
        if found >= cheat.from_heat and (change.material, change.element) == (cheat.material, cheat.element):
            return float(sum(charged[cheat.from_heat : found + 1]))
    return float(sum(charged[cheat.from_heat :]))


def _swaps(name: str, model: Surrogate, seed: int) -> SwapResult:
    virtual, named, first, swapped, false_alarms, heats = virtual_plant(name), [0, 0], 0, [0, 0], 0, 0
    for place, (events, length) in enumerate(SWAPS):
        loop = Loop(future_of(virtual, length, seed + place, events), Chargewise(model), draws=2).run()
        told = {one.heat_id: one for one in misbooked(model, together(loop.recorded))}
        for number, heat in enumerate(loop.recorded):
            said = told.get(str(heat.heat_ids[0]))
            if number in loop.swapped:
                swapped[place] += 1
                booked = loop.swapped[number][0]
                named[place] += said is not None and booked in (said.booked, said.or_booked)
                first += place == 0 and said is not None and said.booked == booked
            elif place == 2:
                heats += 1
                false_alarms += said is not None
    return SwapResult((named[0], named[1]), first, (swapped[0], swapped[1]), false_alarms, heats)


def _loops_reported(results: Results, feedback: list[FeedbackResult], swaps: list[SwapResult]) -> None:
    whole: Sums = defaultdict(lambda: [0.0, 0.0, 0.0])
    for one in feedback:
        for limit, sums in one.sums.items():
            whole[limit] = [a + b for a, b in zip(whole[limit], sums, strict=True)]
    long = {limit: sums for limit, sums in whole.items() if sums[0] >= LONG_RUN}
    results["long_run_miss_over_claim_max"] = max(sums[2] / sums[1] for sums in long.values())
    results["long_run_limits_judged"] = len(long)
    found = [one.found_after for one in feedback if one.found_after is not None]
    results["cheat_found_after_heats"] = float(np.median(found))
    results["cheat_found_after_heats_slowest"] = max(found)
    for place, key in enumerate(("wrong_bay_named_share", "any_wrong_bay_named_share")):
        results[key] = sum(one.named[place] for one in swaps) / max(1, sum(one.swapped[place] for one in swaps))
        results[key.replace("named_share", "swapped")] = sum(one.swapped[place] for one in swaps)
    results["wrong_bay_named_first_share"] = sum(one.first for one in swaps) / max(
        1, sum(one.swapped[0] for one in swaps)
    )
    heats = sum(one.heats for one in swaps)
    results["false_alarms_per_1000_heats"] = 1000.0 * sum(one.false_alarms for one in swaps) / heats


def _saved(results: Results, heats: int, seeds: int) -> None:
    policies = (FEDERATED, ALONE, CATALOGUE, SHOP, ORACLE, GREEN)
    asked = [replace(one, seed=SEED + one.seed) for one in setups_of(names(), heats, seeds, policies)]
    ran = run_study(asked, sites(names()))
    rates = rates_of(ran, FEDERATED, 0.95)
    at = {policy: at_rate(ran, policy, rates) for policy in policies}
    own, oracle, catalogue, shop = (at[policy] for policy in (FEDERATED, ORACLE, CATALOGUE, SHOP))
    results["off_spec_share"] = float(np.mean(list(rates.values())))
    results["off_spec_share_practice"] = float(np.mean([one.off_spec for one in ran if one.policy == SHOP]))
    results["cost_regret_vs_oracle_pct"] = _pct(own.cost_eur_per_t, oracle.cost_eur_per_t)
    results["cost_regret_alone_vs_oracle_pct"] = _pct(at[ALONE].cost_eur_per_t, oracle.cost_eur_per_t)
    results["share_of_oracle_saving"] = (catalogue.cost_eur_per_t - own.cost_eur_per_t) / (
        catalogue.cost_eur_per_t - oracle.cost_eur_per_t
    )
    results["saving_vs_catalogue_lp_pct"] = -_pct(own.cost_eur_per_t, catalogue.cost_eur_per_t)
    results["saving_vs_practice_pct"] = -_pct(own.cost_eur_per_t, shop.cost_eur_per_t)
    results["energy_kwh_per_t_vs_practice"] = own.energy_kwh_per_t - shop.energy_kwh_per_t
    results["co2_kg_per_t_vs_practice"] = own.emissions_kgco2e_per_t - shop.emissions_kgco2e_per_t
    costs = {
        plant: float(np.mean([one.cost_eur_per_t for one in ran if one.policy == SHOP and one.plant == plant]))
        for plant in names()
    }
    green = at_cost(ran, GREEN, costs)
    results["co2_kg_per_t_vs_practice_at_equal_cost"] = green - shop.emissions_kgco2e_per_t


def _pct(value: float, base: float) -> float:
    return 100.0 * (value / base - 1.0)


def _cold(results: Results, heats: int, seeds: int) -> None:
    regrets: dict[str, list[float]] = {FEDERATED: [], ALONE: []}
    for name in names():
        asked = [
            replace(one, seed=SEED + one.seed)
            for one in setups_of((name,), heats, seeds, (FEDERATED, ALONE, ORACLE), cold=True)
        ]
        ran = run_study(asked, sites(names(), cold=name, only=(name,)))
        rates = rates_of(ran, ORACLE, 0.95)
        oracle = at_rate(ran, ORACLE, rates).cost_eur_per_t
        for policy, found in regrets.items():
            found.append(_pct(at_rate(ran, policy, rates).cost_eur_per_t, oracle))
    results["cold_plant_regret_federated_pct"] = float(np.mean(regrets[FEDERATED]))
    results["cold_plant_regret_local_pct"] = float(np.mean(regrets[ALONE]))


def measure(quick: bool) -> Results:
    """Claims on recipes, feedback, savings, cold start and shadow."""
    results: Results = {}
    days, seeds, heats, cold_heats = (DAYS, 1, 30, 20) if quick else (DAYS, 5, 300, 300)
    wanted = [(name, options) for options in (FitOptions(), PLAIN) for name in names()]
    fitted: list[Surrogate] = Parallel(n_jobs=-1)(delayed(_model)(*one) for one in wanted)
    models, plain = (dict(zip(names(), of, strict=True)) for of in (fitted[: len(names())], fitted[len(names()) :]))
    each = [(name, plain[name], SEED + seed) for name in names() for seed in range(seeds)]
    # The longest first: then no processor waits long for the last.
    calls = [
        *(delayed(_claims)(name, models[name], days, joint=False) for name in names()),
        *(delayed(part)(*one) for part in (_feedback, _swaps) for one in each),
        *(delayed(_claims)(name, models[name], days, joint=True) for name in names()),
        *(delayed(shadow_error_pct)(name, SEED, 16 if quick else 200) for name in names()),
    ]
    found = iter(Parallel(n_jobs=-1)(calls))
    singly = list(islice(found, len(names())))
    feedback, swaps = list(islice(found, len(each))), list(islice(found, len(each)))
    jointly, errors = list(islice(found, len(names()))), list(found)
    _claimed(results, [claim for of in singly + jointly for claim in of])
    _loops_reported(results, feedback, swaps)
    _saved(results, heats, seeds)
    _cold(results, cold_heats, seeds)
    results["shadow_saving_error_pct"] = max(errors)
    return results


if __name__ == "__main__":
    report.run("closed_loop", measure)
