"""A plant file whose title, notes and names are scripts: the page shows them as text, and runs none."""

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests.api.conftest import CHROMIUM, QUIET
from tests.api.test_killed import Service
from tests.conftest import Installation

EVIL = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_page_runs_nothing_of_a_hostile_plant_file(installation: Installation, tmp_path: Path) -> None:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    path = home / "plants" / "northmill.toml"
    literal = EVIL.replace('"', '\\"')
    text = path.read_text("utf-8").replace('name = "SiMn"', f'name = "{literal}"')
    hostile = {"title": f'title = "{literal}"', "notes": f'notes = ["{literal}"]'}
    lines = [hostile.get(line.partition(" =")[0], line) for line in text.splitlines()]
    assert sum(literal in line for line in lines) == 3
    path.write_text("\n".join(lines), "utf-8")
    with Service(home, workers=1) as service:
        service.start()
        with sync_playwright() as play:
            browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
            page = browser.new_page(viewport={"width": 1500, "height": 1200})
            page.goto(service.url)
            page.get_by_text("Active constraints and what they cost").wait_for(timeout=30_000)
            shown = page.inner_text("body")
            assert page.title() == "Chargewise"
            assert page.locator("img[src='x']").count() == 0
            assert shown.count("<img src=x onerror") >= 1
            browser.close()
