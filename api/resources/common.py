"""What every resource needs: the application behind it, and plants by name."""

from typing import Annotated, Any, Protocol, TypeVar

from fastapi import Depends, Request

from api.problems import UnknownResourceError
from chargewise.app.application import Application

NO_PLANT: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant"}}
NO_RECIPE = NO_PLANT | {409: {"description": "The order's requirements contradict one another"}}


class NamesPlant(Protocol):
    """What a client sends about one plant."""

    @property
    def plant(self) -> str:
        """The plant's name."""


Asked = TypeVar("Asked", bound=NamesPlant)


def application_of(request: Request) -> Application:
    """The application behind this service."""
    application = request.app.state.application
    if not isinstance(application, Application):
        raise TypeError("a service without an application")
    return application


App = Annotated[Application, Depends(application_of)]


def known_name(app: Application, name: str) -> str:
    """The name of a plant that is there.

    Raises:
        UnknownResourceError: there is no such plant.
    """
    if not app.plants.has(name):
        names = app.names()
        expected = f"one of {', '.join(names)}" if names else "one that is set up; there is none yet"
        raise UnknownResourceError(name[:100], "plant", expected)
    return name


def known_plant(app: Application, asked: Asked) -> Asked:
    """A request about a plant that is there.

    Raises:
        UnknownResourceError: there is no such plant.
    """
    known_name(app, asked.plant)
    return asked
