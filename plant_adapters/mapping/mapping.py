"""The mapping file: how a plant's table becomes Chargewise's vocabulary.

A TOML file names columns, units, number and time conventions, and the class of each material code. See
`plant_adapters/mappings/` for one that works and `docs/adapters.md` for every key.
"""

from importlib import resources
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator, model_validator

from plant_adapters.mapping.entries import MaterialEntry, unrecorded_baskets
from plant_adapters.mapping.part import PartMap
from plant_adapters.reading.table import Table, TableFormat, as_name
from plant_adapters.reading.times import ZoneName
from plant_adapters.reading.toml_files import read_shipped, shipped_names
from steel.complaints import meant
from steel.elements import Element, by_element, parse_element, spellings
from steel.errors import InputError
from steel.frozen import Frozen
from steel.materials import Material
from steel.names import as_one
from steel.process import PROCESS_UNITS
from steel.quantities import HeatMassT, Number

_SHIPPED = resources.files("plant_adapters").joinpath("mappings")


ColumnName = Annotated[str, Field(min_length=1), AfterValidator(as_name)]


def _one_place(placeholder: str, pattern: str) -> str:
    if pattern.count(placeholder) != 1:
        raise ValueError(f"a column's name with {placeholder} in one place")
    return as_name(pattern)


class ColumnMap(Frozen):
    """A column and its unit; `per = "heat"` values are divided by the tapped mass."""

    column: ColumnName
    unit: str
    per: Literal["t", "heat", ""] = ""


