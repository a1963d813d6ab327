"""One run of modules from the coordinator's side, on whatever grid reaches the participants."""

from dataclasses import dataclass

from flwr.app import ArrayRecord, ConfigRecord, RecordDict
from flwr.serverapp import Grid

from federation.asking import Round, nodes_of, wait_for_plants
from federation.ledger import Ledger
from federation.messages import digest, text_of
from federation.modules.guard import Guarded, Told
from federation.modules.privacy import epsilon
from federation.modules.settings import ModuleRun
from federation.modules.strategies import strategy_of
from steel.errors import InputError

BEGIN = "query.begin"


@dataclass(frozen=True)
class ModuleResult:
    """What a run came to.

    Attributes:
        arrays: weights of the shared module.
        rounds: of each round, every participant's test metrics, by its name.
        quarantined: by round and participant, why its update was put aside.
        epsilon: of the run's (ε, δ) privacy of one participant; None without noise.
    """

    arrays: ArrayRecord
    rounds: list[Told]
    quarantined: dict[int, dict[str, str]]
    epsilon: float | None


def run_modules(grid: Grid, run: ModuleRun, ledger: Ledger, started_by: str, wait_s: float) -> ModuleResult:
    """Agree on the module's shape, then train it round by round.

    The coordinator holds no module of its own: the first weights are the participants', and are the same at all.

    Raises:
        TooFewPlantsError: fewer participants connected, or answered, than the run is for.
        InputError: a participant's module is another one; it says which array differs.
    """
    nodes = wait_for_plants(grid, run.participants, wait_s)
    opening = Round(grid, wait_s, run.participants, ledger).ask(nodes, BEGIN, RecordDict())
    names = {node: text_of(reply.content, "plant") for node, reply in zip(nodes_of(opening), opening, strict=True)}
    first = opening[0].content.array_records["arrays"]
    for reply in opening[1:]:
        _same_module(names[opening[0].metadata.src_node_id], first, text_of(reply.content, "plant"), reply.content)
    asked = run.model_dump(mode="json")
    ledger.append("module_run", {"started_by": started_by, "run": asked, "participants": sorted(names.values())})
    guarded = Guarded(strategy_of(run), run, ledger, names)
    result = guarded.start(
        grid,
        first,
        run.rounds,
        timeout=wait_s,
        train_config=ConfigRecord({"run": run.model_dump_json()}),
        evaluate_config=ConfigRecord({"run": run.model_dump_json()}),
    )
    spent = epsilon(run.noise_multiplier, run.rounds, run.delta) if run.noise_multiplier > 0 else None
    ledger.append("module_end", {"module_sha256": digest(result.arrays), "epsilon": spent, "delta": run.delta})
    return ModuleResult(result.arrays, guarded.rounds, guarded.quarantined, spent)


def _same_module(mine: str, first: ArrayRecord, theirs: str, content: RecordDict) -> None:
    shapes = [
        {name: f"{array.dtype}{tuple(array.shape)}" for name, array in record.items()}
        for record in (first, content.array_records["arrays"])
    ]
    for name in sorted(set(shapes[0]) | set(shapes[1])):
        one, other = (shape.get(name, "nothing") for shape in shapes)
        if one != other:
            raise InputError(
                {mine: one, theirs: other}, f"array {name} of the modules", "the same at every participant"
            )
