"""What was set aside while reading a plant's records, and why."""

from collections import Counter
from enum import StrEnum

from steel.frozen import Frozen


class Reason(StrEnum):
    """Why a row was set aside."""

    NEGATIVE_WEIGHT = "negative weight"
    ABSURD_WEIGHT = "absurd weight"
    MISSING_ANALYSIS = "missing analysis"
    IMPLAUSIBLE_VALUE = "implausible value"
    UNREADABLE_VALUE = "unreadable value"
    DUPLICATE_HEAT = "duplicate heat"
    UNKNOWN_MATERIAL = "unknown material"
    NO_HEAT_ID = "no heat number"
    DUPLICATE_ROW = "duplicate row"
    MISFIT_ROW = "row that does not fit the columns"
    SUMMARY_ROW = "summary, no heat"
    NOTHING_CHARGED = "nothing charged"
    IMPLAUSIBLE_HEAT = "tapped and charged do not fit"
    MISSING_PROPERTY = "missing property"
    UNKNOWN_HEAT = "row of no known heat"


class Rejection(Frozen):
    """One reason against one row.

    Attributes:
        row: line of the source, the header being line 1.
        value: as it was sent.
        expected: what would have been right.
    """

    row: int
    heat_id: str
    reason: Reason
    column: str
    value: str
    expected: str

    def __str__(self) -> str:
        where = f"row {self.row}, heat {self.heat_id}" if self.heat_id else f"row {self.row}"
        return f"{where}: {self.reason.value} in {self.column}: {self.value or 'empty'}; expected {self.expected}"


class Correction(Frozen):
    """A negative booking: not a mass that was charged, kept because a person meant something by it."""

    row: int
    heat_id: str
    material: str
    mass_t: float


class ColumnReading(Frozen):
    """How a column was read.

    Attributes:
        how: in words, such as "decimal comma, kg".
        examples: what two of its cells say, and what was read.
    """

    column: str
    how: str
    examples: tuple[tuple[str, str], ...] = ()


class IngestReport(Frozen):
    """Everything that was read, and what became of it.

    Attributes:
        source: file or address.
        rows_read: counts; the difference is in quarantine.
        rows_valid: counts; the difference is in quarantine.
        rejections: every reason against every row in quarantine.
        cells: every reason against a single cell that was left out, its heat being used without it.
        corrections: negative bookings, kept as such.
        raw: the rows in quarantine as they were sent, by row number.
        readings: how each column was read.
        header_row: line of the header.
        below_detection: cells known only to lie below a limit, which is kept.
        left_over: columns that the mapping says nothing of.
        joined_rows: read in further tables that were joined to the heats.
        strays: rows of those that belong to no heat, or fit no columns.
        goes_on: whether it tells of a further block of a source that was told of before.
    """

    source: str
    rows_read: int
    rows_valid: int
    rejections: tuple[Rejection, ...] = ()
    corrections: tuple[Correction, ...] = ()
    raw: dict[int, dict[str, str]] = {}
    cells: tuple[Rejection, ...] = ()
    readings: tuple[ColumnReading, ...] = ()
    header_row: int = 1
    below_detection: int = 0
    left_over: tuple[str, ...] = ()
    joined_rows: int = 0
    strays: tuple[Rejection, ...] = ()
    goes_on: bool = False

    @property
    def rows_quarantined(self) -> int:
        """Rows set aside."""
        return self.rows_read - self.rows_valid

    def followed_by(self, other: "IngestReport") -> "IngestReport":
        """Of this block of a source and the next one together."""
        changed = {
            name: getattr(self, name) + getattr(other, name)
            for name in ("rows_read", "rows_valid", "rejections", "corrections", "cells", "below_detection",
                         "joined_rows", "strays")
        }  # fmt: skip
        return self.model_copy(update={**changed, "raw": self.raw | other.raw})

    def by_reason(self) -> dict[Reason, int]:
        """Rows by reason; a row with two reasons counts under both."""
        rows = {(rejection.row, rejection.reason) for rejection in self.rejections}
        return dict(Counter(reason for _, reason in rows).most_common())
