"""The carbon sheet as files: a table of lines, a workbook, and a page to print."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from html import escape
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.worksheet._write_only import WriteOnlyWorksheet

from steel.carbon_sheet import CarbonAccount, CarbonSheet, Recycled
from steel.texts import plain_cell

Row = Sequence[object]
FIGURES = ("figure", "value", "unit")
LINE_COLUMNS = ("heat_id", "tapped_at", "grade", "steel_t", "scope", "source", "amount", "unit", "kgco2e")
HEAT_COLUMNS = (
    "heat_id", "tapped_at", "grade", "steel_t", "scope1_kgco2e", "scope2_kgco2e", "scope3_kgco2e", "total_kgco2e",
    "kgco2e_per_t", *Recycled.model_fields, "direct_kgco2_by_mass_balance", "gaps",
)  # fmt: skip
CSS = """
:root { color-scheme: light dark }
body { font: 14px system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.4rem } h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
td, th { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #8886; vertical-align: top }
td.n, th.n { text-align: right; white-space: nowrap }
.wide { overflow-x: auto } .note { color: #666 }
@media (prefers-color-scheme: dark) { .note { color: #aaa } }
@media print { body { margin: 0; max-width: none; font-size: 10pt; color: #000; background: #fff }
  h2 { break-after: avoid } tr { break-inside: avoid } .wide { overflow: visible } }
"""


def as_csv(sheet: CarbonSheet) -> bytes:
    """Every source of every heat, a line each."""
    text = io.StringIO(newline="")
    table = csv.writer(text)
    table.writerow(LINE_COLUMNS)
    for row in _lines(sheet):
        table.writerow([plain_cell(cell) for cell in row])
    # Excel takes a CSV for UTF-8 only where it begins with this mark.
    return text.getvalue().encode("utf-8-sig")


def as_workbook(sheet: CarbonSheet) -> bytes:
    """The sum, heats, sources, route sheet and factors as a workbook; what looks like a formula is text."""
    book = Workbook(write_only=True)
    for title, columns, rows in (
        ("Sum", FIGURES, _sum(sheet)),
        ("Heats", HEAT_COLUMNS, _heats(sheet)),
        ("Sources", LINE_COLUMNS, _lines(sheet)),
        ("Route", FIGURES, _route(sheet.all)),
        ("Factors", ("name", "value", "unit", "source", "dated", "version"), _factors(sheet)),
    ):
        page: WriteOnlyWorksheet = book.create_sheet(title)
        page.append([_cell(page, name, bold=True) for name in columns])
        for row in rows:
            page.append([_cell(page, value) for value in row])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_page(sheet: CarbonSheet, made_at: datetime) -> str:
    """A page to print: the sum, the route sheet, the factors; heats and their sources are in the other files."""
    days = f"{sheet.first or 'the first heat'} to {sheet.last or 'the newest heat'}"
    parts = [
        f"<h1>Carbon sheet of {escape(sheet.plant)}</h1>",
        f'<p class="note">{days} · {sheet.all.heats} heats · scrap by the {sheet.method} method · '
        f"made {made_at:%Y-%m-%d %H:%M} UTC</p>",
        _table("Sum", FIGURES, _sum(sheet)),
        _table(
            "By source", ("scope", "source", "amount", "unit", "kgCO2e"),
            ((line.scope, line.source, line.amount, line.unit, line.kgco2e) for line in sheet.all.lines),
        ),
        _table("Route sheet (CBAM, ETS): crude steel by electric arc furnace", FIGURES, _route(sheet.all)),
        _table("Factors", ("name", "value", "unit", "source", "dated", "version"), _factors(sheet)),
    ]  # fmt: skip
    if sheet.all.gaps:
        listed = "".join(f"<li>{escape(gap)}</li>" for gap in sheet.all.gaps)
        parts.append(f"<h2>What was not recorded</h2><ul>{listed}</ul>")
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Carbon sheet of {escape(sheet.plant)}</title><style>{CSS}</style></head>"
        f"<body>{''.join(parts)}</body></html>"
    )


def _lines(sheet: CarbonSheet) -> Iterable[Row]:
    for heat in sheet.heats:
        for line in heat.lines:
            yield (
                heat.heat_id, heat.tapped_at, heat.grade, heat.steel_t, line.scope, line.source, line.amount,
                line.unit, line.kgco2e,
            )  # fmt: skip


def _heats(sheet: CarbonSheet) -> Iterable[Row]:
    for heat in sheet.heats:
        scopes = [heat.scope_kg(scope) for scope in (1, 2, 3)]
        yield (
            heat.heat_id, heat.tapped_at, heat.grade, heat.steel_t, *scopes, heat.total_kg, _per_t(heat),
            *heat.recycled.model_dump().values(), heat.route.direct_kgco2, "; ".join(heat.gaps),
        )  # fmt: skip


def _sum(sheet: CarbonSheet) -> Iterable[Row]:
    found, recycled = sheet.all, sheet.all.recycled
    yield "heats", found.heats, ""
    yield "steel", found.steel_t, "t"
    for scope in (1, 2, 3):
        yield f"scope {scope}", found.scope_kg(scope), "kgCO2e"
    yield "all scopes", found.total_kg, "kgCO2e"
    yield "all scopes per t of steel", _per_t(found), "kgCO2e/t"
    yield "recycled content, post-consumer (ISO 14021)", round(100 * recycled.post_consumer_share, 2), "% of the metal"
    yield "recycled content, pre-consumer (ISO 14021)", round(100 * recycled.pre_consumer_share, 2), "% of the metal"
    for name, mass_t in recycled.model_dump().items():
        yield f"metal charged, {name.removesuffix('_t').replace('_', '-')}", mass_t, "t"


def _route(found: CarbonAccount) -> Iterable[Row]:
    route = found.route
    steel = max(route.steel_t, 1e-9)
    yield "activity level, crude steel", route.steel_t, "t"
    yield "carbon in", route.carbon_in_kg, "kg C"
    yield "carbon out", route.carbon_out_kg, "kg C"
    yield "direct emissions by mass balance", route.direct_kgco2, "kgCO2"
    yield "direct emissions per t of steel", round(route.direct_kgco2 / steel / 1000.0, 6), "tCO2/t"
    yield "electricity consumed", route.electricity_kwh, "kWh"
    yield "electricity per t of steel", round(route.electricity_kwh / steel / 1000.0, 6), "MWh/t"
    yield "indirect emissions", found.scope_kg(2), "kgCO2e"
    yield "scrap per t of steel", round(route.scrap_t / steel, 6), "t/t"
    yield (
        "pre-consumer scrap",
        round(100 * route.pre_consumer_t / route.scrap_t, 2) if route.scrap_t else 0.0,
        "% of it",
    )
    for precursor in route.precursors:
        yield f"precursor ({precursor.kind}): {precursor.name}", precursor.mass_t, "t"
        yield f"embedded in {precursor.name}", precursor.embedded_kgco2e, "kgCO2e"
    for name, mass_kg in route.alloys_kg.items():
        yield f"{name} in the steel", round(mass_kg / 10.0 / steel, 4), "wt%"


def _factors(sheet: CarbonSheet) -> Iterable[Row]:
    for one in sheet.factors:
        yield one.name, one.value, one.unit, one.source, one.dated, one.version


def _per_t(found: CarbonAccount) -> float:
    return round(found.total_kg / found.steel_t, 3) if found.steel_t else 0.0


def _cell(page: WriteOnlyWorksheet, value: object, bold: bool = False) -> Any:
    cell: Any = WriteOnlyCell(page, value=value if isinstance(value, int | float | None) else str(value))
    if isinstance(value, str):
        # A text that begins as a formula does is none.
        cell.data_type = "s"
    if bold:
        cell.font = Font(bold=True)
    return cell


def _table(heading: str, columns: Sequence[str], rows: Iterable[Row]) -> str:
    def shown(value: object) -> str:
        if isinstance(value, int | float):
            return f'<td class="n">{value:,}</td>'
        return f"<td>{escape(str(value))}</td>"

    every = list(rows)
    numbers = [isinstance(value, int | float) for value in (every[0] if every else ())]
    marks = [' class="n"' if is_number else "" for is_number in numbers] or [""] * len(columns)
    head = "".join(f"<th{mark}>{escape(name)}</th>" for name, mark in zip(columns, marks, strict=True))
    body = "".join(f"<tr>{''.join(shown(value) for value in row)}</tr>" for row in every)
    return f'<h2>{escape(heading)}</h2><div class="wide"><table><tr>{head}</tr>{body}</table></div>'
