"""Bundled plants as participants of a federation."""

from federation.sums.participant import Participant
from scenarios.bundled import virtual_plant


def participant(name: str, heats: int) -> Participant:
    """A bundled plant with so many heats."""
    virtual = virtual_plant(name)
    return Participant(name, virtual.history(heats), tuple(item.material for item in virtual.plant.charge_items()))
