"""The recipe optimizer: speed against the bare solver and against named peers, exactness, and concurrent use.

    python -m benchmarks.recipe [--quick] --json FILE

Every re-solve draws new prices, limits and stock, and is timed from there to the recipe. The floor is the same final
problem, cuts included, handed to HiGHS with its default options and solved cold.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import highspy
import numpy as np
from sklearn.neural_network import MLPRegressor

from benchmarks import report
from benchmarks.published_charges import read_published
from benchmarks.published_charges import solved as solve_published
from benchmarks.recipe_instances import CONFIDENCE, MOST_MATERIALS, Family, campaign, family
from benchmarks.recipe_peers import ENERGY_MEAN, ENERGY_SCALE, evolved, omlt_seconds, train_network
from benchmarks.recipe_statement import check_by_others, time_own_rules, time_statement
from benchmarks.report import Results
from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.plan.campaign import plan_campaign
from optimizer.plan.front import front
from optimizer.problem.options import Objective, RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from optimizer.solve.solver import RecipeSolver, Solution
from optimizer.solve.warm import Warm
from steel.heats import FloatArray
from surrogate.fit.adoption import output_pieces

SOLVES, WARM_UP, PEER_SOLVES, DRAWS = 100, 10, 3, 100_000
FRONT_POINTS, OTHERS_CHECK = 50, 200
PUBLISHED = Path(__file__).parents[2] / "shared" / "data" / "published_charges"
GENERATIONS, OMLT_LIMIT_S = 1000, 30.0
"""Generations of differential evolution, scipy's own greatest number; its tolerance alone ends it 1-3 % too dear."""
LINEAR = RecipeOptions(confidence=CONFIDENCE)
WITH_LOTS = RecipeOptions(confidence=CONFIDENCE, max_materials=MOST_MATERIALS)
Solved = list[tuple[RecipeProblem, Solution]]


def _resolves(members: Family, lots: bool, count: int, seed: int) -> tuple[Solved, FloatArray, FloatArray]:
    """Re-solves that have a recipe, what each took, ms, from new data to the recipe, and the floor of every third.

    Floors are taken in between, so that a machine that changes its pace changes it for both.
    """
    rng, optimizer = np.random.default_rng(seed), Optimizer()
    found: Solved = []
    took: list[float] = []
    floors: list[float] = []
    while len(found) < count + WARM_UP:
        plant, order = members.draw(rng, lots)
        started = time.perf_counter()
        problem = build_problem(plant, order, members.description, WITH_LOTS if lots else LINEAR)
        try:
            solution = optimizer.solution(problem)
        except ImpossibleOrderError:
            continue
        took.append(1000.0 * (time.perf_counter() - started))
        found.append((problem, solution))
        if len(found) > WARM_UP and len(found) % 3 == 0:
            floors.append(_floor_ms(problem))
    return found[WARM_UP:], np.array(took[WARM_UP:]), np.array(floors)


def _floor_ms(problem: RecipeProblem) -> float:
    """The final problem of a re-solve, cuts included, by HiGHS alone and cold."""
    solver = RecipeSolver(problem, Warm(problem))
    decisions, _, _ = solver.best()
    # The search leaves the decisions of its last node held.
    solver.session.free_until(time.perf_counter())
    lp = solver.session.lp()
    if len(decisions):
        kinds = [highspy.HighsVarType.kContinuous] * lp.num_col_
        for column in solver.program.integer:
            kinds[column] = highspy.HighsVarType.kInteger
        lp.integrality_ = kinds
    started = time.perf_counter()
    bare = highspy.Highs()
    bare.setOptionValue("output_flag", False)
    bare.setOptionValue("mip_rel_gap", problem.options.gap)
    bare.passModel(lp)
    bare.run()
    return 1000.0 * (time.perf_counter() - started)


