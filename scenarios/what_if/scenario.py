"""A scenario: a title and cases, each a change of a plant; from a TOML file or the gallery."""

from importlib import resources
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from plant_adapters.reading.toml_files import read_shipped, shipped_names, validated
from scenarios.what_if.change import Change
from steel.frozen import Frozen
from steel.names import as_one
from steel.quantities import Number

GALLERY = resources.files("scenarios.what_if.gallery")
AS_IS = "as it is"
"""Name of the case in which nothing is changed; every study has it."""
MOST_CASES = 60
SWEPT = ("carbon_eur_per_t", "electricity_eur_per_kwh", "grid_kgco2e_per_kwh", "confidence")


class Case(Change):
    """One case beside the plant as it is."""

    name: Annotated[str, Field(min_length=1, max_length=80)]


class Sweep(Frozen):
    """One number at several values, such as a carbon price, or a grid factor by the hour.

    Attributes:
        key: which of a change's numbers.
        values: of it.
        names: of the cases, such as hours; the values unless given.
    """

    key: str
    values: Annotated[tuple[Number, ...], Field(min_length=1, max_length=MOST_CASES)]
    names: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "Sweep":
        if self.key not in SWEPT:
            raise ValueError(f"key {self.key!r} cannot be swept; one of {', '.join(SWEPT)} can")
        if self.names and len(self.names) != len(self.values):
            raise ValueError(f"names: {len(self.names)} for {len(self.values)} values; give one for each")
        return self


class Scenario(Frozen):
    """What is supposed.

    Attributes:
        title: in a line.
        description: why one would ask.
        change: what holds in all cases.
        case: one table each of `[[case]]`.
        sweep: cases by a number.
    """

    title: Annotated[str, Field(min_length=1, max_length=120)]
    description: str = ""
    change: Change = Change()
    case: tuple[Case, ...] = ()
    sweep: Sweep | None = None

    @model_validator(mode="after")
    def _some(self) -> "Scenario":
        if not self.case and self.sweep is None:
            raise ValueError("case: give at least one [[case]], or a [sweep]")
        names = [case.name for case in self.cases()]
        if len(names) > MOST_CASES:
            raise ValueError(f"case: {len(names)} cases; at most {MOST_CASES} can be run together")
        doubled = as_one(names)
        if doubled:
            raise ValueError(f"case: {', '.join(doubled)} named twice; name each case once")
        return self

    def cases(self) -> tuple[Case, ...]:
        """Every case beside the plant as it is, the common change in each.

        Raises:
            ValueError: a swept value cannot be.
        """
        common = self.change.model_dump(exclude_unset=True)
        found = [_merged(common, case.model_dump(exclude_unset=True)) for case in self.case]
        if self.sweep is not None:
            names = self.sweep.names or tuple(f"{value:g}" for value in self.sweep.values)
            found += [
                _merged(common, {self.sweep.key: value, "name": name})
                for name, value in zip(names, self.sweep.values, strict=True)
            ]
        return tuple(Case.model_validate(one) for one in found)


def _merged(common: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A case's own change over the common one; tables are put together."""
    found = dict(common)
    for key, value in own.items():
        before = found.get(key)
        found[key] = {**before, **value} if isinstance(value, dict) and isinstance(before, dict) else value
    return found


def gallery() -> tuple[str, ...]:
    """Names of the scenarios that come with Chargewise."""
    return shipped_names(GALLERY)


def read_scenario(name_or_path: str | Path) -> Scenario:
    """A scenario of the gallery by its name, or one's own by its path.

    Raises:
        InputError: there is none, a key is unknown or a value cannot be used; the message names it.
    """
    return read_shipped(str(name_or_path), GALLERY, "scenario", Scenario)


def scenario_from(raw: object, where: str = "scenario") -> Scenario:
    """A scenario from plain values.

    Raises:
        InputError: a key is unknown or a value cannot be used; the message names it.
    """
    return validated(Scenario, raw, where)
