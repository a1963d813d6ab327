"""A run of sums from the coordinator's side: agree, add up, let the plants judge. It sees totals, and never a heat."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from flwr.app import RecordDict
from flwr.serverapp import Grid

from federation.exchange.masked import Masked
from federation.exchange.messages import (
    ADOPT,
    CONTRIBUTE,
    HELLO,
    OFFER,
    OFFERS,
    SUMS,
    arrays_to_record,
    digest,
    record_of,
    sums_from_record,
    sums_to_record,
    text_of,
    text_record,
)
from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import Ledger
from federation.ledger.quorum import Round, wait_for_plants
from federation.modules.settings import Averaging
from federation.plant.session import Asked
from federation.remainder.remainder import usual_run
from federation.remainder.rounds import learn_remainder
from federation.sums.contract import Contract, Hello, Offer, Terms, agreed, common, offered, read_said
from federation.sums.contributions import information_given
from federation.sums.flattened import OFFERS_UNIT, SUMS_UNIT, flat_length, unflattened
from federation.sums.hierarchy import Pieces
from federation.sums.published import save_shared
from federation.sums.screening import total as added
from federation.sums.shares import Tally, ballot_of, sizes, tally
from steel.errors import InputError
from steel.frozen import Frozen

FLOWER = version("flwr")
SHARED_MODEL = "shared.safetensors"
"""Written beside the result."""
ODD = 10.0
"""Factor from the median plant's mean analysis from which an offer is put aside."""
FEWEST_TO_JUDGE = 3


class SumsRun(Frozen):
    """What a run is started with.

    Attributes:
        plants: that must be connected to begin.
        fewest: answers without which nothing is done; 0 means all plants'.
        secure: whether plants mask what they send, so that only totals can be seen.
        if_proposed: whether nothing is to be done unless a plant wants a round.
        remainder: how the weights of a convex remainder are averaged; None learns none.
        wait_s: for plants, and for every answer.
        started_by: who started it.
    """

    plants: int
    fewest: int = 0
    secure: bool = True
    if_proposed: bool = False
    remainder: Averaging | None = None
    wait_s: float = 120.0
    started_by: str

    def check(self) -> None:
        """Whether what is asked for goes together.

        Raises:
            InputError: a remainder is asked of a secure run.
        """
        if self.secure and self.remainder:
            expected = "none in a secure run: its weights would show what one plant has"
            raise InputError(self.remainder, "remainder", expected)


@dataclass(frozen=True)
class _Run:
    asked: SumsRun
    round: Round
    number: str
    names: dict[int, str]
    say: Callable[[str], None]


def run_sums(
    grid: Grid, run: SumsRun, ledger: Ledger, folder: Path, number: str, say: Callable[[str], None] | None = None
) -> dict[str, Any]:
    """Run the federation once; returns what was found, and writes the shared model to the folder.

    Args:
        grid: reaches the plants and knows their names.
        run: what was asked for.
        ledger: where all of it is written down, however it ends.
        folder: of the coordinator.
        number: of the run.
        say: told how it goes.

    Raises:
        TooFewPlantsError: fewer plants connected, or answered, than must.
        InputError: what plants brought cannot be brought together.
    """
    run.check()
    tell = say or (lambda what: None)
    begun = {"started_by": run.started_by, "run": number, "asked": run.model_dump(mode="json"), "flower": FLOWER}
    with ledger.run(begun):
        tell(f"waiting for {run.plants} plants")
        names = wait_for_plants(grid, run.plants, run.wait_s)
        round_ = Round(grid, run.wait_s, run.fewest or run.plants, ledger, names, tell)
        return _Sums(_Run(run, round_, number, names, tell), grid, folder).run()


