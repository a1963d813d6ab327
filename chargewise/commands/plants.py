"""`chargewise plant`: a plant's file, written from its heats, and checked."""

from typing import Annotated

import typer

from chargewise.app.workplace import Workplace
from chargewise.commands.console.arguments import AsJson
from chargewise.commands.console.output import out, print_json, reporting_errors
from optimizer.model.rule_check import checked_rules
from plant_adapters.plants.plant_file import read_plant_named
from plant_adapters.plants.plant_template import NOTE, plant_template
from steel.errors import InputError
from steel.names import checked_name
from steel.plants import Plant

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
Name = Annotated[str, typer.Argument(help="Name of the plant, as it was ingested.")]


@app.callback()
def plant() -> None:
    """A plant's file: furnace, yard, prices and own grades."""


@app.command()
def new(name: Name, as_json: AsJson = False) -> None:
    """Write a commented plant file from the ingested heats; one that is there is left as it is."""
    with reporting_errors():
        place = Workplace()
        path = place.settings.plants / f"{checked_name(name, 'plant')}.toml"
        if path.exists():
            raise InputError(str(path), "plant file", "none yet; it is there already and is not written over")
        log = place.store.log(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(plant_template(name, log, place.store.materials(name)))
        found = read_plant_named(place.settings.plants, name)
        if as_json:
            print_json({"plant": name, "file": str(path), "materials": len(found.yard), "open": _open(found)})
            return
        out.print(f"{path}: {len(found.yard)} materials, from {len(log)} heats", soft_wrap=True)
        _say(_open(found))


@app.command()
def check(name: Name, as_json: AsJson = False) -> None:
    """Check a plant file: every key and number, and what is still to be filled in."""
    with reporting_errors():
        place = Workplace()
        checked_name(name, "plant")
        path = place.settings.plants / f"{name}.toml"
        if not path.is_file():
            expected = f"a plant file {path}; `chargewise plant new {name}` writes one from its heats"
            raise InputError(name, "plant", expected, f"plant {name}: expected {expected}")
        found = read_plant_named(place.settings.plants, name)
        rules = checked_rules(found)
        remaining = [*_open(found), *_unknown(place, found)]
        if as_json:
            print_json({
                "plant": name, "file": str(path), "materials": len(found.yard),
                "rules": [one.words for one in rules], "open": remaining,
            })  # fmt: skip
            return
        out.print(
            f"{path}: {len(found.yard)} materials, {len(found.made())} grades, every key and number can be used",
            soft_wrap=True,
        )
        for one in rules:
            out.print(f"  rule: {one.words}", markup=False, soft_wrap=True)
        _say(remaining)


def _open(found: Plant) -> list[str]:
    """What a person has still to look at."""
    indicative = ["prices are the indicative ones; write yours and take the note out"] if NOTE in found.notes else []
    crossed = [
        f"{item.material.name}: at least {item.min_t:g} t, but {item.most_t:g} t at most: no heat can be made"
        for item in found.yard
        if item.most_t is not None and item.min_t > item.most_t
    ]
    return [*indicative, *crossed]


def _unknown(place: Workplace, found: Plant) -> list[str]:
    """Materials of the yard that no heat was ever charged with, so that the model knows them by their class only."""
    if found.name not in place.store.plants():
        return ["no heats are ingested yet"]
    seen = {material.name for material in place.store.materials(found.name)}
    new_ones = [item.material.name for item in found.charge_items() if item.material.name not in seen]
    return [f"{name}: in no heat yet; known by its class only, once trained" for name in new_ones]


def _say(remaining: list[str]) -> None:
    for line in remaining:
        out.print(f"[yellow]![/] {line}", soft_wrap=True)
