"""The coordinator's side on Flower. It sees contracts, sums and errors; never a heat."""

import itertools
import json
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from flwr.app import Context, Message, RecordDict
from flwr.serverapp import Grid, ServerApp

from federation.asking import Round, TooFewPlantsError, nodes_of, wait_for_plants
from federation.contract import Contract, Offer, agree, read_offer
from federation.contributions import information_given
from federation.hierarchy import Pieces
from federation.ledger import Ledger
from federation.masking import Whole, masked_length, unmasked
from federation.messages import (
    ADOPT,
    CONTRIBUTE,
    MASKED,
    OFFER,
    arrays_to_record,
    digest,
    masked_from_record,
    record_of,
    shared_to_record,
    sums_from_record,
    text_of,
    text_record,
)
from federation.published import save_shared
from federation.remainder import usual_run
from federation.remainder_rounds import learn_remainder
from federation.results import write_result
from federation.shares import Settled, ballot_of, settle, sizes
from steel.errors import InputError

app = ServerApp()
FLOWER = version("flwr")
SHARED_MODEL = "shared.safetensors"
"""Written beside the result."""
FEWEST_MASKED = 2
"""Plants of whom one alone would not be hidden."""


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Agree, add up, let the plants judge and adopt; write what was found to the run's result file."""
    config = context.run_config
    wait_s, result = float(str(config["wait-s"])), Path(str(config["result"]))
    expected = int(str(config["plants"]))
    ledger = Ledger(Path(str(config["ledger"])))
    round_ = Round(grid, wait_s, int(str(config["fewest"])) or expected, ledger)
    nodes = wait_for_plants(grid, expected, wait_s)
    started = time.monotonic()
    opening = round_.ask(nodes, OFFER, RecordDict())
    offers = _offers(opening, round_)
    opening = [reply for reply in opening if reply.metadata.src_node_id in offers]
    wishes = {offers[reply.metadata.src_node_id].plant: text_of(reply.content, "wish") for reply in opening}
    wishes = {plant: reason for plant, reason in wishes.items() if reason}
    if bool(config["if-proposed"]) and not wishes:
        ledger.append(
            "not_proposed",
            {"started_by": str(config["started-by"]), "plants": sorted(offer.plant for offer in offers.values())},
        )
        write_result(result, {"proposed": {}, "ran": False, "ledger_head": ledger.head})
        return
    contract = agree(list(offers.values()))
    terms = contract.model_dump_json()
    ledger.append(
        "run",
        {"started_by": str(config["started-by"]), "proposed": wishes, "contract": json.loads(terms), "flower": FLOWER},
    )
    if bool(config["secure"]):
        publics = {
            node: text_of(reply.content, "public") for node, reply in zip(nodes_of(opening), opening, strict=True)
        }
        settled = _aggregate_masked(contract, offers, publics, round_)
    else:
        asked = RecordDict({"text": text_record(contract=terms, publics="{}", attempt="0")})
        settled = _aggregate(contract, offers, round_.ask(nodes_of(opening), CONTRIBUTE, asked), ledger)
    contract, shared = settled.contract, settled.shared
    terms = contract.model_dump_json()
    ledger.append("own_shares", contract.own_share)
    averaging, pieces = str(config["remainder"]), Pieces()
    if averaging:
        pieces = learn_remainder(grid, round_, nodes_of(opening), contract, shared, usual_run(averaging))
    told, convex = shared_to_record(shared), arrays_to_record(pieces)
    head = ledger.append("shared", {"sha256": digest(told), "pieces_sha256": digest(convex)}).sha256
    news = RecordDict({"text": text_record(contract=terms, head=head), "shared": told, "pieces": convex})
    replies = {text_of(reply.content, "plant"): reply for reply in round_.ask(nodes_of(opening), ADOPT, news)}
    errors = {plant: _errors(reply) for plant, reply in replies.items()}
    adopted = {p: {key: text_of(r.content, key) for key in ("version", "reason", "tuning")} for p, r in replies.items()}
    for plant in replies:
        ledger.append("judgement", {"plant": plant, **adopted[plant], "mean_absolute_errors": errors[plant]})
    seconds = time.monotonic() - started
    ledger.append("end", {"plants": sorted(replies), "seconds": round(seconds, 3)})
    body = {
        "ran": True,
        "proposed": wishes,
        "contract": contract.model_dump(mode="json"),
        "heats": {offer.plant: offer.heats for offer in offers.values()},
        "quarantined": settled.quarantined,
        "errors": errors,
        "adopted": adopted,
        "seconds": seconds,
        "shared": {name: found.mean.tolist() for name, found in shared.items()},
        "remainder": sorted(pieces),
        "model": SHARED_MODEL,
        "ledger_head": ledger.head,
    }
    save_shared(result.with_name(SHARED_MODEL), contract, shared, pieces)
    write_result(result, body)


