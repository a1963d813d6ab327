"""The catalogue entry of a published shared model: DCAT-AP 3 as JSON-LD, of the model and its schema, never of data."""

from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

from pyshacl import validate
from rdflib import DCAT, DCTERMS, FOAF, ODRL2, RDF, SH, XSD, BNode, Graph, Literal, Namespace, URIRef

from federation.sums.contract import Contract
from federation.sums.published import sha256_of
from steel.errors import InputError
from steel.process import PROCESS_UNITS

SPDX, VCARD = Namespace("http://spdx.org/rdf/terms#"), Namespace("http://www.w3.org/2006/vcard/ns#")
EU, IANA = "http://publications.europa.eu/resource/authority/", "https://www.iana.org/assignments/media-types/"
VERSION = URIRef(f"{DCAT}version")  # new in DCAT 3, which rdflib's vocabulary does not know yet
PUBLIC = URIRef(f"{EU}access-right/PUBLIC")
TECHNOLOGY = URIRef(f"{EU}data-theme/TECH")
OCTETS = URIRef(f"{IANA}application/octet-stream")
KEYWORDS = ("electric arc furnace", "scrap", "steel", "federated learning", "surrogate model", "machine learning model")


@dataclass(frozen=True)
class Publication:
    """Who publishes a model, and on what terms.

    Attributes:
        url: where the files will be found, ending with "/".
        publisher: name of the organisation that answers for it.
        contact: its mail address.
        licence: a licence's address, such as SPDX or the EU's vocabulary give one.
        issued: when.
    """

    url: str
    publisher: str
    contact: str
    licence: str
    issued: datetime


def describe(contract: Contract, model: Path, participants: int, publication: Publication) -> Graph:
    """The entry of one model file.

    Args:
        contract: what the model is a function of.
        model: its file; its hash and size go into the entry.
        participants: how many plants took part; their names do not go in.
        publication: who, where, on what terms.

    Raises:
        InputError: the address does not end with "/" or is none.
    """
    if "://" not in publication.url or not publication.url.endswith("/"):
        raise InputError(publication.url, "--url", "an address ending with /, under which the files will be found")
    sha256 = sha256_of(model)
    graph, base = Graph(), publication.url
    for prefix, space in (("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("odrl", ODRL2), ("spdx", SPDX)):
        graph.bind(prefix, space)
    graph.bind("vcard", VCARD)
    catalogue, dataset, file = URIRef(f"{base}#catalogue"), URIRef(f"{base}#model"), URIRef(base + model.name)
    agent, licence = URIRef(f"{base}#publisher"), URIRef(publication.licence)
    issued = Literal(publication.issued.isoformat(timespec="seconds"), datatype=XSD.dateTime)
    graph.add((agent, RDF.type, FOAF.Agent))
    graph.add((agent, FOAF.name, Literal(publication.publisher)))
    graph.add((catalogue, RDF.type, DCAT.Catalog))
    graph.add((catalogue, DCTERMS.title, Literal("Surrogates of electric arc furnaces", lang="en")))
    graph.add((catalogue, DCTERMS.description, Literal("Models that plants learned together.", lang="en")))
    graph.add((catalogue, DCTERMS.publisher, agent))
    graph.add((catalogue, DCAT.dataset, dataset))
    facts = {
        RDF.type: DCAT.Dataset,
        DCTERMS.title: Literal("Scrap classes of electric arc furnaces, learned by federation", lang="en"),
        DCTERMS.description: Literal(_in_words(contract, participants), lang="en"),
        DCTERMS.identifier: Literal(f"urn:sha256:{sha256}"),
        DCTERMS.publisher: agent,
        DCTERMS.creator: agent,
        DCTERMS.issued: issued,
        DCTERMS.accessRights: PUBLIC,
        DCTERMS.language: URIRef(f"{EU}language/ENG"),
        DCTERMS.conformsTo: URIRef(f"{base}contract.json"),
        DCAT.theme: TECHNOLOGY,
        VERSION: Literal(f"{contract.version}-{sha256[:12]}"),
        DCAT.contactPoint: _contact(graph, base, publication),
        ODRL2.hasPolicy: _policy(graph, base, dataset, agent),
        DCAT.distribution: file,
    }
    for name, value in facts.items():
        graph.add((dataset, name, value))
    for word in KEYWORDS:
        graph.add((dataset, DCAT.keyword, Literal(word, lang="en")))
    checksum = BNode()
    graph.add((checksum, RDF.type, SPDX.Checksum))
    graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
    graph.add((checksum, SPDX.checksumValue, Literal(sha256, datatype=XSD.hexBinary)))
    size = Literal(model.stat().st_size, datatype=XSD.nonNegativeInteger)
    parts = ((RDF.type, DCAT.Distribution), (DCTERMS.title, Literal("safetensors", lang="en")),
             (DCAT.accessURL, file), (DCAT.downloadURL, file), (DCTERMS.license, licence), (DCAT.byteSize, size),
             (DCAT.mediaType, OCTETS), (SPDX.checksum, checksum))  # fmt: skip
    for name, value in parts:
        graph.add((file, name, value))
    graph.add((licence, RDF.type, DCTERMS.LicenseDocument))
    return graph


def complaints(graph: Graph) -> list[str]:
    """What an entry lacks of the shapes, in words; nothing where it conforms."""
    shapes = Graph().parse(data=resources.files(__package__).joinpath("shapes.ttl").read_text("utf-8"), format="turtle")
    _, report, _ = validate(graph, shacl_graph=shapes, advanced=False)
    found = []
    for result in report.subjects(RDF.type, SH.ValidationResult):
        focus, path = report.value(result, SH.focusNode), report.value(result, SH.resultPath)
        found.append(f"{focus}: {path}: {report.value(result, SH.resultMessage)}")
    return sorted(found)


def _in_words(contract: Contract, participants: int) -> str:
    inputs = ", ".join(f"{name} ({PROCESS_UNITS.get(name, '')})" for name in contract.process)
    return (
        f"Contents times recovery in wt%, metallic yields and electricity in kWh/t of {len(contract.classes)} classes "
        f"of charge material ({', '.join(contract.classes)}) with covariances, learned by {participants} plants that "
        f"showed one another sums over their heats and no heat. Outputs: {', '.join(contract.elements)}, electricity, "
        f"yield. Process inputs: {inputs}. Charge masses are in t per t of steel tapped."
    )


def _contact(graph: Graph, base: str, publication: Publication) -> URIRef:
    contact = URIRef(f"{base}#contact")
    graph.add((contact, RDF.type, VCARD.Kind))
    graph.add((contact, VCARD.fn, Literal(publication.publisher)))
    graph.add((contact, VCARD.hasEmail, URIRef(f"mailto:{publication.contact}")))
    return contact


def _policy(graph: Graph, base: str, dataset: URIRef, agent: URIRef) -> URIRef:
    """Gaia-X asks for terms of use that a machine can read: whoever has it may use it as its licence says."""
    policy, permission = URIRef(f"{base}#policy"), BNode()
    for kind in (ODRL2.Policy, ODRL2.Offer):
        graph.add((policy, RDF.type, kind))
    graph.add((policy, ODRL2.permission, permission))
    for name, value in ((ODRL2.target, dataset), (ODRL2.assigner, agent), (ODRL2.action, ODRL2.use)):
        graph.add((permission, name, value))
    return policy
