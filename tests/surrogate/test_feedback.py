import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steel.claims import LimitClaim
from steel.elements import Element
from surrogate.judge.feedback import NARROWEST, STEP, WIDEST, Feedback
from surrogate.model.quantiles import KNOTS, Quantiles


def claim(risk: float, limit: float = 0.3) -> LimitClaim:
    return LimitClaim(element=Element.CU, side="maximum", limit_wt_pct=limit, risk=risk)


@given(st.lists(st.booleans(), min_size=50, max_size=300), st.floats(0.01, 0.2))
def test_misses_less_claims_are_what_the_margin_moved_while_no_bound_is_reached(
    missed: list[bool], risk: float
) -> None:
    feedback, widths = Feedback(), [1.0]
    for miss in missed:
        feedback = feedback.after([claim(risk)], {Element.CU: 0.4 if miss else 0.2})
        widths.append(feedback.widths()[Element.CU][1])
    assert all(NARROWEST * (1 - 1e-9) <= width <= WIDEST * (1 + 1e-9) for width in widths)
    if all(NARROWEST < width < WIDEST for width in widths):
        assert np.log(widths[-1]) / STEP == pytest.approx(sum(missed) - risk * len(missed), abs=1e-6)


def test_the_long_run_share_of_misses_is_the_claim_though_the_truth_is_half_as_wide_again() -> None:
    rng, feedback, missed = np.random.default_rng(1), Feedback(), 0
    for _ in range(600):
        width = feedback.widths().get(Element.CU, (1.0, 1.0))[1]
        # A margin of 1.645 standard deviations as the model has them; the truth scatters 1.5 of these.
        content = 0.3 - 0.02 * 1.645 * width + 0.02 * 1.5 * rng.standard_normal()
        missed += content > 0.3
        feedback = feedback.after([claim(0.05)], {Element.CU: content})
    assert missed / 600 == pytest.approx(0.05, abs=0.01)
    assert feedback.widths()[Element.CU][1] == pytest.approx(1.5, abs=0.35)
    told = feedback.kept()[0]
    assert told.recipes == 600
    assert told.in_words().startswith("Cu maximum: claimed 95.0 %, realised 9")


def test_what_was_not_analysed_teaches_nothing_and_sides_are_apart() -> None:
    low = LimitClaim(element=Element.MN, side="minimum", limit_wt_pct=0.6, risk=0.05)
    feedback = Feedback().after([claim(0.05), low], {Element.CU: float("nan"), Element.MN: 0.55})
    assert {(one.element, one.side) for one in feedback.kept()} == {(Element.MN, "minimum")}
    below, above = feedback.widths()[Element.MN]
    assert below > 1.0 == above


def test_widened_quantiles_stretch_either_side_of_their_median() -> None:
    wide = Quantiles(KNOTS.copy()).widened(2.0, 0.5)
    assert wide.at(0.95) == pytest.approx(0.5 * 1.645, abs=2e-3)
    assert wide.at(0.05) == pytest.approx(-2.0 * 1.645, abs=2e-3)
    assert wide.at(0.5) == pytest.approx(0.0, abs=1e-9)
