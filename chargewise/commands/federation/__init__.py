"""`chargewise federation …`: plants improve one surrogate together; no heat leaves its plant."""

import typer

from chargewise.commands.console.lazy import LazyGroup

COMMANDS = {
    "demo": ("chargewise.commands.federation.demo", "A federation of the bundled plants on this machine."),
    "init": ("chargewise.commands.federation.members", "At the coordinator: make a federation."),
    "invite": ("chargewise.commands.federation.members", "At the coordinator: let a plant in by its public key."),
    "revoke": ("chargewise.commands.federation.members", "At the coordinator: shut a plant out, at once."),
    "renew": ("chargewise.commands.federation.members", "At the coordinator: a new certificate."),
    "roster": ("chargewise.commands.federation.members", "Who is in the federation, and the fingerprint of each key."),
    "coordinator": ("chargewise.commands.federation.coordination", "Coordinate: wait for plants until stopped."),
    "status": ("chargewise.commands.federation.coordination", "Which plants are connected, and which runs there were."),
    "start": (
        "chargewise.commands.federation.starting",
        "Run the federation: contract, sums, judgement at every plant.",
    ),
    "stop": ("chargewise.commands.federation.coordination", "Stop a run."),
    "train": ("chargewise.commands.federation.training", "Train the participants' own torch modules together."),
    "key": ("chargewise.commands.federation.members", "At a plant: make its key."),
    "join": ("chargewise.commands.federation.joining", "At a plant: take part until stopped."),
    "policy": ("chargewise.commands.federation.plant", "At a plant: what it takes part in."),
    "outbox": ("chargewise.commands.federation.plant", "At a plant: what left it, and what it refused."),
    "audit": ("chargewise.commands.federation.ledger", "Check the ledger, and tell what it holds."),
    "report": ("chargewise.commands.federation.ledger", "What each plant gave and gained."),
}
"""Module and summary of each subcommand."""


class FederationGroup(LazyGroup):
    """The federation's subcommands."""

    modules = COMMANDS


app = typer.Typer(cls=FederationGroup, no_args_is_help=True, add_completion=False, help=__doc__)


@app.callback()
def federation() -> None:
    """Plants improve one surrogate together; no heat leaves its plant."""
