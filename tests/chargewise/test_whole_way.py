"""A heat's whole way: order by B2MML, lots by file, lifts by OPC UA, sample by file, recipe and additions by MQTT."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho
import pytest
from fastapi.testclient import TestClient
from paho.mqtt.enums import CallbackAPIVersion

from api.app import create_app
from chargewise.app.application import Application
from chargewise.app.connect import connected, run
from chargewise.app.settings import Settings
from chargewise.app.workplace import Workplace
from plant_adapters.store.connection_states import ConnectionStates
from plant_adapters.store.inbox import Inbox
from plant_adapters.store.order_book import OrderBook
from plant_adapters.store.outbox import Outbox
from steel.shift import together_t
from tests.conftest import Installation
from tests.servers import SCALES, Broker, Scale, awaited, in_a_thread, mosquitto, scale

HEAT = "0240512"
NAMES = {"10023": "E40 shredded", "10031": "E3 old thick"}
CONNECTIONS = """
[[connections]]
kind = "b2mml"
name = "planning"
folder = "{home}/orders"
every_s = 0.1
settle_s = 0
codes = "grades.csv"

[[connections]]
kind = "messages"
name = "erp"
folder = "{home}/erp"
every_s = 0.1
settle_s = 0
table = {{ separator = ";" }}

[[connections.messages]]
kind = "lot"
codes = "materials.csv"
units = {{ mass = "kg", price = "t" }}
decimal = ","
timezone = "Europe/Berlin"
[connections.messages.fields]
lot_id = "CHARG"
material = "MATNR"
mass = "MENGE"
bay = "LGORT"
delivered_at = "BUDAT"
price = "NETPR"
per = "PEINH"

[[connections]]
kind = "opcua"
name = "scale"
url = "{url}"
namespace = "{space}"
base = "Basket1"
every_s = 0.1

[[connections.messages]]
kind = "lift"
codes = "materials.csv"
trigger = "Counter"
acknowledge = "Acknowledged"
[connections.messages.nodes]
lift_id = "WeightId"
heat_id = "Heat"
basket = "Basket"
material = "Material"
mass = "Net"
unit = "Unit"
Overload = "Overload"

[[connections]]
kind = "messages"
name = "spectrometer"
folder = "{home}/lab"
pattern = "*.txt"
every_s = 0.1
settle_s = 0
rows = {{ sample = "Sample", burn = "Burn" }}

[[connections.messages]]
kind = "sample"
fields = {{ sample_id = "Sample", taken_at = "Time" }}
find = {{ sample_id = '^(?P<heat_id>\\d+)-B\\d' }}
ignore = {{ Sample = "^CHECK" }}
analysis = {{ units = {{ N = "ppm" }} }}

[[connections]]
kind = "mqtt"
name = "level2"
host = "127.0.0.1"
port = {port}

[[connections.messages]]
kind = "acknowledgement"
topic = "works/eaf1/chargewise/ack"

[[connections.messages]]
kind = "stage"
topic = "works/eaf1/heat/{{heat_id}}/stage"

[[sinks]]
kind = "mqtt"
name = "to level 2"
host = "127.0.0.1"
port = {port}
topic = "works/eaf1/chargewise/{{kind}}/{{heat_id}}"
every_s = 0.1
"""
ORDER = """<?xml version="1.0"?>
<ProcessOperationsSchedule xmlns="http://www.mesa.org/xml/B2MML" releaseID="7.0.1">
 <ApplicationArea><CreationDateTime>2026-11-25T04:55:00Z</CreationDateTime></ApplicationArea>
 <DataArea><Process/><OperationsSchedule><ID>SCHED-1</ID><OperationsRequest><ID>{heat}</ID><Version>2</Version>
  <EndTime>2026-11-25T07:05:00Z</EndTime>
  <SegmentRequirement><ID>1</ID><ProcessSegmentID>EAF-MELT</ProcessSegmentID>
   <OperationsDefinitionID>4711</OperationsDefinitionID><OperationsSegmentID>EAF-MELT</OperationsSegmentID>
   <SegmentParameter><ID>Cu.max</ID><Value><ValueString>0.42</ValueString><DataType>decimal</DataType><UnitOfMeasure>P1</UnitOfMeasure></Value></SegmentParameter>
   <MaterialRequirement><ID>out</ID><MaterialDefinitionID>4711</MaterialDefinitionID><MaterialUse>Material Produced</MaterialUse>
    <Quantity><QuantityString>100</QuantityString><DataType>decimal</DataType><UnitOfMeasure>TNE</UnitOfMeasure></Quantity>
   </MaterialRequirement></SegmentRequirement></OperationsRequest></OperationsSchedule></DataArea>
