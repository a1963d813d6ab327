"""The coordinator's side on Flower. It sees contracts, sums and errors; never a heat."""

import json
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from flwr.app import Context, Message, RecordDict
from flwr.serverapp import Grid, ServerApp

from federation.contract import Contract, Offer, agree
from federation.hierarchy import Shared
from federation.ledger import Ledger
from federation.messages import (
    ADOPT,
    CONTRIBUTE,
    OFFER,
    digest,
    shared_to_record,
    sums_from_record,
    text_of,
    text_record,
)
from federation.screening import aggregate

app = ServerApp()
FLOWER = version("flwr")


class TooFewPlantsError(RuntimeError):
    """Fewer plants connected, or answered, than the run was started for."""


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
    offers = {reply.metadata.src_node_id: _offer(reply) for reply in opening}
    contract = agree(list(offers.values()))
    terms = contract.model_dump_json()
    ledger.append("run", {"started_by": str(config["started-by"]), "contract": json.loads(terms), "flower": FLOWER})
    asked = RecordDict({"text": text_record(contract=terms)})
    given = round_.ask(_nodes(opening), CONTRIBUTE, asked)
    shared, quarantined = _aggregate(contract, offers, given, ledger)
    told = shared_to_record(shared)
    head = ledger.append("shared", {"sha256": digest(told)}).sha256
    news = RecordDict({"text": text_record(contract=terms, head=head), "shared": told})
    replies = {text_of(reply.content, "plant"): reply for reply in round_.ask(_nodes(opening), ADOPT, news)}
    errors = {plant: _errors(reply) for plant, reply in replies.items()}
    adopted = {p: {key: text_of(r.content, key) for key in ("version", "reason")} for p, r in replies.items()}
    for plant in replies:
        ledger.append("judgement", {"plant": plant, **adopted[plant], "mean_absolute_errors": errors[plant]})
    seconds = time.monotonic() - started
    ledger.append("end", {"plants": sorted(replies), "seconds": round(seconds, 3)})
    body = {
        "contract": contract.model_dump(mode="json"),
        "heats": {offer.plant: offer.heats for offer in offers.values()},
        "quarantined": quarantined,
        "errors": errors,
        "adopted": adopted,
        "seconds": seconds,
        "shared": {name: found.mean.tolist() for name, found in shared.items()},
        "ledger_head": ledger.head,
    }
    _write_result(result, body)


def _aggregate(
    contract: Contract, offers: dict[int, Offer], replies: list[Message], ledger: Ledger
) -> tuple[Shared, dict[str, str]]:
    """Write down what every plant gave, put aside what must not be added, and add up the rest."""
    sums = {}
    for reply in replies:
        offer, record = offers[reply.metadata.src_node_id], reply.content.array_records["sums"]
        sums[offer.plant] = sums_from_record(record)
        size = sum(len(array.data) for array in record.values())
        given = {"plant": offer.plant, "heats": offer.heats, "sha256": digest(record), "bytes": size}
        ledger.append("contribution", given)
    shared, quarantined = aggregate(contract, sums)
    for plant, reason in quarantined.items():
        ledger.append("quarantine", {"plant": plant, "reason": reason})
    return shared, quarantined


def wait_for_plants(grid: Grid, plants: int, wait_s: float) -> list[int]:
    """Node ids of the plants, once enough have connected.

    Raises:
        TooFewPlantsError: they did not within the time.
    """
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        nodes = list(grid.get_node_ids())
        if len(nodes) >= plants:
            return nodes
        time.sleep(0.2)
    raise TooFewPlantsError(f"{len(nodes)} of {plants} plants connected within {wait_s:.0f} s")


@dataclass(frozen=True)
class Round:
    """Who takes part in a run, and where it is written down who does not.

    Attributes:
        fewest: plants without which nothing is done.
    """

    grid: Grid
    wait_s: float
    fewest: int
    ledger: Ledger

    def ask(self, nodes: list[int], message_type: str, content: RecordDict) -> list[Message]:
        """The answers to one message; a plant that fails or does not answer is left out and written down.

        Raises:
            TooFewPlantsError: fewer answered than must; it says what became of the others.
        """
        asked = [Message(content, node, message_type) for node in nodes]
        replies: Iterable[Message] = self.grid.send_and_receive(asked, timeout=self.wait_s)
        answers = sorted(replies, key=lambda reply: nodes.index(reply.metadata.src_node_id))
        absent = {str(reply.metadata.src_node_id): str(reply.error) for reply in answers if reply.has_error()}
        silent = set(nodes) - {reply.metadata.src_node_id for reply in answers}
        absent |= {str(node): f"no answer within {self.wait_s:.0f} s" for node in sorted(silent)}
        if absent:
            self.ledger.append("absent", {"message": message_type, "nodes": absent})
        good = [reply for reply in answers if not reply.has_error()]
        if len(good) < self.fewest:
            told = "; ".join(f"node {node}: {reason}" for node, reason in absent.items())
            raise TooFewPlantsError(f"{message_type}: {len(good)} of at least {self.fewest} plants answered; {told}")
        return good


def _nodes(replies: Iterable[Message]) -> list[int]:
    return [reply.metadata.src_node_id for reply in replies]


def _offer(reply: Message) -> Offer:
    return Offer.model_validate_json(text_of(reply.content, "offer"))


def _errors(reply: Message) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key, value in reply.content.metric_records["errors"].items():
        output, _, model = key.rpartition("/")
        found.setdefault(output, {})[model] = float(str(value))
    return found


def _write_result(path: Path, body: dict[str, Any]) -> None:
    part = path.with_suffix(".part")
    part.write_text(json.dumps(body, indent=1), "utf-8")
    part.replace(path)
