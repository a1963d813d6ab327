"""`chargewise publish` and `chargewise fetch`: a shared model in data spaces."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import err, out, print_json, reporting_errors
from federation.data_space.entry import Publication, complaints, describe
from federation.data_space.fetching import AlteredModelError, fetch_model
from federation.sums.published import load_shared, sha256_of
from steel.errors import InputError

EXIT_ALTERED = 7
"""Exit code where a fetched model is not what its entry describes."""
APACHE = "https://spdx.org/licenses/Apache-2.0"


def publish(
    result: Annotated[Path, typer.Argument(help="The run's result.json in the coordinator's folder.")],
    url: Annotated[str, typer.Option(help="Address, ending with /, under which the files will be found.")],
    publisher: Annotated[str, typer.Option(help="Organisation that answers for the model.")],
    contact: Annotated[str, typer.Option(help="Its mail address.")],
    licence: Annotated[str, typer.Option(help="Address of the licence.")] = APACHE,
    to: Annotated[Path, typer.Option(help="Folder to write; upload what is in it.")] = Path("published"),
    as_json: AsJson = False,
) -> None:
    """Describe a federation's shared model for data spaces: model, schema and DCAT-AP 3 entry, no data."""
    with reporting_errors():
        result_facts, model = _run(result)
        contract, _ = load_shared(model)
        to.mkdir(parents=True, exist_ok=True)
        copy = to / f"shared-{sha256_of(model)[:12]}.safetensors"
        shutil.copyfile(model, copy)
        (to / "contract.json").write_text(contract.model_dump_json(indent=1), "utf-8")
        terms = Publication(url, publisher, contact, licence, datetime.now(UTC))
        graph = describe(contract, copy, len(result_facts["errors"]), terms)
        lacking = complaints(graph)
        if lacking:
            raise InputError(lacking, "catalogue entry", "an entry that conforms to DCAT-AP 3")
        entry = to / "catalogue.jsonld"
        entry.write_text(graph.serialize(format="json-ld", auto_compact=True, indent=1), "utf-8")
        if as_json:
            print_json({"entry": str(entry), "model": str(copy), "sha256": sha256_of(copy)})
            return
        out.print(f"{entry}: conforms. Upload {to} so that it is found at {url}", highlight=False)


def fetch(
    entry: Annotated[str, typer.Argument(help="File or address of a catalogue entry.")],
    to: Annotated[Path, typer.Option(help="Folder for the model.")] = Path("fetched"),
    as_json: AsJson = False,
) -> None:
    """Fetch a published model by its entry; what does not have the entry's hash is not kept."""
    with reporting_errors():
        try:
            model = fetch_model(entry, to)
        except AlteredModelError as error:
            err.print(f"[bold red]{error}[/]")
            raise typer.Exit(EXIT_ALTERED) from error
        contract, _ = load_shared(model)
        if as_json:
            print_json({"model": str(model), "sha256": sha256_of(model), "contract": contract.model_dump(mode="json")})
            return
        out.print(f"{model}: as its entry says; {len(contract.classes)} classes, {', '.join(contract.elements)}")


def _run(result: Path) -> tuple[dict[str, Any], Path]:
    try:
        result_facts = json.loads(result.read_text("utf-8"))
        model = result.with_name(str(result_facts["model"]))
    except (OSError, ValueError, KeyError) as error:
        raise InputError(str(result), "result", "result.json of a finished federation run") from error
    return result_facts, model
