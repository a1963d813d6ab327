"""A scenario run over a plant's grades: every case and the plant as it is, in parallel, compared."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from joblib import Parallel, delayed, effective_n_jobs, parallel_config  # type: ignore[import-untyped]

from optimizer.explain.conflicts import ImpossibleOrderError
from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from optimizer.solve.errors import SolverError
from scenarios.what_if.change import Change
from scenarios.what_if.scenario import AS_IS, Case, Scenario
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade, Order
from steel.plants import Plant
from surrogate.model.description import Description

TASKS_A_PROCESS = 4
"""Recipes that each process is given before the next progress is told."""
Progress = Callable[[str, float], None]


class GradeAnswer(Frozen):
    """The cheapest recipe of one grade in one case; None throughout where there is none.

    Attributes:
        impossible: why there is none.
        masses_t: its charge.
    """

    grade: str
    cost_eur_per_t: float | None = None
    energy_kwh_per_t: float | None = None
    emissions_kgco2e_per_t: float | None = None
    masses_t: dict[str, float] = {}
    impossible: str = ""


class CaseAnswer(Frozen):
    """One case over all grades.

    Attributes:
        cost_eur_per_t: mean over the grades that can be made in every case; None where there are none.
        energy_kwh_per_t: the same.
        emissions_kgco2e_per_t: the same.
    """

    case: str
    grades: tuple[GradeAnswer, ...]
    cost_eur_per_t: float | None = None
    energy_kwh_per_t: float | None = None
    emissions_kgco2e_per_t: float | None = None


class WhatIf(Frozen):
    """What a scenario comes to at a plant.

    Attributes:
        cases: the plant as it is first.
        compared: grades that can be made in every case, over which the means are.
        swept: which number the cases differ by; "" where they are no sweep.
        values: of it.
    """

    title: str
    plant: str
    cases: tuple[CaseAnswer, ...]
    compared: tuple[str, ...]
    swept: str = ""
    values: tuple[float, ...] = ()


@contextmanager
def on_cluster(address: str | None) -> Iterator[None]:
    """Within, cases run on a Ray cluster where its address is given, else on this machine's cores.

    Raises:
        InputError: Ray is not installed.
    """
    if address is None:
        yield
        return
    try:
        import ray  # noqa: PLC0415
        from ray.util.joblib import register_ray  # noqa: PLC0415
    except ImportError:
        raise InputError(address, "cluster", "Ray to be installed: pip install 'chargewise[simulation]'") from None
    joined = ray.is_initialized()
    ray.init(address=None if address == "local" else address, ignore_reinit_error=True, log_to_driver=False)
    register_ray()  # type: ignore[no-untyped-call]
    try:
        with parallel_config(backend="ray"):
            yield
    finally:
        if not joined:
            ray.shutdown()


def what_if(
    plant: Plant,
    description: Description,
    scenario: Scenario,
    grades: Iterable[str] = (),
    options: RecipeOptions | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> WhatIf:
    """Run a scenario.

    Args:
        plant: as it is.
        description: its surrogate.
        scenario: what is supposed.
        grades: to be made; all that the plant makes unless given.
        options: what is asked of each recipe.
        workers: processes; on a cluster as many as there are.
        progress: is told how far it is.

    Raises:
        InputError: the scenario names a material that the yard does not have, or a grade is unknown.
    """
    options, names = options or RecipeOptions(), tuple(grades) or plant.made()
    wanted = [plant.grade(name) for name in names]
    cases = (Case(name=AS_IS), *scenario.cases())
    # A scenario that cannot be is refused before any of it runs.
    changed = [(case, case.plant(plant, f"case {case.name}"), case.description(description)) for case in cases]
    tasks = [(number, case, at, of, grade) for number, (case, at, of) in enumerate(changed) for grade in wanted]
    found: dict[tuple[int, str], GradeAnswer] = {}
    for number, answer in _answers(tasks, options, workers):
        found[number, answer.grade] = answer
        if progress is not None:
            progress(cases[number].name, len(found) / len(tasks))
    answers = [tuple(found[number, grade.name] for grade in wanted) for number in range(len(cases))]
    compared = tuple(
        name for place, name in enumerate(names) if all(of[place].cost_eur_per_t is not None for of in answers)
    )
    return WhatIf(
        title=scenario.title,
        plant=plant.name,
        cases=tuple(_case(case.name, of, compared) for case, of in zip(cases, answers, strict=True)),
        compared=compared,
        swept="" if scenario.sweep is None or scenario.case else scenario.sweep.key,
        values=() if scenario.sweep is None or scenario.case else scenario.sweep.values,
    )


def _answers(
    tasks: Sequence[tuple[int, Change, Plant, Description, Grade]], options: RecipeOptions, workers: int
) -> Iterator[tuple[int, GradeAnswer]]:
    if workers == 1:
        optimizer = Optimizer()
        for number, case, plant, description, grade in tasks:
            yield number, _answer(optimizer, case, plant, description, grade, options)
        return

    def run(task: tuple[int, Change, Plant, Description, Grade]) -> tuple[int, GradeAnswer]:
        number, case, plant, description, grade = task
        return number, _answer(Optimizer(), case, plant, description, grade, options)

    # Ray hands out no results before all are there, so that it gets some at a time.
    with Parallel(n_jobs=workers) as beside:
        some = TASKS_A_PROCESS * effective_n_jobs(workers)
        for at in range(0, len(tasks), some):
            yield from beside(delayed(run)(task) for task in tasks[at : at + some])


def _answer(
    optimizer: Optimizer, case: Change, plant: Plant, description: Description, grade: Grade, options: RecipeOptions
) -> GradeAnswer:
    asked = options if case.confidence is None else options.model_copy(update={"confidence": case.confidence})
    order = Order(grade=case.grade(grade), mass_t=plant.furnace.tap_weight_t)
    try:
        problem = build_problem(plant, order, description, asked)
        columns = optimizer.solution(problem).columns_t
    except ImpossibleOrderError as error:
        why = "; ".join(conflict.requirement for conflict in error.conflicts)
        return GradeAnswer(grade=grade.name, impossible=f"no recipe meets all of these together: {why}")
    except (SolverError, InputError) as error:
        return GradeAnswer(grade=grade.name, impossible=str(error))
    outcome = outcome_of(problem, columns)
    return GradeAnswer(
        grade=grade.name,
        cost_eur_per_t=outcome.costs_eur_per_t.total,
        energy_kwh_per_t=outcome.energy_kwh_per_t.mean,
        emissions_kgco2e_per_t=outcome.emissions_kgco2e_per_t.total,
        masses_t=problem.used_t(columns),
    )


def _case(name: str, answers: tuple[GradeAnswer, ...], compared: tuple[str, ...]) -> CaseAnswer:
    known = [answer for answer in answers if answer.grade in compared]

    def mean(of: Callable[[GradeAnswer], float | None]) -> float | None:
        values = [value for answer in known if (value := of(answer)) is not None]
        return sum(values) / len(values) if values else None

    return CaseAnswer(
        case=name,
        grades=answers,
        cost_eur_per_t=mean(lambda answer: answer.cost_eur_per_t),
        energy_kwh_per_t=mean(lambda answer: answer.energy_kwh_per_t),
        emissions_kgco2e_per_t=mean(lambda answer: answer.emissions_kgco2e_per_t),
    )
