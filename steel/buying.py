"""The buyer's month: what is offered and contracted, and what each offer is worth to the order book."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from steel.campaigns import CampaignPlan
from steel.frozen import Frozen
from steel.quantities import EurPerT, Number, StockT
from steel.texts import Line, NameLine

Verdict = Literal["buy", "hold", "walk away"]


class ScrapOffer(Frozen):
    """What a supplier offers, or has been contracted for.

    Attributes:
        offer_id: the buyer's own name for it.
        material: as the yard calls it.
        price_eur_per_t: delivered to the furnace.
        most_t: that can be had in the month.
        least_t: that must be taken by contract, whether it is needed or not.

    Raises:
        ValueError: the least exceeds the most.
    """

    offer_id: Annotated[NameLine, Field(max_length=40)]
    material: NameLine
    supplier: Line = ""
    price_eur_per_t: EurPerT
    most_t: Annotated[Number, Field(gt=0, le=1e7)]
    least_t: StockT = 0.0

    @model_validator(mode="after")
    def _ordered(self) -> "ScrapOffer":
        if self.least_t > self.most_t:
            raise ValueError(f"{self.offer_id}: least_t {self.least_t} exceeds most_t {self.most_t}")
        return self


class ValueInUse(Frozen):
    """What a t of a material is worth to a grade, against a t of another: credits above zero, penalties below.

    Attributes:
        reference: the other material.
        grade: to which it is worth most.
        reference_eur_per_t: what a t of the reference is worth there.
        metal: what its yield saves.
        residuals: room that its tramp elements take of the limits, or leave.
        alloys: what it saves of additions.
        certainty: margins that the doubt about its content takes, or spares.
        energy: electricity.
        carbon: what is paid for emissions.
        slag: fluxes, and oxygen and other media.
        baskets: room that it takes, or spares.
        rest: rules of the house, and what is not linear.
    """

    reference: str
    grade: str
    reference_eur_per_t: float
    metal: float
    residuals: float
    alloys: float
    certainty: float
    energy: float
    carbon: float
    slag: float
    baskets: float
    rest: float

    @property
    def total_eur_per_t(self) -> float:
        """What it is worth."""
        parts = (self.metal, self.residuals, self.alloys, self.certainty, self.energy, self.carbon, self.slag)
        return self.reference_eur_per_t + sum(parts) + self.baskets + self.rest


class OfferAdvice(Frozen):
    """What to do with an offer.

    Attributes:
        verdict: walk away from what is surely too dear, hold what may be.
        planned_t: that the month's plan takes, contracted mass with it.
        break_even_eur_per_t: price up to which the first t of it pays.
        low: below which the break-even lies with 5 % probability, for what is not known of its content.
        high: above which it lies with 5 % probability.
        pays_with: probability that it pays at its price.
        value_in_use: where it comes from.
    """

    offer: ScrapOffer
    verdict: Verdict
    planned_t: float
    break_even_eur_per_t: float
    low: float
    high: float
    pays_with: float
    value_in_use: ValueInUse


class MonthAdvice(Frozen):
    """A month's order book, offers and contracts.

    Attributes:
        plan: of all heats.
        contracts_eur: what contracted minima cost beyond the yard's prices, at which their use is charged.
    """

    offers: tuple[OfferAdvice, ...]
    plan: CampaignPlan
    contracts_eur: float
