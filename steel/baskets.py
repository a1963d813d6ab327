"""Charging baskets: how much they hold, what may go into which, and in which order they are loaded."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import Field, model_validator

from steel.frozen import Frozen
from steel.materials import Material, MaterialKind
from steel.quantities import ChargedT, Number, WholeNumber
from steel.texts import NameLine

MOST_BASKETS = 5
BasketNumber = Annotated[WholeNumber, Field(ge=1, le=MOST_BASKETS)]


class BasketRule(Frozen):
    """What some materials may weigh together in some baskets.

    Attributes:
        materials: names in the yard.
        baskets: numbers, the first charged is 1; none means every basket.
        min_t: in each of these baskets; 0 as `max_t` keeps the materials out.
        max_t: in each of these baskets; 0 as `max_t` keeps the materials out.
        max_m3: of the materials together in each of these baskets, as they lie; a smaller basket where they are all.

    Raises:
        ValueError: the least exceeds the most.
    """

    name: NameLine
    materials: tuple[str, ...] = Field(min_length=1)
    baskets: tuple[BasketNumber, ...] = ()
    min_t: ChargedT = 0.0
    max_t: ChargedT | None = None
    max_m3: Annotated[Number, Field(gt=0, le=10_000)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> "BasketRule":
        if self.max_t is not None and self.min_t > self.max_t:
            raise ValueError(f"basket rule {self.name}: min_t {self.min_t} exceeds max_t {self.max_t}")
        return self

    def where(self, count: int) -> tuple[int, ...]:
        """Indices, from 0, of the baskets it holds for."""
        return tuple(number - 1 for number in self.baskets) or tuple(range(count))


class Baskets(Frozen):
    """The baskets of one heat, all of one size.

    Attributes:
        rules: what goes into which; where there are any, all baskets are charged.
        melt_m3_per_t: room in the furnace that a t of what was charged before takes once it has melted; 0 where a
            basket is charged into an empty furnace, or into one with room to spare.
        each_min: time that charging one takes.
        each_kwh: heat that is lost through the open roof when one is charged.

    Raises:
        ValueError: two rules share a name, or one is for a basket that is not there.
    """

    count: BasketNumber
    volume_m3: Annotated[Number, Field(gt=0, le=10_000)]
    max_t: Annotated[Number, Field(gt=0, le=1000)]
    rules: tuple[BasketRule, ...] = ()
    melt_m3_per_t: Annotated[Number, Field(ge=0, le=1)] = 0.0
    each_min: Annotated[Number, Field(ge=0, le=120)] = 0.0
    each_kwh: Annotated[Number, Field(ge=0, le=100_000)] = 0.0

    @model_validator(mode="after")
    def _consistent(self) -> "Baskets":
        names = [rule.name for rule in self.rules]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"basket rules: {', '.join(doubled)} stated twice; name each rule once")
        for rule in self.rules:
            if max(rule.baskets, default=1) > self.count:
                raise ValueError(f"basket rule {rule.name}: basket {max(rule.baskets)} of {self.count}")
        return self

    def of_count(self, count: int) -> "Baskets":
        """So many of these baskets, with the rules that are about them."""
        rules = []
        for rule in self.rules:
            left = tuple(number for number in rule.baskets if number <= count)
            if left or not rule.baskets:
                rules.append(rule.model_copy(update={"baskets": left}))
        return self.model_copy(update={"count": count, "rules": tuple(rules)})

    @property
    def told_apart(self) -> bool:
        """Whether it matters which basket something goes into."""
        return bool(self.rules) or self.melt_m3_per_t > 0


class Layer(Frozen):
    """One material in a basket; its volume is that of scrap as it lies, before it settles."""

    material: str
    mass_t: float
    volume_m3: float


class BasketLoad(Frozen):
    """What one basket is loaded with.

    Attributes:
        layers: from the bottom up.
    """

    layers: tuple[Layer, ...]

    @property
    def mass_t(self) -> float:
        """Of all layers, t."""
        return sum(layer.mass_t for layer in self.layers)

    @property
    def volume_m3(self) -> float:
        """Of all layers, m³."""
        return sum(layer.volume_m3 for layer in self.layers)


def from_the_bottom(materials: Iterable[Material]) -> list[Material]:
    """Materials of one basket in the order they are loaded.

    The lightest scrap first, a cushion that spares the hearth when the basket drops; then carbon and fluxes, which must
    lie deep in the scrap to dissolve; then the heaviest scrap, and upward ever lighter, so that the electrodes bore in
    fast and no heavy piece falls against them (practice of the trade).
    """
    every = list(materials)
    deep = [material for material in every if material.kind in (MaterialKind.FLUX, MaterialKind.CARBON)]
    metal = sorted((m for m in every if m not in deep), key=lambda material: material.bulk_density_t_per_m3)
    return [*metal[:1], *deep, *reversed(metal[1:])]
