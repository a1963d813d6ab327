"""What each plant gave a federation, and what it gained: told from the ledger, for the plants to look at.

What a plant gave is the information that the shared model would lack without its sums: the drop in the entropy of the
classes' posterior, ½ log det (P + Σ J) − ½ log det (P + Σ J − J_plant), over all outputs. Sums of plants that say the
same count less than those of one that says something new.
"""

from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from federation.ledger.ledger import CLOSING, Entry
from federation.sums.contract import Contract
from federation.sums.gate import relative_error
from federation.sums.hierarchy import priors_for
from federation.sums.screening import Sums

BITS = float(1.0 / np.log(2.0))


@dataclass(frozen=True)
class Contribution:
    """One plant in one run.

    Attributes:
        run: number of the run in the ledger, from 1.
        heats: behind its sums; None where they were masked.
        kilobytes: of these.
        bits: what the shared model would lack without it; None where sums were masked or put aside.
        gain: share by which the tuned model's error on its later heats is below its own model's; None if not judged.
        adopted: the version it adopted, empty if none; None if it was not judged.
        put_aside: why its sums were, empty if they were not.
    """

    run: int
    plant: str
    heats: int | None
    kilobytes: float
    bits: float | None
    gain: float | None
    adopted: str | None
    put_aside: str


def information_given(contract: Contract, sums: dict[str, Sums]) -> dict[str, float]:
    """Bits that each plant's sums add to all others', over all outputs."""
    given = dict.fromkeys(sums, 0.0)
    for name, prior in priors_for(contract, contract.class_schema()).items():
        free = np.diag(prior.class_covariance) > 0
        pick = np.ix_(free, free)
        precision = np.linalg.inv(prior.class_covariance[pick])
        total = precision + reduce(add, (each[name].information[pick] for each in sums.values()))
        known = np.linalg.slogdet(total)[1]
        for plant, each in sums.items():
            given[plant] += BITS / 2 * float(known - np.linalg.slogdet(total - each[name].information[pick])[1])
    return given


def contributions(entries: tuple[Entry, ...]) -> list[Contribution]:
    """Every plant of every run in a ledger."""
    found: list[Contribution] = []
    run = 0
    by_plant: dict[str, dict[str, Any]] = {}

    def close() -> None:
        for plant, facts in by_plant.items():
            errors = facts.get("mean_absolute_errors")
            found.append(
                Contribution(
                    run=run,
                    plant=plant,
                    heats=facts.get("heats"),
                    kilobytes=float(facts["sent"]) / 1024,
                    bits=facts.get("bits"),
                    gain=1.0 - relative_error(errors, "tuned") if errors else None,
                    adopted=facts.get("version"),
                    put_aside=str(facts.get("put_aside", "")),
                )
            )
        by_plant.clear()

    def of(plant: str) -> dict[str, Any]:
        return by_plant.setdefault(plant, {"sent": 0})

    begun = False
    for entry in entries:
        if entry.kind == "begin" or (entry.kind == "run" and not begun):
            close()
            run += 1
        begun = entry.kind == "begin" or (begun and entry.kind not in CLOSING)
        if entry.kind in ("contribution", "given", "judgement"):
            facts = of(str(entry.body["plant"]))
            facts.update(entry.body)
            facts["sent"] += entry.body.get("bytes", 0)
        elif entry.kind == "quarantine":
            of(str(entry.body["plant"]))["put_aside"] = entry.body["reason"]
    close()
    return found
