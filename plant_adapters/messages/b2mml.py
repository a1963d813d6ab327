"""B2MML 7, ISA-95's messages in XML: schedules, performances, lots and acknowledgements in; charges out.

The Business To Manufacturing Markup Language (B2MML) is used courtesy of MESA International.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from lxml import etree
from lxml.builder import ElementMaker

from plant_adapters.messages.read_message import Raw
from steel.errors import InputError
from steel.messages import Kind

SPACE = "http://www.mesa.org/xml/B2MML"
MOST_BYTES = 20_000_000
UNITS = {
    "TNE": "t", "KGM": "kg", "GRM": "g", "STN": "short_ton", "LTN": "long_ton", "LBR": "lb", "P1": "wt%",
    "59": "ppm", "KWH": "kWh", "MWH": "MWh", "GWH": "GWh",
}  # fmt: skip
"""Codes of UN/ECE recommendation 20."""
READ = ("OperationsSchedule", "OperationsPerformance", "MaterialLot")
VERBS = ("Process", "Sync", "Show", "Change", "Acknowledge")
_NS = {"b": SPACE}


def read_b2mml(document: bytes, schemas: Path | None, where: str) -> list[tuple[Kind, Raw]]:
    """The messages of a document, by our own fields' names.

    Args:
        document: XML.
        schemas: folder of the published schemas, with `AllSchemas.xsd`; None to read without.
        where: what it is called.

    Raises:
        InputError: it is no XML, has a DOCTYPE, is of another version, is not valid, or is none that is read.
    """
    if len(document) > MOST_BYTES:
        raise InputError(f"{len(document):,} bytes", where, f"at most {MOST_BYTES:,}")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(document, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(where, "document", f"well-formed XML ({error.msg})") from None
    if root.getroottree().docinfo.doctype:
        raise InputError("DOCTYPE", where, "XML without one: entities are not read")
    name = etree.QName(root)
    if name.namespace != SPACE:
        raise InputError(name.namespace or "none", f"name space of {where}", f"{SPACE}, that of B2MML 7")
    if schemas is not None:
        _check_valid(root, schemas, where)
    verb = next((one for one in VERBS if name.localname.startswith(one)), "")
    noun = name.localname.removeprefix(verb)
    if noun not in READ:
        known = ", ".join(f"{verb}{noun}" for noun in READ for verb in ("", "Process", "Sync"))
        raise InputError(name.localname, f"document {where}", f"one of {known}")
    if verb == "Acknowledge":
        return list(_acknowledgements(root))
    read = {"OperationsSchedule": _orders, "OperationsPerformance": _heats, "MaterialLot": _lots}[noun]
    return list(read(root))


def _check_valid(root: Any, schemas: Path, where: str) -> None:
    schema = _schema(schemas)
    if not schema.validate(root):
        first = schema.error_log[0]
        raise InputError(f"line {first.line}", where, f"a valid document ({first.message.replace(f'{{{SPACE}}}', '')})")


@cache
def _schema(folder: Path) -> Any:
    try:
        return etree.XMLSchema(etree.parse(folder / "AllSchemas.xsd"))
    except (OSError, etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        raise InputError(str(folder), "schemas", f"the folder of B2MML's, with AllSchemas.xsd ({error})") from None


def _text(element: Any, path: str) -> str:
    """The text at a path of names, "" where there is none."""
    found = element.findtext("/".join(f"b:{name}" for name in path.split("/")), "", _NS)
    return (found or "").strip()


def _every(element: Any, name: str) -> Iterator[Any]:
    yield from element.iterfind(f".//b:{name}", _NS)


def _measured(element: Any, what: str) -> str:
    """A quantity or a value with its unit, as text."""
    value = _text(element, f"{what}/{what}String")
    code = _text(element, f"{what}/UnitOfMeasure")
    if not value or not code:
        return value
    if code not in UNITS:
        raise InputError(code, "UnitOfMeasure", f"one of {', '.join(UNITS)}")
    return f"{value} {UNITS[code]}"


def _orders(root: Any) -> Iterator[tuple[Kind, Raw]]:
    for request in _every(root, "OperationsRequest"):
        produced = [one for one in _every(request, "MaterialRequirement") if _use(one) == "Material Produced"]
        raw: Raw = {
            "heat_id": _text(request, "ID"), "version": _text(request, "Version") or "1",
            "due_at": _text(request, "EndTime"), "cancelled": _text(request, "RequestState") == "Cancelled",
            "grade": _text(produced[0], "MaterialDefinitionID") if produced else "",
            "mass": _measured(produced[0], "Quantity") if produced else "",
        }  # fmt: skip
        for parameter in _every(request, "SegmentParameter"):
            element, _, side = _text(parameter, "ID").partition(".")
            if side in ("max", "min"):
                limits = raw.setdefault(f"{side}imum", {})
                limits[element] = _measured(parameter, "Value")
        if not raw["grade"]:
            raw["grade"] = next(
                (_text(one, "OperationsDefinitionID") for one in _every(request, "SegmentRequirement")), ""
            )
        yield "order", raw


def _use(material: Any) -> str:
    return _text(material, "MaterialUse")


def _heats(root: Any) -> Iterator[tuple[Kind, Raw]]:
    for response in _every(root, "OperationsResponse"):
        charged: dict[str, str] = {}
        raw: Raw = {"heat_id": _text(response, "OperationsRequestID") or _text(response, "ID"), "charged": charged}
        for segment in _every(response, "SegmentResponse"):
            raw["tapped_at"] = _text(segment, "ActualEndTime") or raw.get("tapped_at", "")
        for told in _every(response, "SegmentData"):
            if _text(told, "ID").casefold() == "energy":
                raw["energy"] = _measured(told, "Value")
        for actual in _every(response, "MaterialActual"):
            material, mass = _text(actual, "MaterialDefinitionID"), _measured(actual, "Quantity")
            if _use(actual) == "Material Consumed":
                charged[material] = _sum(charged.get(material, ""), mass)
            elif _use(actual) == "Material Produced":
                raw |= {"grade": material, "tapped": mass} | _analysis(actual)
        yield "heat", raw


def _sum(one: str, other: str) -> str:
    """Two masses in the same unit as one; as text, so that what is no number is seen when it is read."""
    if not one:
        return other
    first, second = one.partition(" "), other.partition(" ")
    if first[2] != second[2]:
        raise InputError(other, "Quantity", f"masses of one material in one unit, {first[2]}")
    try:
        return f"{float(first[0]) + float(second[0])!r} {first[2]}"
    except ValueError:
        raise InputError(other, "Quantity", "a number with decimal point") from None


def _analysis(actual: Any) -> Raw:
    """The contents that the latest test tells, by element."""
    tests = sorted(_every(actual, "TestResult"), key=lambda one: _text(one, "EvaluationDate"))
    if not tests:
        return {}
    return {_text(one, "ID"): _measured(one, "Value") for one in _every(tests[-1], "PropertyMeasurement")}


def _lots(root: Any) -> Iterator[tuple[Kind, Raw]]:
    told_at = next((one.text or "" for one in _every(root, "CreationDateTime")), "")
    for lot in _every(root, "MaterialLot"):
        yield "lot", {
            "lot_id": _text(lot, "ID"), "material": _text(lot, "MaterialDefinitionID"),
            "bay": _text(lot, "StorageLocation/Location"), "mass": _measured(lot, "Quantity"), "delivered_at": told_at,
        }  # fmt: skip


def _acknowledgements(root: Any) -> Iterator[tuple[Kind, Raw]]:
    action = next((one.get("actionCode", "") for one in _every(root, "ResponseExpression")), "Accepted")
    reason = next((_text(one, "Description") or _text(one, "Code") for one in _every(root, "ChangeStatus")), "")
    for schedule in _every(root, "OperationsSchedule"):
        accepted = action in ("Accepted", "Modified")
        yield (
            "acknowledgement",
            {"key": _text(schedule, "ID"), "accepted": accepted, "reason": "" if accepted else reason},
        )


def charge_document(key: str, content: Mapping[str, Any], made_at: datetime | None = None) -> bytes:
    """A planned heat's baskets and additions as `ProcessOperationsSchedule`, to be acknowledged under its key.

    Args:
        key: of the message, which is the schedule's number.
        content: `heat_id`, `grade`, `baskets_t` and `additions_t`, as the outbox has them.
        made_at: now unless given.
    """
    make = ElementMaker(namespace=SPACE, nsmap={None: SPACE})
    now = (made_at or datetime.now(UTC)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    heat, grade = str(content["heat_id"]), str(content["grade"])
    loads = [(f"BASKET-{n}", "BASKET-LOADING", load) for n, load in enumerate(content["baskets_t"], start=1)]
    loads += [("ADDITIONS", "TAPPING-ADDITIONS", content["additions_t"])] if content.get("additions_t") else []

    def quantity(mass_t: float) -> Any:
        return make.Quantity(
            make.QuantityString(f"{mass_t:.6g}"), make.DataType("decimal"), make.UnitOfMeasure("TNE")
        )  # fmt: skip

    def segment(name: str, what: str, load: Mapping[str, float]) -> Any:
        materials = (
            make.MaterialRequirement(
                make.ID(str(n)), make.MaterialDefinitionID(material), make.MaterialUse("Material Consumed"),
                quantity(mass_t),
            )
            for n, (material, mass_t) in enumerate(load.items(), start=1)
        )  # fmt: skip
        return make.SegmentRequirement(
            make.ID(f"{heat}-{name}"), make.ProcessSegmentID(what), make.OperationsDefinitionID(grade),
            make.OperationsSegmentID(what), *materials,
        )  # fmt: skip

    document = make.ProcessOperationsSchedule(
        make.ApplicationArea(
            make.Sender(make.LogicalID("Chargewise"), make.ConfirmationCode("Always")), make.CreationDateTime(now),
            make.BODID(str(uuid5(NAMESPACE_URL, key))),
        ),
        make.DataArea(
            make.Process(acknowledgeCode="Always"),
            make.OperationsSchedule(
                make.ID(key), make.PublishedDate(now), make.ScheduleState("Released"),
                make.OperationsRequest(make.ID(heat), *(segment(*load) for load in loads)),
            ),
        ),
        releaseID="7.0.1",
    )  # fmt: skip
    return bytes(etree.tostring(document, xml_declaration=True, encoding="UTF-8", pretty_print=True))
