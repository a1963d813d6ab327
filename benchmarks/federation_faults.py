"""What goes wrong between plants and their coordinator, one kind at a time, with real processes: do they come through?

Each fault is survived if the person who started the process is told why, and it goes on by itself once the fault is
over.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.hostile import stored_heats
from federation.engine import (
    LEDGER,
    Coordinator,
    LocalPlant,
    end,
    free_port,
    operator_when_ready,
    start,
    tail,
    write_node,
)
from federation.errors import EngineError, TooFewPlantsError
from federation.flower.operator import Operator
from federation.keys.credentials import LOOPBACK, Credentials, certify, make_authority, make_credentials
from federation.keys.roster import read_roster, write_roster
from federation.ledger import LedgerInUseError, read_ledger, torn_line
from federation.sums_run import SumsRun

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
        folder: of all of it. database: with the plants' heats. port: that plants reach the coordinator at.
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


def plain_text_on_the_port(f: Federation) -> None:
    """A proxy's error page stands where the coordinator was."""
    f.let_in()
    with answering(f.port, b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 3\r\n\r\nbad"):
        f.join("northmill")
        f.until_told("northmill", "speaks no TLS")
    f.coordinate()
    f.until_online("northmill")


def hangs_up_at_once(f: Federation) -> None:
    """A load balancer without a coordinator behind it accepts and closes."""
    f.let_in()
    with answering(f.port, None):
        f.join("northmill")
        f.until_told("northmill", "cannot reach")
    f.coordinate()
    f.until_online("northmill")


def nobody_listens(f: Federation) -> None:
    """Plants are started before their coordinator."""
    f.let_in()
    f.join("northmill")
    f.until_told("northmill", "nobody listens at")
    f.coordinate()
    f.until_online("northmill")


def expired_certificate(f: Federation) -> None:
    """The coordinator's certificate has expired; it is renewed."""
    f.let_in()
    certify(f.keys, LOOPBACK, timedelta(seconds=-5))
    f.coordinate()
    f.join("northmill")
    f.until_told("northmill", "its certificate has expired")
    assert f.coordinator is not None
    end(f.coordinator)
    certify(f.keys, LOOPBACK)
    f.coordinate()
    f.until_online("northmill")


def wrong_host_name(f: Federation) -> None:
    """The certificate is for another name than the plant calls; the plant is told the right one."""
    f.let_in()
    f.coordinate()
    f.join("northmill", address=f"127.0.0.2:{f.port}")
    with _forward("127.0.0.2", f.port):
        f.until_told("northmill", "certificate is for other names than 127.0.0.2")
        certify(f.keys, "127.0.0.2")
        assert f.coordinator is not None
        end(f.coordinator)
        f.coordinate()
        f.until_online("northmill")


def another_authority(f: Federation) -> None:
    """The plant was given another federation's ca.pem; then the right one."""
    f.let_in()
    other = make_authority(f.folder / "other")
    f.coordinate()
    f.join("northmill", ca=other.ca)
    f.until_told("northmill", "not of the authority")
    end(f.plants["northmill"])
    f.join("northmill")
    f.until_online("northmill")


def unknown_key(f: Federation) -> None:
    """A plant that was not let in yet; then it is."""
    f.let_in()
    f.join("northmill", "eastport")
    everybody = read_roster(f.keys.roster).plants
    write_roster(f.keys.roster, {name: line for name, line in everybody.items() if name != "eastport"})
    operator = f.coordinate()
    f.until_told("eastport", "does not know this plant's key")
    operator.register(write_roster(f.keys.roster, everybody))
    f.until_online("northmill", "eastport")


def revoked_plant(f: Federation) -> None:
    """A plant is shut out while it is connected: at once, and the others go on."""
    operator = f.begin()
    plants = read_roster(f.keys.roster).plants
    operator.register(write_roster(f.keys.roster, {k: v for k, v in plants.items() if k != "riverside"}))
    f.until_told("riverside", "key")
    f.until_online("northmill", "eastport")


def clock_ahead(f: Federation) -> None:
    """A plant whose clock is a minute ahead; then it is right."""
    f.let_in()
    f.coordinate()
    f.join("northmill", ahead_s=AHEAD_S)
    f.until_told("northmill", "s ahead of the coordinator's")
    end(f.plants["northmill"])
    f.join("northmill")
    f.until_online("northmill")


def coordinator_killed_idle(f: Federation) -> None:
    """The coordinator is killed while nothing goes on, and started again."""
    f.let_in()
    f.coordinate()
    f.join("northmill")
    f.until_online("northmill")
    assert f.coordinator is not None
    f.coordinator.kill()
    f.coordinator.wait()
    f.until_told("northmill", "cannot reach")
    f.coordinate()
    f.until_online("northmill")


def coordinator_killed_in_a_run(f: Federation) -> None:
    """The coordinator is killed while sums are asked for, and started again."""
    _killed_when(f, "contribute")


def coordinator_killed_at_the_end(f: Federation) -> None:
    """The coordinator is killed while plants judge, and started again."""
    _killed_when(f, "adopt")


def _killed_when(f: Federation, asked: str) -> None:
    f.begin()

    def kill(what: str) -> None:
        if what.startswith(asked):
            assert f.coordinator is not None
            f.coordinator.kill()
            f.coordinator.wait()

    _fails(lambda: f.run(say=kill), EngineError)
    f.coordinate()
    f.until_online()
    f.runs_again()
    _ended(f, "failed")


def plant_killed_in_a_run(f: Federation) -> None:
    """A plant is killed while it adds up; two are enough, and it comes back."""
    f.begin()

    def kill(what: str) -> None:
        if what.startswith("contribute"):
            f.plants["riverside"].kill()
            f.plants["riverside"].wait()

    found = f.run(fewest=2, wait_s=12.0, say=kill)
    adopted = found["adopted"]
    if set(adopted if isinstance(adopted, dict) else ()) != {"northmill", "eastport"}:
        raise NotSurvivedError(f"judged at {adopted}")
    f.join("riverside")
    f.until_online()


def plant_missing(f: Federation) -> None:
    """All are needed and one does not answer: the run ends and names it."""
    f.begin()

    def stall(what: str) -> None:
        if what.startswith("offer"):
            f.plants["eastport"].send_signal(signal.SIGSTOP)

    reason = _fails(lambda: f.run(wait_s=6.0, say=stall), TooFewPlantsError)
    f.plants["eastport"].send_signal(signal.SIGCONT)
    if "eastport: no answer within 6 s" not in reason:
        raise NotSurvivedError(f"the run ended with {reason}")
    f.until_online()
    f.runs_again()
    _ended(f, "failed")


def torn_ledger(f: Federation) -> None:
    """A crash cut the ledger's last line."""
    f.begin()
    f.run()
    ledger = f.folder / LEDGER
    ledger.write_bytes(ledger.read_bytes() + b'{"index":99,"at":"2026-')
    if not torn_line(ledger):
        raise NotSurvivedError("the torn line is not seen")
    f.runs_again()
    if "repaired" not in {entry.kind for entry in read_ledger(ledger)}:
        raise NotSurvivedError("nothing tells of the repair")


def two_runs_at_once(f: Federation) -> None:
    """A second run is started while one goes on: it is refused, and the first is not disturbed."""
    f.begin()
    refused: list[str] = []

    def second(what: str) -> None:
        if what.startswith("offer"):
            refused.append(_fails(f.run, LedgerInUseError))

    f.run(say=second)
    if not refused or "a run is going on" not in refused[0]:
        raise NotSurvivedError(f"the second was told {refused}")
    f.runs_again()


def operator_killed_in_a_run(f: Federation) -> None:
    """The process that started a run is killed in the middle of it."""
    f.begin()
    code = (
        "import os, signal, sys; from pathlib import Path; from federation.engine import Coordinator, LEDGER\n"
        "from federation.sums_run import SumsRun\n"
        "folder = Path(sys.argv[1])\n"
        "run = SumsRun(plants=3, secure=False, started_by='a benchmark')\n"
        "Coordinator(folder, folder / LEDGER).run("
        "run, lambda what: os.kill(os.getpid(), signal.SIGKILL) if what.startswith('contribute') else None)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(f.folder)], check=False, timeout=SOON_S)
    f.runs_again()
    _ended(f, "broken_off")


def port_taken(f: Federation) -> None:
    """A second coordinator on the same port, then in the same folder: each is told why not."""
    f.let_in()
    f.coordinate()
    other = f.folder / "elsewhere"
    make_credentials(other / "keys", ("alpha",))
    for folder, port, reason in ((other, f.port, "an address that is free"), (f.folder, free_port(), "no other")):
        command = [sys.executable, "-m", "federation.flower.superlink", str(folder), str(port), LOOPBACK]
        done = subprocess.run(command, capture_output=True, text=True, timeout=SOON_S, check=False)
        if done.returncode == 0 or reason not in done.stderr:
            raise NotSurvivedError(f"it ended with {done.returncode}: {done.stderr[-400:]}")
    f.join("northmill")
    f.until_online("northmill")


FAULTS: dict[str, Callable[[Federation], None]] = {
    fault.__name__: fault
    for fault in (
        plain_text_on_the_port,
        hangs_up_at_once,
        nobody_listens,
        expired_certificate,
        wrong_host_name,
        another_authority,
        unknown_key,
        revoked_plant,
        clock_ahead,
        coordinator_killed_idle,
        coordinator_killed_in_a_run,
        coordinator_killed_at_the_end,
        plant_killed_in_a_run,
        plant_missing,
        torn_ledger,
        two_runs_at_once,
        operator_killed_in_a_run,
        port_taken,
    )
}


@contextmanager
def plants_with_heats() -> Iterator[str]:
    """The address of a database with the plants' heats, and no models."""
    with TemporaryDirectory() as temporary:
        yield stored_heats(Path(temporary), PLANTS)


def survived(fault: str, database: str) -> str:
    """Try a fault; returns why it was not survived, empty if it was."""
    with TemporaryDirectory() as temporary, ExitStack() as stack:
        federation = Federation(Path(temporary), database, stack)
        try:
            FAULTS[fault](federation)
        except (NotSurvivedError, EngineError, TooFewPlantsError) as error:
            logs = "\n".join(f"{log.name}: {tail(log, 5)}" for log in sorted(Path(temporary).glob("*.log")))
            return f"{error}\n{logs}"
    return ""


def _fails(what: Callable[[], object], how: type[Exception]) -> str:
    try:
        what()
    except how as error:
        return str(error)
    raise NotSurvivedError(f"it did not end with {how.__name__}")


def _ended(f: Federation, kind: str) -> None:
    if kind not in {entry.kind for entry in read_ledger(f.folder / LEDGER)}:
        raise NotSurvivedError(f"the ledger tells of no run that {kind}")


@contextmanager
def _forward(host: str, port: int) -> Iterator[None]:
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


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with plants_with_heats() as url:
        for name in sys.argv[1:] or FAULTS:
            began = time.monotonic()
            print(f"{name}: {survived(name, url) or 'survived'} ({time.monotonic() - began:.0f} s)", flush=True)
