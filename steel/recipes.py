"""Recipes: a recommended charge, what it will give, and why."""

from typing import Literal

from steel.baskets import BasketLoad
from steel.bath import Bath
from steel.claims import KeptClaim
from steel.elements import Element
from steel.emissions import Emissions
from steel.frozen import Frozen
from steel.slag import Slag


class Interval(Frozen):
    """A predicted value with the interval that covers it with the stated confidence."""

    mean: float
    low: float
    high: float


class RecipeLine(Frozen):
    """One material of the recipe.

    Attributes:
        baskets_t: t in each basket, first basket first; empty for tapping additions.
    """

    material: str
    title: str
    stage: Literal["furnace", "tapping"]
    mass_t: float
    price_eur_per_t: float
    baskets_t: tuple[float, ...] = ()

    @property
    def cost_eur(self) -> float:
        """Mass times price, €."""
        return self.mass_t * self.price_eur_per_t


class AnalysisLine(Frozen):
    """One element of the predicted final analysis against the grade.

    Attributes:
        predicted: wt% after tapping additions, with the two-sided 90 % interval.
        met_with: probability that the heat meets this element's limits.
    """

    element: Element
    predicted: Interval
    minimum_wt_pct: float | None
    maximum_wt_pct: float | None
    aim_wt_pct: float | None
    met_with: float


class Binding(Frozen):
    """A requirement that holds the cost up, and what relaxing it is worth.

    Attributes:
        requirement: in words, with its value and unit.
        worth_eur_per_t: saved per t tapped by one `step` of relaxation, at the margin.
        step: the relaxation that price is for, in words with its unit.
        source: where it comes from: the grade, the order, the yard, the plant, or a rule of the plant's own.
    """

    requirement: str
    worth_eur_per_t: float
    step: str
    source: str


ROUNDED_EUR_PER_T = 0.5
"""Less does not show where prices are told in whole €/t."""


class UnusedMaterial(Frozen):
    """A material left in the yard.

    Attributes:
        enters_at_eur_per_t: price below which a little of it would pay beside the recipe; above today's where it would
            pay today, but stock, a lot or the number of materials keeps it out.
    """

    material: str
    price_eur_per_t: float
    enters_at_eur_per_t: float


class Costs(Frozen):
    """What one t tapped costs, €/t, by what is paid for."""

    charge: float
    additions: float
    electricity: float
    carbon: float
    process: float

    @property
    def total(self) -> float:
        """Everything the objective pays for, €/t."""
        return self.charge + self.additions + self.electricity + self.carbon + self.process


class Comparison(Frozen):
    """Another way of making the same order, at the same prices and judged by the same surrogate.

    Attributes:
        met_with: the probability of its least certain limit.
        weakest: that limit's element; None where nothing is limited.
    """

    name: str
    cost_eur_per_t: float
    emissions_kgco2e_per_t: float
    met_with: float
    weakest: Element | None


class DoubtfulStock(Frozen):
    """A material of which a recipe takes more than is surely there.

    Attributes:
        planned_t: of the recipe.
        expected_t: stock by counts, tickets and what was drawn since.
        surely_t: what of it is there with 95 % probability.
    """

    material: str
    planned_t: float
    expected_t: float
    surely_t: float


class StockDoubt(Frozen):
    """What a recipe takes beyond what is surely in the yard.

    Attributes:
        dearer_by_eur_per_t: of doing with what is surely there; None where that makes no recipe.
    """

    materials: tuple[DoubtfulStock, ...]
    dearer_by_eur_per_t: float | None

    def in_words(self) -> str:
        """Such as "E8 new thin: 31.0 t are needed, 24.2 t are surely there of about 40.0 t; …"."""
        each = (
            f"{one.material}: {one.planned_t:.1f} t are needed, {one.surely_t:.1f} t are surely there of about "
            f"{one.expected_t:.1f} t"
            for one in self.materials
        )
        dearer = self.dearer_by_eur_per_t
        price = "no recipe does with that" if dearer is None else f"doing with that costs {dearer:.2f} €/t more"
        return f"{'; '.join(each)}; {price}. Count what is there, or have another bay ready"


