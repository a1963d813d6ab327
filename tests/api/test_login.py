"""The way in, in a real browser: what headers and cookies do is for a browser to say."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from api.app import create_app
from chargewise.app.access import AccessKeys, Role
from chargewise.app.identity import Access
from plant_adapters.store.database import Database
from tests.api.conftest import CHROMIUM, QUIET, serving
from tests.conftest import Installation


@pytest.fixture
def guarded(installation: Installation, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The address of a service that asks for a key, and a key."""
    database = Database(f"sqlite:///{tmp_path / 'keys.db'}")
    keys = AccessKeys(database)
    key, _ = keys.make("a person", Role.VIEWER, None, "a test")
    web = create_app(installation.service, pages=False, access=Access(keys))
    with serving(web) as found:
        yield found, key
    database.close()


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_browser_comes_in_with_a_key_and_no_script_sees_it(guarded: tuple[str, str]) -> None:
    address, key = guarded
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = browser.new_page()
        page.goto(f"{address}/")
        assert page.url == f"{address}/login"
        page.fill("#key", "cw_0123456789ab_" + "A" * 43)
        page.click("button")
        assert "wrong, expired or revoked" in page.inner_text("[role=alert]")
        page.fill("#key", key)
        page.click("button")
        page.wait_for_url(f"{address}/")
        page.goto(f"{address}/v1/models")
        assert "northmill" in page.inner_text("body")
        page.goto(f"{address}/login")
        assert page.evaluate("document.cookie") == ""
        browser.close()
