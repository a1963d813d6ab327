"""One element of the final analysis as arrays over a recipe's columns."""

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problem.confidence import margins, risk_of_each
from optimizer.problem.options import Aim, RecipeOptions
from steel.elements import Element
from steel.grades import Order
from steel.heats import FloatArray
from steel.materials import Material
from steel.plants import Furnace, YardItem
from surrogate.model.description import Description, OutputPieces
from surrogate.model.predictors import Predictors
from surrogate.model.quantiles import Quantiles

EXACT = 1e-4
"""Share of a limit below which a margin to it is none."""
MOST_KEPT = 64
"""Plants and descriptions whose balances are kept."""


@dataclass(frozen=True)
class ElementRow:
    """One element of the final analysis, times the final mass: `wt% · F`.

    Attributes:
        linear: (n + m,) balance of charge, heel and additions.
        pieces: (K, n + m) convex remainder; K = 0 where there is none.
        predictors: on the n furnace columns per t tapped; wt%.
        tapped: (n + m,) t of furnace steel per t, which the predictors count for.
        furnace_columns: n.
        root: (r, n + m) with `sd · F = ‖root · (x, a)‖`.
        quantiles: of the final analysis, standardised.
        upper_z: calibrated quantile of the requested confidence, at least 0; 0 where the element is exact.
        lower_z: the same below.
        exact: whether its scatter is too small to matter to any limit.
        maximum: limit, wt%; None where the grade has none.
        minimum: the same below.
        aim: what to come near to; None where nothing is asked.
    """

    element: Element
    linear: FloatArray
    pieces: FloatArray
    predictors: Predictors
    tapped: FloatArray
    furnace_columns: int
    root: FloatArray
    quantiles: Quantiles
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
        predicted = predicted_total(self.predictors, self.tapped, self.furnace_columns, columns_t)
        return float(self.linear @ columns_t) + convex + predicted

    def sd(self, columns_t: FloatArray) -> float:
        """Standard deviation of the same, wt% · t."""
        return float(np.linalg.norm(self.root @ columns_t))


def predicted_total(predictors: Predictors, tapped: FloatArray, furnace_columns: int, columns_t: FloatArray) -> float:
    """The predictors' value times the t tapped, of a recipe (n + m,) whose columns tap (n + m,) t per t."""
    tapped_t = float(tapped @ columns_t)
    return tapped_t * predictors.at(columns_t[:furnace_columns] / tapped_t) if predictors and tapped_t > 0 else 0.0


@dataclass(frozen=True)
class Balance:
    """What of an element's row no order changes.

    Attributes:
        widest: greatest standard deviation that a t of any column brings, wt% · t.
        added_cv: relative standard deviation of what the addition richest in it brings; 0 where none does.
    """

    linear: FloatArray
    pieces: FloatArray
    predictors: Predictors
    root: FloatArray
    widest: float
    added_cv: float


@dataclass(frozen=True)
class Balances:
    """Every element's balance; what it is known by is kept alive with it, since that counts by identity."""

    description: Description
    additions: tuple[Material, ...]
    of: dict[Element, Balance]


_kept: OrderedDict[tuple[object, ...], Balances] = OrderedDict()
_lock = threading.Lock()


def balances_of(
    description: Description, furnace: Furnace, tapping: tuple[YardItem, ...], pick: NDArray[np.int_]
) -> dict[Element, Balance]:
    """Every element's balance; worked out once for each yard, furnace and description.

    Args:
        description: what the surrogate knows.
        furnace: what its ladle leaves of an element.
        tapping: the m additions.
        pick: (n,) the yard's materials among the description's.
    """
    additions = tuple(item.material for item in tapping)
    key = (id(description), tuple(map(id, additions)), pick.tobytes(), tuple(sorted(furnace.ladle_retention.items())))
    with _lock:
        found = _kept.get(key)
    if found is None:
        of = {element: _balance(element, description, furnace, tapping, pick) for element in description.elements}
        found = Balances(description, additions, of)
        with _lock:
            _kept[key] = found
            while len(_kept) > MOST_KEPT:
                _kept.popitem(last=False)
    return found.of


