"""`chargewise federation join`: a plant takes part."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import PlantName
from chargewise.commands.console.output import err
from chargewise.commands.federation.coordination import end_at_once_on_term
from chargewise.commands.federation.members import plant_folder
from chargewise.commands.federation.options import DEFAULT_ADDRESS, Address, reporting
from federation.keys.roster import read_roster, write_roster
from federation.modules.task import load_task
from federation.plant.node import take_part
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
