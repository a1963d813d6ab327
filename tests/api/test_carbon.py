"""The carbon sheet over the wire: heats add up exactly, in every form; methods, origins, gaps and factors are told."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook

from api.app import create_app
from chargewise.app.application import Application
from steel.elements import Element
from tests.api.test_melt import molten, stage, trim

SHEET = "/v1/plants/northmill/carbon-sheet"


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


@pytest.fixture
def sheet(client: TestClient) -> dict[str, Any]:
    return fetched(client)


def fetched(client: TestClient, **asked: Any) -> dict[str, Any]:
    answer = client.get(SHEET, params=asked)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def exact(values: Any) -> Decimal:
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def test_heats_add_up_to_the_whole_to_the_gram(sheet: dict[str, Any]) -> None:
    heats, whole = sheet["heats"], sheet["all"]
    assert whole["heats"] == len(heats) > 100
    assert exact(heat["steel_t"] for heat in heats) == Decimal(str(whole["steel_t"]))
    for line in whole["lines"]:
        of_heats = [
            one
            for heat in heats
            for one in heat["lines"]
            if (one["scope"], one["source"]) == (line["scope"], line["source"])
        ]
        assert exact(one["kgco2e"] for one in of_heats) == Decimal(str(line["kgco2e"]))
    for name in whole["recycled"]:
        assert exact(heat["recycled"][name] for heat in heats) == Decimal(str(whole["recycled"][name]))
    for name in ("carbon_in_kg", "carbon_out_kg", "scrap_t", "electricity_kwh"):
        assert exact(heat["route"][name] for heat in heats) == Decimal(str(whole["route"][name]))


def test_days_add_up_to_their_month(client: TestClient, sheet: dict[str, Any]) -> None:
    days = sorted({heat["tapped_at"][:10] for heat in sheet["heats"]})
    parts = [fetched(client, first=day, last=day)["all"] for day in days]
    assert exact(line["kgco2e"] for part in parts for line in part["lines"]) == exact(
        line["kgco2e"] for line in sheet["all"]["lines"]
    )
    assert sum(part["heats"] for part in parts) == sheet["all"]["heats"]


def test_one_heat_by_hand(client: TestClient, application: Application, sheet: dict[str, Any]) -> None:
    plant, log = application.plants.described("northmill"), application.store.log("northmill")
    heat = sheet["heats"][0]
    row = 0
    assert heat["heat_id"] == str(log.heat_ids[row])
    tapped = float(log.tapped_t[row])
    lines = {line["source"]: line for line in heat["lines"]}
    energy = float(log.energy_kwh_per_t[row]) * tapped
    factor = plant.emission_factors.electricity_kgco2e_per_kwh
    assert lines["electricity"]["kgco2e"] == pytest.approx(energy * factor, rel=1e-6)
    assert lines["electricity"]["scope"] == 2
    pig = plant.item("Pig iron")
    assert pig is not None
    charged = dict(zip(log.materials, log.charged_t[row].tolist(), strict=True))
    if charged["Pig iron"] > 0:
        upstream = charged["Pig iron"] * pig.material.upstream_kgco2e_per_t
        assert lines["Pig iron, making of"]["kgco2e"] == pytest.approx(upstream, rel=1e-6)
    carbon = {material: plant.item(material) for material in charged}
    carbon_in = sum(
        10.0 * item.material.content(Element.C) * charged[name]
        for name, item in carbon.items() if item is not None
    )  # fmt: skip
    assert heat["route"]["carbon_in_kg"] > carbon_in - 1e-3
    out = float(log.analysis_wt_pct[row][log.elements.index(Element.C)]) * 10.0 * tapped
    assert heat["route"]["carbon_out_kg"] == pytest.approx(out, abs=1e-3)


def test_scrap_with_its_burden_carries_it_and_nothing_else_changes(client: TestClient, sheet: dict[str, Any]) -> None:
    burdened = fetched(client, method="scrap burden", scrap_burden_kgco2e_per_t=1000)
    scrap_t = sheet["all"]["route"]["scrap_t"]
    more = exact(one["kgco2e"] for one in burdened["all"]["lines"]) - exact(
        one["kgco2e"] for one in sheet["all"]["lines"]
    )
    assert float(more) == pytest.approx(1000.0 * scrap_t, rel=1e-6)
    assert [one["name"] for one in burdened["factors"] if one["name"] == "scrap burden"]
    assert not [one for one in sheet["factors"] if one["name"] == "scrap burden"]


def test_recycled_content_is_by_lots_where_they_tell_it(client: TestClient) -> None:
    """What was booked as pre-consumer counts so, though the material usually is post-consumer."""
    lot = {
        "lot_id": "C1", "material": "E40 shredded", "delivered_at": "2026-11-27T06:00:00Z", "ticket_t": 500.0,
        "recycled": "pre-consumer",
    }  # fmt: skip
    assert client.post("/v1/plants/northmill/lots", json={"lots": [lot]}).status_code == 201
    molten(client, "NOR8301")
    trim(client, "NOR8301", {"SiMn": 0.5})
    stage(client, "NOR8301", "tapped")
    origins = application_of(client).plants.book.origins("northmill")
    assert origins["NOR8301"]["E40 shredded"]["pre-consumer"] > 0
    additions = application_of(client).plants.journal.additions("northmill")
    assert additions["NOR8301"] == {"SiMn": 0.5}


def application_of(client: TestClient) -> Application:
    found: Application = client.app.state.application  # type: ignore[attr-defined]
    return found


def test_what_was_not_recorded_and_where_factors_come_from_is_told(sheet: dict[str, Any]) -> None:
    assert any("additions were not reported" in gap for gap in sheet["all"]["gaps"])
    for factor in sheet["factors"]:
        assert factor["source"], factor
        assert (
            factor["dated"] or factor["version"] or factor["name"] == "carbon burnt" or "plant file" in factor["source"]
        )


def test_csv_and_workbook_hold_the_same_figures(client: TestClient, sheet: dict[str, Any]) -> None:
    answer = client.get(SHEET, params={"format": "csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    whole = exact(line["kgco2e"] for line in sheet["all"]["lines"])
    assert exact(row["kgco2e"] for row in rows) == whole
    book = load_workbook(io.BytesIO(client.get(SHEET, params={"format": "xlsx"}).content), read_only=True)
    assert book.sheetnames == ["Sum", "Heats", "Sources", "Route", "Factors"]
    cells = list(book["Heats"].iter_rows(values_only=True))
    total = cells[0].index("total_kgco2e")
    assert exact(row[total] for row in cells[1:]) == whole
    told = {row[0]: row[1] for row in book["Sum"].iter_rows(values_only=True)}
    assert Decimal(str(told["all scopes"])) == whole


def test_a_page_to_print_and_hostile_names_in_it(client: TestClient) -> None:
    page = client.get(SHEET, params={"format": "html"})
    assert page.headers["content-type"].startswith("text/html")
    assert "Route sheet (CBAM, ETS)" in page.text
    assert "@media print" in page.text


def test_what_cannot_be_asked_is_refused(client: TestClient) -> None:
    assert client.get(SHEET, params={"first": "2031-01-01"}).status_code == 422
    assert client.get(SHEET, params={"first": "2024-02-02", "last": "2024-02-01"}).status_code == 422
    assert client.get(SHEET, params={"method": "wishes"}).status_code == 422
    assert client.get("/v1/plants/nowhere/carbon-sheet").status_code == 404
    assert client.get(SHEET, params={"methode": "cut-off"}).status_code == 422
