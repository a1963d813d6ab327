"""How a record writes its numbers and dates: which of its columns are numbers, and what all their cells say of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.cells import Decimal
from plant_adapters.reading.numbers import DecimalEvidence, NumberForm, decided_by, evidence
from plant_adapters.reading.table import Table, once
from plant_adapters.reading.times import DateOrder, OrderEvidence, order_by, order_evidence
from plant_adapters.reading.units import conversion, same_unit
from plant_adapters.validation.plausibility import is_summary
from steel.errors import InputError
from steel.process import PROCESS_UNITS


@dataclass
class Conventions:
    """How a record writes its numbers and dates, and what of it was read before.

    Attributes:
        decimals: by column.
        date_order: None where each date says its own.
        heats: hashes of the heat numbers of the blocks before.
        rows: hashes of their rows without the number.
    """

    decimals: dict[str, Decimal]
    date_order: DateOrder | None
    heats: set[int] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)


def survey(blocks: Iterable[Table], mapping: Mapping) -> Conventions:
    """How all blocks of a record together write their numbers and dates.

    Raises:
        InputError: a column's numbers or dates can be read in more than one way, or a column is missing.
    """
    decimals: dict[str, DecimalEvidence] = {}
    dates = OrderEvidence()
    for table in blocks:
        once(mapping.columns((*table.columns, *table.doubled)), table, "a block of it")
        for column, (cells, form) in numeric_cells(table, mapping).items():
            decimals[column] = decimals.get(column, DecimalEvidence()) + evidence(cells, form.groups)
        if mapping.tapped_at is not None:
            dates += order_evidence(table.cells[mapping.tapped_at].tolist())
    stated = mapping.decimal
    return Conventions(
        dict.fromkeys(decimals, stated) if stated is not None else decided_by(decimals),
        mapping.date_order or (order_by(dates, mapping.tapped_at) if mapping.tapped_at is not None else None),
    )


def as_text(cell: object) -> str:
    """A cell as a person reads it; a whole number without a point, as heat numbers are."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def heat_numbers(table: Table, mapping: Mapping) -> list[str]:
    """The heat's number of every row."""
    return [as_text(cell) for cell in table.cells[mapping.heat_id]]


def heats_among(table: Table, mapping: Mapping) -> NDArray[np.bool_]:
    """(N,) rows that are a heat: not those without a number, with a summary of others, or with the header again."""
    again = mapping.heat_id.casefold()
    numbers = heat_numbers(table, mapping)
    return np.array([bool(n) and not is_summary(n) and n.casefold() != again for n in numbers], dtype=bool)


def numeric_cells(table: Table, mapping: Mapping) -> dict[str, tuple[list[Any], NumberForm]]:
    """Every numeric column's cells, as far as they are of heats, and how they are to be read.

    Raises:
        InputError: the header says that one is in another unit than the mapping does.
    """
    # What is no heat at all says nothing of how heats' numbers are written.
    forms, heats = _forms(table, mapping), heats_among(table, mapping)
    for column, told in table.units.items():
        stated = forms[column].unit if column in forms else ""
        if stated and not same_unit(told, stated):
            raise InputError(told, f"unit of column {column}, by its header", f"the mapping's, {stated}")
    return {column: (table.cells[column].where(heats, "").tolist(), form) for column, form in forms.items()}


def _forms(table: Table, mapping: Mapping) -> dict[str, NumberForm]:
    groups = mapping.groups
    plain: dict[str, tuple[str, str]] = {}
    for mapped, to in ((mapping.tapped, "t"), (mapping.heel, "t"), (mapping.energy, "kWh")):
        if mapped:
            plain[mapped.column] = (mapped.unit, to)
    for name, mapped in mapping.process.items():
        plain[mapped.column] = (mapped.unit, PROCESS_UNITS[name].removesuffix("/t"))
    forms = {column: NumberForm(column, unit, to, groups) for column, (unit, to) in plain.items()}
    for element, column in mapping.element_columns(table.columns).items():
        unit = mapping.analysis.unit_of(element)
        # Nobody sets three digits apart in a percentage: 0.312 read so would be 312.
        percent = conversion(unit, "wt%", f"column {column}").factor == 1.0
        forms[column] = NumberForm(column, unit, "wt%", "" if percent else groups)
    for check in mapping.checks:
        forms.setdefault(check.column, NumberForm(check.column, groups=groups))
    for code in mapping.materials.codes:
        column = mapping.materials.column_of(code)
        forms[column] = NumberForm(column, mapping.materials.unit, "t", groups, exact=True)
    return forms