class Recipe(Frozen):
    """A recommended charge for one heat, with baskets, tapping additions and predictions.

    Attributes:
        tapped_t: liquid steel after tapping additions, t.
        metallic_yield: furnace steel tapped / metal-bearing charge.
        energy_kwh_per_t: electricity with its two-sided 90 % interval, kWh/t tapped.
        confidence: the one-sided confidence each limit was asked to hold with.
        optimality_gap: proven relative gap of the cost.
        baskets: how each is loaded; none where the plant's baskets are unknown.
        comparisons: other ways of making the order.
        slag: what the furnace slag will be; None where the plant asks nothing of it.
        bath: the carbon and the oxygen of the charge; None where the plant asks nothing of its bath.
        kept_claims: how the claims of its limits were kept so far, where outcomes of recipes came back.
        notes: what the reader must know to use it rightly.
        stock_doubt: where it takes more of a material than is surely there, by the yard's books.
    """

    grade: str
    order_t: float
    lines: tuple[RecipeLine, ...]
    analysis: tuple[AnalysisLine, ...]
    tapped_t: float
    metallic_yield: float
    energy_kwh_per_t: Interval
    emissions_kgco2e_per_t: Emissions
    costs_eur_per_t: Costs
    confidence: float
    bindings: tuple[Binding, ...]
    unused: tuple[UnusedMaterial, ...]
    optimality_gap: float
    solve_ms: float
    baskets: tuple[BasketLoad, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    slag: Slag | None = None
    bath: Bath | None = None
    kept_claims: tuple[KeptClaim, ...] = ()
    notes: tuple[str, ...] = ()
    stock_doubt: StockDoubt | None = None

    def loads_t(self) -> tuple[dict[str, float], ...]:
        """T of each furnace material in each basket; all of them in one where the plant's baskets are unknown."""
        furnace = [line for line in self.lines if line.stage == "furnace"]
        count = max((len(line.baskets_t) for line in furnace), default=0)
        if not count:
            return (self.charged_t(),)
        loads = [[(line.material, line.baskets_t[at : at + 1]) for line in furnace] for at in range(count)]
        return tuple({name: mass[0] for name, mass in load if mass and mass[0] > 0} for load in loads)

    def charged_t(self) -> dict[str, float]:
        """T of every furnace material, by name."""
        return {line.material: line.mass_t for line in self.lines if line.stage == "furnace"}

    def additions_t(self) -> dict[str, float]:
        """T of every tapping addition, by name."""
        return {line.material: line.mass_t for line in self.lines if line.stage == "tapping"}


class Alternative(Frozen):
    """The cheapest recipe that does without one material.

    Attributes:
        without: the material left out.
        dearer_by_eur_per_t: than the optimal recipe.
        leaves_at_eur_per_t: price of the material up to which the optimal recipe keeps some of it, other yes/no
            decisions as they are here; None without a recipe.
        recipe: None where nothing meets the order without it, or nothing was found in time.
        impossible: nothing meets the order without it.
    """

    without: str
    dearer_by_eur_per_t: float | None
    leaves_at_eur_per_t: float | None
    recipe: Recipe | None
    impossible: bool = False


class ReviewLine(Frozen):
    """One material in a person's own charge and in the optimal recipe.

    Attributes:
        worth_eur_per_t: what one more t of it is worth to the optimal recipe; dearer materials do not pay.
    """

    material: str
    mine_t: float
    optimal_t: float
    price_eur_per_t: float
    worth_eur_per_t: float


class Review(Frozen):
    """A person's own charge against the optimal recipe: whether it does, and what it costs more.

    The charge is scaled to the order, and the ladle is made right at least cost.

    Attributes:
        misses: every requirement it does not meet, in words; none means that it can be made and sold.
        cost_eur_per_t: at the same prices.
        optimal_cost_eur_per_t: at the same prices.
        lines: every material of either, where they differ most first.
        analysis: its final analysis.
    """

    misses: tuple[str, ...]
    cost_eur_per_t: float
    optimal_cost_eur_per_t: float
    lines: tuple[ReviewLine, ...]
    analysis: tuple[AnalysisLine, ...]


class FrontPoint(Frozen):
    """One recipe of a Pareto front: nothing is better in one objective without being worse in another.

    Attributes:
        objectives: by name; headroom is the share of each residual's limit left free, the least over residuals.
        masses_t: every material of it.
        met_with: probability of its least certain limit.
    """

    objectives: dict[str, float]
    masses_t: dict[str, float]
    analysis: tuple[AnalysisLine, ...]
    met_with: float


class ConfidencePrice(Frozen):
    """What an order costs at one confidence; None where no recipe holds its limits so surely."""

    confidence: float
    cost_eur_per_t: float | None