class AnalysisMap(Frozen):
    """Analysis columns.

    Attributes:
        pattern: how an element's column is called, `{element}` standing for its symbol, in capitals or not.
        unit: of all of them but those in `units`.
        units: of single elements, such as `N = "ppm"`.
        columns: of single elements whose column is called otherwise.
    """

    pattern: str = "{element}"
    unit: str = "wt%"
    elements: Annotated[tuple[str, ...], Field(min_length=1)]
    units: dict[str, str] = {}
    columns: dict[str, ColumnName] = {}

    @field_validator("pattern")
    @classmethod
    def _patterned(cls, pattern: str) -> str:
        return _one_place("{element}", pattern)

    @field_validator("elements")
    @classmethod
    def _known(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        found = tuple(parse_element(symbol, "analysis.elements").value for symbol in symbols)
        if len(set(found)) < len(found):
            raise ValueError("each element once")
        return found

    @model_validator(mode="after")
    def _of_its_elements(self) -> "AnalysisMap":
        for what, given in (("units", self.units), ("columns", self.columns)):
            for element in by_element(given, f"analysis.{what}"):
                if element.value not in self.elements:
                    raise ValueError(f"{what}: {element} is not among the elements {', '.join(self.elements)}")
        return self

    def unit_of(self, element: Element) -> str:
        """The unit of an element's column."""
        return by_element(self.units, "analysis.units").get(element, self.unit)

    def column_of(self, element: Element, names: tuple[str, ...]) -> str:
        """The name of an element's column among a table's, whatever the case of its symbol.

        Raises:
            InputError: two columns may be meant.
        """
        stated = by_element(self.columns, "analysis.columns").get(element)
        if stated is not None:
            return stated
        symbol = element.value
        tried = [self.pattern.replace("{element}", spelled) for spelled in spellings(element)]
        found = [name for name in tried if name in names]
        if len(found) > 1:
            raise InputError(found, f"columns of {symbol}", f"one; say which as `[analysis.columns] {symbol} = ...`")
        return found[0] if found else tried[0]


class MaterialMap(Frozen):
    """Material columns.

    Attributes:
        pattern: how a material column's name looks, `{code}` standing for the code.
        codes: by code, the material it stands for.
        ignore: codes left out on purpose.
        max_per_heat: more than this in one heat is absurd, in `unit`.
    """

    pattern: str
    unit: str
    codes: Annotated[dict[str, MaterialEntry], Field(min_length=1)]
    ignore: tuple[str, ...] = ()
    max_per_heat: Annotated[Number, Field(gt=0)]

    @field_validator("pattern")
    @classmethod
    def _patterned(cls, pattern: str) -> str:
        return _one_place("{code}", pattern)

    @model_validator(mode="after")
    def _apart(self) -> "MaterialMap":
        alike = as_one(entry.name or code for code, entry in self.codes.items())
        if alike:
            raise ValueError(f"codes: {', '.join(alike)} named twice; name each material once")
        return self

    def column_of(self, code: str) -> str:
        """The name of a code's column."""
        return as_name(self.pattern.replace("{code}", code))

    def code_of(self, column: str) -> str | None:
        """The material code in a column's name, or None if it is no material column.

        A pattern of nothing but the code says of no column that it is one; only the codes do.
        """
        before, after = self.pattern.split("{code}")
        if not before and not after:
            return column if column in self.codes else None
        if column.startswith(before) and column.endswith(after) and len(column) > len(before) + len(after):
            return column[len(before) : len(column) - len(after) or None]
        return None


class CheckMap(Frozen):
    """A column that is only checked: outside these bounds the row's weights are not to be trusted."""

    column: ColumnName
    unit: str
    least: Number
    most: Number

    @model_validator(mode="after")
    def _ordered(self) -> "CheckMap":
        if self.least > self.most:
            raise ValueError(f"least {self.least:g} exceeds most {self.most:g}")
        return self


class Mapping(TableFormat):
    """A whole mapping file.

    Attributes:
        nominal_tapped_t: tapped mass where the record has none.
        unrecorded_baskets_t: steel that comes from baskets the record leaves out; None where it has them.
        unknowable: what a reader of results from this record must be told.
        replaces: column that names the heat whose place a row's takes, such as one that was split in two.
        tables: further ones that are joined to the heats by number.
    """

    name: str
    title: str = ""
    timezone: ZoneName = "UTC"
    heat_id: ColumnName
    tapped_at: ColumnName | None = None
    grade: ColumnName | None = None
    tapped: ColumnMap | None = None
    heel: ColumnMap | None = None
    energy: ColumnMap | None = None
    process: dict[str, ColumnMap] = {}
    analysis: AnalysisMap
    materials: MaterialMap
    replaces: ColumnName | None = None
    checks: tuple[CheckMap, ...] = ()
    nominal_tapped_t: HeatMassT | None = None
    unrecorded_baskets_t: HeatMassT | None = None
    unknowable: tuple[str, ...] = ()
    tables: Annotated[tuple[PartMap, ...], Field(max_length=20)] = ()

    @field_validator("process")
    @classmethod
    def _known_process(cls, process: dict[str, ColumnMap]) -> dict[str, ColumnMap]:
        for name in process:
            if name not in PROCESS_UNITS:
                raise ValueError(f"{name!r} is no process input{meant(name, PROCESS_UNITS)}")
        return process

    def element_columns(self, names: tuple[str, ...]) -> dict[Element, str]:
        """The column of each element among a table's."""
        return {Element(symbol): self.analysis.column_of(Element(symbol), names) for symbol in self.analysis.elements}

    def plain_columns(self) -> tuple[str, ...]:
        """Columns that are neither an element's nor a material's."""
        mapped = (self.tapped, self.heel, self.energy, *self.process.values(), *self.checks)
        named = (self.heat_id, self.tapped_at, self.grade, self.replaces, *(each.column for each in mapped if each))
        return tuple(dict.fromkeys(name for name in named if name))

    def columns(self, names: tuple[str, ...]) -> tuple[str, ...]:
        """Every column that a table must have."""
        materials = (self.materials.column_of(code) for code in self.materials.codes)
        return (*self.plain_columns(), *self.element_columns(names).values(), *materials)

    def heads(self, names: tuple[str, ...]) -> int:
        """How many of these are the columns' names; none where they are a title above them."""
        found = len(set(names) & set(self.columns(names)))
        return found if self.heat_id in names and found > 1 else 0

    def left_over(self, table: Table) -> tuple[str, ...]:
        """Columns of a table that are neither read nor left out on purpose."""
        known = {*self.columns(table.columns), *(self.materials.column_of(code) for code in self.materials.ignore)}
        return tuple(name for name in table.columns if name not in known)

    def material_list(self) -> tuple[Material, ...]:
        """The materials of the codes, and the pseudo-material of unrecorded baskets."""
        listed = [
            entry.material(code, f"mapping {self.name}: materials.codes.{code}")
            for code, entry in self.materials.codes.items()
        ]
        if self.unrecorded_baskets_t is not None:
            listed.insert(0, unrecorded_baskets())
        return tuple(listed)


def shipped_mappings() -> tuple[str, ...]:
    """Names of the mappings that come with Chargewise."""
    return shipped_names(_SHIPPED)


def read_mapping(name_or_path: str) -> Mapping:
    """Read a shipped mapping by name, or a mapping file by path.

    Raises:
        InputError: there is none, or a value in it cannot be used; the message names it.
    """
    return read_shipped(name_or_path, _SHIPPED, "mapping", Mapping)
