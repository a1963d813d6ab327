"""A table's columns of numbers, read together, and how each was read."""

from collections.abc import Mapping, Sequence
from typing import Any

from plant_adapters.reading.cells import Decimal
from plant_adapters.reading.numbers import SIGNS, NumberColumn, NumberForm, decide_decimals, read_numbers
from plant_adapters.reading.quarantine import ColumnReading


def read_columns(
    columns: Mapping[str, tuple[Sequence[Any], NumberForm]],
    decimal: Decimal | None,
    decided: Mapping[str, Decimal] | None = None,
) -> tuple[dict[str, NumberColumn], list[ColumnReading]]:
    """Read columns, each by its form, and tell how.

    Args:
        columns: cells and form, by name.
        decimal: the decimal sign where it is stated.
        decided: each column's, where more was seen of it than these cells.

    Raises:
        InputError: a column can be read in two ways, or its unit is none that is known.
    """
    decimals = dict(decided) if decided is not None else decide_decimals(columns, decimal)
    numbers = {name: read_numbers(cells, form, decimals[name]) for name, (cells, form) in columns.items()}
    readings = []
    for name, (_, form) in columns.items():
        unit = f", {form.unit}" if form.unit else ""
        examples = tuple((text, f"{value:.6g} {form.to}".strip()) for text, value in numbers[name].examples)
        readings.append(ColumnReading(column=name, how=f"decimal {SIGNS[decimals[name]]}{unit}", examples=examples))
    return numbers, readings
