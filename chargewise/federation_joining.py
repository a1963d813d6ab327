"""`chargewise federation join`, `policy` and `outbox`: what a plant does, and what of it leaves."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from chargewise.arguments import AsJson, PlantName
from chargewise.console import err, out, print_json
from chargewise.federation_coordination import end_at_once_on_term
from chargewise.federation_members import plant_folder
from chargewise.federation_options import DEFAULT_ADDRESS, Address, reporting
from chargewise.workplace import Workplace
from federation.keys.roster import read_roster, write_roster
from federation.modules.task import load_task
from federation.plant.node import take_part
from federation.plant.outbox import Outbox
from federation.plant.plant import PlantNode
from federation.plant.policy import read_policy, write_policy
from steel.errors import InputError


def join(
    plant: PlantName,
    ca: Annotated[Path, typer.Option(help="The federation's ca.pem.")],
    key: Annotated[Path | None, typer.Option(help="The plant's private key; the one `federation key` made.")] = None,
    roster: Annotated[Path | None, typer.Option(help="The roster as it was sent; pinned from then on.")] = None,
    trust_roster: Annotated[bool, typer.Option(help="Take a changed roster: its fingerprints were compared.")] = False,
    address: Address = DEFAULT_ADDRESS,
    task: Annotated[str, typer.Option(help="`package.module:Task` of a torch module to federate too.")] = "",
) -> None:
    """Take part with this plant until stopped. No heat leaves, no port is opened, and no code that is sent is run."""
    with reporting():
        folder = plant_folder(plant)
        own = key or folder / "key"
        for file, option in ((ca, "--ca"), (own, "--key")):
            if not file.is_file():
                raise InputError(str(file), option, "a file that is there")
        place = Workplace()
        if task:
            load_task(task)
        else:
            place.heats(plant)
        policy = folder / "policy.toml"
        if not policy.is_file():
            write_policy(policy)
        read_policy(policy)
        node = PlantNode(
            plant=plant, database=place.store.absolute_url(), models=place.settings.models.resolve(), folder=folder,
            coordinator=_checked_address(address), ca=ca, key=own, roster=_pinned(folder, roster, trust_roster),
            task=task,
        )  # fmt: skip
        end_at_once_on_term()
        err.print(f"{plant} takes part by {policy}; what leaves is in {folder / 'outbox.jsonl'}. Ctrl-C leaves.")
        with suppress(KeyboardInterrupt):
            take_part(node, lambda what: err.print(what, markup=False, highlight=False))


def policy(plant: PlantName, as_json: AsJson = False) -> None:
    """What this plant takes part in, and the file to change it in."""
    with reporting():
        file = plant_folder(plant) / "policy.toml"
        if not file.is_file():
            write_policy(file)
        found = read_policy(file)
        if as_json:
            print_json(found)
            return
        out.print(file.read_text("utf-8"), markup=False, highlight=False, soft_wrap=True)
        out.print(f"Change it in {file}; it is read anew for every run.", highlight=False, soft_wrap=True)


def outbox(
    plant: PlantName,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest messages.")] = 30,
    as_json: AsJson = False,
) -> None:
    """What left this plant in words and bytes, and what it refused."""
    with reporting():
        lines = Outbox(plant_folder(plant) / "outbox.jsonl").lines()[-last:]
        if as_json:
            print_json([line.model_dump() for line in lines])
            return
        if not lines:
            out.print("Nothing was asked of this plant yet.")
            return
        table = Table()
        for heading in ("time, UTC", "run", "asked", "what left", "bytes"):
            table.add_column(heading, justify="right" if heading == "bytes" else "left")
        for line in lines:
            what = f"[yellow]refused: {line.refused}[/]" if line.refused else line.sent
            table.add_row(line.at[:19], f"…{line.run[-6:]}", line.message, what, str(line.bytes or ""))
        out.print(table)


def _pinned(folder: Path, given: Path | None, trust: bool) -> Path:
    """The roster that this plant holds; a changed one is taken only by the word of a person.

    Raises:
        InputError: there is none yet, or the given one differs.
    """
    pinned = folder / "roster.toml"
    if given is None:
        if not pinned.is_file():
            raise InputError("none", "--roster", "the roster.toml that the coordinator sent")
        return pinned
    new = read_roster(given)
    if pinned.is_file():
        changes = read_roster(pinned).changes_to(new)
        if changes and not trust:
            expected = "the one this plant pinned; compare fingerprints (`federation roster`), then --trust-roster"
            raise InputError(", ".join(changes), f"roster {given}", expected)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_roster(pinned, new.plants)
    return pinned


def _checked_address(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise InputError(address, "--coordinator", "HOST:PORT, such as coordinator.example:8000")
    return address
