import dataclasses

import numpy as np
import pytest

from scenarios.kohle import KohleInputs, energy_demand_kwh_per_t

ZERO = np.zeros(1)
BASE = KohleInputs(
    ferrous_t=np.array([100.0]),
    tapped_t=np.array([100.0]),
    dri_hbi_t=ZERO,
    shredded_t=ZERO,
    hot_metal_t=ZERO,
    slag_formers_t=ZERO,
    tap_temperature_c=np.array([1600.0]),
    power_on_min=ZERO,
    power_off_min=ZERO,
    burner_gas_m3_per_t=ZERO,
    lance_oxygen_m3_per_t=ZERO,
    post_combustion_oxygen_m3_per_t=ZERO,
)


def test_the_base_demand_is_375() -> None:
    assert energy_demand_kwh_per_t(BASE)[0] == 375.0


@pytest.mark.parametrize(
    ("name", "step", "coefficient"),
    [
        ("ferrous_t", 100.0, 400.0),
        ("dri_hbi_t", 100.0, 80.0),
        ("shredded_t", 100.0, -50.0),
        ("hot_metal_t", 100.0, -350.0),
        ("slag_formers_t", 100.0, 1000.0),
        ("tap_temperature_c", 1.0, 0.3),
        ("power_on_min", 1.0, 1.0),
        ("power_off_min", 1.0, 1.0),
        ("burner_gas_m3_per_t", 1.0, -8.0),
        ("lance_oxygen_m3_per_t", 1.0, -4.3),
        ("post_combustion_oxygen_m3_per_t", 1.0, -2.8),
    ],
)
def test_each_coefficient_is_kohles(name: str, step: float, coefficient: float) -> None:
    moved = dataclasses.replace(BASE, **{name: getattr(BASE, name) + step})
    assert energy_demand_kwh_per_t(moved)[0] - 375.0 == pytest.approx(coefficient)


def test_measured_losses_count_with_their_published_weight() -> None:
    moved = dataclasses.replace(BASE, measured_loss_kwh_per_t=50.0, mean_loss_kwh_per_t=40.0)
    assert 0.2 <= (energy_demand_kwh_per_t(moved)[0] - 375.0) / 10.0 <= 0.4
