"""Prices from a file onto a plant: a TOML with `[materials]` in €/t and, if wanted, `[prices]` as in a plant file."""

from pathlib import Path

from pydantic import ValidationError

from plant_adapters.plant_file import read_toml, validation_message
from steel.errors import InputError
from steel.plants import Plant, Prices, YardItem


def with_prices(plant: Plant, prices_eur_per_t: dict[str, float], where: str = "prices") -> Plant:
    """The plant with some materials' prices replaced.

    Raises:
        InputError: a material is not in the yard, or a price is negative or no number.
    """
    strange = sorted(prices_eur_per_t.keys() - {item.material.name for item in plant.yard})
    if strange:
        known = ", ".join(item.material.name for item in plant.yard)
        raise InputError(strange, where, f"materials of the yard: {known}")
    return plant.model_copy(update={"yard": tuple(_priced(item, prices_eur_per_t, where) for item in plant.yard)})


def with_price_file(plant: Plant, path: Path) -> Plant:
    """The plant with the prices of a file.

    Raises:
        InputError: the file cannot be read or names a material or price that cannot be used.
    """
    raw = read_toml(path)
    priced = with_prices(plant, raw.get("materials", {}), str(path))
    try:
        return priced.model_copy(
            update={"prices": Prices.model_validate({**plant.prices.model_dump(), **raw.get("prices", {})})}
        )
    except ValidationError as error:
        raise InputError(raw.get("prices"), str(path), validation_message(error)) from error


def _priced(item: YardItem, prices: dict[str, float], where: str) -> YardItem:
    name = item.material.name
    if name not in prices:
        return item
    try:
        return YardItem.model_validate({**item.model_dump(), "price_eur_per_t": prices[name]})
    except ValidationError as error:
        raise InputError(prices[name], f"{where}: price of {name}", "a price of 0 €/t or more") from error
