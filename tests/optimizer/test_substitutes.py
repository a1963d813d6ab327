"""A bay is empty: what takes its place is cheapest, keeps what was planned, and says what it does to every limit."""

import pytest

from optimizer.explain.outcome import outcome_of
from optimizer.explain.recommend import Optimizer
from optimizer.explain.substitutes import substitutes
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import build_problem
from steel.errors import InputError
from tests.optimizer.instances import Instance, random_instance


@pytest.fixture(params=range(12))
def instance(request: pytest.FixtureRequest) -> Instance:
    return random_instance(request.param)


def test_what_takes_the_place_of_the_greatest_material(instance: Instance) -> None:
    optimizer = Optimizer()
    problem = build_problem(instance.plant, instance.order, instance.description, RecipeOptions(confidence=0.9))
    planned = optimizer.solution(problem)
    cost = outcome_of(problem, planned.columns_t).costs_eur_per_t.total
    charged = {
        name: mass
        for name, mass in problem.used_t(planned.columns_t).items()
        if problem.counted[problem.column_of[name]]
    }
    gone = max(charged, key=lambda name: charged[name])
    found = substitutes(optimizer, problem, (gone,))
    assert found.missing_t == pytest.approx(charged[gone], rel=1e-4)
    assert (found.best is None) == bool(found.conflicts)
    options = [*found.alone] if found.best is None else [found.best, *found.alone]
    for one in options:
        assert gone not in one.charge_t
        assert one.misses == tuple(s.element for s in one.limits if s.met_after < 0.9 - 1e-4)
        columns = [one.charge_t.get(item.material.name, 0.0) for item in problem.items]
        assert sum(y * t for y, t in zip(problem.yields, columns, strict=True)) == pytest.approx(
            problem.order.mass_t, rel=0.02
        )
    if found.best is not None:
        assert found.best.misses == ()
        assert found.best.dearer_by_eur_per_t >= -1e-3 * cost
        kept = [one for one in found.alone if not one.misses]
        assert all(one.dearer_by_eur_per_t >= found.best.dearer_by_eur_per_t - 2e-3 * cost for one in kept)
        assert [one.dearer_by_eur_per_t for one in kept] == sorted(one.dearer_by_eur_per_t for one in kept)
    for one in found.alone:
        if not one.misses:
            # Alone means alone: no other metal is charged more than was planned.
            more = [n for n, t in one.changes_t.items() if t > 0 and problem.counted[problem.column_of[n]]]
            assert set(more) <= {one.instead}


def test_what_is_not_in_the_recipe_needs_no_substitute(instance: Instance) -> None:
    problem = build_problem(instance.plant, instance.order, instance.description, RecipeOptions())
    with pytest.raises(InputError, match="materials of the yard"):
        substitutes(Optimizer(), problem, ("gold",))
    with pytest.raises(InputError, match="materials of the yard"):
        substitutes(Optimizer(), problem, ())
