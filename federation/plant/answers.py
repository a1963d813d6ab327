"""What a plant answers: everything that leaves goes through here, and is written down in words and bytes before.

What a plant refuses it refuses in words of its own; what goes wrong is told at the plant alone.
"""

import logging
from collections.abc import Callable

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp

from federation.exchange.messages import HELLO, MASKED, size_and_digest, text_of
from federation.flower.bundles import App
from federation.modules.client_app import app_for as modules_app_for
from federation.plant.plant import Plant
from federation.plant.refusal import RefusedError
from federation.plant.session import Asked, Session, check_day
from federation.plant.sums_answers import ANSWERS, checked
from federation.remainder.client import add_handlers
from federation.sums.participant import Participant

REFUSED, FAILED = 1001, 1002
"""Codes of errors that a plant answers with."""
SESSIONS_KEPT = 4
_log = logging.getLogger("chargewise.federation")


class Answers:
    """One plant's answers to the messages of all runs of one kind.

    Args:
        plant: at home.
        app: what kind of run.
        say: told what a person at the plant should see.
    """

    def __init__(self, plant: Plant, app: App = "sums", say: Callable[[str], None] | None = None) -> None:
        self._plant, self._is_sums = plant, app == "sums"
        self._say = say or (lambda what: None)
        self._sessions: dict[str, Session] = {}
        self._modules_runs: set[str] = set()
        self._running = ""
        # Weights go Flower's own way: of a shared remainder, or of a module of the plant's own.
        self._app = ClientApp() if self._is_sums else modules_app_for(self._taking_part)
        if self._is_sums:
            add_handlers(self._app, self._participant)

    def __call__(self, message: Message, context: Context) -> Message:
        """Answer one message; whatever is wrong becomes an answer too."""
        run, kind = str(message.metadata.run_id), str(message.metadata.message_type)
        self._running = run
        try:
            content = self._content(kind, message, context)
        except RefusedError as refusal:
            return self.refuse(message, str(refusal))
        except Exception as error:
            # Whatever it is may name heats or suppliers: it is told at the plant alone.
            _log.exception("%s of run %s", kind, run)
            self._plant.outbox.write(run, kind, refused=f"could not be answered: {error}")
            self._say(f"run {run}: {kind} could not be answered: {error}")
            return Message(Error(FAILED, "it could not answer; the plant's own log says why"), reply_to=message)
        size, digest = size_and_digest(content)
        self._plant.outbox.write(run, kind, in_words(kind, content), size=size, sha256=digest)
        return Message(content, reply_to=message)

    def refuse(self, message: Message, reason: str) -> Message:
        """Answer that a message is not answered, and why."""
        run, kind = str(message.metadata.run_id), str(message.metadata.message_type)
        self._plant.outbox.write(run, kind, refused=reason)
        self._say(f"run {run}: refused {kind}: {reason}")
        return Message(Error(REFUSED, f"refused: {reason}"), reply_to=message)

    def _content(self, kind: str, message: Message, context: Context) -> RecordDict:
        if self._is_sums and kind == HELLO:
            self._open(message)
        if self._is_sums and kind in ANSWERS:
            return ANSWERS[kind](self._plant, self._session(), message.content, self._say)
        return self._app(message, context).content

    def _open(self, message: Message) -> None:
        asked = checked(lambda: Asked.model_validate_json(text_of(message.content, "asked")))
        if self._running in self._sessions:
            raise RefusedError("this run has begun already")
        session = Session.open(self._plant, self._running, asked)
        while len(self._sessions) >= SESSIONS_KEPT:
            del self._sessions[next(iter(self._sessions))]
        self._sessions[self._running] = session

    def _session(self) -> Session:
        if self._running not in self._sessions:
            raise RefusedError("it was not asked at the run's beginning")
        return self._sessions[self._running]

    def _participant(self, context: Context) -> Participant:
        session = self._session()
        if not session.asked.remainder:
            raise RefusedError("this run learns no remainder")
        return session.participant

    def _taking_part(self, context: Context) -> tuple[str, str]:
        policy, remembering = self._plant.policy(), self._plant.remembering()
        if not policy.modules:
            raise RefusedError("its policy allows no modules")
        if not self._plant.task:
            raise RefusedError("it federates no module; `join --task` names one")
        if self._running not in self._modules_runs:
            check_day(policy, remembering)
            remembering.begin(self._running)
            self._modules_runs.add(self._running)
        return self._plant.name, self._plant.task


def in_words(kind: str, content: RecordDict) -> str:
    """What an answer says, for a person at the plant."""
    masked = any(MASKED in record for record in content.array_records.values())
    how = "masked; only their total over all plants can be seen" if masked else "in plain"
    words = {
        "query.hello": "its name, and names of material classes, elements and process inputs; whether it wants a round",
        "query.key": "a public key for masks, signed",
        "query.offer": f"sums and counts of process inputs and analyses over its heats, {how}",
        "query.contribute": f"sums over the classes' columns, one matrix, vector and number an output and share, {how}",
        "query.reveal": "the seed of its own mask, now that all have answered",
        "query.left_over": "sums of the classes' features and of what the shared balance leaves over",
        "query.begin": "its module's first weights and their layout",
        "train": "weights of a module trained at home",
        "evaluate": "how a shared module does on its own test set",
        "train.adopt": "whether it adopts the shared model, for which outputs, and by how much it is better",
    }
    with_errors = kind == "train.adopt" and len(content.metric_records.get("errors", {})) > 0
    return words.get(kind, kind) + ("; mean absolute errors on its own heats" if with_errors else "")
