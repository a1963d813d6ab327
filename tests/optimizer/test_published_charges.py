"""Charge problems that others published are reproduced, each stated as a user would."""

from pathlib import Path

import pytest

from benchmarks.published_charges import INFEASIBLE, STATED, read_published, solved
from optimizer.explain.conflicts import ImpossibleOrderError

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "published_charges"
needs_charges = pytest.mark.skipif(not FOLDER.is_dir(), reason="the published charges are not beside the checkout")


@needs_charges
def test_every_published_charge_is_stated() -> None:
    assert read_published(FOLDER).keys() == STATED.keys()


@needs_charges
@pytest.mark.parametrize("name", [name for name in STATED if name != INFEASIBLE])
def test_a_published_charge_costs_what_its_source_says(name: str) -> None:
    published = read_published(FOLDER)[name]
    answer = solved(published)
    assert answer.found == pytest.approx(answer.expected, rel=1e-6)
    printed = published.get("published_optimum")
    if isinstance(printed, float):
        # To the last digit that the source prints.
        digits = len(str(printed).partition(".")[2])
        assert answer.found == pytest.approx(printed, abs=10.0**-digits, rel=1e-6)


@needs_charges
def test_the_charge_without_a_solution_is_explained_by_the_two_limits_that_conflict() -> None:
    with pytest.raises(ImpossibleOrderError) as caught:
        solved(read_published(FOLDER)[INFEASIBLE])
    assert {conflict.requirement for conflict in caught.value.conflicts} == {"C ≤ 3.4 wt%", "Si ≥ 2.25 wt%"}
    assert all(conflict.relax_to for conflict in caught.value.conflicts)
