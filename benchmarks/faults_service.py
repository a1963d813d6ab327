"""Faults that show at the REST service: odd bodies, methods and numbers, and what they leave behind."""

from functools import partial
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from benchmarks.faults_harness import Case, Outcome, Verdict
from chargewise.app.application import Application
from chargewise.app.demo_plants import set_up_bundled
from plant_adapters.store.store import HeatStore
from surrogate.store.registry import Registry

HEATS = 400
ORDER: dict[str, Any] = {"plant": "northmill", "grade": "B500B", "compare": False}
LONG_PLANT = '{"plant":"' + "x" * 2_000_000 + '"}'
REFUSED: tuple[tuple[str, int, str | dict[str, Any]], ...] = (
    ("a character that does not exist", 422, '{"plant":"\\ud800","grade":"B500B"}'),
    ("one element twice", 422, ORDER | {"maximum_wt_pct": {"Cu": 0.4, "cu": 0.2}}),
    ("one name twice", 422, '{"plant":"northmill","grade":"B500B","grade":"SAE1008"}'),
    ("a mass that is true", 422, ORDER | {"mass_t": True}),
    ("a mass that is text", 422, ORDER | {"mass_t": "100"}),
    ("a mass of next to nothing", 422, ORDER | {"mass_t": 5e-324}),
    ("a price beyond all prices", 422, ORDER | {"prices_eur_per_t": {"E40 shredded": 1e308}}),
    ("a number of materials of thirty digits", 422, ORDER | {"options": {"max_materials": 10**30}}),
    ("no time at all", 422, ORDER | {"options": {"time_limit_s": 0.001}}),
    ("a key that nobody knows", 422, ORDER | {"tonnes": 4}),
    ("a body that is no JSON", 400, "{bad"),
    ("a body nested too deep", 400, "[" * 100_000),
    ("a body of two megabytes", 413, LONG_PLANT),
    ("lime that is not there", 409, ORDER | {"available_t": {"lime": 0}}),
    ("limits that cross", 409, ORDER | {"minimum_wt_pct": {"Mn": 2.0}}),
)
METHODS = (
    ("HEAD", "/healthz", 200), ("GET", "/v1/reviews", 405), ("TRACE", "/v1/reviews", 405),
    ("DELETE", "/v1/models", 405), ("GET", "/v1/nothing", 404), ("GET", "/v1/models?plants=x", 422),
    ("GET", "/docs", 200), ("GET", "/readyz", 200),
)  # fmt: skip


def service_cases(cases: Path, home: Path) -> list[Case]:
    """Requests, each with the status that is right, at a service that must answer an ordinary one afterwards."""
    place = home / "service"
    store = HeatStore(f"sqlite:///{_made(place) / 'heats.db'}")
    set_up_bundled("northmill", HEATS, place / "plants", store, Registry(place / "models"))
    service = Application(place / "plants", place / "models", store)
    client = TestClient(create_app(service), raise_server_exceptions=False)
    deep = (cases / "14-rest-strict-json" / "deep2.json").read_text("utf-8")
    bodies = [*REFUSED, ("the deep body beside the cases", 400, deep)]
    hot = {"charged_t": {"E3 old thick": 60}, "process": {"tap_temperature_c": 1e308}}
    predicted, lime = {"plant": "northmill", "charge": hot}, ORDER | {"charged_t": {"lime": 5}}
    return [
        *(Case(f"POST {name}", partial(_posted, client, body, status)) for name, status, body in bodies),
        Case("POST a temperature beyond all furnaces", partial(_posted, client, predicted, 422, "/v1/predictions")),
        *(Case(f"{method} {path}", partial(_asked, client, method, path, status)) for method, path, status in METHODS),
        Case("POST a packed body", partial(_packed, client)),
        Case("POST a review of lime alone", partial(_posted, client, lime, 422, "/v1/reviews")),
        Case("POST scrap that one is paid to take", partial(_paid, client)),
        Case("POST the document's own examples", partial(_examples, client)),
        Case("an ordinary order after all that", partial(_posted, client, ORDER, 200)),
        Case("the review of its own recipe", partial(_own_review, client)),
        Case("the same question twice", partial(_twice, client)),
        Case("one broken plant file", partial(_one_broken, client, place)),
    ]  # fmt: skip


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _told(answer: Any, right: bool) -> Outcome:
    silent = answer.status_code < 400
    verdict = Verdict.RIGHT if right else Verdict.SILENT if silent else Verdict.WRONG
    shown = answer.json().get("detail", "") if "problem" in answer.headers.get("content-type", "") else answer.text[:80]
    return Outcome(verdict, f"{answer.status_code} {shown}", "Traceback" in answer.text, answer.status_code)


