"""The bundled plants, made ready to be asked: what the demo and `serve --demo` show."""

import shutil
from importlib import resources
from pathlib import Path
from typing import Any

from chargewise.app.training import Progress, train_plant
from plant_adapters.store.store import HeatStore
from scenarios.bundled import names as bundled_names
from scenarios.bundled import virtual_plant
from steel.errors import InputError
from surrogate.store.registry import Registry

__all__ = ["bundled_names", "set_up_bundled"]


def set_up_bundled(
    name: str, heats: int, plants: Path, store: HeatStore, registry: Registry, progress: Progress | None = None
) -> dict[str, Any]:
    """Make a bundled plant ready to be asked: its file, its heats, its model.

    Returns:
        Version and number of heats. A plant that already has a model keeps it.

    Raises:
        InputError: there is no bundled plant of that name.
    """
    if name not in bundled_names():
        raise InputError(name, "bundled plant", f"one of {', '.join(bundled_names())}")
    if name in registry.plants() and store.count(name) == heats and (plants / f"{name}.toml").is_file():
        return {"plant": name, "heats": heats, "version": registry.active_version(name)}
    virtual = virtual_plant(name)
    plants.mkdir(parents=True, exist_ok=True)
    if not (plants / f"{name}.toml").exists():
        # A plant file that is there may have been edited: it is never written over.
        with resources.as_file(resources.files("scenarios").joinpath("plants", f"{name}.toml")) as source:
            shutil.copyfile(source, plants / f"{name}.toml")
    log = virtual.history(heats)
    store.add(name, log, virtual.materials)
    version, _ = train_plant(registry, name, log, virtual.materials, progress)
    return {"plant": name, "heats": heats, "version": version}
