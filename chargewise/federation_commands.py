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
from chargewise.console import err, out, print_json, progress
from chargewise.federation_coordination import coordinator, start_run, status, stop
from chargewise.federation_joining import join, outbox, policy
from chargewise.federation_members import init, invite, key, renew, revoke, roster
from chargewise.federation_options import EXIT_BROKEN, reporting
from chargewise.federation_results import show, show_contributions
from chargewise.federation_training import train
from chargewise.workplace import Workplace
from federation.contributions import contributions
from federation.engine import LocalPlant, local_engine
from federation.ledger import Entry, LedgerError, read_ledger, torn_line
from federation.plant.policy import STRICTEST
from federation.sums_run import SumsRun
from scenarios.bundled import names

app = typer.Typer(no_args_is_help=True, help="Plants improve one surrogate together.")
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
    with reporting(), TemporaryDirectory(prefix="chargewise-federation-") as temporary:
        place = Workplace(apart="federation-demo")
        with progress(quiet=as_json) as say:
            for name in names():
                set_up_bundled(name, HEATS[name], place.settings.plants, place.store, place.registry, say)
        url = place.store.absolute_url()
        plants = [LocalPlant(name, url, place.settings.models, policy=STRICTEST) for name in names()]

        def tell(what: str) -> None:
            if not as_json:
                err.print(f"… {what}")

        with local_engine((folder or Path(temporary)).resolve(), plants, tell, _ledger(place)) as engine:
            found = engine.run(SumsRun(plants=len(plants), started_by="a demonstration"), tell)
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
    with reporting():
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
        if torn_line(path):
            out.print("[yellow]Half a line stands at its end, as a crash leaves it; the next run cuts it off.[/]")


@app.command("report")
def report(
    ledger: Annotated[Path | None, typer.Option(help="The ledger's file; the demo's unless given.")] = None,
    as_json: AsJson = False,
) -> None:
    """What each plant gave and what it gained, from the ledger."""
    with reporting():
        found = contributions(_entries(ledger)[1])
        if as_json:
            print_json([asdict(one) for one in found])
        else:
            show_contributions(found)


_COMMANDS: dict[str, Callable[..., None]] = {
    "init": init,
    "key": key,
    "invite": invite,
    "revoke": revoke,
    "renew": renew,
    "roster": roster,
    "coordinator": coordinator,
    "start": start_run,
    "status": status,
    "stop": stop,
    "join": join,
    "policy": policy,
    "outbox": outbox,
    "train": train,
}
for _name, _command in _COMMANDS.items():
    app.command(_name)(_command)


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
        "contribution": _contribution,
        "given": lambda body: f"{body['plant']}: {body['bits']:.0f} bits that the others lack",
        "quarantine": lambda body: f"{body['plant']}: {body['reason']}",
        "judgement": lambda body: f"{body['plant']}: {body['reason']}",
        "begin": lambda body: f"started by {body['started_by']}",
        "refused": _by_plant,
        "absent": _by_plant,
        "failed": lambda body: body["reason"],
        "stopped": lambda body: body["reason"],
        "broken_off": lambda body: body["reason"],
        "repaired": lambda body: f"half a line of {body['bytes']} bytes at the end was cut off",
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


def _by_plant(body: dict[str, Any]) -> str:
    return "; ".join(f"{plant}: {reason}" for plant, reason in body["plants"].items())


def _contribution(body: dict[str, Any]) -> str:
    what = f"masked {body['stage']}" if body.get("masked") else f"sums of {body['heats']} heats"
    return f"{body['plant']}: {body['bytes'] / 1024:.1f} KiB of {what}"
