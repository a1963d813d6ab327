"""The page of a plant's connections: how each is, what waits, what was set aside, what went out."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
from nicegui import ui

from api.pages.shell import card, quiet_button, shell, table
from chargewise.app.access import Principal, Right
from chargewise.app.application import Application
from chargewise.app.audit import Audit
from chargewise.app.connection_status import ConnectionStatus, statuses
from plant_adapters.store.inbox import Inbox, InMessage
from plant_adapters.store.outbox import Delivery, Outbox
from steel.errors import InputError

EVERY_S = 5.0
MOST = 30
INNER = ("line", "trigger", "topic", "timestamp")
"""Fields of a message that say where it came from; nobody corrects them."""


class ConnectionsPage:
    """One visitor's look at the connections.

    Args:
        app: whose.
        principal: who looks.
    """

    def __init__(self, app: Application, principal: Principal) -> None:
        self.app, self.principal = app, principal
        self.inbox, self.outbox = Inbox(app.database), Outbox(app.database)
        self._shown: dict[int, Any] = {}

    def build(self) -> None:
        """Draw the page."""
        with ui.column().classes("w-full gap-3 p-3 cw-page"):
            with card("Connections"):
                self.connections = ui.column().classes("w-full")
            with card("Set aside"):
                self.aside = ui.column().classes("w-full")
            with card("Waiting"):
                self.waiting = ui.column().classes("w-full")
            with card("Gone out"):
                self.out = ui.column().classes("w-full")
        # What is drawn anew takes nothing away that somebody is typing into.
        self.dialogs = ui.element("div")
        ui.timer(0.05, self.refresh, once=True)
        ui.timer(EVERY_S, self.refresh)

    async def refresh(self) -> None:
        """Look again, and draw what has changed."""
        states, aside, waiting, out = await asyncio.to_thread(self._look)
        self._draw(self.connections, states, self._connections)
        self._draw(self.aside, aside, self._aside)
        self._draw(self.waiting, waiting, _waiting)
        self._draw(self.out, out, self._out)

    def _draw(self, place: ui.column, found: Any, draw: Callable[[Any], None]) -> None:
        if self._shown.get(place.id) != found:
            self._shown[place.id] = found
            place.clear()
            with place:
                draw(found)

    def _look(self) -> tuple[tuple[ConnectionStatus, ...], list[InMessage], list[InMessage], list[Delivery]]:
        states = tuple(one for one in statuses(self.app.database) if self.principal.sees(one.plant))
        plants = dict.fromkeys(one.plant for one in states)
        aside = [one for plant in plants for one in self.inbox.listed(plant, "quarantined", MOST)]
        waiting = [one for plant in plants for one in self.inbox.listed(plant, "waiting", MOST)]
        out = [one for plant in plants for one in self.outbox.deliveries(plant, MOST)]
        return states, aside, waiting, out

    def _connections(self, states: tuple[ConnectionStatus, ...]) -> None:
        heads = ("Plant", "Connection", "Kind", "State", "Newest", "Records", "Set aside", "Waiting")
        rows = [
            (
                one.plant, one.name, one.kind, _state(one), _ago(one.lag_s), f"{one.rows:,}",
                f"{one.quarantined + one.set_aside:,}", one.waiting,
            )
            for one in states
        ]  # fmt: skip
        table(heads, rows, 4, "No plant is connected yet: state its systems in connections/PLANT.toml.")

    def _aside(self, messages: list[InMessage]) -> None:
        may = self.principal.may(Right.REPORT)
        rows = [
            (one.plant, one.connection, one.kind, one.problem, _time(one.received_at), self._corrects(one, may))
            for one in messages
        ]
        table(("Plant", "Connection", "Tells of", "Why", "Came", ""), rows, 4, "Nothing is set aside.")

    def _corrects(self, message: InMessage, may: bool) -> Callable[[], None]:
        def draw() -> None:
            button = quiet_button("Correct", lambda: self._correct(message))
            button.mark(f"correct-{message.id}").set_enabled(may)

        return draw

    def _correct(self, message: InMessage) -> None:
        """A form of the message's fields, as they came."""
        plain = {
            name: value for name, value in message.raw.items()
            if name not in INNER and not isinstance(value, dict | list)
        }  # fmt: skip
        with self.dialogs, ui.dialog() as dialog, ui.element("div").classes("cw-card cw-dialog"):
            ui.label(f"{message.kind} from {message.connection}").classes("text-lg")
            ui.label(message.problem).classes("cw-note cw-risk")
            entries = {
                name: ui.input(name, value="" if value is None else str(value)).classes("w-full").mark(f"field-{name}")
                for name, value in plain.items()
            }

            def send() -> None:
                changes = {
                    name: _read(entry.value) for name, entry in entries.items() if entry.value != str(plain[name])
                }
                if not changes:
                    ui.notify("Nothing is changed yet.")
                    return
                try:
                    self.inbox.correct(message.plant, message.id, changes)
                except InputError as error:
                    ui.notify(str(error), type="negative")
                    return
                Audit(self.app.database).note(
                    self.principal.name, "message corrected", message.plant, str(message.id), fields=changes
                )
                dialog.close()

            with ui.row().classes("w-full justify-end"):
                quiet_button("Leave it", dialog.close, "flat")
                ui.button("Send again", on_click=send).props("no-caps").mark("send-again")
        dialog.on("hide", self.refresh)
        dialog.open()

    def _out(self, deliveries: list[Delivery]) -> None:
        may = self.principal.may(Right.DECIDE)
        rows = [
            (
                one.message.plant, one.message.kind, _of(one), one.sink,
                _delivered(one), _time(one.changed_at), one.attempts, self._replays(one, may),
            )
            for one in deliveries
        ]  # fmt: skip
        heads = ("Plant", "Message", "Heat", "To", "State", "At", "Tries", "")
        table(heads, rows, 5, "Nothing has gone out yet.")

    def _replays(self, delivery: Delivery, may: bool) -> Callable[[], None]:
        def again() -> None:
            self.outbox.replay(delivery.message.plant, delivery.sink, delivery.message.key)
            ui.notify("It is delivered again.")

        def draw() -> None:
            if delivery.state == "dead":
                quiet_button("Deliver again", again).set_enabled(may)

        return draw


