"""One element of the final analysis as arrays over a recipe's columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.confidence import margins, risk_of_each
from optimizer.options import Aim, RecipeOptions
from steel.elements import Element
from steel.grades import Order
from steel.heats import FloatArray
from steel.plants import Furnace, YardItem
from surrogate.bends import Bends
from surrogate.description import Description, OutputPieces

EXACT = 1e-4
"""Share of a limit below which a margin to it is none."""


@dataclass(frozen=True)
class ElementRow:
    """One element of the final analysis, times the final mass: `wt% · F`.

    Attributes:
        linear: (n + m,) balance of charge, heel and additions.
        pieces: (K, n + m) convex remainder; K = 0 where there is none.
        bends: on the n furnace columns per t tapped; wt%.
        tapped: (n + m,) t of furnace steel per t, which the bends count for.
        furnace_columns: n.
        root: (r, n + m) with `sd · F = ‖root · (x, a)‖`.
        upper_z, lower_z: calibrated quantiles of the asked confidence, both ≥ 0; 0 where the element is exact.
        exact: whether its scatter is too small to matter to any limit.
        maximum, minimum: limits, wt%; None where the grade has none.
        aim: what to come near to; None where nothing is asked.
    """

    element: Element
    linear: FloatArray
    pieces: FloatArray
    bends: Bends
    tapped: FloatArray
    furnace_columns: int
    root: FloatArray
    upper_z: float
    lower_z: float
    maximum: float | None
    minimum: float | None
    aim: Aim | None
    exact: bool = False

    @property
    def has_margin(self) -> bool:
        """Whether any limit is held with more confidence than even odds."""
        return self.upper_z > 0 or self.lower_z > 0

    @property
    def needs_above(self) -> bool:
        """Whether the model must know how high the content may be."""
        return self.maximum is not None or self.aim is not None

    @property
    def needs_below(self) -> bool:
        """Whether the model must know how low the content may be."""
        return self.minimum is not None or self.aim is not None

    def mean(self, columns_t: FloatArray) -> float:
        """wt% · t of a recipe (n + m,)."""
        convex = float((self.pieces @ columns_t).max()) if len(self.pieces) else 0.0
        bent = bends_total(self.bends, self.tapped, self.furnace_columns, columns_t)
        return float(self.linear @ columns_t) + convex + bent

    def sd(self, columns_t: FloatArray) -> float:
        """Standard deviation of the same, wt% · t."""
        return float(np.linalg.norm(self.root @ columns_t))


def bends_total(bends: Bends, tapped: FloatArray, furnace_columns: int, columns_t: FloatArray) -> float:
    """The bends' value times the t tapped, of a recipe (n + m,) whose columns tap (n + m,) t per t."""
    tapped_t = float(tapped @ columns_t)
    return tapped_t * bends.at(columns_t[:furnace_columns] / tapped_t) if bends and tapped_t > 0 else 0.0


def element_row(
    element: Element,
    description: Description,
    furnace: Furnace,
    tapping: tuple[YardItem, ...],
    pick: NDArray[np.int_],
    tapped: FloatArray,
    order: Order,
    options: RecipeOptions,
) -> ElementRow:
    """An element's balance, remainder, scatter and limits at one order.

    Args:
        element: which.
        description: what the surrogate knows of it.
        furnace: what its ladle leaves of it.
        tapping: the m additions.
        pick: (n,) the yard's materials among the description's.
        tapped: (n + m,) t of furnace steel per t.
        order: its limits.
        options: confidence and aims.
    """
    pieces = description.elements[element]
    kept = furnace.ladle_retention.get(element, 1.0)
    fresh = kept * description.fresh_share(element)
    balance = fresh * pieces.linear + kept * description.heel_part(element) * description.yields
    additions = np.array([item.material.recovered_content(element) for item in tapping])
    scatter = np.array([item.material.content_cv.get(element, 0.0) for item in tapping]) * additions
    columns = len(pick) + len(tapping)
    convex = np.zeros((len(pieces.pieces), columns))
    convex[:, : len(pick)] = fresh * pieces.pieces[:, pick]
    root = np.zeros((len(pieces.root) + len(tapping), columns))
    root[: len(pieces.root), : len(pick)] = fresh * pieces.root[:, pick]
    if tapping:
        root[len(pieces.root) :, len(pick) :] = np.diag(scatter)
    risk = risk_of_each(order, description, options)
    upper_z, lower_z = margins(pieces.quantiles, options, risk, risk)
    maximum, minimum = order.grade.maximum_wt_pct.get(element), order.grade.minimum_wt_pct.get(element)
    exact = _is_exact(root, max(upper_z, lower_z, 1.0), [v for v in (maximum, minimum) if v is not None])
    if exact:
        upper_z = lower_z = 0.0
    return ElementRow(
        element=element,
        linear=np.concatenate([balance[pick], additions]),
        pieces=convex,
        bends=bends_of(pieces, description, pick).scaled(fresh),
        tapped=tapped,
        furnace_columns=len(pick),
        root=root,
        upper_z=upper_z,
        lower_z=lower_z,
        maximum=maximum,
        minimum=minimum,
        aim=options.aims.get(element),
        exact=exact,
    )


def _is_exact(root: FloatArray, z: float, limits: list[float]) -> bool:
    """Whether the margin that any recipe needs is next to nothing."""
    widest = float(np.sqrt((root**2).sum(axis=0)).max(initial=0.0))
    return bool(limits) and z * widest <= EXACT * min(limits)


def bends_of(pieces: OutputPieces, description: Description, pick: NDArray[np.int_]) -> Bends:
    """An output's bends over the yard's materials (n,), none of the others charged."""
    if not pieces.bends:
        return pieces.bends
    known = np.zeros(len(description.names))
    known[pick] = np.nan
    return pieces.bends.given(known, pick)
