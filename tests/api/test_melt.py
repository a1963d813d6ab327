"""A heat once it is molten: sampled, thinned, trimmed, and what that teaches of alloys, over the wire."""

from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from tests.api.test_shift import PLANT, lifts, planned, weigh


@pytest.fixture
def client(application: Application) -> TestClient:
    return TestClient(create_app(application, pages=False))


def molten(client: TestClient, heat_id: str, **changes: Any) -> dict[str, Any]:
    """A heat all of whose baskets are in."""
    recipe = planned(client, heat_id, **changes)
    for number in range(1, len(recipe["baskets"]) + 1):
        weigh(client, heat_id, number, lifts(recipe, number))
    found: dict[str, Any] = client.post(f"/v1/heats/{heat_id}/charged", json=PLANT).json()
    assert found["stage"] == "charged"
    return found


def expected(heat: dict[str, Any]) -> dict[str, float]:
    return {one["element"]: one["wt_pct"] for one in heat["melt"]["contents"]}


def sample(
    client: TestClient,
    heat_id: str,
    analysis: dict[str, float],
    status: int = 201,
    confirmed: bool = False,
    **more: Any,
) -> Any:
    body = {"sample_id": "L1", "taken_at": datetime.now(UTC).isoformat(), "analysis_wt_pct": analysis, **more}
    answer = client.post(f"/v1/heats/{heat_id}/samples", json={**PLANT, "sample": body, "confirmed": confirmed})
    assert answer.status_code == status, answer.text
    return answer.json()


def trim(client: TestClient, heat_id: str, masses_t: dict[str, float], status: int = 201) -> Any:
    some = [{"lift_id": f"A-{name}", "material": name, "mass_t": mass} for name, mass in masses_t.items()]
    answer = client.post(f"/v1/heats/{heat_id}/trims", json={**PLANT, "lifts": some})
    assert answer.status_code == status, answer.text
    return answer.json()


def stage(client: TestClient, heat_id: str, name: str) -> Any:
    answer = client.post(f"/v1/heats/{heat_id}/stages", json={**PLANT, "stage": name})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_sample_changes_what_is_expected_and_what_is_added(client: TestClient) -> None:
    before = molten(client, "NOR8001")
    was = expected(before)
    more = sample(client, "NOR8001", {"Mn": was["Mn"] * 1.3})
    now = {one["element"]: one for one in more["melt"]["contents"]}
    assert was["Mn"] * 1.2 < now["Mn"]["wt_pct"] < was["Mn"] * 1.3
    assert now["Mn"]["is_sampled"]
    assert not now["Cu"]["is_sampled"]
    spread = {one["element"]: one["sd_wt_pct"] for one in before["melt"]["contents"]}
    assert now["Mn"]["sd_wt_pct"] < spread["Mn"] / 3
    manganese = ("FeMn_HC", "FeMn_LC", "SiMn")
    added = [
        sum(one["melt"]["choices"][0]["additions_t"].get(name, 0.0) for name in manganese) for one in (before, more)
    ]
    assert added[1] < added[0]
    assert more["melt"]["choices"][0]["misses"] == []
    # The laboratory corrects itself: the sample counts once, as it was said last.
    again = sample(client, "NOR8001", {"Mn": was["Mn"]})
    assert expected(again)["Mn"] == pytest.approx(was["Mn"], rel=1e-6)


def test_copper_beyond_its_limit_is_thinned_at_a_price_or_another_grade_is_made(client: TestClient) -> None:
    molten(client, "NOR8002", grade="SAE1008")
    found = sample(client, "NOR8002", {"Cu": 0.196})["melt"]
    thinned, as_it_is = found["choices"]
    assert thinned["dilution_t"]
    assert thinned["misses"] == []
    assert thinned["cost_eur"] > as_it_is["cost_eur"]
    assert as_it_is["misses"] == ["Cu"]
    assert "SAE1008" not in [one["grade"] for one in found["grades"]]
    assert found["grades"]
    # Without room nothing is thinned.
    none = client.get("/v1/heats/NOR8002", params={**PLANT, "room_t": 0.0}).json()
    assert not any(choice["dilution_t"] for choice in none["melt"]["choices"])
    other = client.post("/v1/heats/NOR8002/grade", json={**PLANT, "grade": found["grades"][0]["grade"]}).json()
    assert other["melt"]["choices"][0]["misses"] == []
    assert not other["melt"]["choices"][0]["dilution_t"]


def test_what_is_added_is_drawn_counts_for_the_melt_and_is_corrected(client: TestClient) -> None:
    start = molten(client, "NOR8003")
    recipe_id = start["recipe_id"]
    sample(client, "NOR8003", {"Mn": expected(start)["Mn"]})
    scrap = next(name for name in start["baskets_t"][0] if name.startswith("E"))
    mixed = trim(client, "NOR8003", {scrap: 2.0, "SiMn": 1.0})
    assert mixed["melt"]["steel_t"] > start["melt"]["steel_t"] + 2.0
    told = client.get(f"/v1/recipes/{recipe_id}").json()["charged"]
    charged = sum(load.get(scrap, 0.0) for load in start["baskets_t"])
    assert told["charged_t"][scrap] == pytest.approx(charged + 2.0)
    assert told["additions_t"] == {"SiMn": 1.0}
    less = trim(client, "NOR8003", {"SiMn": 0.4})
    assert expected(less)["Mn"] < expected(mixed)["Mn"]
    assert client.get(f"/v1/recipes/{recipe_id}").json()["charged"]["additions_t"] == {"SiMn": 0.4}
    tapped = stage(client, "NOR8003", "tapped")
    assert not any(choice["dilution_t"] for choice in tapped["melt"]["choices"])
    trim(client, "NOR8003", {scrap: 1.0}, status=422)
    assert stage(client, "NOR8003", "done")["melt"] is None
    sample(client, "NOR8003", {"Mn": 0.5}, status=422)


