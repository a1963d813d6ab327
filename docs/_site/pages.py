"""Pages that the code itself writes: the home page from the README, the commands, the table of requirements."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import typer.main
from mkdocs.structure.files import File, Files

from benchmarks.recipe_instances import family
from benchmarks.recipe_statement import KINDS, SMALL, drawn
from chargewise.commands.cli import COMMANDS, app
from optimizer.model.requirements import Requirement, requirements_of

ROOT = Path(__file__).parents[2]
REPOSITORY = re.compile(r"\]\((?!https?:|#)((?:\.\./)?[^)]*)\)")
TREE = "https://github.com/chargewise/chargewise/blob/main/"
COMMANDS_PAGE = "reference-commands.md"
PLACE = "<!-- requirements -->"


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that nobody writes by hand."""
    files.append(File.generated(config, "index.md", content=_home()))
    files.append(File.generated(config, COMMANDS_PAGE, content=_commands()))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Fill in the table of requirements, and lead links to code to the repository."""
    markdown = markdown.replace(PLACE, _requirements())
    return REPOSITORY.sub(lambda link: f"]({_led(link[1], files)})", markdown)


def _led(target: str, files: Files) -> str:
    path, _, anchor = target.partition("#")
    if not path or files.get_file_from_path(path) is not None:
        return target
    return TREE + path.removeprefix("../") + (f"#{anchor}" if anchor else "")


def _home() -> str:
    text = (ROOT / "README.md").read_text("utf-8")
    return text.replace("](docs/", "](")


def _commands() -> str:
    """Every command with its arguments, as the command itself knows them."""
    told = ["# Commands", "", "Every command takes `--json`; exit codes are in `chargewise --help`.", ""]
    whole: Any = typer.main.get_command(app)
    context = whole.make_context("chargewise", ["--help"], resilient_parsing=True)
    for name in COMMANDS:
        told += _described(f"chargewise {name}", whole.get_command(context, name), context)
    return "\n".join(told)


def _described(name: str, command: Any, context: Any) -> list[str]:
    told = [f"## {name}", "", (command.help or "").strip(), ""]
    if hasattr(command, "list_commands"):
        for below in command.list_commands(context):
            told += [line.replace("## ", "### ", 1) for line in _described(
                f"{name} {below}", command.get_command(context, below), context)]  # fmt: skip
        return told
    rows = [_row(parameter) for parameter in command.params if parameter.name != "help"]
    if rows:
        told += ["| argument | what it is | unless given |", "|---|---|---|", *rows, ""]
    return told


def _row(parameter: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*parameter.opts, *parameter.secondary_opts) if name)
    default = parameter.default
    usual = "" if default in (None, False, ()) or callable(default) else f"`{default}`"
    needed = "**needed**" if parameter.required else usual
    return f"| {names or parameter.name} | {(getattr(parameter, 'help', '') or '').replace('|', '/')} | {needed} |"


def _requirements() -> str:
    """Every kind of requirement once, as an order that has them all would state them."""
    rng, members = np.random.default_rng(0), family(3, SMALL)
    found: dict[str, Requirement] = {}
    for kind in KINDS:
        for requirement in requirements_of(drawn(kind, members, rng)):
            found.setdefault(requirement.key[0], requirement)
    rows = [
        f"| `{kind}` | {one.words.replace('{}', '…')} | {one.step_words} | {one.source} | `{one.block}` |"
        for kind, one in found.items()
    ]
    return "\n".join(
        ["| kind | as it is said | one step of easing it | from | its number |", "|---|---|---|---|---|", *rows]
    )
