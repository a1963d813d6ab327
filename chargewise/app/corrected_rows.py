"""Rows of heats that were set aside, corrected by a person and stored after all."""

from collections.abc import Mapping

import pandas as pd

from plant_adapters.mapping.mapping import Mapping as HeatMapping
from plant_adapters.reading.table import Table
from plant_adapters.sources.table import heats_of
from plant_adapters.store.store import HeatStore, Verdict
from steel.complaints import meant
from steel.errors import InputError


def store_corrected(
    store: HeatStore, plant: str, number: int, mapping: HeatMapping, changes: Mapping[str, str]
) -> tuple[str, Verdict]:
    """Read a row of the quarantine again, some of its cells written otherwise, and store its heat.

    Args:
        store: of the heats.
        plant: whose row.
        number: of one of the reasons against it.
        mapping: that its file is read by.
        changes: what cells should say, by column.

    Returns:
        The heat's number, and whether it is new, changed or known.

    Raises:
        InputError: there is no such row, no such column, or something is against it still.
    """
    rows = {int(row["id"]): row for row in store.quarantined(plant)}
    if number not in rows:
        raise InputError(number, "row", f"the number of one of {plant} in quarantine")
    row = rows[number]
    raw: dict[str, str] = dict(row["raw"])
    if mapping.tables or set(raw) <= {"cells"}:
        expected = "one of a table with a row for each heat; correct the others where they came from"
        raise InputError(number, "row", expected)
    for column in changes:
        if column not in raw:
            raise InputError(column, "column", f"one of the row{meant(column, raw)}")
    table = Table(pd.DataFrame([{**raw, **changes}], index=[row["row"]], dtype=object))
    batch = heats_of(f"{row['source']}, row {row['row']} corrected", table, mapping, lambda part: ())
    against = batch.report.rejections
    if against:
        raise InputError(against[0].value, against[0].column, against[0].expected)
    stored = store.add(plant, batch.log, batch.materials, batch.report, batch.replaced)
    store.set_right(plant, row["source"], row["row"])
    ((heat_id, verdict),) = stored.verdicts.items()
    return heat_id, verdict
