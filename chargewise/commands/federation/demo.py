"""`chargewise federation demo`: the bundled plants, on this machine."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from chargewise.app.demo_plants import bundled_names, set_up_bundled
from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, print_json, progress
from chargewise.commands.federation.ledger import ledger_of
from chargewise.commands.federation.options import reporting
from chargewise.commands.federation.results import show
from federation.engine import LocalPlant, local_engine
from federation.plant.policy import STRICTEST
from federation.run import SumsRun

HEATS = {"northmill": 1200, "riverside": 300, "eastport": 120}
"""A big, a middling and a small record, so that it shows who gains."""


def demo(
    folder: Annotated[Path | None, typer.Option(help="Where keys, state and logs go; temporary unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a federation of the bundled plants on this machine, with TLS and registered keys."""
    with reporting(), TemporaryDirectory(prefix="chargewise-federation-") as temporary:
        place = Workplace(apart="federation-demo")
        with progress(quiet=as_json) as say:
            for name in bundled_names():
                set_up_bundled(name, HEATS[name], place.settings.plants, place.store, place.registry, say)
        url = place.store.absolute_url()
        plants = [LocalPlant(name, url, place.settings.models, policy=STRICTEST) for name in bundled_names()]

        def tell(what: str) -> None:
            if not as_json:
                err.print(f"… {what}")

        with local_engine((folder or Path(temporary)).resolve(), plants, tell, ledger_of(place.settings)) as engine:
            found = engine.run(SumsRun(plants=len(plants), started_by="a demonstration"), tell)
        if as_json:
            print_json(found)
        else:
            show(found)
