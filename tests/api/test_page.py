"""The page in headless Chromium, on a real server on loopback."""

import json
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlparse

import pytest
from playwright.sync_api import Browser, Locator, Page

from optimizer.solve.errors import SolverError


@pytest.fixture
def page(address: str, browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1500, "height": 1200})
    opened.goto(address)
    opened.get_by_text("Active constraints and what they cost").wait_for(timeout=20_000)
    yield opened
    opened.close()


def cost(page: Page) -> float:
    return float(page.locator(".cw-card:has-text('Cost') .cw-figure").first.inner_text())


def wait_for_change(page: Page, before: float) -> float:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        found = page.locator(".cw-card:has-text('Cost') .cw-figure")
        if found.count() and float(found.first.inner_text()) != before:
            return float(found.first.inner_text())
        time.sleep(0.05)
    raise AssertionError("the cost did not change")


def field(page: Page, row: str, position: int) -> Locator:
    return page.locator(f"xpath=//div[normalize-space(text())='{row}']/following::input[{position}]").first


def test_the_page_shows_recipe_analysis_reasons_and_savings(page: Page) -> None:
    text = page.inner_text("body")
    for wanted in ("€/t", "kWh/t", "kgCO2e/t", "Recipe", "B500B", "Cu ≤", "plant practice", "enters the recipe at"):
        assert wanted.lower() in text.lower(), wanted
    assert page.locator("canvas").count() >= 1
    assert "gives 100.0 t" in text


def test_changing_a_price_moves_the_recipe(page: Page) -> None:
    before = cost(page)
    entered = field(page, "E46 incinerated", 1)
    entered.fill("500")
    assert wait_for_change(page, before) > before


def test_an_impossible_limit_names_the_conflict_and_can_be_taken_back(page: Page) -> None:
    copper = field(page, "Cu", 3)
    copper.fill("0.02")
    page.get_by_text("No recipe meets all of these together").wait_for(timeout=10_000)
    assert "Cu ≤ 0.02 wt%" in page.inner_text("body")
    copper.fill("0.45")
    page.get_by_text("Active constraints and what they cost").wait_for(timeout=10_000)


def test_another_grade_asks_for_its_own_limits(page: Page) -> None:
    before = cost(page)
    page.locator(".q-field:has-text('Grade')").first.click()
    page.locator(".q-item:has-text('SAE1008')").click()
    assert wait_for_change(page, before) > before


def shown_order(page: Page) -> dict[str, object]:
    """The order as the page's address keeps it."""
    return dict(json.loads(parse_qs(urlparse(page.url).query)["order"][0]))


def settled(page: Page) -> str:
    """What the page says once nothing is being calculated, where nothing need have been asked."""
    page.wait_for_timeout(700)
    page.wait_for_function("!document.querySelector('.cw-stale')", timeout=20_000)
    return page.inner_text("body")


def question(page: Page) -> int:
    """The number of the question whose answer the page shows or is waiting for."""
    return int(page.locator("[data-question]").get_attribute("data-question") or 0)


def answered(page: Page, entered: Locator, text: str) -> str:
    """Enter something that asks a new question; what the page says once it is answered."""
    before = question(page)
    entered.fill(text)
    answer = "Number(document.querySelector('[data-question]').dataset.question) > before"
    page.wait_for_function(f"before => {answer} && !document.querySelector('.cw-stale')", arg=before, timeout=20_000)
    return page.inner_text("body")


def test_comma_and_point_are_both_decimal(page: Page) -> None:
    for text in ("0,25", " 0.250 "):
        answered(page, field(page, "Cu", 3), "0.3")
        answered(page, field(page, "Cu", 3), text)
        assert shown_order(page)["maximum"] == {"Cu": 0.25}, text


