"""The coordinator's side of learning a remainder together: it sees scales, weights and gains; never a heat."""

from flwr.app import ConfigRecord, RecordDict
from flwr.serverapp import Grid

from federation.exchange.messages import arrays_from_record, packed_bytes, shared_to_record, text_of, text_record
from federation.ledger.quorum import PromptGrid, Round
from federation.modules.guard import Guarded
from federation.modules.settings import ModuleRun
from federation.modules.strategies import strategy_of
from federation.modules.weights import load_weights, weights_of
from federation.remainder.remainder import SURELY, Moments, RemainderTask, Scales, shared_outputs, surely_better
from federation.sums.contract import Contract
from federation.sums.hierarchy import Pieces, Shared

LEFT_OVER = "query.left_over"


def learn_remainder(
    grid: Grid, round_: Round, nodes: list[int], contract: Contract, shared: Shared, run: ModuleRun
) -> Pieces:
    """Train the convex remainder with all plants; the pieces of the outputs that surely gain by it.

    Args:
        grid: reaches the plants.
        round_: who must answer, and where it is written down.
        nodes: of the plants whose offers agreed.
        contract: what the shared balance holds under.
        shared: the classes.
        run: how weights are averaged, and how long it takes.

    Raises:
        TooFewPlantsError: fewer plants answered than must.
    """
    outputs = shared_outputs(contract)
    if not outputs:
        return {}
    text = text_record(contract=contract.model_dump_json())
    opening = round_.ask(nodes, LEFT_OVER, RecordDict({"text": text, "shared": shared_to_record(shared)}))
    names = {node: text_of(content, "plant") for node, content in opening.items()}
    moments = [Moments(**arrays_from_record(content.array_records["moments"])) for content in opening.values()]
    scales = Scales.of(moments)
    task = RemainderTask(len(outputs), len(scales.centre))
    module = task.module()
    run = run.model_copy(update={"participants": len(names), "fewest": min(round_.fewest, len(names))})
    round_.ledger.append("remainder_run", {"run": run.model_dump(mode="json"), "participants": sorted(names.values())})
    asked = {"run": run.model_dump_json(), "scales": packed_bytes(vars(scales))}
    guarded = Guarded(strategy_of(run), run, round_.ledger, names, round_.say)
    found = guarded.start(
        PromptGrid(grid),
        weights_of(module),
        run.rounds,
        timeout=round_.wait_s,
        train_config=ConfigRecord(dict(asked)),
        evaluate_config=ConfigRecord(dict(asked)),
    )
    load_weights(module, found.arrays)
    sure = surely_better(guarded.rounds[-1].values(), outputs)
    kept = {name: of for name, of in scales.pieces(module, outputs).items() if sure[name] > SURELY}
    round_.ledger.append("remainder_end", {"standard_errors_gained": sure, "kept": sorted(kept)})
    return kept
