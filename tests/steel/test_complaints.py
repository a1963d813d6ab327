"""What a person is told of a value that cannot be used."""

import pytest
from pydantic import ValidationError

from steel.complaints import input_error, plain
from steel.errors import InputError
from steel.figures import mass_words, share_words
from steel.jsonable import without_nan
from steel.plants import Furnace


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"tap_weight_t": 100, "heal_t": 3}, "unknown key 'heal_t'; did you mean 'heel_t'?"),
        ({"tap_weight_t": 100, "HEEL_T": 3}, "did you mean 'heel_t'?"),
        ({"tap_weight_t": 100, "baskets": {"count": 3, "volume": 55, "max_t": 50}}, "did you mean 'volume_m3'?"),
        ({"tap_weight_t": True}, "expected a number"),
        ({"tap_weight_t": 0}, "expected at least 0.001"),
        ({}, "expected a value; it is missing"),
        ({"tap_weight_t": 100, "process": {"tap_temperature_c": 2957}}, "1000 to 2000 °C"),
        ({"tap_weight_t": 100, "process": {"oxigen_nm3_per_t": 30}}, "did you mean 'oxygen_nm3_per_t'?"),
    ],
)
def test_a_complaint_names_place_value_and_what_would_be_right(given: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Furnace.model_validate(given)
    told = input_error(caught.value, "furnace", Furnace)
    assert isinstance(told, InputError)
    assert says in str(told)
    assert "pydantic" not in str(told)


def test_values_are_shown_short_and_as_json_can_carry_them() -> None:
    assert plain("x" * 1000) == "x" * 200
    assert plain(float("inf")) == "inf"
    assert plain(10**400) == str(10**400)[:200]
    assert plain({"Cu": 0.1}) == "{Cu: 0.1}"
    plain("\ud800").encode("utf-8")
    assert without_nan({"r2": float("nan"), "rows": (1.0, float("inf"))}) == {"r2": None, "rows": [1.0, None]}


def test_figures_keep_what_matters_of_them() -> None:
    assert [mass_words(t) for t in (28.30712, 0.1791, 0.026524, 0.0000496, 0.0)] == [
        "28.307", "0.179", "0.0265", "0.0496 kg", "0",
    ]  # fmt: skip
    assert share_words(1e-7) == "proven optimal"
    assert share_words(2e-4) == "proven within 0.02 % of the optimum"
