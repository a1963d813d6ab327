"""The table adapter: CSV, Excel and Parquet files driven by a mapping."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from plant_adapters.mapping import BASKETS, ColumnMap, Mapping, TableFormat, conversion_factor
from plant_adapters.protocol import HeatBatch
from plant_adapters.quarantine import IngestReport
from plant_adapters.recipe_file import write_recipe
from plant_adapters.validation import Screened, screen
from steel.errors import InputError
from steel.heats import FloatArray, HeatLog
from steel.materials import Material
from steel.recipes import Recipe


def _read_csv(path: Path, form: TableFormat) -> pd.DataFrame:
    return pd.read_csv(path, sep=form.separator, encoding=form.encoding, dtype=str, keep_default_na=False)


def _read_excel(path: Path, form: TableFormat) -> pd.DataFrame:
    table = pd.read_excel(path, sheet_name=form.sheet or 0, dtype=object)
    return table.map(lambda cell: _as_written(cell, form.decimal))


def _read_parquet(path: Path, form: TableFormat) -> pd.DataFrame:
    return pd.read_parquet(path).astype(object).map(lambda cell: _as_written(cell, form.decimal))


def _as_written(cell: object, decimal: str) -> str:
    """A typed cell as a person would have written it under the mapping's number convention."""
    if cell is None or cell is pd.NaT or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, bool | np.bool_) or not isinstance(cell, int | float | np.number):
        return str(cell)
    return format(cell, ".17g").replace(".", decimal)


_READERS: dict[str, Callable[[Path, TableFormat], pd.DataFrame]] = {
    ".csv": _read_csv,
    ".xlsx": _read_excel,
    ".parquet": _read_parquet,
}


