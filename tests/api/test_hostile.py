"""What an enemy would send: names that are paths, statements, scripts, formulas; bodies too long or too deep."""

import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

import psutil
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api.app import create_app
from chargewise.app.application import Application
from plant_adapters.plants.plant_file import read_plant
from plant_adapters.sources.recipe_file import write_recipe
from plant_adapters.store.store import HeatStore
from steel.errors import InputError
from steel.recipes import Recipe
from tests.api.conftest import serving
from tests.conftest import Installation

MB = 2**20
NAMES = (
    "../../etc/passwd", "..%2f..%2fetc%2fpasswd", "/etc/passwd", "....//", "northmill/../../heats.db", "northmill.toml",
    "'; DROP TABLE heats;--", "northmill' OR '1'='1", '") UNION SELECT sha256 FROM access_keys--', "%00", "northmill\0",
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\u202egnp.exe", "northmill\nX-Evil: 1", "Northmill",
    "NORTHMILL ", "A" * 5000, "CON", "..", "~root", "${jndi:ldap://x}", "{{7*7}}", "%s%n",
)  # fmt: skip
REFUSED = {400, 403, 404, 405, 409, 413, 415, 422, 428}


@pytest.fixture
def home(installation: Installation, tmp_path: Path) -> Path:
    return Path(shutil.copytree(installation.home, tmp_path / "home"))


@pytest.fixture
def web(home: Path) -> Iterator[FastAPI]:
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    yield create_app(Application(home / "plants", home / "models", store), pages=False)
    store.close()


def everything_in(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if "heats.db" not in path.name}


def test_hostile_names_in_paths_and_queries_are_refused_and_touch_nothing(web: FastAPI, home: Path) -> None:
    client = TestClient(web, raise_server_exceptions=False)
    files, described = everything_in(home.parent), client.get("/openapi.json").json()["paths"]
    strange = []
    for path, operations in described.items():
        for method, operation in operations.items():
            asked = [p["name"] for p in operation.get("parameters", []) if p["in"] == "query" and p["name"] == "plant"]
            if "{" not in path and not asked:
                continue
            for name in NAMES:
                url = quote(name, safe="").join(re.split(r"\{\w+\}", path))
                query = {"plant": name} if asked else {}
                answer = client.request(method, url, params=query, json=None if method in ("get", "delete") else {})
                if answer.status_code not in REFUSED or "root:" in answer.text or "sqlite" in answer.text.lower():
                    strange.append((method, path, name[:30], answer.status_code))
    assert strange == []
    assert everything_in(home.parent) == files
    assert client.get("/v1/claims", params={"plant": "northmill"}).status_code == 200


def test_hostile_names_in_bodies_are_refused_by_every_operation_that_names_a_plant(web: FastAPI, home: Path) -> None:
    client = TestClient(web, raise_server_exceptions=False)
    files = everything_in(home.parent)
    strange = []
    for path, operations in client.get("/openapi.json").json()["paths"].items():
        example = operations.get("post", {}).get("requestBody", {}).get("content", {}).get("application/json")
        if example is None or "{" in path or path == "/v1/keys":
            continue
        for name in NAMES:
            for body in ({"plant": name}, {"plant": name, "grade": name}, {"name": name}):
                answer = client.post(path, json=body)
                if answer.status_code not in REFUSED:
                    strange.append((path, name[:30], answer.status_code, answer.text[:100]))
    assert strange == []
    assert everything_in(home.parent) == files


@pytest.mark.parametrize("sign", ["\u202e", "\u2066", "\n", "\r", "\x00", "\x1b", "\u2028", "\u0085"])
@pytest.mark.parametrize("where", ["title", "notes", "material", "grade"])
def test_a_plant_file_whose_names_read_as_something_else_is_refused_by_name(
    home: Path, web: FastAPI, sign: str, where: str
) -> None:
    client, evil = TestClient(web), f"Rebar{sign}1"
    seen = client.get("/v1/plants/northmill")
    content = seen.json()
    if where == "title":
        content["title"] = evil
    elif where == "notes":
        content["notes"] = [evil]
    elif where == "material":
        content["yard"][0]["name"] = evil
    else:
        content["grade"] = [{"name": evil, "maximum_wt_pct": {"Cu": 0.3}}]
    answer = client.put("/v1/plants/northmill", json=content, headers={"If-Match": seen.headers["etag"]})
    assert answer.status_code == 422
    assert f"U+{ord(sign):04X}" in answer.json()["detail"]
    if sign not in ("\x00", "\x1b", "\r", "\n"):
        path = home / "plants" / "northmill.toml"
        path.write_text(path.read_text("utf-8").replace("E40 shredded", f"E40{sign}shredded"), "utf-8")
        with pytest.raises(InputError, match=f"U\\+{ord(sign):04X}"):
            read_plant(path)


def test_a_recipes_csv_runs_nothing_in_a_spreadsheet(web: FastAPI, tmp_path: Path) -> None:
    order = {"plant": "northmill", "grade": "B500B", "compare": False}
    made = TestClient(web).post("/v1/recipes", json=order).json()
    made = {key: value for key, value in made.items() if key in Recipe.model_fields}
    made["lines"][0]["material"] = '=HYPERLINK("http://evil","x")'
    made["grade"] = "@SUM(1+1)"
    text = write_recipe(Recipe.model_validate(made), tmp_path, "+heat").read_text("utf-8")
    assert not re.search(r'(^|,)"?[=@+]', text, re.MULTILINE)
    assert "'=HYPERLINK" in text


@pytest.fixture
def served(web: FastAPI) -> Iterator[str]:
    with serving(web) as found:
        yield found


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_before_it_is_read(served: str, chunked: bool) -> None:
    before = psutil.Process().memory_info().rss
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {100 * MB}"
    head = f"POST /v1/recipes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{length}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", urlsplit(served).port or 0), timeout=20) as line:
        line.sendall(head.encode())
        piece = b"x" * MB
        sent, answer = 0, b""
        line.settimeout(0.2)
        while sent < 100 and b"\r\n\r\n" not in answer:
            with suppress(TimeoutError):
                answer += line.recv(65536)
            if answer:
                break
            try:
                line.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" if chunked else piece)
            except OSError:
                break
            sent += 1
    assert b" 413 " in answer
    assert sent < 10
    assert psutil.Process().memory_info().rss - before < 60 * MB


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b'{"plant":' + b"[" * 50_000])
def test_json_that_is_nested_too_deep_is_told_so(web: FastAPI, body: bytes) -> None:
    client = TestClient(web, raise_server_exceptions=False)
    answer = client.post("/v1/recipes", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
