"""Options that the federation's commands share, and how they end where the engine does not do what it should."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from chargewise.commands.console.output import err, reporting_errors
from federation.ledger.errors import EngineError, NothingToAddError, TooFewPlantsError
from federation.ledger.ledger import LedgerError, LedgerInUseError

EXIT_BROKEN, EXIT_ENGINE = 5, 6
"""Exit codes of a ledger that was changed, and of a run or a coordinator that did not do what it should."""
Folder = Annotated[Path, typer.Option(help="The coordinator's folder: keys, state, ledger.")]
Address = Annotated[str, typer.Option("--coordinator", help="HOST:PORT of the coordinator.")]
DEFAULT_PORT = 8000
DEFAULT_FOLDER, DEFAULT_ADDRESS = Path("federation-data"), f"127.0.0.1:{DEFAULT_PORT}"


@contextmanager
def reporting() -> Iterator[None]:
    """Within, what a person can act on becomes a message and an exit code, never a stack trace."""
    with reporting_errors():
        try:
            yield
        except (EngineError, TooFewPlantsError, NothingToAddError, LedgerInUseError) as error:
            err.print(f"[bold red]{type_of(error)}[/]", end=" ")
            err.print(str(error), markup=False)
            raise typer.Exit(EXIT_ENGINE) from error
        except LedgerError as error:
            err.print(f"[bold red]{error}[/]")
            raise typer.Exit(EXIT_BROKEN) from error


def type_of(error: Exception) -> str:
    """How an error is headed."""
    if isinstance(error, TooFewPlantsError):
        return "Too few plants."
    return "Not now." if isinstance(error, LedgerInUseError) else "The run could not be done."
