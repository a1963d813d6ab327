"""Köhle's formula for the electrical energy demand of electric arc furnaces."""

from dataclasses import dataclass

import numpy as np

from steel.heats import FloatArray

MEAN_SPECIFIC_LOSS_WEIGHT = 0.3
"""NV: published range 0.2-0.4."""


@dataclass(frozen=True)
class KohleInputs:
    """The formula's inputs, each a scalar or (N,) array.

    Attributes:
        ferrous_t: G_E.
        dri_hbi_t: G_DRI.
        shredded_t: G_shr.
        hot_metal_t: G_HM.
        slag_formers_t: G_Z.
        tapped_t: G_A.
        tap_temperature_c: T_A.
        power_on_min: t_S.
        power_off_min: t_N.
        burner_gas_m3_per_t: M_G.
        lance_oxygen_m3_per_t: M_L.
        post_combustion_oxygen_m3_per_t: M_N.
        measured_loss_kwh_per_t: W_V, where energy losses are measured.
        mean_loss_kwh_per_t: its mean W_Vm.
    """

    ferrous_t: FloatArray
    tapped_t: FloatArray
    dri_hbi_t: FloatArray
    shredded_t: FloatArray
    hot_metal_t: FloatArray
    slag_formers_t: FloatArray
    tap_temperature_c: FloatArray
    power_on_min: FloatArray
    power_off_min: FloatArray
    burner_gas_m3_per_t: FloatArray
    lance_oxygen_m3_per_t: FloatArray
    post_combustion_oxygen_m3_per_t: FloatArray
    measured_loss_kwh_per_t: FloatArray | float = 0.0
    mean_loss_kwh_per_t: FloatArray | float = 0.0


def energy_demand_kwh_per_t(heat: KohleInputs) -> FloatArray:
    """Electrical energy demand, kWh per t tapped.

    `W = 375 + 400 (G_E/G_A - 1) + 80 G_DRI/G_A - 50 G_shr/G_A - 350 G_HM/G_A + 1000 G_Z/G_A
    + 0.3 (T_A - 1600) + 1 (t_S + t_N) - 8 M_G - 4.3 M_L - 2.8 M_N + NV (W_V - W_Vm)`.

    Source: Köhle, EEC Venice 2002, as described in Kleimt, Köhle, Kühn, Zisser, "Application of models
    for electrical energy consumption to improve EAF operation and dynamic control".
    """
    tapped = heat.tapped_t
    return np.asarray(
        375.0
        + 400.0 * (heat.ferrous_t / tapped - 1.0)
        + 80.0 * heat.dri_hbi_t / tapped
        - 50.0 * heat.shredded_t / tapped
        - 350.0 * heat.hot_metal_t / tapped
        + 1000.0 * heat.slag_formers_t / tapped
        + 0.3 * (heat.tap_temperature_c - 1600.0)
        + 1.0 * (heat.power_on_min + heat.power_off_min)
        - 8.0 * heat.burner_gas_m3_per_t
        - 4.3 * heat.lance_oxygen_m3_per_t
        - 2.8 * heat.post_combustion_oxygen_m3_per_t
        + MEAN_SPECIFIC_LOSS_WEIGHT * (np.asarray(heat.measured_loss_kwh_per_t) - heat.mean_loss_kwh_per_t),
        dtype=np.float64,
    )
