"""A first plant file, written from what a plant's heats show: commented, and to be completed by a person."""

import numpy as np

from plant_adapters.plants.record_plant import USUAL_MOST
from steel import catalogue
from steel.heats import HeatLog
from steel.materials import Material, MaterialKind
from steel.plants import Prices

INDICATIVE_EUR_PER_T: dict[MaterialKind, float] = {
    MaterialKind.SCRAP: 340, MaterialKind.ORE_BASED: 420, MaterialKind.INTERNAL: 290, MaterialKind.FLUX: 140,
    MaterialKind.CARBON: 310, MaterialKind.FERROALLOY: 1300, MaterialKind.UNRECORDED: 0,
}  # fmt: skip
"""What stands in the file until a person writes what the plant pays; of the order of size of 2025 in Europe."""
INDICATIVE_PRICES = Prices(
    electricity_eur_per_kwh=0.09, gas_eur_per_nm3=0.4, oxygen_eur_per_nm3=0.09, electrode_eur_per_kg=4.2,
    injected_carbon_eur_per_kg=0.35, carbon_scope1_eur_per_t=75,
)  # fmt: skip
LADLE = ("FeMn_HC", "SiMn", "FeSi75", "carburiser")
NOTE = "Prices are indicative: they were written by `chargewise plant new` and not yet replaced by the plant's own."
LEAST_HEATS = 5


def plant_template(name: str, log: HeatLog, materials: tuple[Material, ...]) -> str:
    """The content of a plant file.

    Args:
        name: of the plant.
        log: its heats.
        materials: that they were charged with.
    """
    tapped = log.tapped_t[np.isfinite(log.tapped_t)]
    unweighed = not len(tapped)
    # Without a weighed heat, what was charged less the usual loss is the nearest there is.
    tap_t = float(np.median(tapped)) if not unweighed else 0.92 * float(np.median(log.charged_t.sum(axis=1)))
    lines = [
        f"# Plant file of {name}, written from {len(log)} heats by `chargewise plant new`.",
        "# Go through it: prices and stock are yours to fill in, and what a line says of a material is a proposal.",
        f"# `chargewise plant check {name}` tells what is still open. Changes are served at once.",
        "",
        f"name = {_text(name)}",
        f"title = {_text(name)}",
        f"grades = [{', '.join(_text(grade) for grade in _grades(log))}]  # of the catalogue, or of your own below",
        f"notes = [{_text(NOTE)}]  # every recipe carries this until you take it out",
        "",
        "[furnace]",
        f"tap_weight_t = {tap_t:.4g}  # {'guessed: no heat is weighed' if unweighed else 'median of the heats'}",
        f"heel_t = {float(np.nanmedian(log.heel_t)):.4g}",
        "electrode_kg_per_t = 1.6",
        "",
        "# [furnace.baskets]  # take the # away if scrap goes in by baskets",
        "# count = 3",
        "# volume_m3 = 55",
        "# max_t = 50",
        "",
        "# [rules]  # what no key here says: rules of the plant's own in Python, in a file beside this one",
        '# file = "rules.py"',
        "",
        *_process(log),
        "[prices]  # indicative: replace by what you pay",
        *(f"{key} = {value:g}" for key, value in INDICATIVE_PRICES.model_dump().items()),
        "",
        "# A grade of your own; one that is called like one of the catalogue's comes before it.",
        "# [[grade]]",
        '# name = "Own 42"',
        "# maximum_wt_pct = { C = 0.45, Cu = 0.25 }",
        "# minimum_wt_pct = { C = 0.38 }",
        "",
    ]
    for material in materials:
        lines += _entry(material, log)
    known = {material.name for material in materials} | {material.material_class for material in materials}
    for alloy in LADLE:
        if alloy not in known:
            lines += _added(alloy)
    return "\n".join(lines)


def _grades(log: HeatLog) -> list[str]:
    """Grades of the catalogue that the heats were made as, the commonest first."""
    named, counts = np.unique(log.grades, return_counts=True)
    ranked = [str(named[at]) for at in np.argsort(-counts)]
    return [grade for grade in ranked if grade in catalogue.grades()][:12]


def _process(log: HeatLog) -> list[str]:
    usual = {
        name: float(np.nanmedian(values)) for name, values in sorted(log.process.items()) if np.isfinite(values).any()
    }
    if not usual:
        return []
    return ["[furnace.process]  # median of the heats", *(f"{name} = {value:.4g}" for name, value in usual.items()), ""]


def _entry(material: Material, log: HeatLog) -> list[str]:
    charged = log.charged_in((material.name,))[:, 0]
    used = charged[charged > 0]
    seen = f"in {len(used)} of {len(log)} heats"
    seen += f", {np.median(used):.3g} t usually, {used.max():.3g} t at most" if len(used) else ""
    fixed = material.kind is MaterialKind.UNRECORDED
    proposed = float(np.quantile(used, USUAL_MOST)) if len(used) >= LEAST_HEATS else 0.0
    base = catalogue.materials().get(material.material_class)
    differs = {} if base is None else {e.value: v for e, v in material.contents_wt_pct.items() if base.content(e) != v}
    lines = [
        f"[[yard]]  # {seen}",
        f"name = {_text(material.name)}",
        f"class = {_text(material.material_class)}",
        f"price_eur_per_t = {INDICATIVE_EUR_PER_T[material.kind]:g}  # indicative",
    ]
    if differs:
        lines.append(f"contents_wt_pct = {{ {', '.join(f'{e} = {v:g}' for e, v in differs.items())} }}")
    if base is not None and material.metallic_yield != base.metallic_yield:
        lines.append(f"metallic_yield = {material.metallic_yield:g}")
    if fixed:
        lines += [f"min_t = {used.max():.4g}", f"max_t = {used.max():.4g}"]
    else:
        lines.append("# available_t = 50  # stock today; without it, as much as wanted")
        if material.kind in (MaterialKind.FLUX, MaterialKind.CARBON) and len(used):
            lines.append(f"min_t = {float(np.quantile(used, 1 - USUAL_MOST)):.3g}  # what nearly every heat had of it")
        if proposed > 0:
            lines.append(f"max_t = {proposed:.3g}  # what {100 * USUAL_MOST:.0f} % of the heats with it stayed below")
    return [*lines, ""]


def _added(alloy: str) -> list[str]:
    return [
        "[[yard]]  # for the ladle; take it out if you have none",
        f"name = {_text(alloy)}",
        f"class = {_text(alloy)}",
        f"price_eur_per_t = {INDICATIVE_EUR_PER_T[MaterialKind.FERROALLOY]:g}  # indicative",
        "",
    ]


def _text(value: str) -> str:
    """A TOML string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
