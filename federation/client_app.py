"""The plant's side on Flower. It runs where the heats are and answers with sums, errors and yes or no."""

import json
from pathlib import Path

from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from federation.contract import read_contract
from federation.gate import judge
from federation.masking import masked, new_key
from federation.messages import MASKED, arrays_from_record, shared_from_record, sums_to_record, text_of, text_record
from federation.participant import Participant
from federation.proposal import proposal
from federation.remainder_client import Identify, add_handlers
from federation.shares import flat
from plant_adapters.store import HeatStore
from surrogate.registry import Registry


def participant_of(context: Context) -> Participant:
    """The plant that this node stands for, as its own configuration names it."""
    plant, url = str(context.node_config["plant"]), str(context.node_config["database"])
    store = HeatStore(url)
    try:
        return Participant(plant, store.log(plant), store.materials(plant))
    finally:
        store.close()


def app_for(identify: Identify) -> ClientApp:
    """The plants' app.

    Args:
        identify: the plant that a node stands for.
    """
    app = ClientApp()
    add_handlers(app, identify)

    @app.query("offer")
    def offer(message: Message, context: Context) -> Message:
        """What the plant charges, analyses and records, in sums; and whether it wants a round."""
        participant = identify(context)
        made = participant.offer()
        wish = proposal(Registry(Path(str(context.node_config["models"]))), participant.plant, participant.log)
        private, public = new_key()
        # Kept at the plant, by its own SuperNode, until the sums are asked for.
        context.state.config_records["mask"] = ConfigRecord({"private": private.hex()})
        return Message(
            RecordDict({"text": text_record(offer=made.model_dump_json(), public=public.hex(), wish=wish)}),
            reply_to=message,
        )

    @app.query("contribute")
    def contribute(message: Message, context: Context) -> Message:
        """The plant's sums under the agreed contract; masked where the run is secure."""
        contract = read_contract(text_of(message.content, "contract"))
        participant = identify(context)
        sums = flat(participant.ballot(contract))
        publics = {name: bytes.fromhex(key) for name, key in json.loads(text_of(message.content, "publics")).items()}
        if publics:
            private = bytes.fromhex(str(context.state.config_records["mask"]["private"]))
            attempt = int(text_of(message.content, "attempt"))
            hidden = masked(sums, contract.typical, participant.plant, private, publics, attempt)
            return Message(RecordDict({"sums": ArrayRecord({MASKED: Array(hidden)})}), reply_to=message)
        return Message(RecordDict({"sums": sums_to_record(sums)}), reply_to=message)

    @app.train("adopt")
    def adopt(message: Message, context: Context) -> Message:
        """Judge the plant's own, the shared and the tuned model on its later heats; publish the tuned one if better."""
        contract = read_contract(text_of(message.content, "contract"))
        shared = shared_from_record(message.content.array_records["shared"])
        participant = identify(context)
        pieces = arrays_from_record(message.content.array_records["pieces"])
        way = participant.tuning(contract, shared, pieces)
        errors = participant.compare(contract, shared, pieces, way)
        verdict = judge(errors)
        version = ""
        if verdict.adopt:
            model = participant.tuned_model(contract, shared, participant.log, pieces, way)
            registry = Registry(Path(str(context.node_config["models"])))
            version = registry.publish(
                model,
                participant.plant,
                participant.log,
                {**verdict.metrics(), "tuning": way.name, "ledger_head": text_of(message.content, "head")},
                "federation",
                "federation's gate",
            )
        flat = {f"{output}/{model}": value for output, by in errors.items() for model, value in by.items()}
        answer = text_record(plant=participant.plant, version=version, reason=verdict.reason, tuning=way.name)
        return Message(RecordDict({"errors": MetricRecord(flat), "text": answer}), reply_to=message)

    return app


app = app_for(participant_of)
