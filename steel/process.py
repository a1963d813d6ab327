"""Process inputs of a heat that are known or chosen beside the charge."""

from typing import Annotated

from pydantic import AfterValidator

from steel.complaints import meant
from steel.errors import InputError
from steel.quantities import Number

PROCESS_UNITS: dict[str, str] = {
    "oxygen_nm3_per_t": "Nm³/t",
    "gas_nm3_per_t": "Nm³/t",
    "injected_carbon_kg_per_t": "kg/t",
    "tap_temperature_c": "°C",
    "power_on_min": "min",
    "power_off_min": "min",
}
"""Name and unit of every process input Chargewise knows, per t tapped where it says so."""
PROCESS_RANGES: dict[str, tuple[float, float]] = {
    "oxygen_nm3_per_t": (0.0, 200.0),
    "gas_nm3_per_t": (0.0, 200.0),
    "injected_carbon_kg_per_t": (0.0, 200.0),
    "tap_temperature_c": (1000.0, 2000.0),
    "power_on_min": (0.0, 2880.0),
    "power_off_min": (0.0, 10_080.0),
}
"""What any furnace keeps, in the input's unit: beyond it, a value is a slip or another unit."""


def _known(inputs: dict[str, float]) -> dict[str, float]:
    for name, value in inputs.items():
        if name not in PROCESS_UNITS:
            raise InputError(name, "name", f"a process input{meant(name, PROCESS_UNITS)}")
        low, high = PROCESS_RANGES[name]
        if not low <= value <= high:
            raise InputError(value, name, f"{low:g} to {high:g} {PROCESS_UNITS[name]}")
    return inputs


ProcessInputs = Annotated[dict[str, Number], AfterValidator(_known)]
"""By the names of `PROCESS_UNITS`."""
