"""Photographs of every page, light and dark, on a control room's screen, a tablet and a phone: `make screenshots`.

A made-up plant is set up in a folder of its own, with heats at each stage, a message that was set aside and a dead
letter, so that every page shows what it is for.
"""

import shutil
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import uvicorn
from fastapi.testclient import TestClient
from playwright.sync_api import sync_playwright

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.demo_plants import set_up_bundled
from chargewise.app.inflow import Inflow
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from plant_adapters.messages.message_map import MessageMap
from plant_adapters.messages.read_message import MessageReader
from plant_adapters.messages.received import Received, received
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.inbox import Inbox
from plant_adapters.store.outbox import Outbox

PORT = 8199
PLANT = {"plant": "northmill"}
SIZES = ((1440, 900), (820, 1180), (390, 844))
PAGES = {
    "recipe": ("", ".cw-figure"), "shift": ("shift?plant=northmill&heat=240512", ".cw-basket"),
    "melt": ("shift?plant=northmill&heat=240511", ".cw-choice"),
    "crane": ("crane?plant=northmill&heat=240512", "#layers tr"), "connections": ("connections", "td .cw-risk"),
}  # fmt: skip


def plan(client: TestClient, heat: str, grade: str) -> dict[str, Any]:
    """A heat that is planned by an accepted recipe."""
    recipe: dict[str, Any] = client.post("/v1/recipes", json={**PLANT, "grade": grade, "compare": False}).json()
    number = recipe["recipe_id"]
    client.post(f"/v1/recipes/{number}/decisions", json={"verdict": "accepted", "reason": ""})
    client.put(f"/v1/heats/{heat}/plan", json={**PLANT, "recipe_id": number})
    return recipe


def weigh(client: TestClient, heat: str, recipe: dict[str, Any], basket: int, off: float = 1.0) -> None:
    """A basket that was weighed."""
    lines = [one for one in recipe["lines"] if one["baskets_t"] and one["baskets_t"][basket - 1] > 0]
    lifts = [
        {
            "lift_id": f"W{basket}{at}",
            "material": one["material"],
            "mass_t": round(one["baskets_t"][basket - 1] * off, 1),
        }
        for at, one in enumerate(lines)
    ]
    client.post(f"/v1/heats/{heat}/baskets/{basket}", json={**PLANT, "lifts": lifts})


def message(kind: str, **raw: Any) -> Received:
    """A message as it comes."""
    return received(MessageReader(MessageMap.model_validate({"kind": kind})), raw)


def fill(app: Application) -> None:
    """Heats at each stage, and connections that work and that do not."""
    with TestClient(create_app(app, pages=False)) as client:
        molten = plan(client, "240511", "B500B")
        for basket in (1, 2, 3):
            weigh(client, "240511", molten, basket)
        client.post("/v1/heats/240511/charged", json=PLANT)
        weigh(client, "240512", plan(client, "240512", "SAE1018"), 1, 1.04)
        plan(client, "240513", "B500B")
    states, inbox, outbox = ConnectionStates(app.database), Inbox(app.database), Outbox(app.database)
    for name, kind in (("basket scale", "opcua"), ("spectrometer", "messages"), ("erp stock", "messages")):
        state = states.of("northmill", name, kind)
        states.moved(state, {"at": 1}, 1240, 2, time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()))
    states.failed(states.of("northmill", "erp stock", "messages"), "/mnt/sap/out is not there")
    lift = {"heat_id": "240512", "basket": 2, "material": "E3 old thick"}
    inbox.put("northmill", "basket scale", [
        message("lift", **lift, lift_id="W77", mass="18,52"),
        message("lift", **{**lift, "heat_id": "240514"}, lift_id="W78", mass=18.0),
    ])  # fmt: skip
    due = {"240514": "04:30", "240515": "05:30", "240516": "06:30"}
    orders = {heat: f"2026-12-01T{at}:00Z" for heat, at in due.items()}
    told = [message("order", heat_id=heat, grade="B500B", mass=100, due_at=at) for heat, at in orders.items()]
    inbox.put("northmill", "planning", told)
    Inflow(app).settle("northmill", lambda said: None)
    for sent in outbox.waiting("northmill", "crane", 0):
        outbox.told(sent, "crane", "acknowledged")
    outbox.told(outbox.waiting("northmill", "mes", 0)[0], "mes", "dead", "409: the heat is being loaded")


def photograph(to: Path) -> None:
    """Open every page in every theme and size."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for width, height in SIZES:
                screen: Any = {"viewport": {"width": width, "height": height}, "color_scheme": theme}
                context = browser.new_context(**screen)
                for name, (path, there) in PAGES.items():
                    page = context.new_page()
                    page.goto(f"http://127.0.0.1:{PORT}/{path}")
                    page.locator(there).first.wait_for(timeout=30_000)
                    page.wait_for_timeout(800)
                    page.screenshot(path=to / f"{name}-{theme}-{width}.png")
                    page.close()
                    print(f"{name}, {theme}, {width}", file=sys.stderr)
                context.close()
        browser.close()


def main() -> None:
    """Set up, serve, photograph."""
    to = Path(__file__).parent / "images" / "pages"
    to.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="screenshots-") as home:
        place = Workplace(settings=Settings(home=Path(home)))
        set_up_bundled("northmill", 700, place.settings.plants, place.store, place.registry, lambda *_: None)
        app = place.application()
        fill(app)
        server = uvicorn.Server(uvicorn.Config(create_app(app), host="127.0.0.1", port=PORT, log_level="critical"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.1)
        photograph(to)
        server.should_exit = True
        thread.join(10)
        place.store.close()


if __name__ == "__main__":
    main()
