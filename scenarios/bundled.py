"""The three demo plants that come with Chargewise: different yards, sizes and products, one world."""

import tomllib
from importlib import resources

from plant_adapters.plants.plant_file import plant_from
from scenarios.virtual_plant import VirtualPlant
from steel.errors import InputError

_SEEDS = {"northmill": 11, "riverside": 23, "eastport": 37}


def names() -> tuple[str, ...]:
    """Names of the bundled plants."""
    return tuple(_SEEDS)


def virtual_plant(name: str) -> VirtualPlant:
    """A bundled plant with its hidden truth.

    Raises:
        InputError: there is none of that name.
    """
    if name not in _SEEDS:
        raise InputError(name, "bundled plant", f"one of {', '.join(_SEEDS)}")
    raw = tomllib.loads(resources.files("scenarios").joinpath("plants", f"{name}.toml").read_text("utf-8"))
    return VirtualPlant(plant=plant_from(raw, f"bundled plant {name}"), seed=_SEEDS[name])
