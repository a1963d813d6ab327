"""One run of modules from the coordinator's side, on whatever grid reaches the participants."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from flwr.app import ConfigRecord, RecordDict
from flwr.serverapp import Grid

from federation.exchange.messages import digest, text_of
from federation.ledger.ledger import Ledger
from federation.ledger.quorum import PromptGrid, Round, wait_for_plants
from federation.modules.guard import Guarded, Told
from federation.modules.privacy import epsilon
from federation.modules.settings import ModuleRun
from federation.modules.strategies import strategy_of
from federation.modules.weights import Layout, layout_from_text, named_weights
from steel.errors import InputError

BEGIN = "query.begin"


@dataclass(frozen=True)
class ModuleResult:
    """What a run came to.

    Attributes:
        weights: of the shared module, by name.
        rounds: of each round, every participant's test metrics, by its name.
        quarantined: by round and participant, why its update was put aside.
        epsilon: of the run's (ε, δ) privacy of one participant; None without noise.
    """

    weights: dict[str, np.ndarray]
    rounds: list[Told]
    quarantined: dict[int, dict[str, str]]
    epsilon: float | None


def run_modules(
    grid: Grid,
    run: ModuleRun,
    ledger: Ledger,
    started_by: str,
    wait_s: float,
    say: Callable[[str], None] | None = None,
) -> ModuleResult:
    """Agree on the module's shape, then train it round by round.

    The coordinator holds no module of its own: the first weights are the participants', and are the same at all.

    Raises:
        TooFewPlantsError: fewer participants connected, or answered, than the run is for.
        InputError: a participant's module is another one; it says which array differs.
    """
    tell = say or (lambda what: None)
    tell(f"waiting for {run.participants} participants")
    names = wait_for_plants(grid, run.participants, wait_s)
    round_ = Round(grid, wait_s, run.participants, ledger, names, tell)
    opening = round_.ask(list(names), BEGIN, RecordDict())
    names = {node: names[node] or text_of(content, "plant") for node, content in opening.items()}
    layouts = {names[node]: layout_from_text(text_of(content, "layout")) for node, content in opening.items()}
    layout = _agreed(layouts)
    asked = run.model_dump(mode="json")
    ledger.append("module_run", {"started_by": started_by, "run": asked, "participants": sorted(names.values())})
    guarded = Guarded(strategy_of(run), run, ledger, names, tell)
    result = guarded.start(
        PromptGrid(grid),
        next(iter(opening.values())).array_records["arrays"],
        run.rounds,
        timeout=wait_s,
        train_config=ConfigRecord({"run": run.model_dump_json()}),
        evaluate_config=ConfigRecord({"run": run.model_dump_json()}),
    )
    spent = epsilon(run.noise_multiplier, run.rounds, run.delta) if run.noise_multiplier > 0 else None
    ledger.append("module_end", {"module_sha256": digest(result.arrays), "epsilon": spent, "delta": run.delta})
    return ModuleResult(named_weights(result.arrays, layout), guarded.rounds, guarded.quarantined, spent)


def _agreed(layouts: dict[str, Layout]) -> Layout:
    """The layout that all modules have."""
    (mine, first), *others = layouts.items()
    for theirs, layout in others:
        for name in sorted(set(first) | set(layout)):
            one, other = (_words(told.get(name)) for told in (first, layout))
            if one != other:
                where = f"array {name} of the modules"
                raise InputError({mine: one, theirs: other}, where, "the same at every participant")
    return first


def _words(array: tuple[str, tuple[int, ...]] | None) -> str:
    return "nothing" if array is None else f"{array[0]}{array[1]}"
