"""Groups of commands whose modules are imported only when one is asked for."""

from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command


class LazyGroup(TyperGroup):
    """A group that knows its subcommands by name and imports one when it runs, not to list it.

    Attributes:
        modules: module and summary of each subcommand, in the order of a user's way through them.
    """

    modules: ClassVar[dict[str, tuple[str, str]]] = {}
    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of a user's way through them."""
        return list(self.modules)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The subcommand, or None if there is none of that name."""
        if cmd_name not in self.modules:
            return None
        module, summary = self.modules[cmd_name]
        return TyperCommand(cmd_name, help=summary) if self._listing else _load(module, cmd_name)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the group's help from the summaries alone."""
        self._listing = True
        try:
            super().format_help(ctx, formatter)
        finally:
            self._listing = False


def _load(module: str, name: str) -> Any:
    found = import_module(module)
    if hasattr(found, "app"):
        loaded = get_command(found.app)
    else:
        single = typer.Typer(add_completion=False, pretty_exceptions_show_locals=False)
        single.command(name)(getattr(found, name))
        loaded = get_command(single)
    loaded.name = name
    return loaded