</ProcessOperationsSchedule>"""  # noqa: E501


@dataclass
class Level2:
    """The plant's own system: takes recipes from the broker, and says so."""

    client: paho.Client
    taken: list[dict[str, Any]] = field(default_factory=list)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.taken if one["kind"] == kind]

    def stage(self, stage: str) -> None:
        self.client.publish(f"works/eaf1/heat/{HEAT}/stage", orjson.dumps({"stage": stage}), qos=1)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with mosquitto(tmp_path / "broker") as found:
        yield found


@pytest.fixture
def level2(broker: Broker) -> Iterator[Level2]:
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="level2", protocol=paho.MQTTv5)
    found = Level2(client)

    def take(_client: Any, _data: Any, message: paho.MQTTMessage) -> None:
        told = orjson.loads(message.payload)
        found.taken.append(told)
        client.publish("works/eaf1/chargewise/ack", orjson.dumps({"key": told["key"], "accepted": True}), qos=1)

    client.on_message = take
    client.connect("127.0.0.1", broker.port)
    client.subscribe("works/eaf1/chargewise/+/+", qos=1)
    client.loop_start()
    yield found
    client.loop_stop()
    client.disconnect()


@pytest.fixture
def weighing() -> Iterator[Scale]:
    with scale() as found:
        yield found


@pytest.fixture
def place(installation: Installation, broker: Broker, weighing: Scale, tmp_path: Path) -> Iterator[Workplace]:
    home = Path(shutil.copytree(installation.home, tmp_path / "home"))
    for folder in ("orders", "erp", "lab", "connections"):
        (home / folder).mkdir()
    text = CONNECTIONS.format(home=home, url=weighing.url, space=SCALES, port=broker.port)
    (home / "connections" / "northmill.toml").write_text(text, "utf-8")
    materials = "".join(f"00000000{code};{name};material\n" for code, name in NAMES.items())
    (home / "connections" / "materials.csv").write_text(f"code;name;kind\n{materials}S01;Bay 7;bay\n", "utf-8")
    (home / "connections" / "grades.csv").write_text("code;name;kind\n4711;B500B;grade\n", "utf-8")
    found = Workplace(settings=Settings(home=home))
    yield found
    found.store.close()


def test_a_heat_goes_its_whole_way_through_the_plants_own_systems(
    place: Workplace, level2: Level2, weighing: Scale
) -> None:
    said: list[str] = []
    database = place.store.database
    stated = connected(place.settings.home, ConnectionStates(database))
    application = place.application()
    with (
        in_a_thread(lambda ended: run(stated, place, ended, said.append)),
        TestClient(create_app(application, pages=False)) as client,
    ):
        number = recipe_of_the_order(place, client)
        lot_is_booked(place, application)
        (plan,) = awaited(lambda: level2.of("planned"))
        loads = plan["content"]["baskets_t"]
        assert plan["content"]["heat_id"] == HEAT
        weighed(place, client, weighing, loads)
        level2.stage("charged")
        awaited(lambda: heat(client)["stage"] == "charged")
        sampled(place, client)
        additions = added(client, level2)
        level2.stage("tapped")
        level2.stage("done")
        awaited(lambda: heat(client)["stage"] == "done")

        entry = application.plants.journal.entry("northmill", number)
        assert entry.charged is not None
        assert entry.charged.heat_id == HEAT
        assert entry.charged.charged_t == pytest.approx(together_t(loads))
        assert entry.charged.additions_t == pytest.approx(additions)
        awaited(lambda: all(one.state == "acknowledged" for one in Outbox(database).deliveries("northmill")))
    aside = Inbox(database).listed("northmill", "quarantined", 5)
    assert [one.problem for one in aside] == []


def recipe_of_the_order(place: Workplace, client: TestClient) -> str:
    """Planning orders a heat; somebody asks for its recipe, accepts it and plans the heat by it."""
    (place.settings.home / "orders" / "schedule.xml").write_text(ORDER.format(heat=HEAT), "utf-8")
    book = OrderBook(place.store.database)
    booked = awaited(lambda: book.of("northmill", HEAT)).order
    assert (booked.grade, booked.mass_t, booked.version) == ("B500B", 100.0, 2)
    asked = {
        "plant": "northmill", "grade": booked.grade, "mass_t": booked.mass_t, "compare": False,
        "maximum_wt_pct": {str(element): limit for element, limit in booked.maximum_wt_pct.items()},
    }  # fmt: skip
    number: str = client.post("/v1/recipes", json=asked).json()["recipe_id"]
    client.post(f"/v1/recipes/{number}/decisions", json={"verdict": "accepted", "reason": ""})
    client.put(f"/v1/heats/{HEAT}/plan", json={"plant": "northmill", "recipe_id": number})
    return number


