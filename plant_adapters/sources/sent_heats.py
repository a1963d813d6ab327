"""Heats as another system sends them, one record each: each is taken or set aside by itself, with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationError

from plant_adapters.reading.quarantine import IngestReport, Reason, Rejection
from plant_adapters.validation.plausibility import (
    ENERGY_KWH_PER_T,
    MOST_WT_PCT,
    TAPPED_PER_CHARGED,
    TAPPED_T,
    is_summary,
)
from steel.complaints import complaints, meant
from steel.elements import Element, by_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.heats import Charge, Heat
from steel.process import ProcessInputs
from steel.quantities import ChargedT, Number, WtPct, written_time
from steel.texts import NameLine

WrittenTime = Annotated[datetime, BeforeValidator(written_time)]


class SentHeat(Frozen):
    """One tapped heat as it is sent.

    Attributes:
        heat_id: the plant's number of it.
        tapped_at: ISO 8601; without an offset it is UTC.
        grade: name of what was made.
        charged_t: t of each furnace material.
        analysis_wt_pct: in the furnace at tap, by element symbol.
        tapped_t: steel tapped.
        energy_kwh_per_t: electricity per t tapped.
        process: process inputs by name.
        heel_t: steel that the heat before left.
        heel_wt_pct: its analysis.
    """

    heat_id: Annotated[NameLine, Field(max_length=64)]
    tapped_at: WrittenTime | None = None
    grade: Annotated[str, Field(max_length=64)] = ""
    charged_t: Annotated[dict[str, ChargedT], Field(min_length=1, max_length=200)]
    analysis_wt_pct: Annotated[dict[str, WtPct], Field(min_length=1)]
    tapped_t: Annotated[Number, Field(ge=TAPPED_T[0], le=TAPPED_T[1])] | None = None
    energy_kwh_per_t: Annotated[Number, Field(ge=ENERGY_KWH_PER_T[0], le=ENERGY_KWH_PER_T[1])] | None = None
    process: ProcessInputs = {}
    heel_t: ChargedT = 0.0
    heel_wt_pct: dict[str, WtPct] = {}


@dataclass(frozen=True)
class SentBatch:
    """Sent heats that go on, and the report on all.

    Attributes:
        heats: in the order they were sent.
    """

    heats: tuple[Heat, ...]
    report: IngestReport


def read_sent(rows: Sequence[Any], materials: Sequence[str], source: str) -> SentBatch:
    """Take every row that can be used; the others go to the report with every reason.

    Args:
        rows: as they were sent, each a table of names and values.
        materials: that the plant knows.
        source: of the rows, for the report.
    """
    heats: dict[str, Heat] = {}
    rejections: list[Rejection] = []
    raw: dict[int, dict[str, str]] = {}
    for number, row in enumerate(rows, start=1):
        heat, problems = _read(row, materials, number)
        if heat is not None and heat.heat_id in heats:
            said = "each heat once in what is sent together"
            problems = [_rejection(number, heat.heat_id, Reason.DUPLICATE_HEAT, "heat_id", heat.heat_id, said)]
        if heat is None or problems:
            rejections += problems
            raw[number] = {str(name)[:64]: str(value)[:200] for name, value in _items(row)}
        else:
            heats[heat.heat_id] = heat
    report = IngestReport(
        source=source, rows_read=len(rows), rows_valid=len(heats), rejections=tuple(rejections), raw=raw
    )
    return SentBatch(tuple(heats.values()), report)


def _read(row: Any, materials: Sequence[str], number: int) -> tuple[Heat | None, list[Rejection]]:
    named = str(row.get("heat_id", ""))[:64] if isinstance(row, dict) else ""
    try:
        sent = SentHeat.model_validate(row)
        analysis = by_element(sent.analysis_wt_pct, "analysis_wt_pct")
        heel = by_element(sent.heel_wt_pct, "heel_wt_pct")
    except ValidationError as error:
        found = [(one.where, one.value, one.expected) for one in complaints(error, SentHeat)]
        return None, [_rejection(number, named, _reason(w), w, v, expected) for w, v, expected in found]
    except InputError as error:
        return None, [_rejection(number, named, Reason.UNREADABLE_VALUE, error.where, error.value, error.expected)]
    problems = list(_implausible(sent, analysis, materials, number))
    tapped_at = None
    if sent.tapped_at is not None:
        aware = sent.tapped_at if sent.tapped_at.tzinfo else sent.tapped_at.replace(tzinfo=UTC)
        tapped_at = aware.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    charge = Charge(charged_t=sent.charged_t, process=sent.process, heel_t=sent.heel_t, heel_wt_pct=heel)
    heat = Heat(
        heat_id=sent.heat_id, tapped_at=tapped_at, grade=sent.grade or None, charge=charge, tapped_t=sent.tapped_t,
        energy_kwh_per_t=sent.energy_kwh_per_t, analysis_wt_pct=analysis,
    )  # fmt: skip
    return heat, problems


def _implausible(
    sent: SentHeat, analysis: dict[Element, float], materials: Sequence[str], number: int
) -> "list[Rejection]":
    found: list[Rejection] = []

    def say(reason: Reason, column: str, value: object, expected: str) -> None:
        found.append(_rejection(number, sent.heat_id, reason, column, value, expected))

    if is_summary(sent.heat_id):
        say(Reason.SUMMARY_ROW, "heat_id", sent.heat_id, "the number of a heat")
    for name in sent.charged_t:
        if name not in materials:
            say(
                Reason.UNKNOWN_MATERIAL,
                f"charged_t.{name[:64]}",
                name[:64],
                f"a known material{meant(name, materials)}",
            )
    charged = sum(sent.charged_t.values())
    if charged <= 0:
        say(Reason.NOTHING_CHARGED, "charged_t", charged, "more than 0 t in all")
    elif sent.tapped_t is not None and not _fits(sent.tapped_t / charged):
        low, high = TAPPED_PER_CHARGED
        say(Reason.IMPLAUSIBLE_HEAT, "tapped_t", sent.tapped_t, f"{low:g} to {high:g} of the {charged:g} t charged")
    for element, value in analysis.items():
        most = MOST_WT_PCT.get(element, 100.0)
        if value > most:
            say(Reason.IMPLAUSIBLE_VALUE, f"analysis_wt_pct.{element}", value, f"at most {most:g} wt%")
    return found


def _fits(tapped_per_charged: float) -> bool:
    return TAPPED_PER_CHARGED[0] <= tapped_per_charged <= TAPPED_PER_CHARGED[1]


def _reason(where: str) -> Reason:
    """The reason that a place stands for."""
    first = where.split(".", maxsplit=1)[0]
    if first == "heat_id":
        return Reason.NO_HEAT_ID
    return Reason.MISSING_ANALYSIS if where == "analysis_wt_pct" else Reason.UNREADABLE_VALUE


def _rejection(number: int, heat_id: str, reason: Reason, column: str, value: object, expected: str) -> Rejection:
    # PostgreSQL keeps no zero byte.
    said = "" if value is None else str(value)[:200].replace("\0", "\\0")
    return Rejection(
        row=number, heat_id=heat_id.replace("\0", "\\0"), reason=reason, column=column[:100].replace("\0", "\\0"),
        value=said, expected=expected[:500].replace("\0", "\\0"),
    )  # fmt: skip


def _items(row: Any) -> "list[tuple[str, str]]":
    pairs = row.items() if isinstance(row, dict) else [("row", row)]
    return [(str(name).replace("\0", "\\0"), str(value).replace("\0", "\\0")) for name, value in pairs]
