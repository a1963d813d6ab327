"""The slag balance: what a plant asks of its slag as linear rows over the charge, and the slag a recipe makes."""

from dataclasses import dataclass

import numpy as np

from optimizer.problem.balance import BalanceRule, rules_of
from steel.heats import FloatArray
from steel.materials import Oxide
from steel.plants import YardItem
from steel.slag import Slag, SlagPractice, oxides_wt_pct


@dataclass(frozen=True)
class SlagBalance:
    """The slag of a charge as sums over its columns.

    Attributes:
        oxides: by name, (n + m,) t per t.
        total: (n + m,) t of slag per t, its iron oxide included.
        iron_oxide: (n + m,) t of that per t.
        rules: what the plant asks.
    """

    oxides: dict[Oxide, FloatArray]
    total: FloatArray
    iron_oxide: FloatArray
    rules: tuple[BalanceRule, ...]

    def of(self, columns_t: FloatArray, furnace_t: float) -> Slag:
        """The slag of a recipe (n + m,) that makes so much furnace steel."""
        total = float(self.total @ columns_t)
        lime, magnesia, silica = (float(self.oxides[oxide] @ columns_t) for oxide in (Oxide.CAO, Oxide.MGO, Oxide.SIO2))
        return Slag(
            kg_per_t=1000.0 * total / furnace_t,
            basicity=lime / max(silica, 1e-12),
            mgo_wt_pct=100.0 * magnesia / max(total, 1e-12),
        )


def slag_balance(
    practice: SlagPractice | None, items: tuple[YardItem, ...], furnace_yields: FloatArray
) -> SlagBalance | None:
    """The slag balance of a yard; None where the plant asks nothing of its slag.

    Args:
        practice: what the plant asks.
        items: n + m; what is added at tapping makes no furnace slag.
        furnace_yields: (n + m,) t of furnace steel per t.
    """
    if practice is None:
        return None
    charged = np.array([item.stage == "furnace" for item in items])
    brought = [oxides_wt_pct(item.material) for item in items]
    oxides = {oxide: charged * np.array([one[oxide] for one in brought]) / 100.0 for oxide in Oxide}
    total = np.sum(list(oxides.values()), axis=0) / (1.0 - practice.feo_wt_pct / 100.0)
    lime, magnesia, silica = oxides[Oxide.CAO], oxides[Oxide.MGO], oxides[Oxide.SIO2]
    asked = (
        ("basicity_min", "slag basicity CaO/SiO2 ≥ {}", practice.basicity_min, -1.0, 0.1, lime, silica),
        ("basicity_max", "slag basicity CaO/SiO2 ≤ {}", practice.basicity_max, 1.0, 0.1, lime, silica),
        ("mgo_min", "MgO in slag ≥ {} wt%", practice.mgo_min_wt_pct, -1.0, 1.0, magnesia, total / 100.0),
        ("slag_most", "slag ≤ {} kg/t", practice.most_kg_per_t, 1.0, 10.0, total, furnace_yields / 1000.0),
    )
    return SlagBalance(oxides, total, practice.feo_wt_pct / 100.0 * total, rules_of(asked))
