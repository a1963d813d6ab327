"""Plants of one world, with what each knows before the loop begins: alone, or federated and fine-tuned."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed  # type: ignore[import-untyped]

from federation.sums.contract import agreed, common, offered
from federation.sums.participant import Participant
from federation.sums.screening import total
from federation.sums.shares import tally
from scenarios.bundled import virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.heats import HeatLog
from surrogate.fit.fit import fit
from surrogate.model.model import Surrogate

HISTORY = 400
"""Heats that each plant has before the loop: too few of each grade to learn it alone."""


@dataclass(frozen=True)
class Site:
    """One plant before the loop.

    Attributes:
        virtual: with its truth.
        log: its heats; none at a plant that starts cold.
        alone: what it knows by itself.
        federated: what it knows with the others.
    """

    virtual: VirtualPlant
    log: HeatLog
    alone: Surrogate
    federated: Surrogate


def sites(
    names: tuple[str, ...], cold: str | None = None, heats: int = HISTORY, only: tuple[str, ...] = ()
) -> dict[str, Site]:
    """Bundled plants that have exchanged sums once.

    Args:
        names: of the plants, two or more.
        cold: one that has no heats yet.
        heats: that each other plant has.
        only: of which plants a site is made; all of them unless given.
    """
    plants = {name: virtual_plant(name) for name in names}
    logs = {name: virtual.history(heats) for name, virtual in plants.items()}
    members = {name: Participant(name, logs[name], plants[name].materials) for name in names}
    warm = {name: member for name, member in members.items() if name != cold}
    # Who is cold says what scrap it buys and what it records, too.
    terms = common([member.hello() for member in members.values()])
    contract = agreed(terms, np.sum([offered(member.offer(), terms) for member in warm.values()], axis=0))
    ballots = {name: member.ballot(contract) for name, member in warm.items()}
    tallied = tally(contract, ballots)
    every = total(tallied.sums.values())

    def site(name: str) -> Site:
        member = members[name]
        if name == cold:
            alone = member.first_model(tallied.contract, None)
            together = member.first_model(tallied.contract, tallied.shared)
            return Site(plants[name], logs[name].rows(slice(0, 0)), alone, together)
        known = member.others(tallied.contract, every, ballots[name])
        together = member.tuned_model(tallied.contract, known, logs[name])
        return Site(plants[name], logs[name], fit(logs[name], member.materials), together)

    wanted = only or names
    return dict(zip(wanted, Parallel(n_jobs=-1)(delayed(site)(name) for name in wanted), strict=True))