def _waiting(messages: list[InMessage]) -> None:
    rows: list[tuple[object, ...]] = [
        (one.plant, one.connection, one.kind, one.record_id, one.problem, _time(one.received_at)) for one in messages
    ]
    table(("Plant", "Connection", "Tells of", "Of", "Waits for", "Came"), rows, 5, "Nothing waits.")


def _state(one: ConnectionStatus) -> Callable[[], None]:
    def draw() -> None:
        if one.problem:
            then = f"; tried again {_time(one.next_try_at)}" if one.next_try_at else ""
            ui.label(f"✕ {one.problem}{then}").classes("cw-risk")
        else:
            ui.label("✓ works").classes("cw-saving")

    return draw


def _of(one: Delivery) -> str:
    content = one.message.content
    return str(content["heat_id"]) if "heat_id" in content else f"recipe {content.get('recipe_id', '')}"


def _delivered(one: Delivery) -> Callable[[], None]:
    signs = {"acknowledged": "✓ acknowledged", "delivered": "… not acknowledged yet", "failed": "✕ tried again"}

    def draw() -> None:
        text = signs.get(one.state, f"✕ refused: {one.problem}")
        ui.label(text).classes("cw-risk" if one.state in ("dead", "failed") else "")

    return draw


def _ago(seconds: float | None) -> str:
    if seconds is None:
        return "nothing yet"
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit} ago"
    return "now"


def _time(stamp: str | None) -> str:
    return "" if stamp is None else datetime.fromisoformat(stamp).astimezone(UTC).strftime("%d %b %H:%M:%S UTC")


def _read(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text


def show_connections(app: Application) -> None:
    """Draw the page."""
    with shell("connections") as principal:
        ConnectionsPage(app, principal).build()
