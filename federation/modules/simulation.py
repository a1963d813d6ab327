"""Many participants on this machine, for studies: the deployed apps under Flower's simulation engine, on Ray.

Participant k is called `plant-k`. Ray comes with `flwr[simulation]`.
"""

from flwr.app import Context
from flwr.serverapp import Grid, ServerApp
from flwr.simulation import run_simulation

from federation.ledger.ledger import Ledger
from federation.modules.client_app import app_for
from federation.modules.coordinate import ModuleResult, run_modules
from federation.modules.settings import ModuleRun

WAIT_S = 600.0


def simulate(task: str, run: ModuleRun, ledger: Ledger) -> ModuleResult:
    """Run `package.module:Task` at as many participants as the run is for, one of this machine's cores each.

    Raises:
        RuntimeError: the run ended without a result; Flower's log says why.
    """
    found: list[ModuleResult] = []
    server = ServerApp()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        """As the deployed coordinator does it."""
        del context
        found.append(run_modules(grid, run, ledger, "simulation", WAIT_S))

    client = app_for(lambda context: (f"plant-{context.node_config['partition-id']}", task))
    run_simulation(
        server, client, run.participants, backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0.0}}
    )
    if not found:
        raise RuntimeError(f"the simulation of {task} ended without a result")
    return found[0]
