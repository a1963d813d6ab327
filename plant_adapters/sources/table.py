"""The table adapter: CSV, Excel and Parquet files driven by a mapping."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from plant_adapters.mapping.entries import BASKETS
from plant_adapters.mapping.mapping import Mapping
from plant_adapters.reading.files import is_long, read_blocks, read_table
from plant_adapters.reading.quarantine import IngestReport
from plant_adapters.reading.table import Table, once
from plant_adapters.sources.joined import Finds, beside, joined
from plant_adapters.sources.protocol import HeatBatch
from plant_adapters.sources.recipe_file import write_recipe
from plant_adapters.validation.conventions import Conventions, as_text, survey
from plant_adapters.validation.validation import Screened, screen
from steel.heats import FloatArray, HeatLog, time_order
from steel.recipes import Recipe


@dataclass(frozen=True)
class TableAdapter:
    """A file of heats, and further tables that its mapping joins to them.

    Attributes:
        path: CSV, Excel or Parquet file of the heats.
        mapping: how to read it.
        outbox: folder that recipes are written to.
        beside: folder of the further tables; the file's own unless given.
    """

    path: Path
    mapping: Mapping
    outbox: Path = Path()
    beside: Path | None = None

    def read_heats(self) -> HeatBatch:
        """Read, check and convert every row.

        Raises:
            InputError: the file cannot be read or can be read in two ways, or a column the mapping names is missing.
        """
        table = read_table(self.path, self.mapping, self.mapping.heads)
        folder = self.beside or self.path.parent
        return heats_of(self.path.name, table, self.mapping, lambda part: beside(self.path, part, self.mapping, folder))

    def read_in_blocks(self) -> Iterator[HeatBatch]:
        """Read, check and convert every row of a long record, a block after the other; at least one.

        How the record writes its numbers and dates is decided from all of it first. One whose mapping joins further
        tables is read whole.

        Raises:
            InputError: as `read_heats`, before the first block is given.
        """
        if self.mapping.tables or not is_long(self.path, self.mapping, self.mapping.heads):
            yield self.read_heats()
            return
        conventions = survey(self._blocks(), self.mapping)
        for at, table in enumerate(self._blocks()):
            batch = heats_of(self.path.name, table, self.mapping, lambda part: (), conventions)
            yield replace(batch, report=batch.report.model_copy(update={"goes_on": at > 0}))

    def _blocks(self) -> Iterator[Table]:
        return read_blocks(self.path, self.mapping, self.mapping.heads)

    def write_recipe(self, recipe: Recipe) -> Path:
        """Write a recipe into the outbox, as a CSV of materials and masses beside its JSON."""
        return write_recipe(recipe, self.outbox)


def heats_of(
    source: str, main: Table, mapping: Mapping, find: Finds, conventions: Conventions | None = None
) -> HeatBatch:
    """Check and convert every row of a table of heats, further tables joined to it.

    Args:
        source: what it is called.
        main: a table that was read.
        mapping: what it means.
        find: the further tables of a part.
        conventions: of the whole record, where this is a block of it.

    Raises:
        InputError: it can be read in two ways, or a column that the mapping names is missing.
    """
    whole = joined(source, main, mapping, find)
    table = whole.table
    once(mapping.columns((*table.columns, *table.doubled)), table, source)
    screened = screen(table, mapping, conventions)
    log = _log(screened, mapping)
    report = IngestReport(
        source=source,
        rows_read=len(table.cells) + len(table.misfits),
        joined_rows=whole.rows,
        strays=whole.rejections,
        rows_valid=len(log),
        rejections=tuple(screened.rejections),
        corrections=tuple(screened.corrections),
        raw={rejection.row: table.as_sent(rejection.row) for rejection in screened.rejections},
        cells=tuple(screened.cells),
        readings=(*screened.readings, *whole.readings),
        header_row=table.header_row,
        below_detection=0 if log.below_wt_pct is None else int(np.isfinite(log.below_wt_pct).sum()),
        left_over=mapping.left_over(table),
    )
    return HeatBatch(log, mapping.material_list(), report, _replaced(screened, mapping))


def _replaced(screened: Screened, mapping: Mapping) -> tuple[str, ...]:
    """Heats whose place valid rows take, such as one that was split in two."""
    if mapping.replaces is None:
        return ()
    said = screened.table.cells.loc[screened.valid, mapping.replaces]
    return tuple(dict.fromkeys(as_text(cell) for cell in said if cell != ""))


def _log(screened: Screened, mapping: Mapping) -> HeatLog:
    """The rows that go on, in the order of tapping."""
    rows = np.flatnonzero(screened.valid)
    rows = rows[time_order(screened.times[rows])]
    text = screened.table.cells.iloc[rows].astype(str)
    analysis = _stacked(list(screened.analysis.values()))[rows]
    below = _stacked(list(screened.below.values()))[rows]
    names = [material.name for material in mapping.material_list()]
    charged = [screened.charged_t[code] for code in mapping.materials.codes]
    if mapping.unrecorded_baskets_t is not None:
        names = [BASKETS, *(name for name in names if name != BASKETS)]
        charged = [np.full(len(screened.times), mapping.unrecorded_baskets_t), *charged]
    before = np.vstack([np.full((1, analysis.shape[1]), np.nan), analysis[:-1]]) if len(rows) else analysis
    return HeatLog(
        heat_ids=text[mapping.heat_id].to_numpy(dtype=np.str_),
        tapped_at=screened.times[rows],
        grades=text[mapping.grade].to_numpy(dtype=np.str_) if mapping.grade else np.full(len(rows), "", dtype=np.str_),
        materials=tuple(names),
        charged_t=_stacked(charged)[rows],
        elements=tuple(screened.analysis),
        analysis_wt_pct=analysis,
        tapped_t=screened.tapped_t[rows],
        energy_kwh_per_t=screened.energy_kwh_per_t[rows],
        heel_t=np.nan_to_num(screened.heel_t[rows]),
        heel_wt_pct=before if mapping.heel else np.full_like(analysis, np.nan),
        process={name: values[rows] for name, values in screened.process.items()},
        below_wt_pct=below if np.isfinite(below).any() else None,
    )


def _stacked(columns: list[FloatArray]) -> FloatArray:
    return np.column_stack(columns)