def _exactness(results: Results, solved: Solved) -> None:
    mismatch, violation = [], []
    for problem, solution in solved:
        description, masses = problem.description, solution.columns_t
        tapped = description.tapped_t(masses)
        outcome = outcome_of(problem, masses)
        for line, row in zip(outcome.analysis, problem.rows, strict=True):
            own = description.bath_wt_pct(row.element, masses)
            mismatch.append(abs(line.predicted.mean - own) / own)
            if row.maximum is not None:
                with_margin = own + row.upper_z * description.bath_sd_wt_pct(row.element, masses)
                violation.append((with_margin - row.maximum) / row.maximum)
        energy = description.energy.value(masses, tapped)
        mismatch.append(abs(outcome.energy_kwh_per_t.mean - energy) / energy)
    results["proven_gap_max"] = max(solution.gap for _, solution in solved)
    results["surrogate_mismatch_max"] = max(mismatch)
    results["chance_violation_max"] = max(violation)


def _monte_carlo(results: Results, solved: Solved) -> None:
    """Share of drawn contents under each limit, the least over limits and some recipes."""
    rng = np.random.default_rng(1)
    shares = []
    for problem, solution in solved[:5]:
        description, masses = problem.description, solution.columns_t
        for row in problem.rows:
            pieces = description.elements[row.element]
            draws = rng.standard_normal((DRAWS, len(masses))) @ pieces.root + pieces.linear
            shares.append(float(np.mean(draws @ masses / description.tapped_t(masses) <= (row.maximum or np.inf))))
    error = np.sqrt(CONFIDENCE * (1 - CONFIDENCE) / DRAWS)
    results["monte_carlo_confidence_min"] = min(shares)
    results["monte_carlo_confidence_met"] = bool(min(shares) >= CONFIDENCE - 4 * error)


def _peers(results: Results, solved: Solved, own_ms: float) -> None:
    network = train_network(solved[0][0])
    omlt = [omlt_seconds(problem, network, OMLT_LIMIT_S) for problem, _ in solved[:PEER_SOLVES]]
    same = [_with_network_seconds(problem, network) for problem, _ in solved[:PEER_SOLVES]]
    results["relu_2x64_s_median"] = float(np.median(same))
    results["relu_2x64_speedup_vs_omlt"] = float(np.median(omlt) / np.median(same))
    results["omlt_relu_2x64_s_median"] = float(np.median(omlt))
    results["speedup_vs_omlt_relu_2x64"] = 1000.0 * float(np.median(omlt)) / own_ms
    seconds, dearer = [], []
    for problem, solution in solved[:PEER_SOLVES]:
        masses, elapsed = evolved(problem, GENERATIONS)
        seconds.append(elapsed)
        dearer.append(solution.objective_eur / problem.objective_eur(masses) - 1.0)
    results["speedup_vs_differential_evolution"] = 1000.0 * float(np.median(seconds)) / own_ms
    results["cost_vs_differential_evolution_pct"] = 100.0 * max(dearer)


def _with_network_seconds(problem: RecipeProblem, network: MLPRegressor) -> float:
    """Wall time of the same order, margins included, with OMLT's network in place of the convex energy."""
    adopted = output_pieces(network, problem.description.yields).network.scaled(ENERGY_SCALE)
    shifted = replace(adopted, biases=(*adopted.biases[:-1], adopted.biases[-1] + ENERGY_MEAN))
    energy = replace(problem.description.energy, pieces=np.zeros((0, len(problem.items))), network=shifted)
    options = problem.options.model_copy(update={"time_limit_s": OMLT_LIMIT_S})
    other = build_problem(problem.plant, problem.order, replace(problem.description, energy=energy), options)
    started = time.perf_counter()
    Optimizer().solution(other)
    return time.perf_counter() - started


