"""`chargewise federation audit` and `report`: what the ledger holds, and what each plant gave and gained."""

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from chargewise.app.settings import Settings
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import out, print_json
from chargewise.commands.federation.options import reporting
from chargewise.commands.federation.results import show_contributions
from federation.ledger.ledger import Entry, read_ledger, torn_line
from federation.sums.contributions import contributions


def demo_settings() -> Settings:
    """Of the demonstration, which is kept apart from the plants of this installation."""
    settings = Settings.read()
    return settings.model_copy(update={"home": settings.home / "federation-demo", "database_url": None})


def ledger_of(settings: Settings) -> Path:
    """Where the demonstration's ledger is."""
    return settings.home / "ledger.jsonl"


def _entries(ledger: Path | None, head: str | None = None) -> tuple[Path, tuple[Entry, ...]]:
    """A ledger's file and its entries; the command ends here where its chain is broken."""
    path = ledger or ledger_of(demo_settings())
    return path, read_ledger(path, head)


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


def _in_words(entry: Entry) -> str:
    """What an entry says, in a line."""
    if entry.kind.startswith("module_"):
        return _module_in_words(entry)
    wording: dict[str, Callable[[dict[str, Any]], str]] = {
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
    words = wording.get(entry.kind)
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
