"""A plant as the optimizer needs it: furnace, yard, and what it pays for."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from steel import catalogue
from steel.baskets import Baskets
from steel.bath import BathPractice
from steel.complaints import meant
from steel.elements import Element
from steel.emissions import EmissionFactors
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade
from steel.materials import Material, MaterialKind
from steel.names import as_one
from steel.process import ProcessInputs
from steel.quantities import (
    CarbonEurPerT,
    ChargedT,
    EurPerKg,
    EurPerKwh,
    EurPerNm3,
    EurPerT,
    Fraction,
    HeatMassT,
    Number,
    StockT,
    YesNo,
)
from steel.slag import SlagPractice
from steel.texts import Line, NameLine


class YardItem(Frozen):
    """One material as it can be had today.

    Attributes:
        price_eur_per_t: delivered to the furnace.
        available_t: stock and arrivals for this heat; None means as much as wanted.
        min_lot_t: least mass worth a crane lift when used at all.
        min_t: least that must go into every heat (slag practice, must-use); 0 means none.
        max_t: most that may go into one heat; None means no rule.
        lift_t: what the crane lifts of it at a time, or what a piece weighs, so that only multiples go in; 0 means any
            mass.
        paid_whole: whether all that is available is paid as soon as any of it is used, as a block of alloy is.

    Raises:
        ValueError: the least exceeds the most, or what is paid whole has no mass.
    """

    material: Material
    price_eur_per_t: EurPerT
    available_t: StockT | None = None
    min_lot_t: ChargedT = 0.0
    min_t: ChargedT = 0.0
    max_t: ChargedT | None = None
    lift_t: ChargedT = 0.0
    paid_whole: YesNo = False

    @model_validator(mode="after")
    def _ordered(self) -> "YardItem":
        if self.max_t is not None and self.min_t > self.max_t:
            raise ValueError(f"{self.material.name}: min_t {self.min_t} exceeds max_t {self.max_t}")
        if self.paid_whole and self.available_t is None:
            raise ValueError(f"{self.material.name}: paid_whole needs available_t, the mass that is paid")
        return self

    @property
    def stage(self) -> Literal["furnace", "tapping"]:
        """Ferro-alloys go into the ladle at tapping, everything else into the furnace."""
        return "tapping" if self.material.kind is MaterialKind.FERROALLOY else "furnace"

    @property
    def most_t(self) -> float | None:
        """The tighter of stock and rule, t; None where neither limits."""
        limits = [t for t in (self.available_t, self.max_t) if t is not None]
        return min(limits, default=None)


class MaterialGroup(Frozen):
    """Materials that a rule takes together, such as everything light, or everything that dusts.

    Attributes:
        materials: names in the yard.
        min_share: of the metal-bearing charge.
        max_share: of the metal-bearing charge.

    Raises:
        ValueError: the least exceeds the most.
    """

    name: NameLine
    materials: tuple[str, ...] = Field(min_length=1)
    min_share: Fraction = 0.0
    max_share: Fraction = 1.0

    @model_validator(mode="after")
    def _ordered(self) -> "MaterialGroup":
        if self.min_share > self.max_share:
            raise ValueError(f"group {self.name}: min_share {self.min_share} exceeds max_share {self.max_share}")
        return self


class RulesFile(Frozen):
    """A plant's own rules, as its file states them; run as a program, so never taken from outside the plant.

    Attributes:
        name: of the file.
        text: what it holds.
    """

    name: str
    text: str


class Furnace(Frozen):
    """The furnace and its usual practice.

    Attributes:
        tap_weight_t: steel tapped per heat, before tapping additions.
        heel_t: steel left for the next heat.
        mean_power_mw: drawn while power is on; None where it is unknown.
        process: usual process inputs, by the names of `PROCESS_UNITS`.
        ladle_retention: share of an element that ladle treatment leaves, where it removes some.
        slag: what is asked of the furnace slag; None where the house rules for lime and dolime are enough.
        bath: what is asked of the bath's carbon and oxygen; None where nothing is.
    """

    tap_weight_t: HeatMassT
    heel_t: ChargedT = 0.0
    baskets: Baskets | None = None
    mean_power_mw: Annotated[Number, Field(gt=0, le=1000)] | None = None
    process: ProcessInputs = {}
    electrode_kg_per_t: Annotated[Number, Field(ge=0, le=100)] = 0.0
    ladle_retention: dict[Element, Fraction] = {}
    slag: SlagPractice | None = None
    bath: BathPractice | None = None


class Prices(Frozen):
    """What the plant pays beside its charge; carbon by scope, so that a plant counts what it must.

    Attributes:
        furnace_eur_per_min: what a minute of the furnace is worth, where more steel would be sold.
    """

    electricity_eur_per_kwh: EurPerKwh = 0.0
    gas_eur_per_nm3: EurPerNm3 = 0.0
    oxygen_eur_per_nm3: EurPerNm3 = 0.0
    electrode_eur_per_kg: EurPerKg = 0.0
    injected_carbon_eur_per_kg: EurPerKg = 0.0
    furnace_eur_per_min: Annotated[Number, Field(ge=0, le=10_000)] = 0.0
    carbon_scope1_eur_per_t: CarbonEurPerT = 0.0
    carbon_scope2_eur_per_t: CarbonEurPerT = 0.0
    carbon_scope3_eur_per_t: CarbonEurPerT = 0.0


class Plant(Frozen):
    """One plant.

    Attributes:
        grades: names of the grades it makes, of the catalogue or its own.
        own_grades: specifications of its own; they come before the catalogue's of the same name.
        groups: rules for several materials together.
        notes: what a reader of its recipes must know, such as what its records leave out.
        approval_required: whether only recipes that a person has approved are charged.
        rules: its own, from a file of its own.

    Raises:
        ValueError: two yard items share a name, or a rule names what the yard does not have.
    """

    name: str = Field(min_length=1, pattern=r"^[A-Za-z0-9_-]+$")
    title: Line = ""
    furnace: Furnace
    yard: tuple[YardItem, ...]
    prices: Prices = Prices()
    emission_factors: EmissionFactors
    grades: tuple[str, ...] = ()
    own_grades: tuple[Grade, ...] = ()
    groups: tuple[MaterialGroup, ...] = ()
    notes: tuple[Line, ...] = ()
    approval_required: YesNo = False
    rules: Annotated[RulesFile | None, Field(exclude=True, repr=False)] = None

    @model_validator(mode="after")
    def _consistent(self) -> "Plant":
        names = [item.material.name for item in self.yard]
        for what, listed in (
            ("yard", names),
            ("groups", [group.name for group in self.groups]),
            ("grades of its own", [grade.name for grade in self.own_grades]),
        ):
            doubled = as_one(listed)
            if doubled:
                raise ValueError(f"{what} of {self.name}: {', '.join(doubled)} listed twice; list each once")
        for name in self.grades:
            self.grade(name)
        baskets = self.furnace.baskets
        stated = [(f"group {group.name}", group.materials) for group in self.groups]
        stated += [(f"basket rule {rule.name}", rule.materials) for rule in (baskets.rules if baskets else ())]
        for rule, materials in stated:
            strange = sorted(set(materials) - set(names))
            if strange:
                raise ValueError(f"{rule} of {self.name}: {', '.join(strange)} not in the yard")
        return self

    def grade(self, name: str) -> Grade:
        """The plant's own grade of a name, or the catalogue's.

        Raises:
            InputError: there is none.
        """
        own = {grade.name: grade for grade in self.own_grades}
        if name in own:
            return own[name]
        if name not in catalogue.grades():
            known = [*own, *catalogue.grades()]
            raise InputError(name, "grade", f"a grade of {self.name} or of the catalogue{meant(name, known)}")
        return catalogue.grade(name)

    def made(self) -> tuple[str, ...]:
        """Names of every grade it makes; the whole catalogue where it names none."""
        return tuple(dict.fromkeys([*self.grades, *(grade.name for grade in self.own_grades)])) or tuple(
            catalogue.grades()
        )

    def item(self, name: str) -> YardItem | None:
        """The yard item of a material name, or None."""
        return next((item for item in self.yard if item.material.name == name), None)

    def with_items(self, change: Callable[[YardItem], dict[str, Any]]) -> "Plant":
        """The plant with what is given of each yard item changed; what it is changed to is not checked again."""
        yard = tuple(item.model_copy(update=update) if (update := change(item)) else item for item in self.yard)
        return self.model_copy(update={"yard": yard})

    def charge_items(self) -> tuple[YardItem, ...]:
        """What goes into the furnace."""
        return tuple(item for item in self.yard if item.stage == "furnace")

    def tapping_items(self) -> tuple[YardItem, ...]:
        """What goes into the ladle at tapping."""
        return tuple(item for item in self.yard if item.stage == "tapping")
