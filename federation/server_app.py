"""The coordinator's side on Flower. It sees contracts, sums and errors; never a heat."""

import json
import time
from collections.abc import Iterable
from functools import reduce
from operator import add
from pathlib import Path
from typing import Any

from flwr.app import Context, Message, RecordDict
from flwr.serverapp import Grid, ServerApp

from federation.contract import Contract, Offer, agree
from federation.hierarchy import Shared, combine
from federation.messages import (
    ADOPT,
    CONTRIBUTE,
    OFFER,
    shared_to_record,
    sums_from_record,
    text_of,
    text_record,
)

app = ServerApp()


class TooFewPlantsError(RuntimeError):
    """Fewer plants connected, or answered, than the run was started for."""


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Agree, add up, let the plants judge and adopt; write what was found to the run's result file."""
    config = context.run_config
    wait_s, result = float(str(config["wait-s"])), Path(str(config["result"]))
    nodes = wait_for_plants(grid, int(str(config["plants"])), wait_s)
    started = time.monotonic()
    offers = [_offer(reply) for reply in ask_all(grid, nodes, OFFER, RecordDict(), wait_s)]
    contract = agree(offers)
    terms = RecordDict({"text": text_record(contract=contract.model_dump_json())})
    shared = combine(contract, _add_up(ask_all(grid, nodes, CONTRIBUTE, terms, wait_s)))
    news = RecordDict({"text": text_record(contract=contract.model_dump_json()), "shared": shared_to_record(shared)})
    replies = {text_of(reply.content, "plant"): reply for reply in ask_all(grid, nodes, ADOPT, news, wait_s)}
    errors = {plant: _errors(reply) for plant, reply in replies.items()}
    adopted = {p: {key: text_of(r.content, key) for key in ("version", "reason")} for p, r in replies.items()}
    _write_result(result, contract, shared, offers, errors, adopted, time.monotonic() - started)


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


def ask_all(grid: Grid, nodes: list[int], message_type: str, content: RecordDict, wait_s: float) -> list[Message]:
    """Every plant's answer to one message.

    Raises:
        TooFewPlantsError: a plant answered with an error or not at all; it says which.
    """
    asked = [Message(content, node, message_type) for node in nodes]
    replies: Iterable[Message] = grid.send_and_receive(asked, timeout=wait_s)
    answers = sorted(replies, key=lambda reply: nodes.index(reply.metadata.src_node_id))
    failed = [f"node {reply.metadata.src_node_id}: {reply.error}" for reply in answers if reply.has_error()]
    silent = set(nodes) - {reply.metadata.src_node_id for reply in answers}
    failed += [f"node {node}: no answer within {wait_s:.0f} s" for node in sorted(silent)]
    if failed:
        raise TooFewPlantsError(f"{message_type}: " + "; ".join(failed))
    return answers


def _offer(reply: Message) -> Offer:
    return Offer.model_validate_json(text_of(reply.content, "offer"))


def _add_up(replies: list[Message]) -> dict[str, Any]:
    sums = [sums_from_record(reply.content.array_records["sums"]) for reply in replies]
    return {name: reduce(add, (each[name] for each in sums)) for name in sums[0]}


def _errors(reply: Message) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key, value in reply.content.metric_records["errors"].items():
        output, _, model = key.rpartition("/")
        found.setdefault(output, {})[model] = float(str(value))
    return found


def _write_result(
    path: Path,
    contract: Contract,
    shared: Shared,
    offers: list[Offer],
    errors: dict[str, dict[str, dict[str, float]]],
    adopted: dict[str, dict[str, str]],
    seconds: float,
) -> None:
    body = {
        "contract": contract.model_dump(mode="json"),
        "heats": {offer.plant: offer.heats for offer in offers},
        "errors": errors,
        "adopted": adopted,
        "seconds": seconds,
        "shared": {name: found.mean.tolist() for name, found in shared.items()},
    }
    part = path.with_suffix(".part")
    part.write_text(json.dumps(body, indent=1), "utf-8")
    part.replace(path)
