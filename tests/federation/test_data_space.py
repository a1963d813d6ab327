"""A shared model in a data space: described, checked against shapes, fetched by its entry, refused when altered."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from rdflib import DCAT, DCTERMS, Graph, URIRef
from typer.testing import CliRunner

from chargewise.commands.cli import app
from federation.data_space.entry import Publication, complaints, describe
from federation.data_space.fetching import AlteredModelError, fetch_model, read_entry
from federation.sums.contract import Contract, agree
from federation.sums.hierarchy import Shared
from federation.sums.participant import Participant
from federation.sums.published import load_shared, save_shared, sha256_of
from federation.sums.shares import tally
from scenarios.bundled import virtual_plant
from steel.errors import InputError
from tests.federation.participants import participant

HEATS = {"northmill": 90, "riverside": 80, "eastport": 70}


@pytest.fixture(scope="module")
def learned() -> tuple[Contract, Shared]:
    plants = [participant(name, heats) for name, heats in HEATS.items()]
    contract = agree([plant.offer() for plant in plants])
    tallied = tally(contract, {plant.plant: plant.ballot(contract) for plant in plants})
    return tallied.contract, tallied.shared


@pytest.fixture
def published(learned: tuple[Contract, Shared], tmp_path: Path) -> Iterator[str]:
    """Address of a folder with the model and its entry, on a real server."""
    folder = tmp_path / "site"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    save_shared(folder / "shared.safetensors", *learned)
    (folder / "catalogue.jsonld").write_text(entry(learned, folder, url).serialize(format="json-ld"), "utf-8")
    yield url
    server.shutdown()
    server.server_close()


def entry(learned: tuple[Contract, Shared], folder: Path, url: str = "https://models.example/") -> Graph:
    save_shared(folder / "shared.safetensors", *learned)
    terms = Publication(
        url,
        "Works & Co",
        "models@works.example",
        "https://spdx.org/licenses/Apache-2.0",
        datetime(2026, 1, 2, tzinfo=UTC),
    )
    return describe(learned[0], folder / "shared.safetensors", 3, terms)


def test_a_shared_model_survives_its_file(learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    contract, shared = learned
    save_shared(tmp_path / "model.safetensors", contract, shared)
    again, found = load_shared(tmp_path / "model.safetensors")
    assert again == contract
    for name, posterior in shared.items():
        np.testing.assert_array_equal(found[name].mean, posterior.mean)
        np.testing.assert_array_equal(found[name].covariance, posterior.covariance)


def test_the_entry_conforms_and_names_no_plant_and_no_heat(learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    graph = entry(learned, tmp_path)
    assert complaints(graph) == []
    text = graph.serialize(format="json-ld")
    assert "shared.safetensors" in text
    assert sha256_of(tmp_path / "shared.safetensors") in text
    for name in HEATS:
        assert name not in text
    assert Graph().parse(data=text, format="json-ld").isomorphic(graph)


@pytest.mark.parametrize("missing", [DCTERMS.title, DCTERMS.publisher, DCAT.distribution, DCTERMS.accessRights])
def test_what_an_entry_lacks_is_named(missing: URIRef, learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    graph = entry(learned, tmp_path)
    graph.remove((URIRef("https://models.example/#model"), missing, None))
    assert any(str(missing) in complaint for complaint in complaints(graph))


def test_a_consumer_fetches_by_the_entry_and_has_the_model(
    published: str, learned: tuple[Contract, Shared], tmp_path: Path
) -> None:
    model = fetch_model(f"{published}catalogue.jsonld", tmp_path / "mine")
    contract, shared = load_shared(model)
    assert contract == learned[0]
    newcomer = virtual_plant("riverside")
    materials = tuple(item.material for item in newcomer.plant.charge_items())
    log = newcomer.history(40)
    first = Participant("newcomer", log, materials).first_model(contract, shared)
    assert np.isfinite(first.predict(log).mean["Cu"]).all()


def test_an_altered_model_is_refused_and_not_kept(published: str, tmp_path: Path) -> None:
    site = tmp_path / "site" / "shared.safetensors"
    content = bytearray(site.read_bytes())
    content[-1] ^= 1
    site.write_bytes(bytes(content))
    with pytest.raises(AlteredModelError, match="not kept"):
        fetch_model(f"{published}catalogue.jsonld", tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_what_is_no_entry_is_refused(published: str, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonld").write_text("[]", "utf-8")
    (tmp_path / "none.jsonld").write_text("no json", "utf-8")
    for source in (
        str(tmp_path / "empty.jsonld"),
        str(tmp_path / "none.jsonld"),
        f"{published}nowhere.jsonld",
        "ftp://x/y",
    ):
        with pytest.raises(InputError, match="catalogue entry"):
            read_entry(source)


def test_a_local_copy_needs_no_network(learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    graph = entry(learned, tmp_path)
    (tmp_path / "catalogue.jsonld").write_text(graph.serialize(format="json-ld"), "utf-8")
    assert fetch_model(str(tmp_path / "catalogue.jsonld"), tmp_path / "mine").is_file()


def test_an_address_that_is_none_is_refused(learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--url"):
        entry(learned, tmp_path, "https://models.example/without-slash")


def test_publish_and_fetch_on_the_command_line(learned: tuple[Contract, Shared], tmp_path: Path) -> None:
    save_shared(tmp_path / "shared.safetensors", *learned)
    result = tmp_path / "result.json"
    result.write_text(json.dumps({"model": "shared.safetensors", "errors": {name: {} for name in HEATS}}), "utf-8")
    who = ["--publisher", "Works", "--contact", "models@works.example", "--url", "https://models.example/"]
    made = CliRunner().invoke(app, ["publish", str(result), *who, "--to", str(tmp_path / "site"), "--json"])
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    fetched = CliRunner().invoke(app, ["fetch", told["entry"], "--to", str(tmp_path / "mine"), "--json"])
    assert fetched.exit_code == 0, fetched.output
    assert json.loads(fetched.stdout)["sha256"] == told["sha256"]
    Path(told["model"]).write_bytes(b"something else")
    altered = CliRunner().invoke(app, ["fetch", told["entry"], "--to", str(tmp_path / "other")])
    assert altered.exit_code == 7
    nothing = CliRunner().invoke(app, ["publish", str(tmp_path / "none.json"), *who])
    assert nothing.exit_code == 2
