"""`/v1/plants/{plant}/yard`, its lots, stock and prices: the yard as it is now."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.gate import needs
from api.problems import UnknownResourceError
from api.resources.common import NO_PLANT, App, Asking, described_name
from chargewise.app.access import Right
from chargewise.app.application import Application
from chargewise.app.yard import MaterialToday, Yard
from steel.errors import InputError
from steel.frozen import Frozen
from steel.quantities import EurPerT, Time
from steel.texts import Line, NameLine
from steel.yard import Count, ListedPrice, Lot, LotState, StockEstimate

router = APIRouter(prefix="/v1/plants/{plant}", tags=["yard"])
READS, CHANGES = [needs(Right.READ)], [needs(Right.CHANGE)]
BOOKS = [needs(Right.REPORT)]
NO_LOT: dict[int | str, dict[str, Any]] = {404: {"description": "No such plant or lot"}}
MOST = 500
LOT: dict[str, Any] = {
    "lot_id": "WB-26-08812",
    "material": "E40 shredded",
    "bay": "7",
    "supplier": "Rhein Recycling",
    "recycled": "post-consumer",
    "delivered_at": "2026-11-26T05:41:00Z",
    "ticket_t": 24.62,
    "moisture_share": 0.02,
    "sterile_share": 0.01,
    "price_per_t": 349,
    "contract": "2026-Q4-17",
}


class MaterialShown(Frozen):
    """One material of the yard as it can be had now.

    Attributes:
        price_eur_per_t: that is valid.
        available_t: for a recipe; None where as much as wanted.
        stock: as the books have it; None where no stock is kept.
        lots: that are not used up, in the order they came.
        offers: what suppliers' lists ask for it now.
    """

    material: str
    price_eur_per_t: float
    available_t: float | None
    stock: StockEstimate | None
    lots: tuple[LotState, ...]
    offers: tuple[ListedPrice, ...]

    @classmethod
    def of(cls, found: MaterialToday) -> "MaterialShown":
        """What is shown of a material."""
        item = found.item
        return cls(
            material=item.material.name, price_eur_per_t=item.price_eur_per_t, available_t=item.available_t,
            stock=found.stock, lots=found.lots, offers=found.offers,
        )  # fmt: skip


class LotsRequest(Frozen):
    """Deliveries to be booked in."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"lots": [LOT]}]})

    lots: Annotated[tuple[Lot, ...], Field(min_length=1, max_length=MOST)]


class LotsBooked(Frozen):
    """What became of deliveries.

    Attributes:
        new: how many were not booked in already.
    """

    new: int
    known: int


class StockRequest(Frozen):
    """Stock as it was counted.

    Attributes:
        bay: that was counted; the material's own unless given.
        counts: by material.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"counts": {"E40 shredded": {"mass_t": 120, "sd_t": 15}}}]}
    )

    bay: Line = ""
    counts: Annotated[dict[NameLine, Count], Field(min_length=1, max_length=MOST)]


class PricesRequest(Frozen):
    """Prices that are valid from a time on.

    Attributes:
        prices_eur_per_t: by material.
        supplier: whose list it is; the plant's own prices unless given.
        valid_from: now unless given.
        valid_until: until another takes their place unless given.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"prices_eur_per_t": {"E40 shredded": 349, "E3 old thick": 331}}]}
    )

    prices_eur_per_t: Annotated[dict[NameLine, EurPerT], Field(min_length=1, max_length=MOST)]
    supplier: Line = ""
    valid_from: Time | None = None
    valid_until: Time | None = None

    def listed(self) -> tuple[ListedPrice, ...]:
        """The prices it means.

        Raises:
            InputError: they end before they begin.
        """
        begin = self.valid_from or datetime.now(UTC)
        if self.valid_until is not None and self.valid_until <= begin:
            raise InputError(str(self.valid_until), "valid_until", f"later than {begin:%Y-%m-%d %H:%M} UTC")
        return tuple(
            ListedPrice(
                material=material, price_eur_per_t=price, supplier=self.supplier, valid_from=begin,
                valid_until=self.valid_until,
            )
            for material, price in self.prices_eur_per_t.items()
        )  # fmt: skip


class Movement(Frozen):
    """Mass that came or went.

    Attributes:
        lot_id: None of what no lot accounts for.
        mass_t: positive for what came.
        heat_id: that was charged with it.
    """

    number: int
    material: str
    bay: str
    lot_id: str | None
    kind: Literal["delivered", "charged", "counted"]
    mass_t: float
    heat_id: str | None
    moved_at: datetime
    booked_by: str


@router.get("/yard", responses=NO_PLANT, dependencies=READS)
def get_yard(plant: str, app: App) -> list[MaterialShown]:
    """Every material as it can be had now: price, stock and how sure it is, lots, and what suppliers ask."""
    return [MaterialShown.of(one) for one in _yard(app).today(described_name(app, plant))]


@router.post("/lots", responses=NO_PLANT, status_code=201, dependencies=BOOKS)
def book_lots(plant: str, asked: LotsRequest, app: App, asking: Asking) -> LotsBooked:
    """Book deliveries in; the same lot twice is one."""
    new = _yard(app).deliver(described_name(app, plant), asked.lots, asking.name)
    return LotsBooked(new=new, known=len(asked.lots) - new)


@router.get("/lots/{lot_id}", responses=NO_LOT, dependencies=READS)
def get_lot(plant: str, lot_id: str, app: App) -> LotState:
    """One delivery, and what is left of it."""
    found = app.plants.book.lot(described_name(app, plant), lot_id) if "\0" not in lot_id else None
    if found is None:
        raise UnknownResourceError(lot_id[:64], "lot", f"the number of a lot of {plant}")
    return found


@router.put("/stock", responses=NO_PLANT, dependencies=BOOKS)
def count_stock(plant: str, asked: StockRequest, app: App, asking: Asking) -> list[MaterialShown]:
    """Set stock to what was counted; charges that are reported book it down from then on. Returns the yard."""
    name = described_name(app, plant)
    _yard(app).count(name, asked.counts, asking.name, asked.bay)
    return [MaterialShown.of(one) for one in _yard(app).today(name)]


@router.put("/prices", responses=NO_PLANT, dependencies=CHANGES)
def list_prices(plant: str, asked: PricesRequest, app: App, asking: Asking) -> list[MaterialShown]:
    """Prices from a time on; others stay as they are. Returns the yard."""
    name = described_name(app, plant)
    _yard(app).price(name, asked.listed(), asking.name)
    return [MaterialShown.of(one) for one in _yard(app).today(name)]


@router.get("/movements", responses=NO_PLANT, dependencies=READS)
def list_movements(
    plant: str,
    app: App,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    before: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> list[Movement]:
    """What came and went, the newest first; before a number of one."""
    found = app.plants.book.movements(described_name(app, plant), limit, before)
    return [Movement(number=row["id"], **{k: v for k, v in row.items() if k not in ("id", "plant")}) for row in found]


def _yard(app: Application) -> Yard:
    return Yard(app.plants, app.database)
