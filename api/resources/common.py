"""What every resource needs: the application behind it, and plants by name."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request

from api import context
from api.problems import ForbiddenError, UnknownResourceError
from chargewise.app.access import Principal
from chargewise.app.application import Application
from chargewise.app.records import Records

NUMBER = re.compile("[0-9a-f]{1,32}")
"""Of a recipe or a job."""
NO_PLANT: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant"}}
NO_RECIPE = NO_PLANT | {409: {"description": "The order's requirements contradict one another"}}


class NamesPlant(Protocol):
    """What a client sends about one plant."""

    @property
    def plant(self) -> str:
        """The plant's name."""


Asked = TypeVar("Asked", bound=NamesPlant)


async def application_of(request: Request) -> Application:
    """The application behind this service."""
    application = request.app.state.application
    if not isinstance(application, Application):
        raise TypeError("a service without an application")
    return application


async def records_of(app: Annotated[Application, Depends(application_of)]) -> Records:
    """The journal of the application's recipes."""
    return Records(app)


async def whoever_asks() -> Principal:
    """Whose request this is."""
    return context.principal.get()


def at_utc(seconds: float) -> datetime:
    """A time, of seconds since 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def at_utc_if(seconds: float | None) -> datetime | None:
    """The same of what may not have been yet."""
    return None if seconds is None else at_utc(seconds)


App = Annotated[Application, Depends(application_of)]
Journal = Annotated[Records, Depends(records_of)]
Asking = Annotated[Principal, Depends(whoever_asks)]


def seen_names(app: Application) -> tuple[str, ...]:
    """Plants that whoever asks may see."""
    return tuple(name for name in app.names() if context.principal.get().sees(name))


def seen_described(app: Application) -> tuple[str, ...]:
    """Plants with a plant file that whoever asks may see."""
    return tuple(name for name in app.plants.all_described() if context.principal.get().sees(name))


def known_name(app: Application, name: str) -> str:
    """The name of a plant that is there, and that whoever asks may see.

    Raises:
        UnknownResourceError: there is no such plant.
        ForbiddenError: it is another plant's key.
    """
    check_seen(name)
    if not app.plants.has(name):
        raise _no_plant(name, seen_names(app))
    return name


def described_name(app: Application, name: str) -> str:
    """The name of a plant that has a plant file, a model or not, and that whoever asks may see.

    Raises:
        UnknownResourceError: there is no such plant file.
        ForbiddenError: it is another plant's key.
    """
    check_seen(name)
    if not app.plants.is_described(name):
        raise _no_plant(name, seen_described(app))
    return name


def check_seen(name: str) -> None:
    """Check that whoever asks may see a plant.

    Raises:
        ForbiddenError: it is another plant's key.
    """
    asking = context.principal.get()
    if not asking.sees(name):
        raise ForbiddenError(f"{asking.name} is for {', '.join(sorted(asking.plants or ())) or 'no plant'}")


def _no_plant(name: str, names: tuple[str, ...]) -> UnknownResourceError:
    expected = f"one of {', '.join(names)}" if names else "one that is set up; there is none yet"
    return UnknownResourceError(name[:100], "plant", expected)


def known_plant(app: Application, asked: Asked) -> Asked:
    """A request about a plant that is there.

    Raises:
        UnknownResourceError: there is no such plant.
    """
    known_name(app, asked.plant)
    return asked
