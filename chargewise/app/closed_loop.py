"""The closed loop as anybody runs it: every policy at the bundled plants, and what it shows."""

from collections.abc import Callable
from pathlib import Path

from scenarios.bundled import names
from scenarios.closed_loop.sites import sites
from scenarios.closed_loop.study import (
    ALONE,
    CATALOGUE,
    FEDERATED,
    ORACLE,
    SHOP,
    at_rate,
    rates_of,
    run_study,
    setups_of,
)  # fmt: skip
from steel.errors import InputError
from steel.frozen import Frozen

POLICIES = (FEDERATED, ALONE, CATALOGUE, SHOP, ORACLE)
WORDS = {
    FEDERATED: "Chargewise, federated",
    ALONE: "Chargewise, each plant alone",
    CATALOGUE: "linear programme on the catalogue",
    SHOP: "the plants' practice",
    ORACLE: "oracle that knows the truth",
}
CONFIDENCE = 0.95


class PolicyResult(Frozen):
    """One policy, mean of all plants, heats and seeds.

    Attributes:
        off_spec: share of heats that miss any limit.
        cost_eur_per_t: as its heats cost.
        cost_at_equal_rate_eur_per_t: where it misses as often as Chargewise does.
    """

    policy: str
    off_spec: float
    cost_eur_per_t: float
    cost_at_equal_rate_eur_per_t: float
    energy_kwh_per_t: float
    emissions_kgco2e_per_t: float


def closed_loop(
    heats: int, seeds: int, folder: Path, progress: Callable[[str, float], None] | None = None
) -> tuple[PolicyResult, ...]:
    """Run every policy at every bundled plant; what is finished lies in the folder and is not run again.

    Raises:
        InputError: no heats or seeds are asked for.
    """
    for what, number in (("heats", heats), ("seeds", seeds)):
        if number < 1:
            raise InputError(number, what, "1 or more")
    say = progress or (lambda stage, share: None)
    say("plants learn, alone and together", 0.0)
    ran = run_study(setups_of(names(), heats, seeds, POLICIES), sites(names()), folder, say)
    rates = rates_of(ran, FEDERATED, CONFIDENCE)
    found = []
    for policy in POLICIES:
        usual = [one for one in ran if one.policy == policy and (one.knob == CONFIDENCE or policy in (SHOP, CATALOGUE))]
        at = at_rate(ran, policy, rates)
        found.append(
            PolicyResult(
                policy=WORDS[policy],
                off_spec=sum(one.off_spec for one in usual) / len(usual),
                cost_eur_per_t=sum(one.cost_eur_per_t for one in usual) / len(usual),
                cost_at_equal_rate_eur_per_t=at.cost_eur_per_t,
                energy_kwh_per_t=at.energy_kwh_per_t,
                emissions_kgco2e_per_t=at.emissions_kgco2e_per_t,
            )
        )
    return tuple(found)
