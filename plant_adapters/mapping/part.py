"""Further tables of a plant's record: charges, additions, analyses and energies that are joined to heats by number."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from plant_adapters.reading.table import as_name
from steel.frozen import Frozen

PartColumn = Annotated[str, Field(min_length=1), AfterValidator(as_name)]


class PartMap(Frozen):
    """One further table, or the same one read by its rows.

    A row is of a material and its mass, of an element and its value, or has columns of its own.

    Attributes:
        file: beside the heats' file, such as "baskets-*.csv", every one that fits; the heats' own unless given.
        sheet: of a workbook.
        heat_id: column of the heat's number.
        material: column of the codes, each row being so much of one.
        mass: column of the masses.
        unit: of the masses; that of the materials unless given.
        element: column of the symbols, each row being one value.
        value: column of the values.
        keep: which of several rows of a heat counts; of masses every row does. "sum" adds up the numbers.
        order: column by which the first and the last are told; the order of the rows unless given.
        where: only rows whose column says one of these, in capitals or not.

    Raises:
        ValueError: material and mass, or element and value, do not come together, or both pairs do.
    """

    file: str | None = None
    sheet: str | None = None
    heat_id: PartColumn
    material: PartColumn | None = None
    mass: PartColumn | None = None
    unit: str | None = None
    element: PartColumn | None = None
    value: PartColumn | None = None
    keep: Literal["first", "last", "sum"] = "last"
    order: PartColumn | None = None
    where: dict[PartColumn, tuple[str, ...]] = {}

    @model_validator(mode="after")
    def _of_one_kind(self) -> "PartMap":
        for one, other in (("material", "mass"), ("element", "value")):
            if (getattr(self, one) is None) != (getattr(self, other) is None):
                raise ValueError(f"{one} and {other} come together")
        if self.material is not None and self.element is not None:
            raise ValueError("a row is of a material or of an element, not of both")
        if self.element is not None and self.keep == "sum":
            raise ValueError("keep: values of an element are not added up; first or last")
        if self.file is not None and ("/" in self.file or "\\" in self.file):
            raise ValueError(f"file {self.file!r}: a name beside the heats' file, without a folder")
        return self

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that it must have."""
        told = (self.heat_id, self.material, self.mass, self.element, self.value, self.order, *self.where)
        return tuple(dict.fromkeys(name for name in told if name is not None))
