"""What a recipe claims of each limit, and what became of it."""

from typing import Literal

from steel.elements import Element
from steel.frozen import Frozen

Side = Literal["maximum", "minimum"]


class LimitClaim(Frozen):
    """One limit of a recipe.

    Attributes:
        limit_wt_pct: of the final analysis.
        risk: probability with which it is missed, as the recipe has it.
    """

    element: Element
    side: Side
    limit_wt_pct: float
    risk: float

    def missed(self, wt_pct: float) -> bool:
        """Whether an analysis lies beyond the limit."""
        return wt_pct > self.limit_wt_pct if self.side == "maximum" else wt_pct < self.limit_wt_pct


class KeptClaim(Frozen):
    """How one limit's claims were kept over all recipes whose heats came back.

    Attributes:
        recipes: whose outcome is known.
        claimed: share of misses that they claimed together.
        missed: share that was.
        width: what its margin is multiplied by for that.
    """

    element: Element
    side: Side
    recipes: int
    claimed: float
    missed: float
    width: float

    def in_words(self) -> str:
        """Such as "Cu maximum: claimed 95.0 %, realised 94.2 % over 312 recipes"."""
        return (
            f"{self.element} {self.side}: claimed {100 * (1 - self.claimed):.1f} %, "
            f"realised {100 * (1 - self.missed):.1f} % over {self.recipes} recipes"
        )