def _post(client: TestClient, body: str | dict[str, Any], path: str = "/v1/recipes") -> Any:
    if isinstance(body, dict):
        return client.post(path, json=body)
    return client.post(path, content=body, headers={"content-type": "application/json"})


def _posted(client: TestClient, body: str | dict[str, Any], status: int, path: str = "/v1/recipes") -> Outcome:
    answer = _post(client, body, path)
    kind = answer.headers.get("content-type", "")
    return _told(answer, answer.status_code == status and (status < 400 or kind == "application/problem+json"))


def _asked(client: TestClient, method: str, path: str, status: int) -> Outcome:
    answer = client.request(method, path)
    local = "cdn.jsdelivr" not in answer.text
    return _told(answer, answer.status_code == status and local)


def _packed(client: TestClient) -> Outcome:
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    answer = client.post("/v1/recipes", content=b"\x1f\x8b\x08", headers=headers)
    return _told(answer, answer.status_code == 415)


def _paid(client: TestClient) -> Outcome:
    answer = _post(
        client, ORDER | {"prices_eur_per_t": {"E46 incinerated": -20}, "available_t": {"E46 incinerated": 4}}
    )
    used = [line["mass_t"] for line in answer.json().get("lines", []) if line["material"] == "E46 incinerated"]
    return _told(answer, answer.status_code == 200 and bool(used) and abs(used[0] - 4.0) < 1e-3)


def _examples(client: TestClient) -> Outcome:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    paths = {
        "RecipeRequest": "/v1/recipes", "RankingRequest": "/v1/ranked-recipes", "FrontRequest": "/v1/fronts",
        "ReviewRequest": "/v1/reviews", "PredictionRequest": "/v1/predictions", "CampaignRequest": "/v1/campaigns",
    }  # fmt: skip
    worst = None
    for name, path in paths.items():
        answer = client.post(path, json=schemas[name]["examples"][0])
        worst = answer if worst is None or answer.status_code > worst.status_code else worst
    return _told(worst, worst is not None and worst.status_code in (200, 202))


def _own_review(client: TestClient) -> Outcome:
    recipe = _post(client, ORDER).json()
    charge = {line["material"]: line["mass_t"] for line in recipe["lines"] if line["stage"] == "furnace"}
    answer = _post(client, ORDER | {"charged_t": charge}, "/v1/reviews")
    return _told(answer, answer.status_code == 200 and answer.json()["misses"] == [])


def _twice(client: TestClient) -> Outcome:
    first = _post(client, ORDER | {"grade": "SAE1018"})
    _post(client, ORDER | {"grade": "SAE1008"})
    again = _post(client, ORDER | {"grade": "SAE1018"})
    return _told(again, first.json() == again.json())


def _one_broken(client: TestClient, home: Path) -> Outcome:
    path = home / "plants" / "northmill.toml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("available_t", "availible_t", 1), "utf-8")
    broken = client.get("/readyz")
    named = broken.status_code == 503 and "available_t" in broken.text
    path.write_text(text, "utf-8")
    mended = client.get("/readyz")
    return _told(mended, named and mended.status_code == 200)
