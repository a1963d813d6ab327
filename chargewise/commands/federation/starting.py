"""`chargewise federation start`: a run."""

import time
from getpass import getuser
from pathlib import Path
from typing import Annotated, cast

import typer

from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, print_json
from chargewise.commands.federation.options import DEFAULT_FOLDER, Folder, reporting
from chargewise.commands.federation.results import show
from federation.engine import Coordinator
from federation.folder import LEDGER
from federation.ledger.errors import EngineError, TooFewPlantsError
from federation.modules.settings import Averaging
from federation.remainder.remainder import AVERAGES
from federation.run import SumsRun
from steel.errors import InputError


def start(
    plants: Annotated[int, typer.Option(min=1, help="Plants that must be connected to begin.")],
    folder: Folder = DEFAULT_FOLDER,
    fewest: Annotated[int, typer.Option(min=0, help="Answers without which nothing is done; 0: all.")] = 0,
    secure: Annotated[
        bool, typer.Option("--secure/--plain", help="Mask what plants send: only totals can be seen. Plain screens it.")
    ] = True,
    wait_s: Annotated[float, typer.Option(min=1, help="Seconds to wait for plants, and for every answer.")] = 600.0,
    remainder: Annotated[
        str, typer.Option(help=f"Learn a convex remainder too (--plain), averaged by {', '.join(AVERAGES)}.")
    ] = "",
    if_proposed: Annotated[bool, typer.Option(help="Only if a plant wants a round: drift, or no model yet.")] = False,
    every_h: Annotated[float, typer.Option(min=0, help="Again every so many hours until stopped; 0: once.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Run the federation: contract, sums, judgement at every plant."""
    with reporting():
        run = SumsRun(
            plants=plants, fewest=fewest, secure=secure, if_proposed=if_proposed, remainder=_averaging(remainder),
            wait_s=wait_s, started_by=getuser(),
        )  # fmt: skip
        while True:
            try:
                _once(folder, run, as_json)
            except (EngineError, TooFewPlantsError) as error:
                # On a schedule the next run may find the plants that this one missed.
                if not every_h:
                    raise
                err.print(str(error), markup=False)
            if not every_h:
                return
            err.print(f"again in {every_h:g} h; Ctrl-C ends")
            time.sleep(3600.0 * every_h)


def _once(folder: Path, run: SumsRun, as_json: bool) -> None:
    def tell(what: str) -> None:
        if not as_json:
            err.print(f"… {what}", highlight=False)

    found = Coordinator(folder.resolve(), folder.resolve() / LEDGER).run(run, tell)
    if as_json:
        print_json(found)
    else:
        show(found)


def _averaging(name: str) -> Averaging | None:
    if name and name not in AVERAGES:
        raise InputError(name, "--remainder", f"one of {', '.join(AVERAGES)}")
    return cast("Averaging", name) if name else None
