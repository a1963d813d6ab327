"""Screening of a plant's rows: what cannot be used is set aside with a reason, the rest goes on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandera.pandas as pa

from plant_adapters.mapping import Mapping, conversion_factor
from plant_adapters.quarantine import Correction, Reason, Rejection

HEADER_ROWS = 2
"""The first row of data is line 2 of the source."""


@dataclass(frozen=True)
class Screened:
    """A table after screening.

    Attributes:
        text: as sent. numbers: numeric columns parsed, NaN where empty.
        valid: mask of the rows that go on.
        rejections: every reason against every other row.
        corrections: negative bookings.
    """

    text: pd.DataFrame
    numbers: pd.DataFrame
    valid: "pd.Series[bool]"
    rejections: tuple[Rejection, ...]
    corrections: tuple[Correction, ...]


def screen(table: pd.DataFrame, mapping: Mapping) -> Screened:
    """Check every row of a table of strings against its mapping."""
    text = table.map(lambda value: value.strip() if isinstance(value, str) else value)
    found: list[Rejection] = []
    numbers = _parse(text, mapping, found)
    _check_ranges(text, numbers, mapping, found)
    _check_unknown_materials(text, mapping, found)
    _check_analysis(text, numbers, mapping, found)
    _check_identity(text, mapping, found)
    bad = {rejection.row - HEADER_ROWS for rejection in found}
    valid = pd.Series([row not in bad for row in range(len(text))], index=text.index)
    ordered = tuple(sorted(found, key=lambda rejection: (rejection.row, rejection.column)))
    return Screened(text, numbers, valid, ordered, tuple(_corrections(text, numbers, mapping)))


def _numeric_columns(mapping: Mapping) -> list[str]:
    columns = [c.column for c in (mapping.tapped, mapping.heel, mapping.energy, *mapping.process.values()) if c]
    columns += list(mapping.analysis.columns().values())
    columns += [check.column for check in mapping.checks]
    return columns + _material_columns(mapping)


def _material_columns(mapping: Mapping) -> list[str]:
    return [mapping.materials.pattern.replace("{code}", code) for code in mapping.materials.codes]


def _reject(text: pd.DataFrame, mapping: Mapping, row: int, reason: Reason, column: str, expected: str) -> Rejection:
    return Rejection(
        row=row + HEADER_ROWS,
        heat_id=str(text[mapping.heat_id].iloc[row]),
        reason=reason,
        column=column,
        value=str(text[column].iloc[row]),
        expected=expected,
    )


def _parse(text: pd.DataFrame, mapping: Mapping, found: list[Rejection]) -> pd.DataFrame:
    parsed = {}
    for column in _numeric_columns(mapping):
        values = text[column].astype(str)
        if mapping.decimal == ",":
            values = values.str.replace(".", "", regex=False).str.replace(",", ".", regex=False)
        number = pd.to_numeric(values.where(values != ""), errors="coerce").astype(np.float64)
        number = number.where(np.isfinite(number))
        unreadable = np.flatnonzero((values != "") & ~values.str.lower().isin(["nan", "null", "none"]) & number.isna())
        for row in unreadable:
            expected = f"a number with decimal {'comma' if mapping.decimal == ',' else 'point'}, or empty"
            found.append(_reject(text, mapping, int(row), Reason.UNREADABLE_VALUE, column, expected))
        parsed[column] = number
    return pd.DataFrame(parsed, index=text.index)


def _ranges(mapping: Mapping) -> dict[str, tuple[float, float, Reason, str]]:
    """Bounds of every numeric column in its own unit, with the reason that outlying values get."""
    bounds: dict[str, tuple[float, float, Reason, str]] = {}
    for column in _material_columns(mapping):
        bounds[column] = (0.0, mapping.materials.max_per_heat, Reason.ABSURD_WEIGHT, mapping.materials.unit)
    for check in mapping.checks:
        bounds[check.column] = (check.least, check.most, Reason.ABSURD_WEIGHT, check.unit)
    most = conversion_factor("wt%", mapping.analysis.unit, "analysis.unit") * 100.0
    for column in mapping.analysis.columns().values():
        bounds[column] = (0.0, most, Reason.IMPLAUSIBLE_VALUE, mapping.analysis.unit)
    for mapped in (mapping.tapped, mapping.heel, mapping.energy, *mapping.process.values()):
        if mapped:
            bounds[mapped.column] = (0.0, np.inf, Reason.IMPLAUSIBLE_VALUE, mapped.unit)
    return bounds


def _check_ranges(text: pd.DataFrame, numbers: pd.DataFrame, mapping: Mapping, found: list[Rejection]) -> None:
    bounds = _ranges(mapping)
    schema = pa.DataFrameSchema(
        {
            column: pa.Column(float, [pa.Check.ge(low), pa.Check.le(high)], nullable=True)
            for column, (low, high, _, _) in bounds.items()
        }
    )
    try:
        schema.validate(numbers.reset_index(drop=True), lazy=True)
    except pa.errors.SchemaErrors as errors:
        for case in errors.failure_cases.itertuples():
            low, high, reason, unit = bounds[str(case.column)]
            value = float(numbers[str(case.column)].iloc[int(case.index)])
            negative = value < 0 and reason is Reason.ABSURD_WEIGHT
            found.append(
                _reject(
                    text,
                    mapping,
                    int(case.index),
                    Reason.NEGATIVE_WEIGHT if negative else reason,
                    str(case.column),
                    f"{low:g} to {high:g} {unit}",
                )
            )


def _check_unknown_materials(text: pd.DataFrame, mapping: Mapping, found: list[Rejection]) -> None:
    known = {*mapping.materials.codes, *mapping.materials.ignore}
    for column in map(str, text.columns):
        code = mapping.materials.code_of(column)
        if code is None or code in known:
            continue
        used = pd.to_numeric(text[column].astype(str).str.replace(",", "."), errors="coerce").fillna(0.0) != 0.0
        for row in np.flatnonzero(used):
            expected = f"a code of the mapping; add {code!r} to materials.codes or materials.ignore"
            found.append(_reject(text, mapping, int(row), Reason.UNKNOWN_MATERIAL, column, expected))


def _check_analysis(text: pd.DataFrame, numbers: pd.DataFrame, mapping: Mapping, found: list[Rejection]) -> None:
    columns = list(mapping.analysis.columns().values())
    for row in np.flatnonzero(numbers[columns].isna().all(axis=1)):
        found.append(
            _reject(text, mapping, int(row), Reason.MISSING_ANALYSIS, columns[0], "at least one element analysed")
        )


def _check_identity(text: pd.DataFrame, mapping: Mapping, found: list[Rejection]) -> None:
    ids = text[mapping.heat_id].astype(str)
    values_again = text.drop(columns=[mapping.heat_id]).duplicated() & ~ids.duplicated()
    cases = (
        (ids == "", Reason.NO_HEAT_ID, "a heat number"),
        (ids.duplicated() & (ids != ""), Reason.DUPLICATE_HEAT, "each heat number once; the first row stands"),
        (values_again, Reason.DUPLICATE_HEAT, "its own values; an earlier row has the same"),
    )
    for which, reason, expected in cases:
        for row in np.flatnonzero(which):
            found.append(_reject(text, mapping, int(row), reason, mapping.heat_id, expected))


def _corrections(text: pd.DataFrame, numbers: pd.DataFrame, mapping: Mapping) -> list[Correction]:
    factor = conversion_factor(mapping.materials.unit, "t", "materials.unit")
    return [
        Correction(
            row=int(row) + HEADER_ROWS,
            heat_id=str(text[mapping.heat_id].iloc[row]),
            material=code,
            mass_t=float(numbers[column].iloc[row]) * factor,
        )
        for code, column in zip(mapping.materials.codes, _material_columns(mapping), strict=True)
        for row in np.flatnonzero(numbers[column] < 0)
    ]
