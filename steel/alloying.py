"""The usual alloying formula."""

from steel.errors import InputError


def addition_kg(
    aim_wt_pct: float, before_wt_pct: float, steel_t: float, content_wt_pct: float, recovery: float
) -> float:
    """Mass of a ferro-alloy that lifts an element from `before` to `aim`, kg.

    `A = (B - C) · D · 100 / (E · R)` with B the aim and C the analysis before, wt%, D the steel mass in
    kg, E the alloy's content, wt%, and R its recovery, a fraction (so the formula's per cent over per
    cent leaves no factor). The steel's own growth by the addition is neglected, as the formula does.

    Raises:
        InputError: the alloy brings nothing of the element.
    """
    if content_wt_pct <= 0 or recovery <= 0:
        raise InputError((content_wt_pct, recovery), "alloy content and recovery", "both above 0")
    return max(0.0, (aim_wt_pct - before_wt_pct) * steel_t * 1000.0 / (content_wt_pct * recovery))