def read_rows(path: Path, form: TableFormat) -> pd.DataFrame:
    """Every cell of a table as text, as a person would have written it.

    Raises:
        InputError: the file is no table that can be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise InputError(path.name, "table file", f"one of {', '.join(_READERS)}")
    try:
        return reader(path, form)
    except (OSError, ValueError) as error:
        raise InputError(str(path), "table file", f"a readable table ({error})") from error


@dataclass(frozen=True)
class TableAdapter:
    """One file of heats, one row a heat.

    Attributes:
        path: CSV, Excel or Parquet file.
        mapping: how to read it.
        outbox: folder that recipes are written to.
    """

    path: Path
    mapping: Mapping
    outbox: Path = Path()

    def read_heats(self) -> HeatBatch:
        """Read, check and convert every row.

        Raises:
            InputError: the file cannot be read, or a column the mapping names is missing.
        """
        table = read_rows(self.path, self.mapping)
        self._require_columns(table)
        screened = screen(table, self.mapping)
        log = self._log(screened)
        report = IngestReport(
            source=self.path.name,
            rows_read=len(table),
            rows_valid=len(log),
            rejections=screened.rejections,
            corrections=screened.corrections,
            raw={
                rejection.row: {k: str(v) for k, v in table.iloc[rejection.row - 2].items()}
                for rejection in screened.rejections
            },
        )
        return HeatBatch(log, self.mapping.material_list(), report)

    def write_recipe(self, recipe: Recipe) -> Path:
        """Write a recipe into the outbox, as a CSV of materials and masses beside its JSON."""
        return write_recipe(recipe, self.outbox)

    def _require_columns(self, table: pd.DataFrame) -> None:
        mapping = self.mapping
        wanted = [mapping.heat_id, *(check.column for check in mapping.checks)]
        wanted += [name for name in (mapping.tapped_at, mapping.grade) if name]
        wanted += [c.column for c in (mapping.tapped, mapping.heel, mapping.energy, *mapping.process.values()) if c]
        wanted += list(mapping.analysis.columns().values())
        wanted += [mapping.materials.pattern.replace("{code}", code) for code in mapping.materials.codes]
        missing = [column for column in wanted if column not in table.columns]
        if missing:
            raise InputError(
                missing, f"columns of {self.path.name}", f"columns among {', '.join(map(str, table.columns))}"
            )

    def _log(self, screened: Screened) -> HeatLog:
        mapping = self.mapping
        rows, text = screened.numbers.loc[screened.valid], screened.text.loc[screened.valid]
        times = self._times(text)
        if not np.isnat(times).any():
            in_order = np.argsort(times, kind="stable")
            rows, text, times = rows.iloc[in_order], text.iloc[in_order], times[in_order]
        heats = len(rows)
        nothing = np.full(heats, np.nan)
        tapped = self._per_heat(rows, mapping.tapped, "t")
        basis = np.where(np.isfinite(tapped), tapped, mapping.nominal_tapped_t or np.nan)
        elements = tuple(mapping.analysis.columns())
        analysis_factor = conversion_factor(mapping.analysis.unit, "wt%", "analysis.unit")
        analysis = rows[list(mapping.analysis.columns().values())].to_numpy(np.float64) * analysis_factor
        names, charged = self._charged(rows)
        heel = self._per_heat(rows, mapping.heel, "t") if mapping.heel else np.zeros(heats)
        before = np.vstack([np.full((1, len(elements)), np.nan), analysis[:-1]]) if heats else analysis
        return HeatLog(
            heat_ids=text[mapping.heat_id].to_numpy(dtype=np.str_),
            tapped_at=times,
            grades=text[mapping.grade].to_numpy(dtype=np.str_) if mapping.grade else np.full(heats, "", dtype=np.str_),
            materials=names,
            charged_t=charged,
            elements=elements,
            analysis_wt_pct=analysis,
            tapped_t=tapped,
            energy_kwh_per_t=self._per_t(rows, mapping.energy, "kWh", basis) if mapping.energy else nothing,
            heel_t=np.nan_to_num(heel),
            heel_wt_pct=before if mapping.heel else np.full_like(analysis, np.nan),
            process={
                name: self._per_t(rows, column, _process_unit(name), basis) for name, column in mapping.process.items()
            },
        )

    def _charged(self, rows: pd.DataFrame) -> tuple[tuple[str, ...], FloatArray]:
        materials, factor = (
            self.mapping.materials,
            conversion_factor(self.mapping.materials.unit, "t", "materials.unit"),
        )
        columns = {
            material.name: rows[materials.pattern.replace("{code}", code)].fillna(0.0).to_numpy(np.float64) * factor
            for code, material in zip(materials.codes, self._coded_materials(), strict=True)
        }
        if self.mapping.unrecorded_baskets_t is not None:
            columns = {BASKETS: np.full(len(rows), self.mapping.unrecorded_baskets_t), **columns}
        return tuple(columns), np.column_stack(list(columns.values()))

    def _coded_materials(self) -> list[Material]:
        return [material for material in self.mapping.material_list() if material.name != BASKETS]

    def _per_heat(self, rows: pd.DataFrame, column: ColumnMap | None, unit: str) -> FloatArray:
        if column is None:
            return np.full(len(rows), np.nan)
        return np.asarray(
            rows[column.column].to_numpy(np.float64) * conversion_factor(column.unit, unit, column.column)
        )

    def _per_t(self, rows: pd.DataFrame, column: ColumnMap, unit: str, tapped_t: FloatArray) -> FloatArray:
        """A column in `unit`, divided by the tapped mass where it is given per heat."""
        if unit == "degC":
            return np.asarray(rows[column.column].to_numpy(np.float64))
        values = self._per_heat(rows, column, unit)
        return np.asarray(values / tapped_t if column.per == "heat" else values)

    def _times(self, text: pd.DataFrame) -> "np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]":
        if self.mapping.tapped_at is None:
            return np.full(len(text), np.datetime64("NaT", "s"))
        parsed = pd.to_datetime(text[self.mapping.tapped_at], errors="coerce", format="mixed")
        if parsed.dt.tz is None:
            parsed = parsed.dt.tz_localize(self.mapping.timezone, ambiguous="NaT", nonexistent="shift_forward")
        return parsed.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy("datetime64[s]")


def _process_unit(name: str) -> str:
    return {
        "oxygen_nm3_per_t": "m3", "gas_nm3_per_t": "m3", "injected_carbon_kg_per_t": "kg",
        "tap_temperature_c": "degC", "power_on_min": "min", "power_off_min": "min",
    }[name]  # fmt: skip
