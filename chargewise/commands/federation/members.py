"""`chargewise federation init`, `key`, `invite`, `revoke`, `renew`, `roster`: who is in a federation, by which key."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.app.settings import Settings
from chargewise.commands.console.arguments import AsJson, PlantName
from chargewise.commands.console.output import err, out, print_json
from chargewise.commands.federation.options import DEFAULT_FOLDER, Folder, reporting
from federation.flower.operator import Operator
from federation.keys.credentials import (
    LOOPBACK,
    Credentials,
    certify,
    expiry,
    make_authority,
    make_credentials,
    make_plant_key,
)  # fmt: skip
from federation.keys.roster import Roster, public_key, read_roster, write_roster
from federation.ledger.errors import EngineError
from steel.errors import InputError
from steel.names import checked_name

Host = Annotated[str, typer.Option(help="Name or address by which plants reach the coordinator.")]


def init(
    folder: Folder = DEFAULT_FOLDER,
    plants: Annotated[
        str | None,
        typer.Option(help="For a trial: make these plants' keys too, names with commas. Else plants make their own."),
    ] = None,
    host: Host = LOOPBACK,
    as_json: AsJson = False,
) -> None:
    """Make a federation: its authority, the coordinator's certificate, and a roster of plants."""
    with reporting():
        keys = folder / "keys"
        names = () if plants is None else tuple(name.strip() for name in plants.split(",") if name.strip())
        made = make_authority(keys, host) if plants is None else make_credentials(keys, names, host)
        write_roster(made.roster, {name: made.plant_public_key(name).read_text("utf-8") for name in names})
        each = {name: [str(made.plant_key(name)), str(made.ca), str(made.roster)] for name in names}
        if as_json:
            print_json({"folder": str(folder), "send_to_plants": each})
            return
        for name, files in each.items():
            out.print(f"Send {name}, by a safe way: {', '.join(files)}", soft_wrap=True)
        if names:
            err.print("[yellow]Whoever holds this folder holds every plant's private key: for a trial only.[/]")
        else:
            out.print("Each plant makes its key: chargewise federation key -p NAME, and sends you the .pub file.")
            out.print("Let it in: chargewise federation invite NAME --public-key NAME.pub")
        out.print("Then: chargewise federation coordinator", highlight=False)


def key(plant: PlantName, as_json: AsJson = False) -> None:
    """At a plant: make its key. The private half never leaves; the public one goes to the coordinator."""
    with reporting():
        folder = plant_folder(plant)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        private, public = folder / "key", folder / f"{plant}.pub"
        line = make_plant_key(private, public, plant)
        fingerprint = Roster(plants={plant: line}).fingerprints()[plant]
        if as_json:
            print_json({"private": str(private), "public": str(public), "fingerprint": fingerprint})
            return
        out.print(f"Keep: {private}", soft_wrap=True)
        out.print(f"Send to the coordinator: {public}", soft_wrap=True)
        out.print(f"Its fingerprint, to compare by telephone: {fingerprint}", highlight=False)


def invite(
    plant: Annotated[str, typer.Argument(help="The plant's name in the federation.")],
    public: Annotated[Path, typer.Option("--public-key", help="The .pub file that the plant sent.")],
    folder: Folder = DEFAULT_FOLDER,
) -> None:
    """Let a plant in by its public key; the new roster goes to all plants."""
    with reporting():
        checked_name(plant, "plant's name")
        keys = _credentials(folder)
        if not public.is_file():
            raise InputError(str(public), "--public-key", "the .pub file that the plant sent")
        line = public.read_text("utf-8", errors="replace")
        public_key(line, plant)
        roster = read_roster(keys.roster)
        if plant in roster.plants:
            raise InputError(plant, "plant", "one that is not in the roster; `revoke` it first to give it another key")
        changed = _change(folder, {**roster.plants, plant: line})
        out.print(f"{plant} may take part, by the key {changed.fingerprints()[plant]}.", highlight=False)
        out.print(f"Send all plants, by a safe way: {keys.roster}; {plant} gets {keys.ca} too.", soft_wrap=True)


def revoke(
    plant: Annotated[str, typer.Argument(help="The plant's name in the federation.")], folder: Folder = DEFAULT_FOLDER
) -> None:
    """Shut a plant out, at once; the new roster goes to all others."""
    with reporting():
        roster = read_roster(_credentials(folder).roster)
        if plant not in roster.plants:
            raise InputError(plant, "plant", f"one of the roster: {', '.join(sorted(roster.plants)) or 'nobody'}")
        _change(folder, {name: line for name, line in roster.plants.items() if name != plant})
        out.print(f"{plant} is shut out. Send all other plants, by a safe way: {_credentials(folder).roster}")


def renew(folder: Folder = DEFAULT_FOLDER, host: Host = LOOPBACK) -> None:
    """Give the coordinator a new certificate under the same authority; plants need nothing new."""
    with reporting():
        keys = _credentials(folder)
        certify(keys, host)
        out.print(f"The coordinator's certificate holds until {expiry(keys.server_certificate):%Y-%m-%d}; restart it.")


def roster(
    plant: Annotated[str, typer.Option("--plant", "-p", help="At a plant: the roster it pinned.")] = "",
    folder: Folder = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Who is in the federation, and the fingerprint of each key, to compare by telephone."""
    with reporting():
        found = read_roster(plant_folder(plant) / "roster.toml" if plant else _credentials(folder).roster)
        if as_json:
            print_json(found.fingerprints())
            return
        table = Table()
        table.add_column("plant")
        table.add_column("fingerprint", no_wrap=True)
        for name, fingerprint in found.fingerprints().items():
            table.add_row(name, fingerprint)
        out.print(table)


def plant_folder(plant: str) -> Path:
    """Where a plant keeps what it has of the federation.

    Raises:
        InputError: the name cannot be a plant's.
    """
    return Settings.read().home / "federation" / checked_name(plant, "--plant")


def _credentials(folder: Path) -> Credentials:
    found = Credentials(folder / "keys")
    if not found.ca.is_file():
        raise InputError(str(folder), "--folder", "a folder made by `chargewise federation init`")
    return found


def _change(folder: Path, plants: dict[str, str]) -> Roster:
    """Write a roster, and tell a coordinator that runs."""
    changed = write_roster(_credentials(folder).roster, plants)
    # One that does not run reads the roster when it starts.
    with suppress(EngineError):
        Operator.of(folder).register(changed)
    return changed
