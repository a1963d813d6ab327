"""`chargewise federation …`: plants improve one surrogate together; no heat leaves its plant."""

import typer

from chargewise.lazy import LazyGroup

COMMANDS = {
    "demo": ("chargewise.federation.demo", "A federation of the bundled plants on this machine."),
    "init": ("chargewise.federation.members", "At the coordinator: make a federation."),
    "invite": ("chargewise.federation.members", "At the coordinator: let a plant in by its public key."),
    "revoke": ("chargewise.federation.members", "At the coordinator: shut a plant out, at once."),
    "renew": ("chargewise.federation.members", "At the coordinator: a new certificate."),
    "roster": ("chargewise.federation.members", "Who is in the federation, and the fingerprint of each key."),
    "coordinator": ("chargewise.federation.coordination", "Coordinate: wait for plants until stopped."),
    "status": ("chargewise.federation.coordination", "Which plants are connected, and which runs there were."),
    "start": ("chargewise.federation.starting", "Run the federation: contract, sums, judgement at every plant."),
    "stop": ("chargewise.federation.coordination", "Stop a run."),
    "train": ("chargewise.federation.training", "Train the participants' own torch modules together."),
    "key": ("chargewise.federation.members", "At a plant: make its key."),
    "join": ("chargewise.federation.joining", "At a plant: take part until stopped."),
    "policy": ("chargewise.federation.plant", "At a plant: what it takes part in."),
    "outbox": ("chargewise.federation.plant", "At a plant: what left it, and what it refused."),
    "audit": ("chargewise.federation.ledger", "Check the ledger, and tell what it holds."),
    "report": ("chargewise.federation.ledger", "What each plant gave and gained."),
}
"""Module and summary of each subcommand."""


class FederationGroup(LazyGroup):
    """The federation's subcommands."""

    modules = COMMANDS


app = typer.Typer(cls=FederationGroup, no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def federation() -> None:
    """Plants improve one surrogate together; no heat leaves its plant."""
