"""The page in headless Chromium, on a real server on loopback."""

import shutil
import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, sync_playwright

from optimizer.session import SolverError

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


@pytest.fixture
def page(address: str) -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = browser.new_page(viewport={"width": 1500, "height": 1200})
        opened.goto(address)
        opened.get_by_text("What holds the cost up").wait_for(timeout=20_000)
        yield opened
        browser.close()


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
    for wanted in ("€/t", "kWh/t", "kgCO2e/t", "Recipe", "B500B", "Cu ≤", "plant practice", "comes in at"):
        assert wanted.lower() in text.lower(), wanted
    assert page.locator("canvas").count() >= 1
    assert "gives 100.0 t" in text


def test_changing_a_price_moves_the_recipe_in_under_a_second_or_so(page: Page) -> None:
    before = cost(page)
    entered = field(page, "E46 incinerated", 1)
    started = time.monotonic()
    entered.fill("500")
    assert wait_for_change(page, before) > before
    assert time.monotonic() - started < 10


def test_an_impossible_limit_names_the_conflict_and_can_be_taken_back(page: Page) -> None:
    copper = field(page, "Cu", 3)
    copper.fill("0.02")
    page.get_by_text("No recipe meets all of these together").wait_for(timeout=10_000)
    assert "Cu ≤ 0.02 wt%" in page.inner_text("body")
    copper.fill("0.45")
    page.get_by_text("What holds the cost up").wait_for(timeout=10_000)


def test_another_grade_asks_for_its_own_limits(page: Page) -> None:
    before = cost(page)
    page.locator(".q-field:has-text('Grade')").first.click()
    page.locator(".q-item:has-text('SAE1008')").click()
    assert wait_for_change(page, before) > before


def test_runners_up_and_ranges_are_found_when_asked_for(page: Page) -> None:
    page.get_by_text("Runners-up", exact=True).click()
    page.get_by_text("does without").wait_for(timeout=20_000)
    assert page.locator(".cw-text tr").count() >= 3
    page.get_by_text("How long it stands", exact=True).click()
    page.get_by_text("While this lies").wait_for(timeout=20_000)
    assert "Cu ≤" in page.locator(".cw-text").last.inner_text() or "No time left" in page.inner_text("body")


def test_a_search_that_ran_out_of_time_says_so(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_time(*_: object) -> None:
        raise SolverError("no time was left for it")

    monkeypatch.setattr("api.pages.recipe_page.cheapest_different", out_of_time)
    page.get_by_text("Runners-up", exact=True).click()
    page.get_by_text("no time was left for it").wait_for(timeout=20_000)
    assert page.locator(".q-btn .q-spinner").count() == 0


def test_an_aim_moves_the_expected_content(page: Page) -> None:
    before = cost(page)
    field(page, "Mn", 2).fill("0.85")
    assert wait_for_change(page, before) > before


def test_each_basket_is_drawn(page: Page) -> None:
    assert "Basket 1:" in page.inner_text("body")
    assert page.locator(".cw-layer").count() >= 9
