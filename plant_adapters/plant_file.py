"""The plant file: one TOML that describes a plant's furnace, yard and prices.

Yard entries name a catalogue class and say what differs; see the bundled plants for examples.
"""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from steel import catalogue
from steel.elements import parse_element
from steel.errors import InputError
from steel.materials import Material
from steel.plants import Furnace, MaterialGroup, Plant, Prices, YardItem

Shipped = TypeVar("Shipped", bound=BaseModel)
_MATERIAL_OVERRIDES = ("title", "bulk_density_t_per_m3", "metallic_yield", "upstream_kgco2e_per_t")


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's content.

    Raises:
        InputError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "file", f"a readable file ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "file", f"valid TOML ({error})") from error


def validation_message(error: ValidationError) -> str:
    """The first complaint of a validation, as `field: what is wrong`."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    return f"{field}: {first['msg']}" if field else str(first["msg"])


def read_shipped(name_or_path: str, folder: Traversable, what: str, kind: type[Shipped]) -> Shipped:
    """Read a TOML file that comes with Chargewise by its name, or one's own by its path.

    Raises:
        InputError: there is none, or a value in it cannot be used; the message names it.
    """
    known = shipped_names(folder)
    path = Path(str(folder.joinpath(f"{name_or_path}.toml"))) if name_or_path in known else Path(name_or_path)
    if not path.is_file():
        raise InputError(name_or_path, what, f"a file, or one of {', '.join(known)}")
    try:
        return kind.model_validate(read_toml(path))
    except ValidationError as error:
        value = error.errors(include_url=False)[0].get("input")
        raise InputError(value, str(path), validation_message(error)) from error


def shipped_names(folder: Traversable) -> tuple[str, ...]:
    """Names of the TOML files of a folder that comes with Chargewise."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))


def material_from(raw: dict[str, Any], where: str) -> Material:
    """A yard's material: its class's catalogue entry with the plant's name and overrides."""
    if "class" not in raw:
        raise InputError(raw.get("name"), where, "a material with a `class` of the catalogue")
    base = catalogue.material(raw["class"])
    changes: dict[str, Any] = {key: raw[key] for key in _MATERIAL_OVERRIDES if key in raw}
    changes["name"] = raw.get("name", base.name)
    if "contents_wt_pct" in raw:
        claimed = {parse_element(symbol, where): value for symbol, value in raw["contents_wt_pct"].items()}
        changes["contents_wt_pct"] = {**base.contents_wt_pct, **claimed}
    if "oxides_wt_pct" in raw:
        changes["oxides_wt_pct"] = {**base.oxides_wt_pct, **raw["oxides_wt_pct"]}
    return Material.model_validate({**base.model_dump(), **changes})


def read_plant(path: Path) -> Plant:
    """Return the plant a plant file describes.

    Raises:
        InputError: the file is missing, not TOML, or a value in it cannot be used; the message names it.
    """
    return plant_from(read_toml(path), str(path))


def plant_from(raw: dict[str, Any], where: str) -> Plant:
    """Return the plant of a plant file's content."""
    try:
        yard = tuple(
            YardItem(
                material=material_from(entry, f"{where}: yard"),
                **{
                    key: entry[key]
                    for key in ("price_eur_per_t", "available_t", "min_lot_t", "min_t", "max_t", "lift_t")
                    if key in entry
                },
            )
            for entry in raw.get("yard", [])
        )
        return Plant(
            name=raw["name"],
            title=raw.get("title", ""),
            furnace=Furnace.model_validate(raw["furnace"]),
            yard=yard,
            prices=Prices.model_validate(raw.get("prices", {})),
            emission_factors=catalogue.emission_factors().model_copy(update=raw.get("emission_factors", {})),
            grades=tuple(raw.get("grades", ())),
            groups=tuple(MaterialGroup.model_validate(group) for group in raw.get("group", ())),
            notes=tuple(raw.get("notes", ())),
        )
    except KeyError as error:
        raise InputError(None, where, f"an entry {error.args[0]!r}") from error
    except ValidationError as error:
        value = error.errors(include_url=False)[0].get("input")
        raise InputError(value, where, validation_message(error)) from error
