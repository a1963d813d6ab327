"""A federation on this machine that can be broken: any process of it, its certificates, and what stands on its port."""

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.hostile import stored_heats
from federation.engine import (
    Coordinator,
    LocalPlant,
    free_port,
    operator_when_ready,
    start,
    write_node,
)
from federation.flower.operator import Operator
from federation.folder import LEDGER
from federation.keys.credentials import LOOPBACK, Credentials, make_credentials
from federation.keys.roster import read_roster, write_roster
from federation.ledger.ledger import read_ledger
from federation.run import SumsRun

PLANTS = {"northmill": 39, "riverside": 39, "eastport": 39}
"""Too few heats to judge by, so that a run is over soon."""
SOON_S = 45.0
AHEAD_S = 60.0
_CLOCK = """
import datetime, sys
import flwr.supernode.node_auth_http_interceptor as login
import federation.plant.diagnosis as diagnosis
from federation.plant import node
shift = datetime.timedelta(seconds={ahead})
usual = login.now
login.now = lambda: usual() + shift

class Ahead(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + shift

diagnosis.datetime = Ahead
sys.argv = ["node", {settings!r}]
node.main()
"""
"""A plant whose clock is ahead."""


class NotSurvivedError(AssertionError):
    """A fault was not survived; the message says what did not happen."""


@dataclass
class Federation:
    """A coordinator and plants on this machine, any of which can be broken.

    Attributes:
        folder: of all of it.
        database: with the plants' heats.
        port: that plants reach the coordinator at.
    """

    folder: Path
    database: str
    stack: ExitStack
    port: int = field(default_factory=free_port)
    coordinator: "subprocess.Popen[bytes] | None" = None
    plants: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)

    @property
    def keys(self) -> Credentials:
        """Of the coordinator's folder."""
        return Credentials(self.folder / "keys")

    @property
    def address(self) -> str:
        """Of the coordinator."""
        return f"{LOOPBACK}:{self.port}"

    def let_in(self) -> None:
        """Make keys for the plants, and a roster, where there are none."""
        make_credentials(self.folder / "keys", tuple(PLANTS))
        write_roster(self.keys.roster, {n: self.keys.plant_public_key(n).read_text("utf-8") for n in PLANTS})

    def coordinate(self) -> Operator:
        """Start the coordinator."""
        command = [sys.executable, "-m", "federation.flower.superlink", str(self.folder), str(self.port), LOOPBACK]
        self.coordinator, log = start(self.stack, "coordinator", command, self.folder)
        operator = operator_when_ready(self.folder, self.coordinator, log)
        operator.register(read_roster(self.keys.roster))
        return operator

    def join(self, *names: str, address: str = "", ca: Path | None = None, ahead_s: float = 0.0) -> None:
        """Start plants; all unless named."""
        for name in names or PLANTS:
            plant = LocalPlant(name, self.database, self.folder / "models" / name)
            settings = write_node(self.folder / "plants" / name, plant, self.keys, address or self.address)
            if ca is not None:
                settings.write_text(settings.read_text("utf-8").replace(str(self.keys.ca), str(ca)), "utf-8")
            code = _CLOCK.format(ahead=ahead_s, settings=str(settings))
            command = ["-c", code] if ahead_s else ["-m", "federation.plant.node", str(settings)]
            self.plants[name], _ = start(self.stack, f"plant-{name}", [sys.executable, *command], self.folder)

    def begin(self) -> Operator:
        """Let the plants in, start all of it, and wait until everybody is connected."""
        self.let_in()
        operator = self.coordinate()
        self.join()
        self.until_online()
        return operator

    def told(self, plant: str) -> str:
        """What the person who started a plant was told."""
        return (self.folder / f"plant-{plant}.log").read_text("utf-8", errors="replace")

    def until_told(self, plant: str, what: str, since: int = 0) -> None:
        """Wait until a plant says something.

        Raises:
            NotSurvivedError: it does not.
        """
        until(lambda: what in self.told(plant)[since:], f"{plant} says {what!r}; it said:\n{self.told(plant)[-600:]}")

    def online(self) -> set[str]:
        """Plants that are connected."""
        return {node.plant for node in Operator.of(self.folder).nodes() if node.status == "online"}

    def until_online(self, *names: str) -> None:
        """Wait until just these plants are connected; all unless named."""
        wanted = set(names or PLANTS)
        until(lambda: self.online() == wanted, f"{', '.join(sorted(wanted))} connected, not {self.online()}")

    def run(self, fewest: int = 0, wait_s: float = 60.0, say: Callable[[str], None] | None = None) -> dict[str, object]:
        """A run of sums in plain, without judgement of more than a moment."""
        asked = SumsRun(plants=3, fewest=fewest, secure=False, wait_s=wait_s, started_by="a benchmark")
        return Coordinator(self.folder, self.folder / LEDGER).run(asked, say)

    def runs_again(self, plants: int = 3) -> None:
        """A run works, and the ledger holds.

        Raises:
            NotSurvivedError: it does not.
        """
        found = self.run()
        adopted = found["adopted"]
        if not isinstance(adopted, dict) or len(adopted) != plants:
            raise NotSurvivedError(f"a run afterwards judged at {adopted}")
        read_ledger(self.folder / LEDGER)


def until(met: Callable[[], bool], what: str, seconds: float = SOON_S) -> None:
    """Wait for something.

    Raises:
        NotSurvivedError: it does not come about.
    """
    deadline = time.monotonic() + seconds
    while not met():
        if time.monotonic() > deadline:
            raise NotSurvivedError(f"not within {seconds:.0f} s: {what}")
        time.sleep(0.1)


@contextmanager
def answering(port: int, answer: bytes | None) -> Iterator[None]:
    """Something that is no coordinator on its port: it says something in plain text, or hangs up at once."""
    over = threading.Event()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
        listener.settimeout(0.2)

        def serve() -> None:
            while not over.is_set():
                try:
                    caller, _ = listener.accept()
                except TimeoutError:
                    continue
                with caller:
                    if answer is not None:
                        caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def forwarding(host: str, port: int) -> Iterator[None]:
    """Another address of this machine by which the coordinator is reached."""
    over = threading.Event()
    with closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
        listener.settimeout(0.2)

        def pump(one: socket.socket, other: socket.socket) -> None:
            try:
                while piece := one.recv(65536):
                    other.sendall(piece)
            except OSError:
                pass
            finally:
                for end_of in (one, other):
                    end_of.close()

        def serve() -> None:
            while not over.is_set():
                try:
                    caller, _ = listener.accept()
                except TimeoutError:
                    continue
                try:
                    behind = socket.create_connection((LOOPBACK, port))
                except OSError:
                    caller.close()
                    continue
                for pair in ((caller, behind), (behind, caller)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


@contextmanager
def plants_with_heats() -> Iterator[str]:
    """The address of a database with the plants' heats, and no models."""
    with TemporaryDirectory() as temporary:
        yield stored_heats(Path(temporary), PLANTS)
