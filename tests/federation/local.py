"""Plants of a federation in this process: the same answers, without Flower's engine."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flwr.app import Context, Message

from chargewise.app.demo_plants import set_up_bundled
from federation.keys.credentials import make_credentials
from federation.keys.roster import write_roster
from federation.keys.signing import load_private_key
from federation.modules.in_process import InProcessGrid
from federation.plant.answers import Answers
from federation.plant.plant import Plant
from federation.plant.policy import OPEN, Policy, write_policy
from federation.sums.participant import Participant
from plant_adapters.store.store import HeatStore
from surrogate.store.registry import Registry


@dataclass(frozen=True)
class Known(Plant):
    """A plant whose heats are given and not read from a database."""

    heats: Participant | None = None

    def participant(self) -> Participant:
        return self.heats or super().participant()


def bundled_plants(folder: Path, heats: dict[str, int], policy: Policy = OPEN) -> dict[str, Plant]:
    """Bundled plants with so many heats, a model each, keys, and a roster they share."""
    store, registry = HeatStore(f"sqlite:///{folder / 'heats.db'}"), Registry(folder / "models")
    for name, count in heats.items():
        set_up_bundled(name, count, folder / "plants", store, registry)
    url = store.absolute_url()
    store.close()
    return _plants(folder, dict.fromkeys(heats), policy, url)


def given_plants(folder: Path, participants: dict[str, Participant], policy: Policy = OPEN) -> dict[str, Plant]:
    """Plants whose heats are these."""
    return _plants(folder, participants, policy, "")


def _plants(
    folder: Path, participants: Mapping[str, Participant | None], policy: Policy, database: str
) -> dict[str, Plant]:
    keys = make_credentials(folder / "keys", tuple(participants))
    roster = write_roster(keys.roster, {n: keys.plant_public_key(n).read_text("utf-8") for n in participants})
    found: dict[str, Plant] = {}
    for name, heats in participants.items():
        own = folder / "of" / name
        write_policy(own / "policy.toml", policy)
        key, registry = load_private_key(keys.plant_key(name)), Registry(folder / "models")
        found[name] = Known(name, database, registry, key, roster, own, heats=heats)
    return found


def grid_of(plants: dict[str, Plant], app: type[InProcessGrid] = InProcessGrid) -> InProcessGrid:
    """A grid that reaches these plants."""
    answers = {name: Answers(plant) for name, plant in plants.items()}

    def answer(message: Message, context: Context) -> Message:
        return answers[str(context.node_config["plant"])](message, context)

    return app(answer, [{"plant": name} for name in plants])
