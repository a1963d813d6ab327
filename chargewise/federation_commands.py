"""`chargewise federation …`: plants improve one surrogate together."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from rich.table import Table

from api.onboarding import set_up_bundled
from chargewise.arguments import AsJson
from chargewise.console import err, out, print_json, progress, reporting_errors
from chargewise.federation_deployment import COMMANDS
from chargewise.federation_results import show, show_contributions
from chargewise.federation_training import train
from chargewise.workplace import Workplace
from federation.contributions import contributions
from federation.deployment import PlantNode
from federation.engine import local_engine
from federation.ledger import Entry, LedgerError, read_ledger
from scenarios.bundled import names

app = typer.Typer(no_args_is_help=True, help="Plants improve one surrogate together.")
EXIT_BROKEN = 5
"""Exit code of an audit that found the ledger changed."""
HEATS = {"northmill": 1200, "riverside": 300, "eastport": 120}
"""A big, a middling and a small record, so that it shows who gains."""


@app.callback()
def federation() -> None:
    """Plants improve one surrogate together; no heat leaves its plant."""


@app.command("demo")
def demo(
    folder: Annotated[Path | None, typer.Option(help="Where keys, state and logs go; temporary unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run a federation of the bundled plants on this machine, with TLS and registered keys."""
    with reporting_errors(), TemporaryDirectory(prefix="chargewise-federation-") as temporary:
        place = Workplace(apart="federation-demo")
        with progress(quiet=as_json) as say:
            for name in names():
                set_up_bundled(name, HEATS[name], place.settings.plants, place.store, place.registry, say)
        url = place.store.absolute_url()
        nodes = [PlantNode(name, url, place.settings.models) for name in names()]

        def tell(what: str) -> None:
            if not as_json:
                err.print(f"… {what}")

        with local_engine((folder or Path(temporary)).resolve(), nodes, tell, _ledger(place)) as engine:
            tell("contract, sums, judgement")
            found = engine.run(len(nodes))
        if as_json:
            print_json(found)
        else:
            show(found)


def _ledger(place: Workplace) -> Path:
    return place.settings.home / "ledger.jsonl"


def _entries(ledger: Path | None, head: str | None = None) -> tuple[Path, tuple[Entry, ...]]:
    """A ledger's file and its entries; the command ends here where its chain is broken."""
    path = ledger or _ledger(Workplace(apart="federation-demo"))
    try:
        return path, read_ledger(path, head)
    except LedgerError as error:
        err.print(f"[bold red]{error}[/]")
        raise typer.Exit(EXIT_BROKEN) from error


@app.command("audit")
def audit(
    ledger: Annotated[Path | None, typer.Option(help="The ledger's file; the demo's unless given.")] = None,
    head: Annotated[str | None, typer.Option(help="A hash a plant wrote down, its model's `ledger_head`.")] = None,
    as_json: AsJson = False,
) -> None:
    """Check that a federation's ledger is what was written, and tell what it holds."""
    with reporting_errors():
        path, entries = _entries(ledger, head)
        if as_json:
            print_json([entry.model_dump(mode="json") for entry in entries])
            return
        table = Table(title=f"{path}: {len(entries)} entries, the chain holds", title_justify="left")
        for heading in ("", "time", "what", "", "hash"):
            table.add_column(heading)
        for entry in entries:
            table.add_row(str(entry.index), entry.at[:19], entry.kind, _in_words(entry), entry.sha256[:12])
        out.print(table)


@app.command("report")
def report(
    ledger: Annotated[Path | None, typer.Option(help="The ledger's file; the demo's unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """What each plant gave and what it gained, from the ledger."""
    with reporting_errors():
        found = contributions(_entries(ledger)[1])
        if as_json:
            print_json([asdict(one) for one in found])
        else:
            show_contributions(found)


for _name, _command in COMMANDS.items():
    app.command(_name)(_command)
app.command("train")(train)


def _in_words(entry: Entry) -> str:
    """What an entry says, in a line."""
    if entry.kind.startswith("module_"):
        return _module_in_words(entry)
    told: dict[str, Callable[[dict[str, Any]], str]] = {
        "run": lambda body: (
            f"started by {body['started_by']}; {len(body['contract']['classes'])} classes, "
            f"{len(body['contract']['elements'])} elements"
        ),
        "not_proposed": lambda body: f"started by {body['started_by']}; no plant wants a round",
        "contribution": lambda body: f"{body['plant']}: {body['heats']} heats, {body['bytes'] / 1024:.0f} KiB of sums",
        "given": lambda body: f"{body['plant']}: {body['bits']:.0f} bits that the others lack",
        "quarantine": lambda body: f"{body['plant']}: {body['reason']}",
        "judgement": lambda body: f"{body['plant']}: {body['reason']}",
        "refused": lambda body: "; ".join(f"node {node}: {reason}" for node, reason in body["nodes"].items()),
        "absent": lambda body: "; ".join(f"node {node}: {reason}" for node, reason in body["nodes"].items()),
        "end": lambda body: f"{', '.join(body['plants'])} in {body['seconds']:.1f} s",
    }
    words = told.get(entry.kind)
    return words(entry.body) if words else ""


def _module_in_words(entry: Entry) -> str:
    body = entry.body
    if entry.kind == "module_run":
        return f"started by {body['started_by']}; {', '.join(body['participants'])} by {body['run']['averaging']}"
    if entry.kind == "module_round":
        aside = "; ".join(f"{name}: {reason}" for name, reason in body["put_aside"].items())
        return f"round {body['round']}: {len(body['updates_sha256'])} updates" + (f"; {aside}" if aside else "")
    return f"round {body['round']}" if "round" in body else ""
