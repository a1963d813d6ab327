"""`chargewise federation …`."""

import typer

app = typer.Typer(no_args_is_help=True, help="Plants improve one surrogate together.")


@app.callback()
def federation() -> None:
    """Plants improve one surrogate together."""
