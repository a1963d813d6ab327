"""Process inputs of a heat that are known or chosen beside the charge."""

PROCESS_UNITS: dict[str, str] = {
    "oxygen_nm3_per_t": "Nm³/t",
    "gas_nm3_per_t": "Nm³/t",
    "injected_carbon_kg_per_t": "kg/t",
    "tap_temperature_c": "°C",
    "power_on_min": "min",
    "power_off_min": "min",
}
"""Name and unit of every process input Chargewise knows, per t tapped where it says so."""
