"""The yard's books: whatever is booked in, counted and charged, in any order, adds up."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from plant_adapters.store.database import Database
from plant_adapters.store.price_lists import PriceLists, prices_at
from plant_adapters.store.yard_book import Drawn, YardBook
from plant_adapters.store.yard_tables import LOTS, MOVEMENTS, STOCKS
from steel.errors import InputError
from steel.yard import Count, ListedPrice, Lot
from tests.conftest import database_urls

DAY = timedelta(days=1)
START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with database_urls(request.param, tmp_path) as url:
        found = Database(url)
        yield found
        found.close()


def lot(number: str, mass_t: float, day: float = 0, material: str = "E40", bay: str = "7") -> Lot:
    return Lot(lot_id=number, material=material, bay=bay, delivered_at=START + day * DAY, ticket_t=mass_t)


def drawn(
    book: YardBook, database: Database, masses_t: dict[str, float], heat: str = "H1",
    lots_t: dict[str, float] | None = None,
) -> tuple[Drawn, ...]:  # fmt: skip
    with database.writing() as connection:
        return book.draw(connection, "works", masses_t, heat, "mes", lots_t)


def test_charges_draw_the_oldest_lot_first_whatever_order_lots_were_booked_in(database: Database) -> None:
    book = YardBook(database)
    assert book.deliver("works", [lot("late", 20, day=2), lot("early", 10, day=1)], "mes") == 2
    assert [(one.lot_id, one.mass_t) for one in drawn(book, database, {"E40": 12})] == [("early", 10), ("late", 2)]
    assert [(one.lot.lot_id, one.remaining_t) for one in book.lots("works")] == [("late", 18)]
    assert book.stocks("works")["E40"].book_t == pytest.approx(18)


def test_a_lot_that_the_crane_names_is_drawn_before_older_ones(database: Database) -> None:
    book = YardBook(database)
    book.deliver("works", [lot("early", 10, day=1), lot("late", 20, day=2)], "mes")
    parts = drawn(book, database, {"E40": 12}, lots_t={"late": 5})
    assert [(one.lot_id, one.mass_t) for one in parts] == [("late", 5), ("early", 7)]
    # More than the lot holds comes from the others.
    parts = drawn(book, database, {"E40": 16}, lots_t={"late": 16})
    assert [(one.lot_id, one.mass_t) for one in parts] == [("late", 15), ("early", 1)]


def test_what_was_not_drawn_after_all_is_back(database: Database) -> None:
    book = YardBook(database)
    book.deliver("works", [lot("a", 10)], "mes")
    drawn(book, database, {"E40": 8})
    drawn(book, database, {"E40": -3.0})
    assert book.stocks("works")["E40"].book_t == pytest.approx(5)
    assert sum(one.mass_t for one in drawn(book, database, {"E40": 4})) == pytest.approx(4)


def test_suppliers_and_origins_of_what_heats_drew(database: Database) -> None:
    book = YardBook(database)
    metz = lot("a", 10).model_copy(update={"supplier": "Metz", "recycled": "pre-consumer"})
    book.deliver("works", [metz, lot("b", 10, day=1)], "mes")
    drawn(book, database, {"E40": 14}, "H7")
    assert book.supplied("works") == {"H7": {("E40", "Metz"): pytest.approx(10)}}
    assert book.origins("works") == {"H7": {"E40": {"pre-consumer": pytest.approx(10)}}}


def test_the_same_lot_twice_is_one_and_another_of_its_number_is_refused(database: Database) -> None:
    book = YardBook(database)
    book.deliver("works", [lot("a", 20)], "mes")
    assert book.deliver("works", [lot("a", 20)], "mes") == 0
    with pytest.raises(InputError, match="booked in already"):
        book.deliver("works", [lot("b", 5), lot("a", 21)], "mes")
    assert [one.lot.lot_id for one in book.lots("works")] == ["a"]


def test_a_stock_is_the_less_sure_the_more_was_drawn_until_somebody_counts(database: Database) -> None:
    book = YardBook(database)
    book.deliver("works", [lot("a", 100)], "mes")
    fresh = book.stocks("works")["E40"]
    drawn(book, database, {"E40": 75})
    low = book.stocks("works")["E40"]
    assert fresh.sd_t / fresh.mass_t == pytest.approx(0.03)
    assert 0.2 <= low.sd_t / low.mass_t <= 0.35
    book.count("works", {"E40": Count(mass_t=18, sd_t=1)}, "anna", bay="7")
    counted = book.stocks("works")["E40"]
    assert counted.mass_t == pytest.approx(18)
    assert counted.sd_t == pytest.approx(1)
    assert book.lot("works", "a").remaining_t == pytest.approx(18)  # type: ignore[union-attr]


def test_more_than_was_booked_in_can_be_charged_and_the_books_say_so(database: Database) -> None:
    book = YardBook(database)
    book.deliver("works", [lot("a", 10)], "mes")
    assert sum(one.mass_t for one in drawn(book, database, {"E40": 14, "nobody keeps": 3})) == pytest.approx(14)
    stock = book.stocks("works")["E40"]
    assert stock.mass_t == 0
    assert stock.book_t == pytest.approx(-4)
    book.count("works", {"E40": Count(mass_t=6)}, "anna", bay="7")
    assert book.stocks("works")["E40"].book_t == pytest.approx(6)


steps = st.one_of(
    st.tuples(st.just("deliver"), st.floats(0.5, 60), st.sampled_from(["", "7", "8"])),
    st.tuples(st.just("charge"), st.floats(0.1, 90), st.just("")),
    st.tuples(st.just("named"), st.floats(0.1, 90), st.just("")),
    st.tuples(st.just("back"), st.floats(0.1, 5), st.just("")),
    st.tuples(st.just("count"), st.floats(0, 80), st.sampled_from(["", "7"])),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(story=st.lists(steps, max_size=14))
def test_books_add_up_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, float, str]]
) -> None:
    database = Database(f"sqlite:///{tmp_path_factory.mktemp('book') / 'own.db'}")
    book, charged = YardBook(database), 0.0
    for at, (what, mass_t, bay) in enumerate(story):
        if what == "deliver":
            book.deliver("works", [lot(f"L{at}", mass_t, day=at % 5, bay=bay)], "mes")
        elif what == "count":
            book.count("works", {"E40": Count(mass_t=mass_t)}, "anna", bay=bay)
        elif book.stocks("works"):
            taken_t = -mass_t if what == "back" else mass_t
            named = {f"L{other}": taken_t / 3 for other in range(at)} if what == "named" else None
            parts = drawn(book, database, {"E40": taken_t}, f"H{at}", named)
            assert sum(one.mass_t for one in parts) == pytest.approx(taken_t)
            charged += taken_t
    with database.reading() as connection:
        of_heats = connection.scalar(sa.select(sa.func.sum(MOVEMENTS.c.mass_t)).where(MOVEMENTS.c.kind == "charged"))
        moved = connection.execute(
            sa.select(MOVEMENTS.c.bay, sa.func.sum(MOVEMENTS.c.mass_t)).group_by(MOVEMENTS.c.bay)
        )
        by_bay = {str(bay): float(mass) for bay, mass in moved}
        for row in connection.execute(sa.select(STOCKS)).mappings():
            here = sa.select(sa.func.coalesce(sa.func.sum(LOTS.c.remaining_t), 0)).where(LOTS.c.bay == row["bay"])
            in_lots = connection.scalar(here)
            assert row["book_t"] == pytest.approx(by_bay[row["bay"]], abs=1e-6)
            assert row["book_t"] == pytest.approx(row["unticketed_t"] + in_lots, abs=1e-6)
        assert (connection.scalar(sa.select(sa.func.min(LOTS.c.remaining_t))) or 0) >= 0
    assert -(of_heats or 0) == pytest.approx(charged)
    database.close()


def test_prices_count_from_their_time_on_and_until_another_takes_their_place(database: Database) -> None:
    lists, now = PriceLists(database), datetime.now(UTC)

    def price(eur: float, days: float, until: float | None = None, supplier: str = "") -> ListedPrice:
        end = None if until is None else now + until * DAY
        return ListedPrice(
            material="E40", price_eur_per_t=eur, supplier=supplier, valid_from=now + days * DAY, valid_until=end
        )

    lists.write("works", [price(300, -9), price(310, -2), price(350, 5), price(290, -1, supplier="Rhein")], "anna")
    lists.write("works", [price(330, 1, until=2)], "anna")
    listed = lists.listed("works")
    prices = [prices_at(listed, now + day * DAY)["E40"] for day in (0, 1.5, 3, 6)]
    assert prices == [310, 330, 310, 350]
    assert [one.supplier for one in listed if one.price_eur_per_t == 290] == ["Rhein"]
    assert [one.price_eur_per_t for one in listed] == [310, 290, 330, 350]
