"""A participant's side on Flower: it trains the shared module on its own data and judges it on its own test set.

Which task it takes part in is the participant's own choice, in its node's configuration; only a simulation, where
every participant is this machine, takes it from the run.
"""

import zlib
from functools import cache

from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from federation.messages import text_record
from federation.modules.settings import ModuleRun
from federation.modules.task import Partition, Task, load_task
from federation.modules.training import judge, train

app = ClientApp()
WEIGHT = "num-examples"


@cache
def _taking_part(name: str, plant: str) -> tuple[Task, Partition]:
    task = load_task(name)
    return task, task.partition(plant)


def _participant(context: Context) -> tuple[str, Task, Partition]:
    node = context.node_config
    simulated = "partition-id" in node
    plant = f"plant-{node['partition-id']}" if simulated else str(node["plant"])
    task, data = _taking_part(str(context.run_config["task"] if simulated else node["task"]), plant)
    return plant, task, data


def _run_of(message: Message) -> ModuleRun:
    return ModuleRun.model_validate_json(str(message.content.config_records["config"]["run"]))


@app.query("begin")
def begin(message: Message, context: Context) -> Message:
    """Who this is, and the module's first weights, which are the same at every participant."""
    plant, task, _ = _participant(context)
    content = RecordDict({"arrays": ArrayRecord(task.module().state_dict()), "text": text_record(plant=plant)})
    return Message(content, reply_to=message)


@app.train()
def learn(message: Message, context: Context) -> Message:
    """Train on this participant's data and answer with the weights."""
    plant, task, data = _participant(context)
    run, module = _run_of(message), task.module()
    module.load_state_dict(message.content.array_records["arrays"].to_torch_state_dict())
    round_ = int(str(message.content.config_records["config"]["server-round"]))
    loss = train(task, module, data.train, run, (run.seed, zlib.crc32(plant.encode()), round_))
    # Noise hides one participant among equals, so how many rows it has must not show.
    weight = 1 if run.noise_multiplier > 0 else len(data.train)
    metrics = MetricRecord({"loss": loss, WEIGHT: weight})
    return Message(RecordDict({"arrays": ArrayRecord(module.state_dict()), "metrics": metrics}), reply_to=message)


@app.evaluate()
def test(message: Message, context: Context) -> Message:
    """Judge the shared module on this participant's test set."""
    _, task, data = _participant(context)
    module = task.module()
    module.load_state_dict(message.content.array_records["arrays"].to_torch_state_dict())
    metrics = MetricRecord({**judge(task, module, data.test), WEIGHT: len(data.test)})
    return Message(RecordDict({"metrics": metrics}), reply_to=message)