def test_what_is_no_number_marks_its_field_and_there_is_no_recipe(page: Page) -> None:
    copper = field(page, "Cu", 3)
    for text in ("12 5", "1.234,5", "12%", "1e400", "101"):
        assert f"{text!r} cannot be read" in answered(page, copper, text), text
        assert page.locator(".cw-wrong").count() == 1
        assert page.locator(".cw-figure").count() == 0
    assert "Active constraints and what they cost".lower() in answered(page, copper, "0.4").lower()


def test_wheel_and_arrow_keys_change_nothing(page: Page) -> None:
    copper = field(page, "Cu", 3)
    copper.click()
    page.mouse.wheel(0, 200)
    page.keyboard.press("ArrowUp")
    settled(page)
    assert copper.input_value() == "0.45"
    assert "maximum" not in shown_order(page)


def test_a_reload_brings_the_order_back(page: Page) -> None:
    page.locator(".q-field:has-text('Grade')").first.click()
    page.locator(".q-item:has-text('SAE1018')").click()
    settled(page)
    answered(page, field(page, "Cu", 3), "0,27")
    answered(page, field(page, "E46 incinerated", 1), "290")
    before = cost(page)
    page.reload()
    page.get_by_text("Active constraints and what they cost").wait_for(timeout=20_000)
    assert field(page, "Cu", 3).input_value() == "0.27"
    assert field(page, "E46 incinerated", 1).input_value() == "290"
    assert cost(page) == pytest.approx(before, abs=0.011)


def test_an_emptied_field_shows_what_counts_instead(page: Page) -> None:
    copper = field(page, "Cu", 3)
    answered(page, copper, "0.3")
    assert page.locator(".cw-changed").count() == 1
    answered(page, copper, "")
    assert copper.get_attribute("placeholder") == "0.45"
    assert page.locator(".cw-changed").count() == 0


def test_a_limit_looser_than_the_grade_is_told(page: Page) -> None:
    told = answered(page, field(page, "Cu", 3), "0.6")
    assert "Cu ≤ 0.6 wt% is looser than the 0.45 wt% of B500B" in told
    assert page.locator(".cw-looser").count() == 1


def test_the_recipe_is_always_for_what_the_form_says(page: Page) -> None:
    mass = page.locator("input[aria-label='Steel, t']")
    for pause_ms in (450, 600):
        mass.fill("132")
        page.wait_for_timeout(pause_ms)
        assert "gives 142.0 t" in answered(page, mass, "142")
        answered(page, mass, "100")


def test_a_number_of_materials_out_of_reach_is_an_answer(page: Page) -> None:
    assert "from 1 to 1000" in answered(page, page.locator("input[aria-label='Max. materials']"), "1e30")
    page.locator("input[aria-label='Max. materials']").fill("2.5")
    assert "a whole number" in settled(page)


@pytest.mark.slow
def test_runners_up_and_ranges_are_found_when_asked_for(page: Page) -> None:
    page.get_by_text("Next-best recipes", exact=True).click()
    page.get_by_text("does without").wait_for(timeout=20_000)
    assert page.locator(".cw-text tr").count() >= 3
    page.get_by_text("Price and limit ranges over which the recipe holds", exact=True).click()
    page.get_by_text("Price or limit").wait_for(timeout=20_000)
    assert "Cu ≤" in page.locator(".cw-text").last.inner_text() or "No time left" in page.inner_text("body")


def test_a_search_that_ran_out_of_time_says_so(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(*_: object) -> None:
        raise SolverError("no time was left for it")

    monkeypatch.setattr("chargewise.app.application.cheapest_different", out_of_time)
    page.get_by_text("Next-best recipes", exact=True).click()
    page.get_by_text("no time was left for it").wait_for(timeout=20_000)
    assert page.locator(".q-btn .q-spinner").count() == 0


def test_an_aim_moves_the_expected_content(page: Page) -> None:
    before = cost(page)
    field(page, "Mn", 2).fill("0.85")
    assert wait_for_change(page, before) > before


def test_each_basket_is_drawn(page: Page) -> None:
    assert "Basket 1:" in page.inner_text("body")
    assert page.locator(".cw-layer").count() >= 9
