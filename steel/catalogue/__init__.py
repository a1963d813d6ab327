"""Public catalogues, read from the data files beside this module, each figure with its source.

>>> from steel import catalogue
>>> catalogue.material("E40").kind
<MaterialKind.SCRAP: 'scrap'>
"""

import tomllib
from functools import cache
from importlib import resources
from typing import Any

from steel.elements import Element, parse_element
from steel.emissions import EmissionFactors
from steel.errors import InputError
from steel.frozen import Frozen
from steel.grades import Grade
from steel.materials import Material, Oxide, ScrapSpecification


class Figure(Frozen):
    """One catalogue figure and where it comes from."""

    value: float
    source: str


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files(__name__).joinpath(name).read_text("utf-8"))


def _by_element(raw: dict[str, Any], where: str) -> dict[Element, float]:
    return {parse_element(symbol, where): figure["v"] for symbol, figure in raw.items()}


def _specification(raw: dict[str, Any] | None) -> ScrapSpecification | None:
    if raw is None:
        return None
    steriles = raw.get("steriles_max_wt_pct")
    return ScrapSpecification(
        steriles_max_wt_pct=steriles["v"] if steriles else None,
        residual_aims_wt_pct={key: figure["v"] for key, figure in raw.get("residual_aims_wt_pct", {}).items()},
    )


@cache
def materials() -> dict[str, Material]:
    """Every catalogue material by its class name."""
    found: dict[str, Material] = {}
    for file in ("scrap.toml", "metallics.toml", "fluxes.toml", "ferroalloys.toml"):
        for name, raw in _read(file)["material"].items():
            found[name] = Material(
                name=name,
                material_class=name,
                kind=raw["kind"],
                title=raw["title"],
                bulk_density_t_per_m3=raw["bulk_density_t_per_m3"]["v"],
                metallic_yield=raw["metallic_yield"]["v"],
                contents_wt_pct=_by_element(raw.get("contents_wt_pct", {}), name),
                content_cv=_by_element(raw.get("content_cv", {}), name),
                recovery=_by_element(raw.get("recovery", {}), name),
                oxides_wt_pct={Oxide(name): figure["v"] for name, figure in raw.get("oxides_wt_pct", {}).items()},
                upstream_kgco2e_per_t=raw["upstream_kgco2e_per_t"]["v"],
                specification=_specification(raw.get("specification")),
                recycled=raw.get("recycled"),
            )
    return found


@cache
def grades() -> dict[str, Grade]:
    """Every catalogue grade by its name."""
    return {
        name: Grade(
            name=name,
            title=raw["title"],
            maximum_wt_pct=_by_element(raw.get("maximum_wt_pct", {}), name),
            minimum_wt_pct=_by_element(raw.get("minimum_wt_pct", {}), name),
        )
        for name, raw in _read("grades.toml")["grade"].items()
    }


@cache
def emission_factors() -> EmissionFactors:
    """The default emission factors."""
    return EmissionFactors(**{name: raw["v"] for name, raw in _read("emissions.toml")["factor"].items()})


@cache
def figures() -> dict[str, Figure]:
    """Every figure of every catalogue with its source written out, keyed `file/entry/field[/element]`."""
    found: dict[str, Figure] = {}

    def walk(node: dict[str, Any], path: str, sources: dict[str, str]) -> None:
        if node.keys() == {"v", "src"}:
            found[path] = Figure(value=node["v"], source=sources[node["src"]])
            return
        for key, child in node.items():
            if isinstance(child, dict):
                walk(child, f"{path}/{key}", sources)

    for file in ("scrap", "metallics", "fluxes", "ferroalloys", "grades", "emissions"):
        raw = _read(f"{file}.toml")
        sources = raw.pop("sources")
        for entries in raw.values():
            walk(entries, file, sources)
    return found


def material(name: str) -> Material:
    """The catalogue material of a class name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in materials():
        raise InputError(name, "material class", f"one of {', '.join(materials())}")
    return materials()[name]


def grade(name: str) -> Grade:
    """The catalogue grade of a name.

    Raises:
        InputError: there is none of that name.
    """
    if name not in grades():
        raise InputError(name, "grade", f"one of {', '.join(grades())}")
    return grades()[name]
