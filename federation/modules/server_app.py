"""The coordinator's side of a run of modules on Flower."""

from pathlib import Path

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from safetensors.numpy import save_file

from federation.ledger import Ledger
from federation.modules.coordinate import run_modules
from federation.modules.settings import ModuleRun
from federation.results import write_result

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    """Train, and write the module beside the run's result file, which is written last."""
    config = context.run_config
    result, ledger = Path(str(config["result"])), Ledger(Path(str(config["ledger"])))
    run = ModuleRun.model_validate_json(bytes.fromhex(str(config["run"])))
    found = run_modules(grid, run, ledger, str(config["started-by"]), float(str(config["wait-s"])))
    weights = result.with_suffix(".safetensors")
    save_file(found.weights, weights)
    body = {
        "rounds": found.rounds,
        "quarantined": found.quarantined,
        "epsilon": found.epsilon,
        "delta": run.delta,
        "weights": weights.name,
        "ledger_head": ledger.head,
    }
    write_result(result, body)
