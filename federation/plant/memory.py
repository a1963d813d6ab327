"""What a plant remembers between runs: which it answered, and of which heats it last told whom."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import ValidationError

from steel.errors import InputError
from steel.frozen import Frozen
from steel.heats import HeatLog
from surrogate.store.artifact import data_summary

DAY = timedelta(hours=24)
RUNS_KEPT = 1000


class LastTold(Frozen):
    """The last sums that were given away.

    Attributes:
        plants: with whom.
        heats: how many were behind them.
        record: which heats, as a hash.
    """

    plants: tuple[str, ...]
    heats: int
    record: str


class Memory(Frozen):
    """What a plant remembers.

    Attributes:
        runs: numbers of the runs it answered, the newest last, with the time of each, ISO in UTC.
        told: what was given away last, by stage.
    """

    runs: tuple[tuple[str, str], ...] = ()
    told: dict[str, LastTold] = {}

    def may_tell(self, stage: str, plants: frozenset[str], log: HeatLog, new_heats_at_least: int) -> str:
        """Why a stage's sums of a record must not be given away to a set of plants; empty if they may.

        Two totals differ by what changed between them. With the same plants and the same heats nothing did; else
        enough heats of this plant must have come that what changed is not one heat, or one other plant.
        """
        last = self.told.get(stage)
        if last is None:
            return ""
        same = tuple(sorted(plants)) == last.plants and data_summary(log)["sha256"] == last.record
        new = len(log) - last.heats
        if same or new >= new_heats_at_least:
            return ""
        return f"{max(new, 0)} new heats since it last told of them; its policy asks for {new_heats_at_least}"

    def runs_since(self, moment: datetime) -> int:
        """Runs answered since a moment."""
        return sum(datetime.fromisoformat(at) >= moment for _, at in self.runs)

    def knows(self, run: str) -> bool:
        """Whether a run was answered before."""
        return any(number == run for number, _ in self.runs)


class Remembering:
    """A plant's memory on disk.

    Args:
        path: of the file.

    Raises:
        InputError: the file cannot be read: a plant that forgot what it told tells nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.memory = _read(path)

    def begin(self, run: str) -> None:
        """A run is being answered."""
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self._keep(self.memory.model_copy(update={"runs": (*self.memory.runs, (run, at))[-RUNS_KEPT:]}))

    def tell(self, stage: str, plants: frozenset[str], log: HeatLog) -> None:
        """A stage's sums of a record are being given away."""
        told = LastTold(plants=tuple(sorted(plants)), heats=len(log), record=str(data_summary(log)["sha256"]))
        self._keep(self.memory.model_copy(update={"told": self.memory.told | {stage: told}}))

    def _keep(self, memory: Memory) -> None:
        self.memory = memory
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self._path.with_suffix(".part")
        part.write_text(memory.model_dump_json(indent=1), "utf-8")
        part.replace(self._path)


def _read(path: Path) -> Memory:
    if not path.is_file():
        return Memory()
    try:
        return Memory.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise InputError(str(path), "plant's memory of its answers", "the file as it was written") from error
