"""The bath's balance: what a plant asks of its carbon and oxygen as linear rows, and what a recipe brings of both."""

from dataclasses import dataclass

import numpy as np

from optimizer.problem.balance import BalanceRule, rules_of
from optimizer.problem.slag import SlagBalance
from steel.bath import MOL_O2_PER_KG_FEO, NM3_PER_MOL, Bath, BathPractice, oxygen_taken_nm3_per_t
from steel.elements import Element
from steel.heats import FloatArray
from steel.plants import YardItem


@dataclass(frozen=True)
class BathBalance:
    """Carbon and oxygen of a charge as sums over its columns.

    Attributes:
        carbon: (n + m,) t of carbon per t.
        oxygen: (n + m,) Nm³ to be blown per t.
        rules: what the plant asks.
    """

    carbon: FloatArray
    oxygen: FloatArray
    rules: tuple[BalanceRule, ...]

    def of(self, columns_t: FloatArray, furnace_t: float) -> Bath:
        """What a recipe (n + m,) that makes so much furnace steel brings."""
        return Bath(
            carbon_wt_pct=100.0 * float(self.carbon @ columns_t) / furnace_t,
            oxygen_nm3_per_t=float(self.oxygen @ columns_t) / furnace_t,
        )


def bath_balance(
    practice: BathPractice | None, items: tuple[YardItem, ...], furnace_yields: FloatArray, slag: SlagBalance | None
) -> BathBalance | None:
    """The bath's balance of a yard; None where the plant asks nothing of its bath.

    Args:
        practice: what the plant asks.
        items: n + m; what is added at tapping does not melt here.
        furnace_yields: (n + m,) t of furnace steel per t.
        slag: whose iron oxide is burnt too, where the plant tells its slag.
    """
    if practice is None:
        return None
    charged = np.array([item.stage == "furnace" for item in items])
    carbon = charged * np.array([item.material.content(Element.C) for item in items]) / 100.0
    oxygen = charged * np.array([oxygen_taken_nm3_per_t(item.material) for item in items])
    if slag is not None:
        oxygen = oxygen + 1000.0 * NM3_PER_MOL * MOL_O2_PER_KG_FEO * slag.iron_oxide
    oxygen = oxygen / practice.oxygen_used
    share, least, most = furnace_yields / 100.0, practice.carbon_min_wt_pct, practice.carbon_max_wt_pct
    asked = (
        ("carbon_min", "carbon charged ≥ {} wt%", least, -1.0, 0.1, carbon, share),
        ("carbon_max", "carbon charged ≤ {} wt%", most, 1.0, 0.1, carbon, share),
        ("oxygen_most", "oxygen ≤ {} Nm³/t", practice.oxygen_most_nm3_per_t, 1.0, 1.0, oxygen, furnace_yields),
    )
    return BathBalance(carbon, oxygen, rules_of(asked))
