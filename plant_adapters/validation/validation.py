"""Screening of a plant's rows: what cannot be used is set aside with a reason, the rest goes on.

A cell that cannot be used costs that cell, for its heat can do without; a mass charged, a heat number or all of the
analysis a heat cannot do without, and they cost the row.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from plant_adapters.mapping.mapping import ColumnMap, Mapping
from plant_adapters.reading.cells import DECIMALS, UnreadableError, read_cell
from plant_adapters.reading.columns import read_columns
from plant_adapters.reading.numbers import NumberColumn
from plant_adapters.reading.quarantine import ColumnReading, Correction, Reason, Rejection
from plant_adapters.reading.table import Table
from plant_adapters.reading.times import Times, read_times
from plant_adapters.reading.units import conversion
from plant_adapters.validation.conventions import Conventions, as_text, heat_numbers, heats_among, numeric_cells
from plant_adapters.validation.plausibility import (
    ENERGY_KWH_PER_T,
    MOST_WT_PCT,
    TAPPED_PER_CHARGED,
    TAPPED_T,
)
from steel.elements import Element
from steel.heats import FloatArray
from steel.process import PROCESS_RANGES, PROCESS_UNITS


@dataclass
class Screened:
    """A table after screening, N rows.

    Attributes:
        table: as sent.
        times: (N,) UTC.
        tapped_t: (N,).
        heel_t: (N,).
        energy_kwh_per_t: (N,).
        process: (N,) by input.
        analysis: (N,) wt% by element.
        below: (N,) the limit where a value lies below one, by element.
        charged_t: (N,) by code.
        rejections: reasons against rows.
        cells: reasons against cells, whose rows go on.
        corrections: negative bookings.
        readings: how columns were read.
    """

    table: Table
    times: Times
    tapped_t: FloatArray
    heel_t: FloatArray
    energy_kwh_per_t: FloatArray
    process: dict[str, FloatArray] = field(default_factory=dict)
    analysis: dict[Element, FloatArray] = field(default_factory=dict)
    below: dict[Element, FloatArray] = field(default_factory=dict)
    charged_t: dict[str, FloatArray] = field(default_factory=dict)
    rejections: list[Rejection] = field(default_factory=list)
    cells: list[Rejection] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    readings: list[ColumnReading] = field(default_factory=list)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """(N,) rows that go on."""
        bad = {rejection.row for rejection in self.rejections}
        return np.array([line not in bad for line in self.table.cells.index], dtype=bool)


def screen(table: Table, mapping: Mapping, conventions: Conventions | None = None) -> Screened:
    """Check every row of a table, or of a block of one, against its mapping.

    Args:
        table: that was read.
        mapping: what it means.
        conventions: of the whole record, where this is a block of it.

    Raises:
        InputError: a column's numbers or dates can be read in more than one way, or are in another unit by its header.
    """
    return _Screening(table, mapping, conventions).run()


class _Screening:
    """One table being screened."""

    def __init__(self, table: Table, mapping: Mapping, conventions: Conventions | None = None) -> None:
        self.table, self.mapping, self.conventions = table, mapping, conventions
        self.cells = table.cells
        self.lines: list[int] = [int(line) for line in table.cells.index]
        self.ids = heat_numbers(table, mapping)
        nothing = np.full(len(self.lines), np.nan)
        times = np.full(len(self.lines), np.datetime64("NaT", "s"))
        self.found = Screened(table, times, nothing, nothing.copy(), nothing.copy())

    def run(self) -> Screened:
        """Screen it."""
        mapping, found = self.mapping, self.found
        # What is no heat at all says nothing of how heats' numbers and dates are written.
        heats = heats_among(self.table, mapping)
        numbers = self._numbers()
        tapped = self._kept(mapping.tapped, numbers, TAPPED_T, "t")
        found.heel_t = self._kept(mapping.heel, numbers, (0.0, TAPPED_T[1]), "t")
        found.tapped_t = tapped
        basis = np.where(np.isfinite(tapped), tapped, mapping.nominal_tapped_t or np.nan)
        found.energy_kwh_per_t = self._kept(mapping.energy, numbers, ENERGY_KWH_PER_T, "kWh/t", basis)
        for name, column in mapping.process.items():
            found.process[name] = self._kept(column, numbers, PROCESS_RANGES[name], PROCESS_UNITS[name], basis)
        self._analysis(numbers, heats)
        self._masses(numbers, heats)
        self._checks(numbers)
        self._unknown_materials(heats)
        self._balance(heats)
        self._identity(heats)
        self._times(heats)
        for line, text in self.table.misfits.items():
            expected = f"as many cells as there are columns, {len(self.table.columns)}"
            found.rejections.append(
                Rejection(row=line, heat_id="", reason=Reason.MISFIT_ROW, column="all", value=text, expected=expected)
            )
        bad = {each.row for each in found.rejections}
        found.rejections = sorted(
            [*found.rejections, *(cell for cell in found.cells if cell.row in bad)], key=_by_place
        )
        found.cells = sorted((cell for cell in found.cells if cell.row not in bad), key=_by_place)
        return found

    def _numbers(self) -> dict[str, NumberColumn]:
        decided = None if self.conventions is None else self.conventions.decimals
        numbers, readings = read_columns(numeric_cells(self.table, self.mapping), self.mapping.decimal, decided)
        self.found.readings += readings
        return numbers

    def _kept(
        self,
        mapped: ColumnMap | None,
        numbers: dict[str, NumberColumn],
        bounds: tuple[float, float],
        unit: str,
        per: FloatArray | None = None,
    ) -> FloatArray:
        """(N,) a column's values as far as they can be used; NaN where there is none."""
        if mapped is None:
            return np.full(len(self.lines), np.nan)
        column = numbers[mapped.column]
        values = column.values / per if mapped.per == "heat" and per is not None else column.values
        return self._plausible(mapped.column, column, values, bounds, unit)

    def _plausible(
        self, name: str, column: NumberColumn, values: FloatArray, bounds: tuple[float, float], unit: str
    ) -> FloatArray:
        for at, expected in column.bad.items():
            self._cell(at, Reason.UNREADABLE_VALUE, name, expected)
        for at in column.above:
            self._cell(at, Reason.IMPLAUSIBLE_VALUE, name, "a value within the range of the instrument")
        low, high = bounds
        outside = np.isfinite(values) & ((values < low) | (values > high))
        for at in _where(outside):
            self._cell(at, Reason.IMPLAUSIBLE_VALUE, name, f"{low:g} to {high:g} {unit}, not {values[at]:.4g}")
        return np.asarray(np.where(outside, np.nan, values))

    def _analysis(self, numbers: dict[str, NumberColumn], heats: NDArray[np.bool_]) -> None:
        columns = self.mapping.element_columns(self.table.columns)
        for element, name in columns.items():
            column = numbers[name]
            kept = self._plausible(name, column, column.values, (0.0, MOST_WT_PCT[element]), "wt%")
            self.found.analysis[element] = kept
            self.found.below[element] = np.where(np.isfinite(kept), column.below, np.nan)
        known = np.isfinite(np.column_stack(list(self.found.analysis.values()))).any(axis=1)
        first = next(iter(columns.values()))
        for at in _where(~known & heats):
            self._row(at, Reason.MISSING_ANALYSIS, first, "at least one element analysed")

    def _masses(self, numbers: dict[str, NumberColumn], heats: NDArray[np.bool_]) -> None:
        materials = self.mapping.materials
        most_t = materials.max_per_heat * conversion(materials.unit, "t", "materials").factor
        total = np.full(len(self.lines), self.mapping.unrecorded_baskets_t or 0.0)
        for code in materials.codes:
            name = materials.column_of(code)
            column = numbers[name]
            for at, expected in column.bad.items():
                self._row(at, Reason.UNREADABLE_VALUE, name, expected)
            for at in _where(column.values < 0):
                self._row(at, Reason.NEGATIVE_WEIGHT, name, f"0 to {materials.max_per_heat:g} {materials.unit}")
                booked = Correction(
                    row=self.lines[at], heat_id=self.ids[at], material=code, mass_t=float(column.values[at])
                )
                self.found.corrections.append(booked)
            for at in _where(column.values > most_t * (1.0 + 1e-12)):
                self._row(at, Reason.ABSURD_WEIGHT, name, f"0 to {materials.max_per_heat:g} {materials.unit}")
            self.found.charged_t[code] = np.nan_to_num(column.values)
            total += self.found.charged_t[code]
        bad = {rejection.row for rejection in self.found.rejections}
        for at in _where((total <= 0) & heats):
            if self.lines[at] not in bad:
                self._row(at, Reason.NOTHING_CHARGED, self.mapping.heat_id, "at least one material charged")

    def _checks(self, numbers: dict[str, NumberColumn]) -> None:
        for check in self.mapping.checks:
            column = numbers[check.column]
            for at, expected in column.bad.items():
                self._row(at, Reason.UNREADABLE_VALUE, check.column, expected)
            with np.errstate(invalid="ignore"):
                outside = (column.values < check.least) | (column.values > check.most)
            for at in _where(outside):
                reason = Reason.NEGATIVE_WEIGHT if column.values[at] < 0 else Reason.ABSURD_WEIGHT
                self._row(at, reason, check.column, f"{check.least:g} to {check.most:g} {check.unit}")

    def _unknown_materials(self, heats: NDArray[np.bool_]) -> None:
        materials = self.mapping.materials
        known = {*materials.codes, *materials.ignore}
        mapped = set(self.mapping.columns(self.table.columns))
        for column in self.table.columns:
            code = materials.code_of(column)
            if code is None or code in known or column in mapped:
                continue
            for at in _where(heats):
                if _is_mass(self.cells[column].iloc[at]):
                    expected = f"a code of the mapping; add {code!r} to materials.codes or materials.ignore"
                    self._row(at, Reason.UNKNOWN_MATERIAL, column, expected)

    def _balance(self, heats: NDArray[np.bool_]) -> None:
        """Steel tapped against what was charged."""
        if self.mapping.tapped is None or self.mapping.unrecorded_baskets_t is not None:
            return
        charged = np.sum(list(self.found.charged_t.values()), axis=0)
        low, high = TAPPED_PER_CHARGED
        with np.errstate(divide="ignore", invalid="ignore"):
            share = self.found.tapped_t / charged
        bad = {rejection.row for rejection in self.found.rejections}
        for at in _where(heats & (charged > 0) & ((share < low) | (share > high))):
            if self.lines[at] in bad:
                continue
            expected = f"{low:g} to {high:g} t tapped per t charged, not {share[at]:.3g}; check both units"
            self._row(at, Reason.IMPLAUSIBLE_HEAT, self.mapping.tapped.column, expected)

    def _identity(self, heats: NDArray[np.bool_]) -> None:
        mapping, ids = self.mapping, pd.Series(self.ids)
        for at in _where(~heats):
            if self.ids[at]:
                self._row(at, Reason.SUMMARY_ROW, mapping.heat_id, "the number of one heat")
            else:
                self._row(at, Reason.NO_HEAT_ID, mapping.heat_id, "a heat number")
        again = (ids.duplicated() & heats).to_numpy()
        rest = self.cells.drop(columns=[mapping.heat_id]).astype(str)
        same = rest.duplicated().to_numpy()
        if self.conventions is not None:
            known = self.conventions
            columns = [rest[name].tolist() for name in rest.columns]
            seen = [hash(row) for row in zip(*columns, strict=True)]
            again = again | heats & np.array([hash(number) in known.heats for number in self.ids], dtype=bool)
            same = same | np.array([row in known.rows for row in seen], dtype=bool)
            known.heats.update(hash(number) for number in ids[heats])
            known.rows.update(seen)
        same = same & ~again & heats
        for at in _where(again):
            self._row(at, Reason.DUPLICATE_HEAT, mapping.heat_id, "each heat number once; the first row stands")
        for at in _where(same):
            expected = "its own values; an earlier row has the same"
            self._row(at, Reason.DUPLICATE_HEAT, mapping.heat_id, expected)

    def _times(self, heats: NDArray[np.bool_]) -> None:
        name = self.mapping.tapped_at
        if name is None:
            return
        cells = self.cells[name].where(heats, "").tolist()
        order = self.mapping.date_order if self.conventions is None else self.conventions.date_order
        read = read_times(cells, name, self.mapping.timezone, order, datetime.now(UTC))
        self.found.times = read.times
        self.found.readings.insert(0, ColumnReading(column=name, how=f"dates: {read.how}", examples=read.examples))
        for at, expected in read.bad.items():
            self._cell(at, Reason.IMPLAUSIBLE_VALUE, name, expected)

    def _row(self, at: int, reason: Reason, column: str, expected: str) -> None:
        self.found.rejections.append(self._rejection(at, reason, column, expected))

    def _cell(self, at: int, reason: Reason, column: str, expected: str) -> None:
        self.found.cells.append(self._rejection(at, reason, column, expected))

    def _rejection(self, at: int, reason: Reason, column: str, expected: str) -> Rejection:
        return Rejection(
            row=self.lines[at],
            heat_id=self.ids[at],
            reason=reason,
            column=column,
            value=as_text(self.cells[column].iloc[at]),
            expected=expected,
        )


def _where(mask: NDArray[np.bool_]) -> list[int]:
    return [int(at) for at in np.flatnonzero(mask)]


def _by_place(rejection: Rejection) -> tuple[int, str]:
    return rejection.row, rejection.column


def _is_mass(cell: object) -> bool:
    """Whether a cell holds a number that is not 0, by either decimal sign."""
    if not isinstance(cell, str):
        return isinstance(cell, int | float | np.number) and not isinstance(cell, bool) and float(cell) != 0.0
    for decimal in DECIMALS:
        try:
            value = read_cell(cell, decimal).value
        except UnreadableError:
            continue
        return bool(np.isfinite(value) and value != 0.0)
    return False
