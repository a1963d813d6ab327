"""Recipes that go out: with the decision or not at all, at least once, known by their key, refused ones kept."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.connect import MOST_REFUSALS, Outlet, connected, deliver
from plant_adapters.store.connection_states import ConnectionState, ConnectionStates
from plant_adapters.store.outbox import Outbox
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from tests.api.test_shift import PLANT, lifts, planned, weigh
from tests.conftest import database_urls

ORDER = {"plant": "northmill", "grade": "B500B", "compare": False}


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def accepted(client: TestClient, verdict: str = "accepted") -> str:
    number: str = client.post("/v1/recipes", json=ORDER).json()["recipe_id"]
    answer = client.post(f"/v1/recipes/{number}/decisions", json={"verdict": verdict, "reason": "because"})
    assert answer.status_code in (200, 201), answer.text
    return number


def outlet(home: Path, text: str) -> Outlet:
    (home / "connections").mkdir(exist_ok=True)
    (home / "connections" / "northmill.toml").write_text(f"[[sinks]]\n{text}", "utf-8")
    return connected(home, ConnectionStates(HeatStore(f"sqlite:///{home / 'states.db'}").database)).outlets[0]


def turn(application: Application, to: Outlet) -> ConnectionState:
    database = application.store.database
    return deliver(to, Outbox(database), ConnectionStates(database), lambda said: None)


def state_of(application: Application, sink: str) -> list[tuple[str, str, int]]:
    found = Outbox(application.store.database).deliveries("northmill")
    return [(one.message.content["recipe_id"], one.state, one.attempts) for one in found if one.sink == sink]


def test_an_accepted_recipe_lies_in_the_folder_until_somebody_takes_it(
    client: TestClient, application: Application, tmp_path: Path
) -> None:
    to = outlet(tmp_path, f'kind = "folder"\nname = "to level 2"\nfolder = "{tmp_path / "out"}"\n')
    accepted(client)
    turn(application, to)
    assert not (tmp_path / "out").exists()  # what was decided before the receiver was there is not for it
    rejected, number = accepted(client, "rejected"), accepted(client)
    assert rejected
    turn(application, to)
    (file,) = (tmp_path / "out").iterdir()
    told = orjson.loads(file.read_bytes())
    assert told["content"]["recipe_id"] == number
    assert told["key"].startswith(f"northmill/{number}/")
    assert told["content"]["recipe"]["baskets"]
    assert state_of(application, "to level 2") == [(number, "delivered", 1)]
    turn(application, to)
    assert len(list((tmp_path / "out").iterdir())) == 1
    file.unlink()
    turn(application, to)
    assert state_of(application, "to level 2") == [(number, "acknowledged", 1)]


def test_what_was_charged_goes_out_too_and_again_when_it_is_more(
    client: TestClient, application: Application, tmp_path: Path
) -> None:
    to = outlet(tmp_path, f'kind = "folder"\nname = "stock"\nfolder = "{tmp_path / "stock"}"\n')
    turn(application, to)
    recipe = planned(client, "NOR8601")
    for number in range(1, len(recipe["baskets"]) + 1):
        weigh(client, "NOR8601", number, lifts(recipe, number))
    client.post("/v1/heats/NOR8601/charged", json=PLANT)
    some = [{"lift_id": "A1", "material": "SiMn", "mass_t": 0.5}]
    client.post("/v1/heats/NOR8601/trims", json={**PLANT, "lifts": some})
    turn(application, to)
    told = [orjson.loads(file.read_bytes()) for file in sorted((tmp_path / "stock").iterdir())]
    assert [one["kind"] for one in told] == ["planned", "charged", "charged"]
    assert len({one["key"] for one in told}) == 3
    baskets = told[0]["content"]["baskets_t"]
    assert told[0]["content"]["heat_id"] == "NOR8601"
    assert len(baskets) == len(recipe["baskets"])
    assert sum(sum(load.values()) for load in baskets) == pytest.approx(
        sum(line["mass_t"] for line in recipe["lines"] if line["stage"] == "furnace")
    )
    assert told[2]["content"]["additions_t"] == {"SiMn": 0.5}


def test_additions_that_are_ordered_go_out_with_their_heat_and_are_none_until_they_are_told(
    client: TestClient, application: Application, tmp_path: Path
) -> None:
    to = outlet(tmp_path, f'kind = "folder"\nname = "ladle"\nfolder = "{tmp_path / "ladle"}"\n')
    turn(application, to)
    recipe = planned(client, "NOR8602")
    early = client.post("/v1/heats/NOR8602/additions-orders", json={**PLANT, "masses_t": {"SiMn": 0.5}})
    assert early.status_code == 422
    for number in range(1, len(recipe["baskets"]) + 1):
        weigh(client, "NOR8602", number, lifts(recipe, number))
    client.post("/v1/heats/NOR8602/charged", json=PLANT)
    wrong = client.post("/v1/heats/NOR8602/additions-orders", json={**PLANT, "masses_t": {"SiMn": 840.0}})
    assert "kilograms" in wrong.text
    answer = client.post("/v1/heats/NOR8602/additions-orders", json={**PLANT, "masses_t": {"SiMn": 0.5}})
    assert answer.status_code == 201, answer.text
    turn(application, to)
    (told,) = [
        one
        for file in (tmp_path / "ladle").iterdir()
        if (one := orjson.loads(file.read_bytes()))["kind"] == "additions"
    ]
    assert told["content"] == {"heat_id": "NOR8602", "recipe_id": recipe["recipe_id"], "additions_t": {"SiMn": 0.5}}
    charged = application.plants.journal.entry("northmill", recipe["recipe_id"]).charged
    assert charged is not None
    assert charged.additions_t == {}


@dataclass
class Receiver:
    """A plant's own service.

    Attributes:
        answers: status of each answer; the last one goes on.
        keys: that came.
    """

    answers: list[int] = field(default_factory=lambda: [200])
    keys: list[str] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            found.keys.append(self.headers["Idempotency-Key"])
            self.send_response(found.answers.pop(0) if len(found.answers) > 1 else found.answers[0])
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/inbox"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


def test_an_address_that_fails_gets_it_again_under_the_same_key(
    client: TestClient, application: Application, tmp_path: Path, receiver: Receiver
) -> None:
    to = outlet(tmp_path, f'kind = "http"\nname = "mes"\nurl = "{receiver.url}"\n')
    turn(application, to)
    receiver.answers = [503, 200]
    number = accepted(client)
    failed = turn(application, to)
    assert "503" in failed.problem
    assert failed.next_try_at is not None
    assert turn(application, to).problem == ""
    assert len(receiver.keys) == 2
    assert len(set(receiver.keys)) == 1
    assert state_of(application, "mes") == [(number, "acknowledged", 1)]


def test_what_is_refused_becomes_a_dead_letter_that_can_be_replayed_and_holds_nothing_up(
    client: TestClient, application: Application, tmp_path: Path, receiver: Receiver
) -> None:
    to = outlet(tmp_path, f'kind = "http"\nname = "strict"\nurl = "{receiver.url}"\n')
    turn(application, to)
    bad = accepted(client)
    receiver.answers = [422]
    for _ in range(MOST_REFUSALS):
        turn(application, to)
    assert state_of(application, "strict") == [(bad, "dead", MOST_REFUSALS)]
    receiver.answers = [200]
    good = accepted(client)
    turn(application, to)
    assert [(one, state) for one, state, _ in state_of(application, "strict")] == [
        (good, "acknowledged"),
        (bad, "dead"),
    ]
    outbox = Outbox(application.store.database)
    assert outbox.replay("northmill", "strict") == 1
    turn(application, to)
    assert [state for _, state, _ in state_of(application, "strict")] == ["acknowledged", "acknowledged"]
    with pytest.raises(InputError, match="the key of one"):
        outbox.replay("northmill", "strict", "northmill/none/1")


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_table_gets_each_message_once_and_says_when_it_was_had(
    client: TestClient, application: Application, tmp_path: Path, kind: str
) -> None:
    (tmp_path / "level2").mkdir()
    with database_urls(kind, tmp_path / "level2") as url:
        engine = sa.create_engine(url)
        to = outlet(tmp_path, f'kind = "sql"\nname = "{kind}"\nurl = "{url}"\ntable = "inbox"\n')
        turn(application, to)
        number = accepted(client)
        missing = turn(application, to)
        assert "inbox" in missing.problem
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE inbox (message_key VARCHAR(200) PRIMARY KEY, kind VARCHAR(20), content TEXT, "
                "put_at VARCHAR(40), acknowledged_at VARCHAR(40))"
            )
        turn(application, to)
        message = Outbox(application.store.database).unacknowledged("northmill", kind)[0]
        to.sink.send(message)  # it was killed before it could write down that it had delivered it
        with engine.begin() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM inbox")) == 1
            assert "1 rows" in to.sink.check()
            connection.exec_driver_sql("UPDATE inbox SET acknowledged_at = '2026-11-27'")
        turn(application, to)
        assert state_of(application, kind) == [(number, "acknowledged", 1)]
        engine.dispose()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('kind = "http"\nname = "a"\nurl = "ftp://x"\n', "url"),
        ('kind = "http"\nname = "a"\nurl = "http://x"\ntoken_env = "NO_SUCH_TOKEN"\n', "NO_SUCH_TOKEN"),
        ('kind = "sql"\nname = "a"\nurl = "sqlite://"\ntable = "x; DROP TABLE y"\n', "a table's name"),
        ('kind = "pigeon"\nname = "a"\n', "pigeon"),
    ],
)
def test_a_receiver_that_cannot_be_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        outlet(tmp_path, text)