def lot_is_booked(place: Workplace, application: Application) -> None:
    """The ERP drops its stock list: masses in kg, prices for 100 kg, codes of its own."""
    yesterday = (datetime.now(UTC) - timedelta(days=1)).strftime("%d.%m.%Y")
    row = f"0001187;000000000000010023;812400,0;S01;{yesterday};27,00;0,1"
    file = place.settings.home / "erp" / "mb52.csv"
    file.write_text(f"CHARG;MATNR;MENGE;LGORT;BUDAT;NETPR;PEINH\n{row}\n", "cp1252")
    (lot,) = awaited(lambda: application.plants.book.lots("northmill"))
    assert (lot.lot.lot_id, lot.lot.ticket_t, lot.lot.price_per_t) == ("0001187", 812.4, 270.0)
    assert (lot.lot.material, lot.lot.bay) == ("E40 shredded", "Bay 7")


def weighed(place: Workplace, client: TestClient, weighing: Scale, loads: list[dict[str, float]]) -> None:
    """The crane loads each basket; a material whose code nobody has told yet waits until it is."""
    codes = {name: code for code, name in NAMES.items()}
    weight = count(1)
    for basket, load in enumerate(loads, start=1):
        for name, mass_t in load.items():
            code = codes.get(name, name)
            weighing.lift(
                WeightId=f"W{next(weight):06d}", Heat=HEAT, Basket=basket, Material=code, Net=1000.0 * mass_t
            )  # fmt: skip
    inbox = Inbox(place.store.database)
    strangers = {name for load in loads for name in load} - {*codes}
    assert strangers
    awaited(lambda: any("code of materials.csv" in one.problem for one in inbox.waiting("northmill")))
    table = place.settings.home / "connections" / "materials.csv"
    table.write_text(table.read_text("utf-8") + "".join(f"{name};{name};material\n" for name in strangers), "utf-8")
    awaited(lambda: not inbox.waiting("northmill"))
    assert heat(client)["baskets_t"] == [pytest.approx(load) for load in loads]


def sampled(place: Workplace, client: TestClient) -> None:
    """The spectrometer writes two burns, and a check sample that is none of the heat's."""
    melt = {one["element"]: one["wt_pct"] for one in heat(client)["melt"]["contents"]}
    taken = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    burns = [
        f"{HEAT}-B1;{burn};{taken};{melt['C'] + off:.4f};{melt['Cu'] + off:.4f};70"
        for burn, off in (("1", -0.001), ("2", 0.001))
    ]
    rows = ["Sample;Burn;Time;C;Cu;N", *burns, f"CHECK-RN19;1;{taken};0.5;0.5;40"]
    (place.settings.home / "lab" / "oes.txt").write_text("\n".join(rows) + "\n", "utf-8")
    (sample,) = awaited(lambda: [step for step in heat(client)["steps"] if step["kind"] == "sampled"])
    assert sample["content"]["sample"]["analysis_wt_pct"] == {
        "C": pytest.approx(melt["C"], abs=1e-4), "Cu": pytest.approx(melt["Cu"], abs=1e-4),
        "N": pytest.approx(0.007),
    }  # fmt: skip


def added(client: TestClient, level2: Level2) -> dict[str, float]:
    """What the melt needs is ordered of level 2, and then told to be in."""
    additions: dict[str, float] = heat(client)["melt"]["choices"][0]["additions_t"] or {"SiMn": 0.5}
    client.post(f"/v1/heats/{HEAT}/additions-orders", json={"plant": "northmill", "masses_t": additions})
    (told,) = awaited(lambda: level2.of("additions"))
    assert told["content"]["additions_t"] == pytest.approx(additions)
    lifts = [{"lift_id": f"L-{name}", "material": name, "mass_t": mass} for name, mass in additions.items()]
    client.post(f"/v1/heats/{HEAT}/trims", json={"plant": "northmill", "lifts": lifts})
    return additions


def heat(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/heats/{HEAT}", params={"plant": "northmill"}).json()
    return found
