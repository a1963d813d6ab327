"""`chargewise federation train`: participants' own torch modules, trained together."""

from typing import Annotated

import typer
from pydantic import ValidationError

from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, print_json
from chargewise.commands.federation.options import DEFAULT_FOLDER, Folder, reporting
from chargewise.commands.federation.results import show_modules
from federation.engine import Coordinator
from federation.folder import LEDGER
from federation.modules.settings import ModuleRun
from steel.errors import InputError


def train(
    participants: Annotated[int, typer.Option(min=1, help="That must be connected to begin.")],
    folder: Folder = DEFAULT_FOLDER,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", help="A setting of the run, such as averaging=fedprox, rounds=10, clip_norm=1.0."),
    ] = None,
    wait_s: Annotated[float, typer.Option(min=1, help="Seconds to wait for participants and answers.")] = 600.0,
    as_json: AsJson = False,
) -> None:
    """Train the participants' own torch modules together, each of its task (`join --task`)."""
    with reporting():
        run = _module_run(participants, settings or [])
        folder = folder.resolve()

        def tell(what: str) -> None:
            if not as_json:
                err.print(f"… {what}", highlight=False)

        found = Coordinator(folder, folder / LEDGER).run_modules(run, wait_s, tell)
        if as_json:
            print_json(found)
        else:
            show_modules(found, folder)


def _module_run(participants: int, settings: list[str]) -> ModuleRun:
    asked: dict[str, str] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals or name not in ModuleRun.model_fields:
            known = ", ".join(name for name in ModuleRun.model_fields if name != "participants")
            raise InputError(setting, "--set", f"NAME=VALUE with a name of {known}")
        asked[name] = value
    try:
        return ModuleRun.model_validate({"participants": participants, **asked})
    except ValidationError as error:
        raise InputError(settings, "--set", str(error.errors(include_url=False)[0]["msg"])) from error
