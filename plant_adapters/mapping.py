"""The mapping file: how a plant's table becomes Chargewise's vocabulary.

A TOML file names columns, units, number and time conventions, and the class of each material code. See
`plant_adapters/mappings/` for one that works and `docs/adapters.md` for every key.
"""

from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pint
from pydantic import Field, field_validator

from plant_adapters.plant_file import material_from, read_shipped, shipped_names
from steel.elements import Element, parse_element
from steel.errors import InputError
from steel.frozen import Frozen
from steel.materials import Material, MaterialKind
from steel.process import PROCESS_UNITS

_SHIPPED = resources.files("plant_adapters").joinpath("mappings")
BASKETS = "unrecorded baskets"
"""Name of the pseudo-material that stands for scrap baskets the record leaves out."""


@cache
def units() -> pint.UnitRegistry[float]:
    """The unit registry; the trade's own spellings are in `_SPELLINGS`."""
    return pint.UnitRegistry()


_SPELLINGS = {"wt%": "percent", "%": "percent", "m3": "m**3", "Nm3": "m**3", "Nm³": "m**3", "m³": "m**3"}


def conversion_factor(unit: str, to: str, where: str) -> float:
    """What a value in one unit is multiplied by to be in another.

    Raises:
        InputError: a unit is unknown, or the two do not measure the same thing.
    """
    try:
        quantity = units().Quantity(1.0, _SPELLINGS.get(unit, unit))
        return float(quantity.to(_SPELLINGS.get(to, to)).magnitude)
    except (pint.errors.PintError, AttributeError, AssertionError) as error:
        raise InputError(unit, where, f"a unit convertible to {to}") from error


class ColumnMap(Frozen):
    """A column and its unit; `per = "heat"` values are divided by the tapped mass."""

    column: str = Field(min_length=1)
    unit: str
    per: Literal["t", "heat", ""] = ""


class AnalysisMap(Frozen):
    """Analysis columns: a pattern such as `target_val{element}` (symbol in lower case) and their unit."""

    pattern: str
    unit: str = "wt%"
    elements: tuple[str, ...]

    @field_validator("elements")
    @classmethod
    def _known(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(parse_element(symbol, "analysis.elements").value for symbol in symbols)

    def columns(self) -> dict[Element, str]:
        """Column of each element."""
        return {Element(s): self.pattern.replace("{element}", s.lower()) for s in self.elements}


class MaterialMap(Frozen):
    """Material columns.

    Attributes:
        pattern: how a material column's name looks, `{code}` standing for the code.
        codes: by code, the entry of a plant file's yard (`class`, `name`, ...).
        ignore: codes left out on purpose.
        max_per_heat: more than this in one heat is absurd, in `unit`.
    """

    pattern: str
    unit: str
    codes: dict[str, dict[str, Any]]
    ignore: tuple[str, ...] = ()
    max_per_heat: Annotated[float, Field(gt=0)]

    def code_of(self, column: str) -> str | None:
        """The material code in a column's name, or None if it is no material column."""
        before, after = self.pattern.split("{code}")
        if column.startswith(before) and column.endswith(after) and len(column) > len(before) + len(after):
            return column[len(before) : len(column) - len(after) or None]
        return None


class CheckMap(Frozen):
    """A column that is only checked: outside these bounds the row's weights are not to be trusted."""

    column: str
    unit: str
    least: float
    most: float


class TableFormat(Frozen):
    """How a file writes its rows, whatever they mean."""

    separator: str = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    sheet: str | None = None


class Mapping(TableFormat):
    """A whole mapping file.

    Attributes:
        nominal_tapped_t: tapped mass where the record has none.
        unrecorded_baskets_t: steel that comes from baskets the record leaves out; None where it has them.
        unknowable: what a reader of results from this record must be told.
    """

    name: str
    title: str = ""
    timezone: str = "UTC"
    heat_id: str
    tapped_at: str | None = None
    grade: str | None = None
    tapped: ColumnMap | None = None
    heel: ColumnMap | None = None
    energy: ColumnMap | None = None
    process: dict[str, ColumnMap] = {}
    analysis: AnalysisMap
    materials: MaterialMap
    checks: tuple[CheckMap, ...] = ()
    nominal_tapped_t: float | None = Field(default=None, gt=0)
    unrecorded_baskets_t: float | None = Field(default=None, gt=0)
    unknowable: tuple[str, ...] = ()

    @field_validator("process")
    @classmethod
    def _known_process(cls, process: dict[str, ColumnMap]) -> dict[str, ColumnMap]:
        strange = sorted(process.keys() - PROCESS_UNITS.keys())
        if strange:
            raise ValueError(f"{', '.join(strange)} unknown; expected some of {', '.join(PROCESS_UNITS)}")
        return process

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{zone!r} is no IANA time zone such as Europe/Berlin") from error
        return zone

    def material_list(self) -> tuple[Material, ...]:
        """The materials of the codes, and the pseudo-material of unrecorded baskets."""
        listed = [
            material_from({"name": code, **raw}, f"mapping {self.name}: materials.codes.{code}")
            for code, raw in self.materials.codes.items()
        ]
        if self.unrecorded_baskets_t is not None:
            listed.insert(0, unrecorded_baskets())
        return tuple(listed)


def unrecorded_baskets() -> Material:
    """Scrap baskets the record leaves out: counted as the steel they give, contents learned from the heats."""
    return Material(
        name=BASKETS,
        material_class="unrecorded_baskets",
        kind=MaterialKind.UNRECORDED,
        title="Scrap baskets, not in the record; mass as steel",
        bulk_density_t_per_m3=1.0,
        metallic_yield=1.0,
    )


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with Chargewise."""
    return shipped_names(_SHIPPED)


def read_mapping(name_or_path: str) -> Mapping:
    """Read a shipped mapping by name, or a mapping file by path.

    Raises:
        InputError: there is none, or a value in it cannot be used; the message names it.
    """
    return read_shipped(name_or_path, _SHIPPED, "mapping", Mapping)
