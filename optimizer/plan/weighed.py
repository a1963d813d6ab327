"""What has been weighed of a heat, as the plant then is: baskets held as they are, stock and rules no matter for it."""

from collections.abc import Mapping, Sequence

from steel.baskets import BasketRule, Baskets
from steel.errors import InputError
from steel.plants import Plant, YardItem
from steel.shift import together_t

Weighed = Sequence[Mapping[str, float]]
"""T of each material in each basket that has been weighed, the first one first."""
NOTHING_T = 1e-9
"""A mass that stands for none, so that whatever was weighed a basket has the same rules, and is stated once."""
BEYOND = 2.0
"""How many times what a basket may weigh is more than it can."""
HELD_WITHIN = 1e-6
"""Share by which a mass that is held may differ: a gram in a t."""


def with_weighed(plant: Plant, weighed: Weighed, unavailable: tuple[str, ...]) -> Plant:
    """The plant with what has been weighed held in its baskets.

    Args:
        plant: as it was before the heat.
        weighed: what was charged so far.
        unavailable: materials of which there is no more.

    Raises:
        InputError: a material is not in the yard, or a mass cannot have been weighed.
    """
    charged, charge_items = together_t(weighed), {item.material.name for item in plant.charge_items()}
    for place, names in (("weighed", charged), ("unavailable", unavailable)):
        strange = sorted(set(names) - charge_items)
        if strange:
            raise InputError(strange, place, f"furnace materials of the yard: {', '.join(sorted(charge_items))}")

    def item(found: YardItem) -> dict[str, float | None]:
        """What was charged must be, and is no longer a matter of stock, of lifts or of least lots."""
        name = found.material.name
        mass_t = charged.get(name, 0.0)
        least, most = mass_t * (1.0 - HELD_WITHIN), mass_t * (1.0 + HELD_WITHIN)
        free = {"min_lot_t": 0.0, "lift_t": 0.0}
        if name in unavailable:
            return {**free, "min_t": least, "max_t": most, "available_t": None}
        if not mass_t:
            return {}
        stock = None if found.available_t is None else max(found.available_t, most)
        most_t = None if found.max_t is None else max(found.max_t, most)
        return {**free, "min_t": max(found.min_t, least), "max_t": most_t, "available_t": stock}

    check_weighed(plant, weighed)
    changed = plant.with_items(item)
    baskets = plant.furnace.baskets
    if baskets is None or not weighed:
        return changed
    furnace = plant.furnace.model_copy(update={"baskets": _baskets(baskets, plant, weighed)})
    return changed.model_copy(update={"furnace": furnace})


def check_weighed(plant: Plant, weighed: Weighed) -> None:
    """Refuse what cannot have been weighed, such as kilograms that were sent as tonnes.

    Raises:
        InputError: a mass is beyond what a basket holds, or there are more baskets than the plant has.
    """
    baskets = plant.furnace.baskets
    most_t = BEYOND * (plant.furnace.tap_weight_t if baskets is None else baskets.max_t)
    if baskets is not None and len(weighed) > baskets.count:
        raise InputError(len(weighed), "weighed", f"at most the {baskets.count} baskets of {plant.name}")
    for number, load in enumerate(weighed, start=1):
        for name, mass_t in load.items():
            if not 0.0 <= mass_t <= most_t:
                expected = f"a mass in t, at most {most_t:g} t; kilograms, perhaps?"
                raise InputError(mass_t, f"basket {number}: {name}", expected)


def _baskets(baskets: Baskets, plant: Plant, weighed: Weighed) -> Baskets:
    """The baskets with those that were weighed held as they are."""
    charge = tuple(item.material.name for item in plant.charge_items())
    rules = [rule for number, load in enumerate(weighed, start=1) for rule in _as_weighed(number, load, charge)]
    volumes = {item.material.name: 1.0 / item.material.bulk_density_t_per_m3 for item in plant.charge_items()}
    fullest = max(sum(volumes[name] * mass for name, mass in load.items()) for load in weighed)
    still = [left for rule in baskets.rules if (left := _for_the_rest(rule, len(weighed), baskets.count)) is not None]
    return baskets.model_copy(
        update={
            "rules": (*rules, *still),
            "max_t": max(baskets.max_t, *(sum(load.values()) for load in weighed)),
            "volume_m3": max(baskets.volume_m3, fullest),
        }
    )


def _for_the_rest(rule: BasketRule, done: int, count: int) -> BasketRule | None:
    """A plant's own rule for the baskets that are left; None where it is about none of them."""
    left = tuple(index + 1 for index in rule.where(count) if index >= done)
    return rule.model_copy(update={"baskets": left}) if left else None


def _as_weighed(number: int, load: Mapping[str, float], charge: tuple[str, ...]) -> list[BasketRule]:
    """A basket held as it was weighed: no more of any material, and no less of all together."""
    most = [
        BasketRule(
            name=f"basket {number} as weighed: {name}", materials=(name,), baskets=(number,),
            max_t=max(load.get(name, 0.0) * (1.0 + HELD_WITHIN), NOTHING_T),
        )
        for name in charge
    ]  # fmt: skip
    total_t = sum(load.values()) * (1.0 - HELD_WITHIN)
    return [*most, BasketRule(name=f"basket {number} as weighed", materials=charge, baskets=(number,), min_t=total_t)]
