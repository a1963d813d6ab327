"""The `chargewise` command."""

import typer

from chargewise import demo, federation_commands, model_commands, recipe_commands, serve

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="What to load into an electric arc furnace. Every command takes --json; exit codes: 2 bad input, "
    "3 an order no recipe meets, 4 no answer in time.",
    pretty_exceptions_show_locals=False,
)
app.command("demo")(demo.demo)
app.command("ingest")(model_commands.ingest)
app.command("train")(model_commands.train)
app.command("evaluate")(model_commands.evaluate)
app.command("predict")(recipe_commands.predict)
app.command("recommend")(recipe_commands.recommend)
app.command("serve")(serve.serve)
app.add_typer(federation_commands.app, name="federation")


def main() -> None:
    """Run the command."""
    app()


if __name__ == "__main__":
    main()
