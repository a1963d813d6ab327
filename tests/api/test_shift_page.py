"""The pages of a shift and of the connections, in headless Chromium as people use them."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, Page, expect

from chargewise.app.inflow import Inflow
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import received
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.inbox import Inbox
from plant_adapters.store.outbox import Outbox
from tests.api.test_shift import lifts, planned, weigh
from tests.conftest import Installation

SLOW_MS = 15_000


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1440, "height": 900})
    opened.set_default_timeout(SLOW_MS)
    yield opened
    opened.close()


def test_a_heat_is_weighed_charged_sampled_and_tapped_on_the_page(page: Page, address: str, client: TestClient) -> None:
    recipe = planned(client, "PAGE1")
    page.goto(f"{address}/shift?plant=northmill&heat=PAGE1")
    page.get_by_text("Heat PAGE1").wait_for()
    first = next(line for line in recipe["lines"] if line["stage"] == "furnace")
    page.get_by_label("Weighed, t").fill("11,5")
    page.get_by_label("Weighed, t").press("Tab")
    page.get_by_role("combobox", name="Material").click()
    page.get_by_role("option", name=first["material"], exact=True).click()
    page.get_by_role("button", name="Weighed").click()
    expect(page.locator(".cw-here")).to_have_text("● charging")
    expect(page.locator(".cw-basket").first).to_contain_text("11.5")

    for number in range(1, len(recipe["baskets"]) + 1):
        others = [one for one in lifts(recipe, number) if number > 1 or one["material"] != first["material"]]
        weigh(client, "PAGE1", number, others)
    expect(page.locator(".cw-basket").last).to_contain_text("weighed")
    page.get_by_role("button", name="All baskets are in").click()
    expect(page.locator(".cw-here")).to_have_text("● charged")
    page.get_by_label("Cu", exact=True).fill("0,31")
    page.get_by_label("Cu", exact=True).press("Tab")
    page.get_by_role("button", name="Sample in").click()
    expect(page.locator("tr", has_text="Cu").first).to_contain_text("sampled")
    page.get_by_role("button", name="Order it").first.click()
    expect(page.locator("tr", has_text="additions ordered")).to_have_count(1)
    page.get_by_role("button", name="It is in").first.click()
    expect(page.locator("tr", has_text="trimmed")).to_have_count(1)
    page.get_by_role("button", name="Tapped").click()
    page.get_by_role("button", name="Done").click()
    expect(page.locator(".cw-here")).to_have_text("● done")


def test_a_bay_is_empty_in_one_tap_and_the_rest_does_without(page: Page, address: str, client: TestClient) -> None:
    planned(client, "PAGE2")
    page.goto(f"{address}/shift?plant=northmill&heat=PAGE2")
    page.get_by_role("button", name="E40 shredded").click()
    page.get_by_text("Not to be had: E40 shredded").wait_for()
    expect(page.get_by_role("button", name="E40 shredded")).to_have_count(0)


def test_what_somebody_else_weighs_is_seen_without_a_reload(page: Page, address: str, client: TestClient) -> None:
    recipe = planned(client, "PAGE3")
    page.goto(f"{address}/shift?plant=northmill&heat=PAGE3")
    page.locator(".cw-basket").first.wait_for()
    weigh(client, "PAGE3", 1, lifts(recipe, 1))
    expect(page.locator(".cw-here")).to_have_text("● charging")


def test_an_entry_that_is_no_mass_is_refused_with_what_would_be_right(
    page: Page, address: str, client: TestClient
) -> None:
    planned(client, "PAGE4")
    page.goto(f"{address}/shift?plant=northmill&heat=PAGE4")
    for wrong, said in (("12.5.1", "cannot be read"), ("9000", "from 0 to 1000")):
        page.get_by_label("Weighed, t").fill(wrong)
        page.get_by_label("Weighed, t").press("Tab")
        page.wait_for_timeout(600)
        page.get_by_role("button", name="Weighed").click()
        expect(page.locator(".q-notification").last).to_contain_text(said)
        page.get_by_role("button", name="OK").last.click()
    assert client.get("/v1/heats/PAGE4", params={"plant": "northmill"}).json()["stage"] == "planned"


def test_addresses_that_mean_nothing_say_so(page: Page, address: str, client: TestClient) -> None:
    page.goto(f"{address}/shift?plant=atlantis")
    page.get_by_text("atlantis is not set up here").wait_for()
    page.goto(f"{address}/shift?plant=northmill&heat=%3Cb%3Enone")
    page.get_by_text("a heat of northmill that is planned").wait_for()
    page.goto(f"{address}/shift")
    page.get_by_text("No heat is chosen").wait_for()


def test_a_message_that_was_set_aside_is_corrected_and_dead_letters_go_again(
    page: Page, address: str, client: TestClient, installation: Installation
) -> None:
    planned(client, "PAGE5")
    app = installation.service
    states, inbox, outbox = ConnectionStates(app.database), Inbox(app.database), Outbox(app.database)
    states.failed(states.of("northmill", "page scale", "opcua"), "opc.tcp://scale: refused")
    reader = MessageReader(MessageMap(kind="lift"))
    wrong = {"heat_id": "PAGE5", "basket": 1, "lift_id": "W1", "material": "E40 shredded", "mass": "18,52"}
    inbox.put("northmill", "page scale", [received(reader, wrong)])
    message = outbox.waiting("northmill", "page crane", 0)[-1]
    outbox.told(message, "page crane", "dead", "basket 1 is loading")

    page.goto(f"{address}/connections")
    page.get_by_text("opc.tcp://scale: refused").first.wait_for()
    row = page.locator("tr", has_text="18,52")
    row.get_by_role("button", name="Correct").click()
    page.get_by_label("mass").fill("18.52")
    page.get_by_role("button", name="Send again").click()
    expect(page.locator("section", has_text="Set aside").locator("tr", has_text="18,52")).to_have_count(0)
    Inflow(app, {("northmill", "page scale", "lift"): reader}).settle("northmill", lambda said: None)
    now = client.get("/v1/heats/PAGE5", params={"plant": "northmill"}).json()
    assert now["baskets_t"] == [{"E40 shredded": 18.52}]

    page.locator("tr", has_text="basket 1 is loading").get_by_role("button", name="Deliver again").click()
    expect(page.locator("tr", has_text="basket 1 is loading")).to_have_count(0)
    assert message in outbox.waiting("northmill", "page crane", 0, most=10_000)


@pytest.mark.parametrize("width", [1440, 820, 390])
def test_no_page_is_wider_than_its_screen(browser: Browser, address: str, client: TestClient, width: int) -> None:
    planned(client, f"WIDE{width}")
    page = browser.new_page(viewport={"width": width, "height": 900})
    for path in (
        "",
        f"shift?plant=northmill&heat=WIDE{width}",
        "connections",
        f"crane?plant=northmill&heat=WIDE{width}",
    ):
        page.goto(f"{address}/{path}")
        page.locator(".cw-card, #next").first.wait_for(timeout=SLOW_MS)
        page.wait_for_timeout(1500)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()
