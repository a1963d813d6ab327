"""Outcomes of recipes that were made, fed back into their margins: what is claimed is kept in the long run.

Every limit's margin is multiplied by a width of its own, by element and side. A miss widens it and a limit that was
kept narrows it, by a step times what happened less what was claimed (adaptive conformal inference, Gibbs and Candès
2021, as a quantile tracker on the logarithm of the margin: Angelopoulos, Candès and Tibshirani 2023). What the widths
have moved is then the sum of all misses less all claims, whatever drifts; as long as no bound is reached, the long-run
share of misses is the claimed one to within the width's range over step times recipes.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from steel.claims import KeptClaim, LimitClaim, Side
from steel.elements import Element

STEP = 0.35
"""By which a surely unexpected outcome moves the logarithm of a width."""
NARROWEST, WIDEST = 0.6, 2.5
"""Bounds of a width."""
Limit = tuple[Element, Side]


@dataclass(frozen=True)
class LimitRecord:
    """What is kept of one limit.

    Attributes:
        log_width: logarithm of what its margin is multiplied by.
        recipes: so far.
        claimed: sum of their risks.
        missed: how many missed it.
    """

    log_width: float = 0.0
    recipes: int = 0
    claimed: float = 0.0
    missed: int = 0


@dataclass(frozen=True)
class Feedback:
    """What outcomes have said of a plant's claims; unchangeable, each outcome makes a new one."""

    limits: Mapping[Limit, LimitRecord] = field(default_factory=dict)

    def after(self, claims: Iterable[LimitClaim], analysis_wt_pct: Mapping[Element, float]) -> "Feedback":
        """The feedback after one more heat.

        Args:
            claims: of its recipe.
            analysis_wt_pct: its final analysis; a limit whose element was not analysed teaches nothing.
        """
        limits = dict(self.limits)
        for claim in claims:
            found = analysis_wt_pct.get(claim.element)
            if found is None or not math.isfinite(found):
                continue
            key, missed = (claim.element, claim.side), claim.missed(found)
            before = limits.get(key, LimitRecord())
            moved = before.log_width + STEP * (missed - claim.risk)
            limits[key] = replace(
                before,
                log_width=min(max(moved, math.log(NARROWEST)), math.log(WIDEST)),
                recipes=before.recipes + 1,
                claimed=before.claimed + claim.risk,
                missed=before.missed + missed,
            )
        return Feedback(limits)

    def widths(self) -> dict[Element, tuple[float, float]]:
        """What the margins to each element's minimum and maximum are multiplied by."""
        elements = dict.fromkeys(element for element, _ in self.limits)

        def width(element: Element, side: Side) -> float:
            return math.exp(self.limits.get((element, side), LimitRecord()).log_width)

        return {element: (width(element, "minimum"), width(element, "maximum")) for element in elements}

    def kept(self) -> tuple[KeptClaim, ...]:
        """Claims against what happened, by limit; the one that claims most misses first."""
        found = [
            KeptClaim(
                element=element,
                side=side,
                recipes=record.recipes,
                claimed=record.claimed / record.recipes,
                missed=record.missed / record.recipes,
                width=math.exp(record.log_width),
            )
            for (element, side), record in self.limits.items()
        ]
        return tuple(sorted(found, key=lambda one: -one.claimed * one.recipes))
