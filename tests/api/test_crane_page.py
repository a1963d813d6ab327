"""The crane's page in headless Chromium: one basket, keyboard only, with the network gone and back."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.api.test_shift import lifts, planned, weigh

PLANT = {"plant": "northmill"}


@pytest.fixture
def tablet(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    yield context
    context.close()


def opened(tablet: BrowserContext, address: str, heat: str) -> Page:
    page = tablet.new_page()
    page.goto(f"{address}/crane?plant=northmill&heat={heat}")
    expect(page.locator("#basket")).to_contain_text("of", timeout=15_000)
    return page


def basket_of(client: TestClient, heat: str, number: int = 1) -> dict[str, float]:
    loads = client.get(f"/v1/heats/{heat}", params=PLANT).json()["baskets_t"]
    found: dict[str, float] = loads[number - 1] if len(loads) >= number else {}
    return found


def test_a_basket_is_loaded_with_the_keyboard_alone(tablet: BrowserContext, address: str, client: TestClient) -> None:
    recipe = planned(client, "CRANE1")
    layers = recipe["baskets"][0]["layers"]
    page = opened(tablet, address, "CRANE1")
    for layer in layers:
        expect(page.locator("#name")).to_have_text(layer["material"])
        page.locator("#mass").focus()
        page.keyboard.type(f"{layer['mass_t']:.2f}".replace(".", ","))
        page.keyboard.press("Enter")
    expect(page.locator("#name")).to_have_text("Basket is loaded")
    expect(page.locator("#away")).to_be_hidden()
    page.wait_for_timeout(500)
    assert basket_of(client, "CRANE1") == {
        layer["material"]: pytest.approx(layer["mass_t"], abs=0.006) for layer in layers
    }


def test_lifts_without_a_network_are_kept_and_told_once_when_it_is_back(
    tablet: BrowserContext, address: str, client: TestClient
) -> None:
    recipe = planned(client, "CRANE2")
    layers = recipe["baskets"][0]["layers"]
    page = opened(tablet, address, "CRANE2")
    tablet.set_offline(True)
    for layer in layers[:3]:
        expect(page.locator("#name")).to_have_text(layer["material"])
        page.get_by_role("button", name="Done").click()
    expect(page.locator("#away")).to_contain_text("3 lifts kept here")
    expect(page.locator("#name")).to_have_text(layers[3]["material"])
    assert basket_of(client, "CRANE2") == {}
    tablet.set_offline(False)
    expect(page.locator("#away")).to_be_hidden(timeout=15_000)
    assert basket_of(client, "CRANE2") == {
        layer["material"]: pytest.approx(layer["mass_t"], abs=0.001) for layer in layers[:3]
    }
    page.reload()
    expect(page.locator("#name")).to_have_text(layers[3]["material"])
    assert len(client.get("/v1/heats/CRANE2", params=PLANT).json()["steps"]) == 4


def test_what_is_planned_for_a_basket_stands_while_it_is_loaded(
    tablet: BrowserContext, address: str, client: TestClient
) -> None:
    recipe = planned(client, "CRANE3")
    weigh(client, "CRANE3", 1, lifts(recipe, 1, 1.1))
    page = opened(tablet, address, "CRANE3")
    expect(page.locator("#basket")).to_contain_text("Basket 2")
    before = page.locator("#layers").inner_text()
    page.get_by_role("button", name="Done").click()
    page.wait_for_timeout(3000)
    after = page.locator("#layers").inner_text()
    assert [row.split("\t")[:2] for row in after.splitlines()] == [row.split("\t")[:2] for row in before.splitlines()]


def test_what_the_service_refuses_and_what_is_no_mass_are_told(
    tablet: BrowserContext, address: str, client: TestClient
) -> None:
    recipe = planned(client, "CRANE4")
    page = opened(tablet, address, "CRANE4")
    page.locator("#mass").fill("twelve")
    page.get_by_role("button", name="Done").click()
    expect(page.locator("#said")).to_contain_text("twelve is no mass in t")
    for number in range(1, len(recipe["baskets"]) + 1):
        weigh(client, "CRANE4", number, lifts(recipe, number))
    client.post("/v1/heats/CRANE4/charged", json=PLANT)
    tablet.set_offline(True)
    tablet.set_offline(False)
    page.evaluate("kept.queue.push({basket: 1, lift: {lift_id: 'late', material: 'E40 shredded', mass_t: 1}})")
    expect(page.locator("#said")).to_contain_text("E40 shredded", timeout=15_000)
    assert page.evaluate("kept.queue.length") == 0
