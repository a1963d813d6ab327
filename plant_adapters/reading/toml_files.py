"""TOML files that people write: read whole, every key known, every value in its range."""

import tomllib
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from steel.complaints import input_error, meant
from steel.errors import InputError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """Return a TOML file's content.

    Raises:
        InputError: the file is missing or not TOML.
    """
    try:
        return tomllib.loads(path.read_text("utf-8-sig"))
    except FileNotFoundError:
        raise InputError(str(path), "file", "a file; there is none of that name") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(str(path), "file", f"a file that can be read as UTF-8 ({error})") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(str(path), "file", f"valid TOML ({error})") from error


def validated(kind: type[Model], raw: Any, where: str) -> Model:
    """A file's content as a model.

    Raises:
        InputError: a key is unknown or a value cannot be used; the message names it.
    """
    try:
        return kind.model_validate(raw)
    except ValidationError as error:
        raise input_error(error, where, kind) from error


def read_shipped(name_or_path: str, folder: Traversable, what: str, kind: type[Model]) -> Model:
    """Read a TOML file that comes with Chargewise by its name, or one's own by its path.

    Raises:
        InputError: there is none, or a value in it cannot be used; the message names it.
    """
    known = shipped_names(folder)
    path = Path(str(folder.joinpath(f"{name_or_path}.toml"))) if name_or_path in known else Path(name_or_path)
    if not path.is_file():
        raise InputError(name_or_path, what, f"a file, or the name of a shipped one{meant(name_or_path, known)}")
    return validated(kind, read_toml(path), str(path))


def shipped_names(folder: Traversable) -> tuple[str, ...]:
    """Names of the TOML files of a folder that comes with Chargewise."""
    return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))
