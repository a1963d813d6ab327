"""Prices from a file onto a plant: a TOML with `[materials]` in €/t and, if wanted, `[prices]` as in a plant file."""

from pathlib import Path
from typing import Any

from plant_adapters.reading.toml_files import read_toml, validated
from steel.complaints import meant
from steel.errors import InputError
from steel.frozen import Frozen
from steel.plants import Plant, Prices
from steel.quantities import EurPerT


class PriceFile(Frozen):
    """A price file's content."""

    materials: dict[str, EurPerT] = {}
    prices: dict[str, Any] = {}


class _MaterialPrices(Frozen):
    materials: dict[str, EurPerT]


def with_prices(plant: Plant, prices_eur_per_t: dict[str, float], where: str = "prices") -> Plant:
    """The plant with some materials' prices replaced.

    Raises:
        InputError: a material is not in the yard, or a price is no number or beyond any price.
    """
    in_the_yard(plant, prices_eur_per_t, where)
    checked = validated(_MaterialPrices, {"materials": prices_eur_per_t}, where).materials
    known = {name: {"price_eur_per_t": price} for name, price in checked.items()}
    return plant.with_items(lambda item: known.get(item.material.name, {}))


def with_price_file(plant: Plant, path: Path) -> Plant:
    """The plant with the prices of a file.

    Raises:
        InputError: the file cannot be read or names a material or price that cannot be used.
    """
    read = validated(PriceFile, read_toml(path), str(path))
    priced = with_prices(plant, read.materials, str(path))
    paid = validated(Prices, {**plant.prices.model_dump(), **read.prices}, f"{path}: prices")
    return priced.model_copy(update={"prices": paid})


def in_the_yard(plant: Plant, names: dict[str, float], where: str) -> None:
    """Check that materials are in a plant's yard.

    Raises:
        InputError: one is not; the message says which may have been meant.
    """
    known = [item.material.name for item in plant.yard]
    for name in names:
        if name not in known:
            raise InputError(name, where, f"a material of the yard{meant(name, known)}")
