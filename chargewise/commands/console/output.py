"""How the command speaks: tables for people, JSON for scripts, exit codes for both."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.plants import NotReadyError
from optimizer.explain.conflicts import NOT_NARROWED, ImpossibleOrderError
from optimizer.model.exchange import OtherSolverError
from optimizer.solve.errors import OutOfTimeError, SolverError
from steel.complaints import input_error
from steel.errors import InputError
from steel.jsonable import without_nan

EXIT_INPUT, EXIT_IMPOSSIBLE, EXIT_NO_ANSWER, EXIT_SOLVER, EXIT_SYSTEM = 2, 3, 4, 8, 9
"""Exit codes beside 0: bad input, an order no recipe meets, no answer in time, a solver that failed, and files or a
database that do not answer."""

PLAIN_WIDTH = 100
"""Columns where no terminal tells its own width."""
out = Console(highlight=False, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
err = Console(highlight=False, stderr=True, width=None if sys.stderr.isatty() else PLAIN_WIDTH)


def print_json(content: Any) -> None:
    """Write one JSON document to standard output."""
    plain = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
    sys.stdout.write(json.dumps(without_nan(plain), indent=1, ensure_ascii=False, allow_nan=False) + "\n")


@contextmanager
def reporting_errors() -> Iterator[None]:
    """Within, errors a user can act on become a message and an exit code, never a stack trace."""
    try:
        yield
    except ImpossibleOrderError as error:
        err.print("[bold red]No recipe meets all of these together:[/]")
        for conflict in error.conflicts:
            more = f"  (feasible with {conflict.relax_to})" if conflict.relax_to else ""
            err.print(f"  • {conflict.requirement}{more}", markup=False)
        if not error.narrowed:
            err.print(f"{NOT_NARROWED}.")
        raise typer.Exit(EXIT_IMPOSSIBLE) from error
    except (InputError, ValidationError, NotReadyError) as error:
        message = input_error(error, "") if isinstance(error, ValidationError) else error
        err.print("[bold red]Cannot use this input.[/]", end=" ")
        err.print(str(message), markup=False)
        raise typer.Exit(EXIT_INPUT) from error
    except (SolverError, OtherSolverError) as error:
        err.print(str(error), markup=False)
        raise typer.Exit(EXIT_NO_ANSWER if isinstance(error, OutOfTimeError) else EXIT_SOLVER) from error
    except SQLAlchemyError as error:
        # What a driver says of a statement holds the rows that were written: heats, which nobody need read in a log.
        first = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        err.print(f"The database does not answer: {first}", markup=False)
        raise typer.Exit(EXIT_SYSTEM) from None
    except OSError as error:
        err.print(f"{error.filename or 'A file'}: {error.strerror or error}", markup=False)
        raise typer.Exit(EXIT_SYSTEM) from None


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """A progress bar on standard error; silent where asked or where nobody watches."""
    columns = (SpinnerColumn(), TextColumn("{task.description:<34}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task("", total=1.0)
        yield lambda stage, share: bar.update(task, description=stage, completed=share)