def test_a_sample_that_cannot_be_of_this_heat_is_refused_and_not_kept(client: TestClient) -> None:
    molten(client, "NOR8004")
    good = {"sample_id": "L1", "taken_at": "2026-11-27T06:30:00Z", "analysis_wt_pct": {"Cu": 0.3}}
    for more, words in (
        ({"heat_id": "NOR9999"}, "NOR9999"),
        ({"place": "ladle"}, "bath: the heat is charged"),
        ({"analysis_wt_pct": {}}, "analysis_wt_pct"),
        ({"analysis_wt_pct": {"Cu": 101.0}}, "100"),
        ({"taken_at": 1764200000}, "zone"),
        ({"tempreature": 1600}, "tempreature"),
    ):
        body = {**PLANT, "sample": {**good, **more}}
        answer = client.post("/v1/heats/NOR8004/samples", json=body)
        assert answer.status_code == 422
        assert words in answer.text
    steps = client.get("/v1/heats/NOR8004", params=PLANT).json()["steps"]
    assert "sampled" not in [step["kind"] for step in steps]


def test_a_sample_far_from_all_that_the_heat_can_be_asks_whether_it_is_this_heats(client: TestClient) -> None:
    was = expected(molten(client, "NOR8005"))
    strange = {"Cu": was["Cu"] * 4, "Ni": was["Ni"] * 6, "C": was["C"]}
    refused = sample(client, "NOR8005", strange, status=422)
    assert "Cu" in refused["detail"]
    assert "Ni" in refused["detail"]
    assert "confirmed" in refused["detail"]
    assert expected(sample(client, "NOR8005", strange, confirmed=True))["Cu"] > 2 * was["Cu"]


def test_recoveries_are_learned_from_samples_before_and_after(client: TestClient) -> None:
    gained = 0.0
    for number in range(6):
        heat_id = f"NOR81{number:02d}"
        molten(client, heat_id)
        before = sample(client, heat_id, {"Mn": 0.1})
        trim(client, heat_id, {"SiMn": 1.5})
        tapped = stage(client, heat_id, "tapped")
        # Only seven tenths of what is stated are found.
        gained = gained or 0.7 * (expected(tapped)["Mn"] - expected(before)["Mn"])
        sample(client, heat_id, {"Mn": 0.1 + gained}, sample_id="L2", place="ladle", confirmed=True)
    found = client.get("/v1/plants/northmill/recoveries").json()
    learned = next(one for one in found if (one["material"], one["element"]) == ("SiMn", "Mn"))
    assert learned["heats"] == 6
    assert learned["learned"] == pytest.approx(0.7 * learned["stated"], abs=0.05)


def test_a_service_that_starts_anew_knows_the_melt(client: TestClient, application: Application) -> None:
    molten(client, "NOR8401")
    sample(client, "NOR8401", {"Mn": 0.12})
    before = trim(client, "NOR8401", {"SiMn": 0.7})
    other = Application(application.plants._folder, application.registry.root, application.store)
    again = TestClient(create_app(other, pages=False)).get("/v1/heats/NOR8401", params=PLANT).json()
    assert expected(again) == pytest.approx(expected(before))
    assert again["melt"]["choices"][0]["additions_t"] == pytest.approx(before["melt"]["choices"][0]["additions_t"])


def test_mass_drawn_of_lots_is_mass_charged_through_samples_trims_and_corrections(
    client: TestClient, application: Application
) -> None:
    lots = [
        {"lot_id": f"P{at}", "material": "Pig iron", "delivered_at": f"2026-11-2{at}T06:00:00Z", "ticket_t": 9}
        for at in range(1, 6)
    ]
    assert client.post("/v1/plants/northmill/lots", json={"lots": lots}).status_code == 201
    book = application.plants.book
    start = book.stocks("northmill")["Pig iron"].book_t
    heat = molten(client, "NOR8402")
    for mass in (3.0, 5.5, 1.0):
        trim(client, "NOR8402", {"Pig iron": mass, "SiMn": 0.4})
    stage(client, "NOR8402", "tapped")
    charged = client.get(f"/v1/recipes/{heat['recipe_id']}").json()["charged"]["charged_t"]["Pig iron"]
    of_baskets = sum(load.get("Pig iron", 0.0) for load in heat["baskets_t"])
    assert charged == pytest.approx(of_baskets + 1.0)
    assert start - book.stocks("northmill")["Pig iron"].book_t == pytest.approx(charged)


def test_kilograms_that_were_sent_as_tonnes_are_refused_with_their_value(client: TestClient) -> None:
    molten(client, "NOR8501")
    refused = trim(client, "NOR8501", {"SiMn": 840.0}, status=422)
    assert "840" in refused["detail"]
    assert "kilograms" in refused["detail"]
    recipe = planned(client, "NOR8502")
    weigh(client, "NOR8502", 1, lifts(recipe, 1))
    answer = client.post("/v1/heats/NOR8502/charged", json={**PLANT, "additions_t": {"SiMn": 840.0}})
    assert answer.status_code == 422
    assert "kilograms" in answer.text


def test_a_sample_that_errs_more_counts_for_less(client: TestClient) -> None:
    was = expected(molten(client, "NOR8503"))
    rough = expected(sample(client, "NOR8503", {"Cu": 1.2 * was["Cu"]}, error_cv=0.2))["Cu"]
    fine = expected(sample(client, "NOR8503", {"Cu": 1.2 * was["Cu"]}, error_cv=0.005))["Cu"]
    assert was["Cu"] < rough < fine < 1.2 * was["Cu"]