class _Sums:
    """One run while it lasts."""

    def __init__(self, run: _Run, grid: Grid, folder: Path) -> None:
        self._run, self._grid, self._folder = run, grid, folder
        self._round, self._asked, self._ledger = run.round, run.asked, run.round.ledger
        self._heats: dict[str, int] = {}
        self._there: list[int] = []

    def run(self) -> dict[str, Any]:
        """Every stage in turn."""
        started = time.monotonic()
        hellos, proposals = self._greeted()
        if self._asked.if_proposed and not proposals:
            body = {"started_by": self._asked.started_by, "plants": sorted(hello.plant for hello in hellos.values())}
            self._ledger.append("not_proposed", body)
            return {"proposed": {}, "ran": False, "ledger_head": self._ledger.head}
        terms = common(list(hellos.values()))
        masked = Masked(self._round, self._run.number, list(hellos)) if self._asked.secure else None
        nodes, contract = self._agree_masked(terms, masked) if masked else self._agree(terms, list(hellos))
        facts = {"started_by": self._asked.started_by, "proposed": proposals, "flower": FLOWER}
        self._ledger.append("run", facts | {"contract": contract.model_dump(mode="json"), "secure": bool(masked)})
        tallied = self._tally_masked(contract, masked) if masked else self._tally(contract, nodes)
        nodes = masked.nodes if masked else self._there
        contract, shared = tallied.contract, tallied.shared
        self._ledger.append("own_shares", contract.own_share)
        pieces = Pieces()
        if self._asked.remainder:
            self._run.say("convex remainder, round by round")
            pieces = learn_remainder(self._grid, self._round, nodes, contract, shared, usual_run(self._asked.remainder))
        replies = self._adopted(tallied, pieces, nodes)
        seconds = time.monotonic() - started
        self._ledger.append("end", {"plants": sorted(replies), "seconds": round(seconds, 3)})
        save_shared(self._folder / SHARED_MODEL, contract, shared, pieces)
        return {
            "ran": True,
            "secure": self._asked.secure,
            "proposed": proposals,
            "contract": contract.model_dump(mode="json"),
            "heats": self._heats,
            "quarantined": tallied.quarantined,
            "errors": {plant: _errors(content) for plant, content in replies.items()},
            "adopted": {plant: _verdict(content) for plant, content in replies.items()},
            "seconds": seconds,
            "shared": {name: found.mean.tolist() for name, found in shared.items()},
            "remainder": sorted(pieces),
            "model": SHARED_MODEL,
            "ledger_head": self._ledger.head,
        }

    def _greeted(self) -> tuple[dict[int, Hello], dict[str, str]]:
        """Who takes part, by node, and which of them want a round; who is of another version is left out.

        Raises:
            TooFewPlantsError: too few are left; it says why.
        """
        run = self._asked
        said = Asked(plants=run.plants, secure=run.secure, remainder=bool(run.remainder), started_by=run.started_by)
        asked = RecordDict({"text": text_record(asked=said.model_dump_json())})
        hellos, proposals, refused = {}, {}, {}
        for node, content in self._round.ask(list(self._run.names), HELLO, asked).items():
            name = self._round.name(node)
            try:
                hello = read_said(text_of(content, "hello"), Hello)
            except (InputError, KeyError) as error:
                refused[name] = str(error)
                continue
            if hello.plant != name:
                refused[name] = f"it says it is {hello.plant}, but its key is {name}'s"
                continue
            hellos[node] = hello
            if text_of(content, "proposal"):
                proposals[name] = text_of(content, "proposal")
        if refused:
            self._ledger.append("refused", {"plants": refused})
        self._enough(len(hellos), refused)
        return hellos, proposals

    def _agree_masked(self, terms: Terms, masked: Masked) -> tuple[list[int], Contract]:
        question = {"terms": terms.model_dump_json()}
        total = masked.total(OFFERS, OFFER, question, terms.length, OFFERS_UNIT)
        return masked.nodes, agreed(terms, total)

    def _agree(self, terms: Terms, nodes: list[int]) -> tuple[list[int], Contract]:
        """The contract of offers that are seen one by one; who is far from all others is left out."""
        plants = json.dumps(sorted(self._round.name(node) for node in nodes))
        asked = RecordDict({"text": text_record(terms=terms.model_dump_json(), plants=plants)})
        offers, refused = {}, {}
        for node, content in self._round.ask(nodes, OFFER, asked).items():
            try:
                offers[node] = read_said(text_of(content, "offer"), Offer)
            except (InputError, KeyError) as error:
                refused[self._round.name(node)] = str(error)
        for node, reason in _odd(offers, terms).items():
            refused[self._round.name(node)] = reason
            del offers[node]
        if refused:
            self._ledger.append("refused", {"plants": refused})
        self._enough(len(offers), refused)
        self._heats = {self._round.name(node): offer.heats for node, offer in offers.items()}
        total = np.sum([offered(offer, terms) for offer in offers.values()], axis=0)
        return list(offers), agreed(terms, total)

    def _tally_masked(self, contract: Contract, masked: Masked) -> Tally:
        """Add up masked sums. What one plant gave cannot be told from them, so only the total is checked."""
        like = sizes(contract)
        question = {"contract": contract.model_dump_json()}
        total = masked.total(SUMS, CONTRIBUTE, question, flat_length(like), SUMS_UNIT)
        return tally(contract, {"all plants together": ballot_of(unflattened(total, like, contract.typical))})

    def _tally(self, contract: Contract, nodes: list[int]) -> Tally:
        """Write down what every plant gave, put aside what must not be added, and add up the rest."""
        plants = json.dumps(sorted(self._round.name(node) for node in nodes))
        asked = RecordDict({"text": text_record(contract=contract.model_dump_json(), plants=plants)})
        ballots, unreadable = {}, {}
        answers = self._round.ask(nodes, CONTRIBUTE, asked)
        self._there = list(answers)
        for node, content in answers.items():
            plant, record = self._round.name(node), record_of(content, "sums")
            try:
                ballots[plant] = ballot_of(sums_from_record(record))
            except InputError as error:
                unreadable[plant] = str(error)
            size = sum(len(array.data) for array in record.values())
            given = {"plant": plant, "heats": self._heats[plant], "sha256": digest(record), "bytes": size}
            self._ledger.append("contribution", given)
        tallied = tally(contract, ballots)
        tallied = replace(tallied, quarantined=unreadable | tallied.quarantined)
        for plant, reason in tallied.quarantined.items():
            self._ledger.append("quarantine", {"plant": plant, "reason": reason})
        for plant, bits in information_given(tallied.contract, tallied.sums).items():
            self._ledger.append("given", {"plant": plant, "bits": bits})
        return tallied

    def _adopted(self, tallied: Tally, pieces: Pieces, nodes: list[int]) -> dict[str, RecordDict]:
        """What plants made of the total, each written down as soon as it is known."""
        total, convex = sums_to_record(added(tallied.sums.values())), arrays_to_record(pieces)
        put_aside = json.dumps(sorted(tallied.quarantined))
        body = {"sha256": digest(total), "pieces_sha256": digest(convex)}
        head = self._ledger.append("shared", body).sha256
        text = text_record(contract=tallied.contract.model_dump_json(), head=head, put_aside=put_aside)
        news = RecordDict({"text": text, "total": total, "pieces": convex})
        replies = {self._round.name(n): content for n, content in self._round.ask(nodes, ADOPT, news, fewest=0).items()}
        for plant, content in replies.items():
            found = {"plant": plant, **_verdict(content), "mean_absolute_errors": _errors(content)}
            self._ledger.append("judgement", found)
        self._enough(len(replies), {})
        return replies

    def _enough(self, plants: int, refused: dict[str, str]) -> None:
        if plants < self._round.fewest:
            reasons = "".join(f"; {plant}: {reason}" for plant, reason in refused.items())
            raise TooFewPlantsError(f"{plants} of at least {self._round.fewest} plants can take part{reasons}")


def _odd(offers: dict[int, Offer], terms: Terms) -> dict[int, str]:
    """Offers whose mean analyses are far from the median plant's, by node, and which."""
    found: dict[int, str] = {}
    if len(offers) < FEWEST_TO_JUDGE:
        return found
    for output in terms.outputs:
        means = {
            node: offer.output_sum.get(output, 0.0) / offer.output_count[output]
            for node, offer in offers.items()
            if offer.output_count.get(output, 0.0) > 0
        }
        usual = float(np.median(list(means.values()))) if means else 0.0
        for node, mean in means.items():
            if usual > 0 and not usual / ODD <= mean <= usual * ODD:
                found.setdefault(node, f"its mean {output} is {mean:.3g} where the median plant has {usual:.3g}")
    return found


def _verdict(content: RecordDict) -> dict[str, Any]:
    facts = {key: text_of(content, key) for key in ("version", "reason", "tuning")}
    return {**facts, "outputs": json.loads(text_of(content, "outputs"))}


def _errors(content: RecordDict) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for key, value in content.metric_records["errors"].items():
        output, _, model = key.rpartition("/")
        found.setdefault(output, {})[model] = float(str(value))
    return found