def _aggregate(contract: Contract, offers: dict[int, Offer], replies: list[Message], ledger: Ledger) -> Settled:
    """Write down what every plant gave, put aside what must not be added, and add up the rest."""
    ballots, unreadable = {}, {}
    for reply in replies:
        offer, record = offers[reply.metadata.src_node_id], record_of(reply.content, "sums")
        try:
            ballots[offer.plant] = ballot_of(sums_from_record(record))
        except InputError as error:
            unreadable[offer.plant] = str(error)
        size = sum(len(array.data) for array in record.values())
        given = {"plant": offer.plant, "heats": offer.heats, "sha256": digest(record), "bytes": size}
        ledger.append("contribution", given)
    settled = settle(contract, ballots)
    settled = replace(settled, quarantined=unreadable | settled.quarantined)
    for plant, reason in settled.quarantined.items():
        ledger.append("quarantine", {"plant": plant, "reason": reason})
    for plant, bits in information_given(settled.contract, settled.sums).items():
        ledger.append("given", {"plant": plant, "bits": bits})
    return settled


def _aggregate_masked(contract: Contract, offers: dict[int, Offer], publics: dict[int, str], round_: Round) -> Settled:
    """Add up masked sums of plants that all answered; a round that one left, or could not be read, is repeated.

    What one plant gave cannot be told from it, so neither can it be judged: only the total is checked.
    """
    nodes = list(publics)
    like = sizes(contract)
    for attempt in itertools.count():
        named = json.dumps({offers[node].plant: publics[node] for node in nodes})
        text = text_record(contract=contract.model_dump_json(), publics=named, attempt=str(attempt))
        given = round_.ask(nodes, CONTRIBUTE, RecordDict({"text": text}))
        readable = _readable(given, masked_length(like), offers, round_)
        if len(readable) == len(nodes):
            break
        nodes = list(readable)
    for reply in given:
        offer, record = offers[reply.metadata.src_node_id], record_of(reply.content, "sums")
        body = {"plant": offer.plant, "heats": offer.heats, "masked": True, "sha256": digest(record)}
        round_.ledger.append("contribution", body | {"bytes": len(record[MASKED].data)})
    total = unmasked(list(readable.values()), like, contract.typical)
    return settle(contract, {"all plants together": ballot_of(total)})


def _readable(given: list[Message], length: int, offers: dict[int, Offer], round_: Round) -> dict[int, Whole]:
    """Masked sums by node; what cannot be read is put aside.

    Raises:
        TooFewPlantsError: too few are left.
    """
    found = {}
    for reply in given:
        node = reply.metadata.src_node_id
        try:
            found[node] = masked_from_record(record_of(reply.content, "sums"), length)
        except InputError as error:
            round_.ledger.append("quarantine", {"plant": offers[node].plant, "reason": str(error)})
    if len(found) < max(round_.fewest, FEWEST_MASKED):
        raise TooFewPlantsError(f"masked sums of {len(found)} plants can be read")
    return found


def _offers(opening: list[Message], round_: Round) -> dict[int, Offer]:
    """What plants bring, by node; one whose offer is of another version is left out and written down.

    Raises:
        TooFewPlantsError: too few are left; it says why.
    """
    offers, refused = {}, {}
    for reply in opening:
        node = reply.metadata.src_node_id
        try:
            offers[node] = read_offer(text_of(reply.content, "offer"))
        except InputError as error:
            refused[str(node)] = str(error)
    if refused:
        round_.ledger.append("refused", {"nodes": refused})
    if len(offers) < round_.fewest:
        told = "; ".join(f"node {node}: {reason}" for node, reason in refused.items())
        raise TooFewPlantsError(f"{len(offers)} of at least {round_.fewest} plants can take part; {told}")
    return offers


def _errors(reply: Message) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key, value in reply.content.metric_records["errors"].items():
        output, _, model = key.rpartition("/")
        found.setdefault(output, {})[model] = float(str(value))
    return found
