"""Fetch a model by its catalogue entry, and refuse it where it is not what the entry says."""

from pathlib import Path
from urllib.parse import unquote, urlparse

import httpx
from rdflib import DCAT, RDF, Graph, Namespace, URIRef

from federation.data_space.entry import complaints
from federation.sums.published import sha256_of
from steel.errors import InputError

SPDX = Namespace("http://spdx.org/rdf/terms#")
LARGEST_BYTES = 1 << 30
TIMEOUT_S = 60.0


class AlteredModelError(Exception):
    """What was fetched is not what the entry describes."""


def read_entry(source: str) -> Graph:
    """A catalogue entry from a file or an http(s) address.

    Raises:
        InputError: it is not there, not JSON-LD, or lacks what an entry must have.
    """
    try:
        text = _bytes_of(source).decode("utf-8")
        graph = Graph().parse(data=text, format="json-ld")
    except (OSError, ValueError, httpx.HTTPError) as error:
        raise InputError(source, "catalogue entry", f"a JSON-LD document ({error})") from error
    lacking = complaints(graph)
    if lacking or not list(graph.subjects(RDF.type, DCAT.Distribution)):
        raise InputError(source, "catalogue entry", "; ".join(lacking) or "one with a distribution")
    return graph


def fetch_model(source: str, folder: Path) -> Path:
    """The model file of an entry, its hash checked before it gets its name.

    A file beside an entry that was read from disk is taken from there: what was copied together stays together.

    Raises:
        InputError: the entry or the file cannot be read.
        AlteredModelError: its size or its hash is not the entry's; nothing is left behind.
    """
    graph = read_entry(source)
    file = next(URIRef(str(node)) for node in graph.subjects(RDF.type, DCAT.Distribution))
    address = str(graph.value(file, DCAT.downloadURL) or graph.value(file, DCAT.accessURL))
    name = Path(unquote(urlparse(address).path)).name
    beside = Path(source).parent / name
    try:
        content = beside.read_bytes() if "://" not in source and beside.is_file() else _bytes_of(address)
    except (OSError, httpx.HTTPError) as error:
        raise InputError(address, "model", f"a file that can be fetched ({error})") from error
    checksum = graph.value(graph.value(file, SPDX.checksum), SPDX.checksumValue)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{name}.part"
    part.write_bytes(content)
    found = sha256_of(part)
    if found != str(checksum).lower():
        part.unlink()
        raise AlteredModelError(f"{address} has SHA-256 {found}, its entry says {checksum}; it is not kept")
    return part.replace(folder / name)


def _bytes_of(source: str) -> bytes:
    if "://" not in source:
        return Path(source).read_bytes()
    if urlparse(source).scheme not in ("http", "https"):
        raise ValueError(f"{source} is neither a file nor an http address")
    with httpx.stream("GET", source, timeout=TIMEOUT_S, follow_redirects=True) as answer:
        answer.raise_for_status()
        content = b""
        for chunk in answer.iter_bytes():
            content += chunk
            if len(content) > LARGEST_BYTES:
                raise ValueError(f"{source} is larger than {LARGEST_BYTES} bytes")
    return content
