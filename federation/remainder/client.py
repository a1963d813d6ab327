"""The plant's side of learning a remainder together: it trains at home, and answers with weights and gains."""

from collections.abc import Callable

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from federation.exchange.messages import arrays_to_record, shared_from_record, text_of, text_record, unpacked
from federation.modules.client_app import WEIGHT, order_key
from federation.modules.settings import ModuleRun
from federation.modules.training import train
from federation.modules.weights import load_weights, weights_of
from federation.remainder.remainder import (
    LeftOver,
    RemainderTask,
    Scales,
    gains,
    left_over,
    shared_outputs,
    training_data,
)
from federation.sums.contract import read_contract
from federation.sums.participant import Participant
from surrogate.fit.convex import MaxAffine

KEPT, TERMS = "left_over", "remainder_terms"
Identify = Callable[[Context], Participant]


def add_handlers(app: ClientApp, identify: Identify) -> None:
    """Let an app take part in learning a remainder."""

    @app.query(KEPT)
    def begin(message: Message, context: Context) -> Message:
        """Keep what the shared balance leaves over, at the plant, and answer with the sums that scales are made of."""
        contract = read_contract(text_of(message.content, "contract"))
        participant = identify(context)
        found = left_over(participant, contract, shared_from_record(message.content.array_records["shared"]))
        arrays = {"features": found.features, "left": found.left, "sd": found.sd, "early": np.array([found.early])}
        context.state.array_records[KEPT] = ArrayRecord({name: Array(array) for name, array in arrays.items()})
        text = text_record(contract=contract.model_dump_json(), plant=participant.plant)
        context.state.config_records[TERMS] = text
        moments = arrays_to_record(vars(found.moments()))
        return Message(RecordDict({"moments": moments, "text": text_record(plant=participant.plant)}), reply_to=message)

    @app.train()
    def learn(message: Message, context: Context) -> Message:
        """Train on what is left over at this plant and answer with the weights."""
        left, scales = _kept(context), _scales(message)
        run = ModuleRun.model_validate_json(str(message.content.config_records["config"]["run"]))
        round_ = int(str(message.content.config_records["config"]["server-round"]))
        task, module = _received(message, left)
        plant = str(context.state.config_records[TERMS]["plant"])
        loss = train(task, module, training_data(left, scales), run, order_key(run, plant, round_))
        metrics = MetricRecord({"loss": loss, WEIGHT: left.early})
        return Message(RecordDict({"arrays": weights_of(module), "metrics": metrics}), reply_to=message)

    @app.evaluate()
    def judge(message: Message, context: Context) -> Message:
        """What the pieces gain on the heats that this plant held back."""
        left, scales = _kept(context), _scales(message)
        contract = read_contract(str(context.state.config_records[TERMS]["contract"]))
        _, module = _received(message, left)
        pieces = scales.pieces(module, shared_outputs(contract))
        metrics = MetricRecord({**gains(left, pieces), WEIGHT: len(left.features) - left.early})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)


def _received(message: Message, left: LeftOver) -> tuple[RemainderTask, MaxAffine]:
    """The task, and its module with the weights that a message brings."""
    task = RemainderTask(left.left.shape[1], left.features.shape[1])
    module = task.module()
    load_weights(module, message.content.array_records["arrays"])
    return task, module


def _kept(context: Context) -> LeftOver:
    arrays = {name: array.numpy() for name, array in context.state.array_records[KEPT].items()}
    return LeftOver(arrays["features"], arrays["left"], arrays["sd"], int(arrays["early"][0]))


def _scales(message: Message) -> Scales:
    return Scales(**unpacked(bytes(message.content.config_records["config"]["scales"])))
