"""What stands before every strategy: updates that cannot be are put aside by name, too long ones are shortened.

What each participant sent and how it judged goes into the ledger, round by round.
"""

from collections.abc import Callable, Iterable

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord
from flwr.serverapp import Grid
from flwr.serverapp.strategy import Strategy

from federation.exchange.messages import digest
from federation.ledger.errors import TooFewPlantsError
from federation.ledger.ledger import Ledger
from federation.modules.settings import ModuleRun
from steel.heats import FloatArray

IMPLAUSIBLE = 10.0
"""Times the median length of a round's updates from which one is put aside, where there are enough to compare."""
ENOUGH = 4
Told = dict[str, dict[str, float | None]]
"""By participant and metric; None where it is no number."""


class Guarded(Strategy):  # type: ignore[misc]  # Flower's classes are untyped
    """A strategy whose replies are looked at first.

    Args:
        inner: the strategy.
        run: its clip norm; noise needs its own clipping, which is then left to it.
        ledger: where rounds are written down.
        names: of the participants, by their nodes.
        say: told of every round.

    Attributes:
        rounds: of each round, every participant's test metrics.
        quarantined: by round and participant, why its update was put aside.
    """

    def __init__(
        self,
        inner: Strategy,
        run: ModuleRun,
        ledger: Ledger,
        names: dict[int, str],
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._inner, self._run, self._ledger, self._names = inner, run, ledger, names
        self._say = say or (lambda what: None)
        self._shared = ArrayRecord()
        self._asked: set[str] = set()
        self.rounds: list[Told] = []
        self.quarantined: dict[int, dict[str, str]] = {}

    def summary(self) -> None:
        """Log the inner strategy's settings."""
        self._inner.summary()

    def configure_train(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """Remember what is sent, so that updates can be told from it."""
        self._say(f"round {server_round} of {self._run.rounds}")
        self._shared = arrays
        messages = list(self._inner.configure_train(server_round, arrays, config, grid))
        self._asked = {self._names[message.metadata.dst_node_id] for message in messages}
        return messages

    def configure_evaluate(
        self, server_round: int, arrays: ArrayRecord, config: ConfigRecord, grid: Grid
    ) -> Iterable[Message]:
        """As the inner strategy has it."""
        messages: Iterable[Message] = self._inner.configure_evaluate(server_round, arrays, config, grid)
        return messages

    def aggregate_train(
        self, server_round: int, replies: Iterable[Message]
    ) -> tuple[ArrayRecord | None, MetricRecord | None]:
        """Put aside what cannot be, shorten what is too long, and hand on the rest.

        Raises:
            TooFewPlantsError: fewer participants answered than the run asks for, or none with an update to use.
        """
        sent, good, refused = {}, [], {}
        for reply in replies:
            node = self._name(reply)
            if reply.has_error():
                refused[node] = f"no update: {reply.error.reason}"
                continue
            record = reply.content.array_records["arrays"]
            sent[node] = digest(record)
            wrong = self._wrong(record)
            if wrong:
                refused[node] = wrong
            else:
                good.append(reply)
        good, far = self._near(good)
        refused |= far
        refused |= dict.fromkeys(sorted(self._asked - set(sent) - set(refused)), "no answer")
        if self._run.clip_norm is not None and self._run.noise_multiplier == 0:
            for reply in good:
                self._shorten(reply, self._run.clip_norm)
        self.quarantined[server_round] = refused
        body = {"round": server_round, "updates_sha256": sent, "put_aside": refused}
        if len(sent) < self._run.least or not good:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in refused.items())
            self._ledger.append("module_round", body)
            raise TooFewPlantsError(
                f"round {server_round}: {len(sent)} of at least {self._run.least} updates; {reasons}"
            )
        arrays, metrics = self._inner.aggregate_train(server_round, good)
        if arrays is not None:
            # Server optimisers answer in double precision; the module keeps its own.
            arrays = ArrayRecord(
                {name: Array(arrays[name].numpy().astype(was.numpy().dtype)) for name, was in self._shared.items()}
            )
            body["module_sha256"] = digest(arrays)
        self._ledger.append("module_round", body)
        return arrays, metrics

    def aggregate_evaluate(self, server_round: int, replies: Iterable[Message]) -> MetricRecord | None:
        """Keep what every participant's test set says, then average it as the inner strategy does."""
        answers = list(replies)
        metrics = {
            self._name(reply): {k: _finite(v) for k, v in reply.content.metric_records["metrics"].items()}
            for reply in answers
            if not reply.has_error()
        }
        self.rounds.append(metrics)
        self._ledger.append("module_metrics", {"round": server_round, "metrics": metrics})
        return self._inner.aggregate_evaluate(server_round, answers)

    def _name(self, reply: Message) -> str:
        return self._names[reply.metadata.src_node_id]

    def _wrong(self, record: ArrayRecord) -> str:
        """Why an update cannot be used, in words; empty where it can."""
        if list(record) != list(self._shared):
            return f"its arrays are {', '.join(record)}, not {', '.join(self._shared)}"
        for name, shared in self._shared.items():
            mine = record[name]
            if tuple(mine.shape) != tuple(shared.shape) or mine.dtype != shared.dtype:
                return f"{name} is {mine.dtype}{tuple(mine.shape)}, not {shared.dtype}{tuple(shared.shape)}"
            if not np.isfinite(mine.numpy()).all():
                return f"{name} has values that are no numbers"
        return ""

    def _near(self, replies: list[Message]) -> tuple[list[Message], dict[str, str]]:
        """The updates but those that are implausibly long beside the others."""
        lengths = [self._length(reply) for reply in replies]
        if len(lengths) < ENOUGH:
            return replies, {}
        usual = float(np.median(lengths))
        near, far = [], {}
        for reply, length in zip(replies, lengths, strict=True):
            if length > IMPLAUSIBLE * usual:
                far[self._name(reply)] = f"its update is {length / usual:.0f} x as long as usual"
            else:
                near.append(reply)
        return near, far

    def _update(self, reply: Message) -> list[FloatArray]:
        record = reply.content.array_records["arrays"]
        return [record[name].numpy() - shared.numpy() for name, shared in self._shared.items()]

    def _length(self, reply: Message) -> float:
        return float(np.sqrt(sum(float((part.astype(np.float64) ** 2).sum()) for part in self._update(reply))))

    def _shorten(self, reply: Message, longest: float) -> None:
        length = self._length(reply)
        if length <= longest:
            return
        parts = zip(self._shared.items(), self._update(reply), strict=True)
        factor = longest / length
        reply.content["arrays"] = ArrayRecord(
            {name: Array((was.numpy() + factor * part).astype(part.dtype)) for (name, was), part in parts}
        )


def _finite(value: object) -> float | None:
    number = float(str(value))
    return number if np.isfinite(number) else None
