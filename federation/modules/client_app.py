"""A participant's side on Flower: it trains the shared module on its own data and judges it on its own test set.

Which task it takes part in is the participant's own choice, made where it is started; the coordinator cannot name one.
"""

import zlib
from collections.abc import Callable
from functools import cache

from flwr.app import Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from federation.exchange.messages import text_record
from federation.modules.settings import ModuleRun
from federation.modules.task import Partition, Task, load_task
from federation.modules.training import judge, train
from federation.modules.weights import layout_of, layout_to_text, load_weights, weights_of

WEIGHT = "num-examples"
Identify = Callable[[Context], tuple[str, str]]
"""Which participant a node is, and the name of its task."""


@cache
def _taking_part(name: str, plant: str) -> tuple[Task, Partition]:
    task = load_task(name)
    return task, task.partition(plant)


def _run_of(message: Message) -> ModuleRun:
    return ModuleRun.model_validate_json(str(message.content.config_records["config"]["run"]))


def order_key(run: ModuleRun, plant: str, round_: int) -> tuple[int, ...]:
    """What makes the order of batches a participant's and a round's own."""
    return run.seed, zlib.crc32(plant.encode()), round_


def app_for(identify: Identify) -> ClientApp:
    """The participants' app."""
    app = ClientApp()

    @app.query("begin")
    def begin(message: Message, context: Context) -> Message:
        """Who this is, and the module's first weights, which are the same at every participant."""
        plant, name = identify(context)
        module = _taking_part(name, plant)[0].module()
        text = text_record(plant=plant, layout=layout_to_text(layout_of(module)))
        return Message(RecordDict({"arrays": weights_of(module), "text": text}), reply_to=message)

    @app.train()
    def learn(message: Message, context: Context) -> Message:
        """Train on this participant's data and answer with the weights."""
        plant, name = identify(context)
        task, data = _taking_part(name, plant)
        run, module = _run_of(message), task.module()
        load_weights(module, message.content.array_records["arrays"])
        round_ = int(str(message.content.config_records["config"]["server-round"]))
        loss = train(task, module, data.train, run, order_key(run, plant, round_))
        # Noise hides one participant among equals, so how many rows it has must not show.
        weight = 1 if run.noise_multiplier > 0 else len(data.train)
        metrics = MetricRecord({"loss": loss, WEIGHT: weight})
        return Message(RecordDict({"arrays": weights_of(module), "metrics": metrics}), reply_to=message)

    @app.evaluate()
    def test(message: Message, context: Context) -> Message:
        """Judge the shared module on this participant's test set."""
        plant, name = identify(context)
        task, data = _taking_part(name, plant)
        module = task.module()
        load_weights(module, message.content.array_records["arrays"])
        metrics = MetricRecord({**judge(task, module, data.test), WEIGHT: len(data.test)})
        return Message(RecordDict({"metrics": metrics}), reply_to=message)

    return app
