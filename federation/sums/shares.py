"""How much of what a furnace does is its own, and how much all furnaces share: voted by the likelihood of their heats.

Recoveries and process effects differ between furnaces by nobody knows how much. Where they hardly differ, a poor plant
can take them from the others; where they do, it must not. Every plant sends its sums for each of a few shares, and what
its heats make of each; these too add up over plants, so the likelihood of all heats under a share is exact, from one
exchange (empirical Bayes). Of each output the likeliest share holds from then on, as part of the contract. What plants'
supplies differ by is left as the catalogue has it: a handful of plants says little about it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from federation.ledger.errors import NothingToAddError
from federation.sums.contract import Contract
from federation.sums.hierarchy import Shared, combine, log_evidence, priors_for
from federation.sums.screening import Sums, fault_of, screen, total
from steel.errors import InputError
from surrogate.fit.yields import YIELD
from surrogate.model.linear import Statistics

SHARES = (1.0, 0.3, 0.1, 0.03)
"""Shares of a furnace effect's prior variance that are tried, all its own first; below the last all are alike."""
Ballot = dict[float, Sums]
"""A plant's sums under each share."""


@dataclass(frozen=True)
class Tally:
    """What all plants' sums came to.

    Attributes:
        contract: with the shares that were voted.
        shared: the classes under it.
        sums: those added, by plant.
        quarantined: why others were not.
    """

    contract: Contract
    shared: Shared
    sums: dict[str, Sums]
    quarantined: dict[str, str]


def under(contract: Contract, share: float) -> Contract:
    """A contract by which every output has one share."""
    return contract.model_copy(update={"own_share": dict.fromkeys((*contract.typical, YIELD), share)})


def flat(ballot: Ballot) -> Sums:
    """A ballot as sums by `SHARE/OUTPUT`, as they travel."""
    return {f"{share:g}/{name}": found for share, sums in ballot.items() for name, found in sums.items()}


def ballot_of(sums: Sums) -> Ballot:
    """A ballot back.

    Raises:
        InputError: a share is missing, or was not asked for.
    """
    found: Ballot = {}
    for key, one in sums.items():
        share, _, name = key.partition("/")
        try:
            found.setdefault(float(share), {})[name] = one
        except ValueError as error:
            raise InputError(key, "sums", "names of a share and an output") from error
    if set(found) != set(SHARES):
        raise InputError(sorted(found), "shares of the sums", f"{', '.join(map(str, SHARES))}")
    return found


def sizes(contract: Contract) -> dict[str, int]:
    """Columns of every output of a ballot as it travels."""
    like = {name: len(prior.mean) for name, prior in priors_for(contract, contract.class_schema()).items()}
    return {f"{share:g}/{name}": size for share in SHARES for name, size in like.items()}


def tally(contract: Contract, ballots: Mapping[str, Ballot]) -> Tally:
    """Put aside what may not be added, vote, and add up the rest.

    Raises:
        NothingToAddError: no plant's sums may be added.
    """
    faults = {plant: [fault_of(contract, sums) for sums in ballot.values()] for plant, ballot in ballots.items()}
    quarantined = {plant: next(filter(None, found)) for plant, found in faults.items() if any(found)}
    # Plants may differ most by the first share: who is at odds with the others under it, is under all.
    widest = {plant: ballot[SHARES[0]] for plant, ballot in ballots.items() if plant not in quarantined}
    accepted, at_odds = screen(under(contract, SHARES[0]), widest)
    quarantined |= at_odds
    if not accepted:
        raise NothingToAddError("; ".join(f"{plant}: {reason}" for plant, reason in quarantined.items()))
    good = {plant: ballots[plant] for plant in accepted}
    tallied = contract.model_copy(update={"own_share": voted(contract, good.values())})
    sums = {plant: voted_sums(tallied, ballot) for plant, ballot in good.items()}
    return Tally(tallied, combine(tallied, total(sums.values())), sums, quarantined)


def voted_sums(contract: Contract, ballot: Ballot) -> Sums:
    """A plant's sums under the shares that were voted."""
    return {name: ballot[share][name] for name, share in contract.own_share.items()}


def without(every: Sums, mine: Sums) -> Sums:
    """All plants' sums less one plant's."""
    return {
        name: Statistics(
            one.information - mine[name].information,
            one.moment - mine[name].moment,
            one.heats - mine[name].heats,
            one.evidence - mine[name].evidence,
        )
        for name, one in every.items()
    }


def voted(contract: Contract, ballots: Iterable[Ballot]) -> dict[str, float]:
    """The likeliest share of every output."""
    each = list(ballots)
    evidence: dict[str, dict[float, float]] = {}
    for share in SHARES:
        sums = total(ballot[share] for ballot in each)
        for name, prior in priors_for(under(contract, share), contract.class_schema()).items():
            evidence.setdefault(name, {})[share] = log_evidence(prior, sums[name])
    return {name: max(by_share, key=lambda share: by_share[share]) for name, by_share in evidence.items()}