def _concurrent(results: Results, solved: Solved) -> None:
    """Eight threads, mixed orders on one optimizer; an answer is wrong if its cost is not the single thread's."""
    optimizer = Optimizer()
    mixed = solved * 2
    with ThreadPoolExecutor(8) as pool:
        again = list(pool.map(lambda pair: optimizer.solution(pair[0]), mixed))
    gap = 2 * WITH_LOTS.gap
    results["concurrent_8_threads_wrong"] = sum(
        abs(one.objective_eur / before.objective_eur - 1.0) > gap for one, (_, before) in zip(again, mixed, strict=True)
    )


def _fronts(results: Results, members: Family, quick: bool) -> None:
    """Fifty points between cost and emissions, the median over some plants; linear recipes and with lots."""
    rng = np.random.default_rng(4)
    seconds: list[float] = []
    while len(seconds) < (3 if quick else 10):
        plant, order = members.draw(rng, lots=True)
        problem = build_problem(plant, order, members.description, WITH_LOTS)
        started = time.perf_counter()
        try:
            front(problem, (Objective.COST, Objective.EMISSIONS), FRONT_POINTS)
        except ImpossibleOrderError:
            continue
        seconds.append(time.perf_counter() - started)
    results["pareto_50_points_s"] = float(np.median(seconds))


def _campaigns(results: Results, members: Family, quick: bool) -> None:
    """A hundred heats with lots; the worst of some campaigns."""
    seconds, gaps, savings = [], [], []
    for seed in range(2 if quick else 8):
        plant, asked = campaign(members, seed)
        started = time.perf_counter()
        plan = plan_campaign(plant, asked, members.description, WITH_LOTS, time_limit_s=25.0)
        seconds.append(time.perf_counter() - started)
        gaps.append(plan.gap)
        savings.append(np.nan if plan.one_by_one_eur is None else 100 * (1 - plan.cost_eur / plan.one_by_one_eur))
    results["campaign_100_heats_s"] = max(seconds)
    results["campaign_gap"] = max(gaps)
    results["campaign_saving_pct"] = float(np.nanmin(savings))
    results["campaigns_only_planning_can_make"] = int(np.isnan(savings).sum())


def _published(results: Results) -> None:
    """Published charges that cost what their sources say; the one without a solution counts where it has none."""
    if not PUBLISHED.is_dir():
        return
    reproduced = 0
    for published in read_published(PUBLISHED).values():
        try:
            reproduced += solve_published(published).reproduced
        except ImpossibleOrderError:
            reproduced += published["published_optimum"] == "infeasible"
    results["published_charges_reproduced"] = reproduced


def measure(quick: bool) -> Results:
    """Speed, exactness and concurrent use of the recipe optimizer."""
    results: Results = {}
    members, solves = family(), SOLVES if quick else 5 * SOLVES
    linear, linear_ms, floor_lp = _resolves(members, False, solves, seed=1)
    lots, lots_ms, floor_milp = _resolves(members, True, solves, seed=2)
    results["warm_lp_ms_median"] = float(np.median(linear_ms))
    results["warm_milp_ms_median"] = float(np.median(lots_ms))
    results["warm_milp_ms_p99"] = float(np.quantile(lots_ms, 0.99))
    results["floor_lp_ms_median"] = float(np.median(floor_lp))
    results["floor_milp_ms_median"] = float(np.median(floor_milp))
    results["warm_lp_over_floor"] = results["warm_lp_ms_median"] / results["floor_lp_ms_median"]
    results["warm_milp_over_floor"] = results["warm_milp_ms_median"] / results["floor_milp_ms_median"]
    results["warm_milp_p99_over_median"] = results["warm_milp_ms_p99"] / results["warm_milp_ms_median"]
    time_statement(results, members)
    time_own_rules(results, members, solves)
    check_by_others(results, OTHERS_CHECK)
    _published(results)
    _exactness(results, linear + lots)
    _monte_carlo(results, lots)
    _fronts(results, members, quick)
    _campaigns(results, members, quick)
    _concurrent(results, linear[:20] + lots[:20])
    _peers(results, lots, float(np.median(lots_ms)))
    return results


if __name__ == "__main__":
    report.run("recipe", measure)
