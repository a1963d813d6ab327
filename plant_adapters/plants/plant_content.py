"""A plant file's text from its content: what a system sends in place of what a person writes."""

from pathlib import Path

import tomli_w

from plant_adapters.plants.plant_file import PlantFile, plant_from
from plant_adapters.reading.toml_files import read_toml, validated
from steel.errors import InputError
from steel.plants import Plant


def read_content(path: Path) -> PlantFile:
    """A plant file, key by key.

    Raises:
        InputError: it cannot be read, a key is unknown or a value cannot be used.
    """
    return validated(PlantFile, read_toml(path), str(path))


def content_text(content: PlantFile) -> str:
    """The text of a plant file that says what a content does, and no more."""
    return tomli_w.dumps(content.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude_none=True))


def checked_content(content: PlantFile, name: str, before: PlantFile | None, folder: Path) -> Plant:
    """The plant of a content that was sent.

    Args:
        content: to check.
        name: of the plant.
        before: what its file says now; None for a plant that is new.
        folder: of plant files.

    Raises:
        InputError: it is another plant's, its rules are not those of the file, or a value cannot be used.
    """
    if content.name != name:
        raise InputError(content.name, "name", f"{name!r}, the plant that is changed")
    known = None if before is None else before.rules
    if content.rules != known:
        # A rules file is run as a program: who may name one must have the machine.
        expected = "as they are; the file of a plant's own rules is named beside it, on its machine"
        raise InputError(None if content.rules is None else content.rules.file, "rules", expected)
    return plant_from(content.model_dump(mode="json", by_alias=True, exclude_unset=True), "plant", folder)
