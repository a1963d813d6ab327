"""axe-core on every page, light and dark: nothing serious and nothing critical."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from api.app import create_app
from tests.api.test_shift import lifts, planned, weigh
from tests.conftest import Installation

pytestmark = pytest.mark.slow
PLANT = {"plant": "northmill"}
PAGES = {
    "recipe": ("", ".cw-figure"), "shift": ("shift?plant=northmill&heat=AXE1", ".cw-basket"),
    "melt": ("shift?plant=northmill&heat=AXE2", ".cw-choice"), "connections": ("connections", ".cw-card"),
    "crane": ("crane?plant=northmill&heat=AXE1", "#layers tr"),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def heats(installation: Installation) -> None:
    with TestClient(create_app(installation.service, pages=False)) as client:
        planned(client, "AXE1")
        recipe = planned(client, "AXE2")
        for number in range(1, len(recipe["baskets"]) + 1):
            weigh(client, "AXE2", number, lifts(recipe, number))
        client.post("/v1/heats/AXE2/charged", json=PLANT)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", list(PAGES))
def test_nobody_is_shut_out(browser: Browser, address: str, name: str, theme: str) -> None:
    path, there = PAGES[name]
    context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme=theme)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"{address}/{path}")
    page.locator(there).first.wait_for(timeout=30_000)
    page.wait_for_timeout(500)
    found = Axe().run(page).response["violations"]
    grave = [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:160]}"
        for one in found if one["impact"] in ("serious", "critical") for node in one["nodes"][:3]
    ]  # fmt: skip
    context.close()
    assert grave == []
