import math

import numpy as np
import pytest
from pydantic import ValidationError

from steel import catalogue
from steel.alloying import addition_kg
from steel.elements import Element
from steel.emissions import Emissions, process_emissions_per_t
from steel.errors import InputError
from steel.grades import Grade
from steel.heats import HeatLog
from steel.plants import YardItem


def test_alloying_formula_gives_the_textbook_mass() -> None:
    # 1 % Mn into 1 t with 75 % alloy recovered at 90 %: (1 - 0)·1000·100/(75·90) kg
    assert addition_kg(1.0, 0.0, 1.0, 75.0, 0.9) == pytest.approx(1000 * 100 / (75 * 90))
    assert addition_kg(0.5, 0.6, 100.0, 75.0, 0.9) == 0.0
    with pytest.raises(InputError):
        addition_kg(0.5, 0.1, 100.0, 0.0, 0.9)


def test_a_grade_tells_where_its_limits_cross() -> None:
    assert catalogue.grade("DC04").crossed() == ()
    assert catalogue.grade("DC04").with_limits(minimum={Element.C: 0.5}).crossed() == (Element.C,)
    with pytest.raises(InputError, match="at most 100"):
        catalogue.grade("DC04").with_limits(maximum={Element.C: 101.0})
    assert all(not grade.crossed() for grade in catalogue.grades().values())
    assert Grade(name="open").crossed() == ()


@pytest.mark.parametrize("price", [-1e6, 1e308, math.nan, math.inf])
def test_a_price_is_a_finite_number_within_reason(price: float) -> None:
    with pytest.raises(ValidationError):
        YardItem(material=catalogue.material("E40"), price_eur_per_t=price)


def test_process_emissions_are_arithmetic() -> None:
    found = process_emissions_per_t(
        catalogue.emission_factors(),
        gas_nm3_per_t=5.0,
        electrode_kg_per_t=1.5,
        injected_carbon_kg_per_t=6.0,
    )
    assert found.scope1 == pytest.approx(5 * 2.01 + 1.5 * 3.66 + 6 * 3.667)
    assert found.scope3 == pytest.approx(1.5 * 0.65)
    assert Emissions(scope1=1, scope2=2, scope3=3).total == 6


def test_a_heat_log_splits_in_order_and_shows_single_heats(history: HeatLog) -> None:
    early, late = history.split(0.7)
    assert len(early) + len(late) == len(history)
    assert early.heat_ids[-1] < late.heat_ids[0]
    heat = history.heat(3)
    assert heat.charge.charged_t == {
        name: t for name, t in zip(history.materials, history.charged_t[3], strict=True) if t > 0
    }
    assert heat.analysis_wt_pct[Element.CU] == history.analysis_wt_pct[3, history.elements.index(Element.CU)]


def test_a_heat_log_refuses_columns_of_other_lengths(history: HeatLog) -> None:
    with pytest.raises(InputError, match="tapped_t"):
        history.__class__(**{**history.__dict__, "tapped_t": np.zeros(3)})
    with pytest.raises(InputError, match="process input"):
        history.__class__(**{**history.__dict__, "process": {"mood": np.zeros(len(history))}})


def test_a_log_can_be_seen_through_other_elements(history: HeatLog) -> None:
    seen = history.with_elements((Element.SN, Element.W, Element.CU))
    assert np.array_equal(seen.analysis_wt_pct[:, 2], history.analysis_wt_pct[:, history.elements.index(Element.CU)])
    assert np.isnan(seen.analysis_wt_pct[:, 1]).all()
