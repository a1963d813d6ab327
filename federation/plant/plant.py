"""A plant as its own process knows it: where its heats, models and keys are, and what it keeps of the federation."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError, field_validator

from federation.keys.roster import Roster, read_roster
from federation.keys.signing import load_private_key, public_line
from federation.plant.memory import Remembering
from federation.plant.outbox import Outbox
from federation.plant.policy import Policy, read_policy
from federation.sums.participant import Participant
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.frozen import Frozen
from steel.names import checked_name
from surrogate.store.registry import Registry


class PlantNode(Frozen):
    """What a plant's process is started with. It stays at the plant: no message asks for it or changes it.

    Attributes:
        plant: its name.
        database: where its heats are, an SQLAlchemy URL.
        models: folder of its models.
        folder: where it keeps its policy, memory and outbox.
        coordinator: HOST:PORT.
        ca: file of the authority it trusts.
        key: file of its private key.
        roster: file of the plants it knows.
        task: `package.module:Task` of a module of its own, if it federates one.
    """

    plant: str
    database: str
    models: Path
    folder: Path
    coordinator: str
    ca: Path
    key: Path
    roster: Path
    task: str = ""

    @field_validator("plant")
    @classmethod
    def _named(cls, plant: str) -> str:
        return checked_name(plant, "plant's name")


def read_node(path: Path) -> PlantNode:
    """What a process is started with, from a file.

    Raises:
        InputError: the file is none.
    """
    try:
        return PlantNode.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise InputError(str(path), "plant's settings", f"a file of `federation join` ({error})") from error


@dataclass(frozen=True)
class Plant:
    """A plant of a federation, at home.

    Attributes:
        name: its name.
        database: where its heats are.
        registry: its models.
        key: its private key.
        roster: the plants it knows, itself among them.
        folder: of policy, memory and outbox.
        task: of its own module, empty if it has none.
    """

    name: str
    database: str
    registry: Registry
    key: ec.EllipticCurvePrivateKey
    roster: Roster
    folder: Path
    task: str = ""

    @staticmethod
    def of(node: PlantNode) -> "Plant":
        """The plant of some settings.

        Raises:
            InputError: a file of it cannot be used, or the roster has another key of this plant.
        """
        key, roster = load_private_key(node.key), read_roster(node.roster)
        if roster.plants.get(node.plant) != public_line(key):
            where = f"key of {node.plant}"
            raise InputError(str(node.key), where, f"the one whose public half is in the roster {node.roster}")
        return Plant(node.plant, node.database, Registry(node.models), key, roster, node.folder, node.task)

    @property
    def policy_file(self) -> Path:
        """Where its policy is."""
        return self.folder / "policy.toml"

    @property
    def outbox(self) -> Outbox:
        """What left it."""
        return Outbox(self.folder / "outbox.jsonl")

    def policy(self) -> Policy:
        """What it takes part in, as the file says just now."""
        return read_policy(self.policy_file)

    def remembering(self) -> Remembering:
        """What it remembers of former runs."""
        return Remembering(self.folder / "memory.json")

    def participant(self) -> Participant:
        """Its heats and materials."""
        store = HeatStore(self.database)
        try:
            return Participant(self.name, store.log(self.name), store.materials(self.name))
        finally:
            store.close()
