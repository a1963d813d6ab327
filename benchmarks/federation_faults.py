"""What goes wrong between plants and their coordinator, one kind at a time, with real processes: do they come through?

Each fault is survived if the person who started the process is told why, and it goes on by itself once the fault is
over.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.breakable_federation import (
    AHEAD_S,
    SOON_S,
    Federation,
    NotSurvivedError,
    answering,
    forwarding,
    plants_with_heats,
)
from federation.engine import (
    end,
    free_port,
    tail,
)
from federation.folder import LEDGER
from federation.keys.credentials import LOOPBACK, certify, make_authority, make_credentials
from federation.keys.roster import read_roster, write_roster
from federation.ledger.errors import EngineError, TooFewPlantsError
from federation.ledger.ledger import LedgerInUseError, read_ledger, torn_line


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
    with forwarding("127.0.0.2", f.port):
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
        "import os, signal, sys; from pathlib import Path\n"
        "from federation.engine import Coordinator; from federation.folder import LEDGER\n"
        "from federation.run import SumsRun\n"
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


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with plants_with_heats() as url:
        for name in sys.argv[1:] or FAULTS:
            began = time.monotonic()
            print(f"{name}: {survived(name, url) or 'survived'} ({time.monotonic() - began:.0f} s)", flush=True)