def _balance(
    element: Element,
    description: Description,
    furnace: Furnace,
    tapping: tuple[YardItem, ...],
    pick: NDArray[np.int_],
) -> Balance:
    pieces = description.elements[element]
    kept = furnace.ladle_retention.get(element, 1.0)
    fresh = kept * description.fresh_share(element)
    balance = fresh * pieces.linear + kept * description.heel_part(element) * description.yields
    additions = np.array([item.material.recovered_content(element) for item in tapping])
    scatter = np.array([item.material.content_cv.get(element, 0.0) for item in tapping]) * additions
    columns = len(pick) + len(tapping)
    linear = np.concatenate([balance[pick], additions])
    convex = np.zeros((len(pieces.pieces), columns))
    convex[:, : len(pick)] = fresh * pieces.pieces[:, pick]
    charged = np.zeros((len(pieces.root), columns))
    charged[:, : len(pick)] = fresh * pieces.root[:, pick]
    added = np.zeros((len(tapping), columns))
    added[:, len(pick) :] = np.diag(scatter)
    # Sampling and analysis scatter with all that is in the sample, not with what the furnace made of it alone.
    sampled = [pieces.sampling_cv * linear[None]] if pieces.sampling_cv > 0 else []
    root = np.vstack([charged, added, *sampled])
    return Balance(
        linear=linear,
        pieces=convex,
        predictors=predictors_of(pieces, description, pick).scaled(fresh),
        root=root,
        widest=float(np.sqrt((root**2).sum(axis=0)).max(initial=0.0)),
        added_cv=float((scatter / np.maximum(additions, 1e-12))[np.argmax(additions)]) if len(additions) else 0.0,
    )


def element_row(
    element: Element,
    balance: Balance,
    description: Description,
    tapped: FloatArray,
    furnace_columns: int,
    order: Order,
    options: RecipeOptions,
) -> ElementRow:
    """An element's balance, remainder, scatter and limits at one order.

    Args:
        element: which.
        balance: of it.
        description: what the surrogate knows of it.
        tapped: (n + m,) t of furnace steel per t.
        furnace_columns: n.
        order: its limits.
        options: confidence and aims.
    """
    risk = risk_of_each(order, description, options)
    maximum, minimum = order.grade.maximum_wt_pct.get(element), order.grade.minimum_wt_pct.get(element)
    limits = [limit for limit in (maximum, minimum) if limit is not None]
    quantiles = _final_quantiles(
        description.elements[element], description.fresh_share(element), balance, minimum, maximum
    )
    if element in description.widths:
        quantiles = quantiles.widened(*description.widths[element])
    upper_z, lower_z = margins(quantiles, options, risk, risk)
    # The margin that any recipe needs is next to nothing.
    exact = bool(limits) and max(upper_z, lower_z, 1.0) * balance.widest <= EXACT * min(limits)
    if exact:
        upper_z = lower_z = 0.0
    return ElementRow(
        element=element,
        linear=balance.linear,
        pieces=balance.pieces,
        predictors=balance.predictors,
        tapped=tapped,
        furnace_columns=furnace_columns,
        root=balance.root,
        quantiles=quantiles,
        upper_z=upper_z,
        lower_z=lower_z,
        maximum=maximum,
        minimum=minimum,
        aim=options.aims.get(element),
        exact=exact,
    )


def _final_quantiles(
    pieces: OutputPieces, fresh: float, balance: Balance, minimum: float | None, maximum: float | None
) -> Quantiles:
    """Quantiles of the final analysis near its limits, where lots scatter skewed, and additions and samples evenly."""
    if pieces.usual_sd <= 0:
        return pieces.quantiles
    lots = fresh * pieces.usual_sd

    def of_lots(limit: float | None) -> float:
        if limit is None:
            return 1.0
        even = np.hypot(pieces.sampling_cv * limit, balance.added_cv * max(0.0, limit - pieces.usual))
        return float(lots**2 / (lots**2 + even**2))

    return pieces.quantiles.with_even(of_lots(minimum), of_lots(maximum))


def predictors_of(pieces: OutputPieces, description: Description, pick: NDArray[np.int_]) -> Predictors:
    """An output's predictors over the yard's materials (n,), none of the others charged."""
    if not pieces.predictors:
        return pieces.predictors
    known = np.zeros(len(description.names))
    known[pick] = np.nan
    return pieces.predictors.given(known, pick)
