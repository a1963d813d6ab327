"""Charge problems that others published, stated as a user would and solved: same cost, to a millionth.

The numbers are read from `charges.json` of a folder; what is written here is how each is stated.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer.explain.recommend import Optimizer
from optimizer.problem.options import RecipeOptions
from optimizer.problem.recipe_problem import RecipeProblem, build_problem
from steel import catalogue
from steel.baskets import BasketRule, Baskets
from steel.elements import Element
from steel.grades import Grade, Order
from steel.materials import Material, MaterialKind
from steel.plants import Furnace, Plant, RulesFile, YardItem
from surrogate.model.stated_model import stated_description

Published = Mapping[str, Any]
EXACT = RecipeOptions(confidence=0.95, gap=1e-9, cut_tolerance=1e-7)


@dataclass(frozen=True)
class Answer:
    """What was published, or computed twice, and what was found here.

    Attributes:
        expected: the cost.
        found: the same here.
    """

    expected: float
    found: float

    @property
    def reproduced(self) -> bool:
        """Whether they agree to a millionth."""
        return abs(self.found - self.expected) <= 1e-6 * abs(self.expected)


def _row(published: Published, name: str) -> Mapping[str, float]:
    return dict(next(row["coef"] for row in published["rows"] if row["name"] == name))


def _side(published: Published, name: str, side: str) -> float | None:
    value = next(row for row in published["rows"] if row["name"] == name).get(side)
    return None if value is None else float(value)


def _material(name: str, contents: Mapping[Element, float], yields: float = 1.0, m3_per_t: float = 1.0) -> Material:
    """A material of which all that is stated arrives in the melt."""
    return Material(
        name=name,
        material_class="published",
        kind=MaterialKind.SCRAP,
        bulk_density_t_per_m3=1.0 / m3_per_t,
        metallic_yield=yields,
        contents_wt_pct={element: content for element, content in contents.items() if content},
        recovery=dict.fromkeys(contents, 1.0),
    )


def _problem(
    items: Iterable[YardItem],
    mass_t: float,
    grade: Grade | None = None,
    baskets: Baskets | None = None,
    rules: str | None = None,
) -> RecipeProblem:
    yard = tuple(items)
    plant = Plant(
        name="published",
        furnace=Furnace(tap_weight_t=mass_t, baskets=baskets),
        yard=yard,
        emission_factors=catalogue.emission_factors(),
        rules=None if rules is None else RulesFile(name="rules.py", text=rules),
    )
    grade = grade or Grade(name="none")
    description = stated_description([item.material for item in yard], grade.elements())
    return build_problem(plant, Order(grade=grade, mass_t=mass_t), description, EXACT)


def _blend(
    published: Published,
    rows: Mapping[str, Element],
    mass: float,
    prices_per: float = 1.0,
    masses_per: float = 1.0,
    rules: str | None = None,
    yields: Mapping[str, float] | None = None,
    **changes: Mapping[str, Any],
) -> RecipeProblem:
    """A blend whose rows are limits on the whole's contents.

    Args:
        published: as it was.
        rows: the element that each stands for.
        mass: of the blend, in the source's unit.
        prices_per: of the source's unit of money in ours.
        masses_per: of the source's unit of mass in ours.
        rules: that are no limits.
        yields: of each material; 1 unless given.
        changes: by material, of its yard item.
    """
    contents = {e: _row(published, row) for row, e in rows.items()}
    items = []
    for name in published["cost"]:
        own = {element: 100.0 * by_name.get(name, 0.0) for element, by_name in contents.items()}
        most = published["bounds"].get(name, [0, None])[1]
        values: dict[str, Any] = {
            "material": _material(name, own, 1.0 if yields is None else yields[name]),
            "price_eur_per_t": published["cost"][name] / prices_per,
            "available_t": None if most is None else most / masses_per,
            **changes.get(name, {}),
        }
        items.append(YardItem(**values))
    limits = {(side, e): _side(published, row, side) for row, e in rows.items() for side in ("lo", "hi")}
    grade = Grade(
        name="published",
        minimum_wt_pct={e: 100.0 * v / mass for (side, e), v in limits.items() if side == "lo" and v},
        maximum_wt_pct={e: 100.0 * v / mass for (side, e), v in limits.items() if side == "hi" and v is not None},
    )
    return _problem(items, mass / masses_per, grade, rules=rules)


def _glpk_alloy(published: Published) -> RecipeProblem:
    """Aluminium, 10 000 kg: thirteen elements, "other elements" as a rule, and of one scrap no more than 900 kg."""
    elements = {"ZN": Element.ZN, "CU": Element.CU, "MG": Element.MG, "CR": Element.CR, "BE": Element.BE,
                "FE": Element.FE, "SI": Element.SI, "MGN": Element.MN, "NI": Element.NI, "TI": Element.TI,
                "PB": Element.PB, "SN": Element.SN, "BI": Element.BI}  # fmt: skip
    others, most = _row(published, "GEN"), _side(published, "GEN", "hi")
    rules = f"""
from chargewise import rule

SHARES = {others!r}

@rule("other elements at most {most} kg", unit="kg", step=0.1)
def others(model):
    return sum(share * 1000 * model.charged_t[name] for name, share in SHARES.items()) <= {most}
"""
    return _blend(
        published, elements, 10_000.0, prices_per=0.001, masses_per=1000.0, rules=rules,
        SC1={"max_t": (_side(published, "scrap1", "hi") or 0.0) / 1000.0},
    )  # fmt: skip


def _alloys(mass: float, masses_per: float) -> Callable[[Published], RecipeProblem]:
    elements = {"C": Element.C, "Cu": Element.CU, "Mn": Element.MN}
    return lambda published: _blend(published, elements, mass, 1.0 / masses_per, masses_per)


def _ibm_blend(published: Published) -> RecipeProblem:
    """Three metals from pure ones, raw materials, scrap and whole ingots; what is no metal is lost."""
    metals = {"metal1": Element.CU, "metal2": Element.ZN, "metal3": Element.SN}
    rows = {metal: _row(published, metal) for metal in metals}
    alloy = _side(published, "alloy", "lo") or 0.0
    items = []
    for name, price in published["cost"].items():
        share = {element: 100.0 * rows[metal].get(name, 0.0) for metal, element in metals.items()}
        material = _material(name, share, round(sum(share.values()) / 100.0, 9))
        items.append(YardItem(material=material, price_eur_per_t=price, lift_t=1.0 if name == "i1" else 0.0))
    of_whole = {e: published["bounds"][f"m{number}"] for number, e in enumerate(metals.values(), start=1)}
    grade = Grade(
        name="blend",
        minimum_wt_pct={e: 100.0 * low / alloy for e, (low, _) in of_whole.items()},
        maximum_wt_pct={e: 100.0 * high / alloy for e, (_, high) in of_whole.items()},
    )
    return _problem(items, alloy, grade)


LAYERS = """
from chargewise import rule

HEAVY, LIGHT = {heavy!r}, {light!r}


@rule("heavy scrap at most 30 % of each basket", unit="t")
def heavy(model):
    for b in {baskets}:
        everything = sum(mass for (basket, _), mass in model.basket_t.items() if basket == b)
        yield sum(model.basket_t[b, name] for name in HEAVY) <= {share} * everything


@rule("a light layer at the bottom and the top of each basket", unit="m³")
def light(model):
    for b in {baskets}:
        yield sum(m3_per_t * model.basket_t[b, name] for name, m3_per_t in LIGHT.items()) >= {least_m3}
"""


def _ufmg(
    published: Published,
    layered: tuple[int, ...] | None = None,
    rules: tuple[BasketRule, ...] = (),
    without: tuple[str, ...] = (),
) -> RecipeProblem:
    """Baskets with a volume each, layers in them, and room in the furnace that the melt of earlier ones takes."""
    count = max(int(name.split(":")[0]) for name in published["cost"])
    last = f"volume{count}"
    volumes = {name.partition(":")[2]: v for name, v in _row(published, last).items() if name.startswith(f"{count}:")}
    melt = next(v for name, v in _row(published, last).items() if name.startswith("1:"))
    heavy = {name.partition(":")[2]: v for name, v in _row(published, f"heavy{count}").items()}
    light = {name.partition(":")[2]: v for name, v in _row(published, f"light{count}").items()}
    every = "sorted({basket for basket, _ in model.basket_t})"
    text = LAYERS.format(
        heavy=[name for name, v in heavy.items() if v > 0], light=light, share=round(1.0 - max(heavy.values()), 9),
        least_m3=_side(published, f"light{count}", "lo"), baskets=layered or every,
    )  # fmt: skip
    items = [
        YardItem(
            material=_material(name, {}, m3_per_t=m3),
            price_eur_per_t=published["cost"][f"1:{name}"],
            available_t=0.0 if name in without else None,
        )
        for name, m3 in volumes.items()
    ]
    baskets = Baskets(
        count=count, volume_m3=_side(published, last, "hi") or 0.0, max_t=1000.0, melt_m3_per_t=melt, rules=rules
    )
    return _problem(items, _side(published, "charge", "lo") or 0.0, baskets=baskets, rules=text)


def _weighed(published: Published) -> RecipeProblem:
    """Basket 1 has been weighed; the rest is optimised again."""
    weighed = {name.partition(":")[2]: high for name, (_, high) in published["bounds"].items()}
    rules = tuple(
        BasketRule(name=f"weighed {name}", materials=(name,), baskets=(1,), min_t=mass, max_t=mass)
        for name, mass in weighed.items()
    )
    return _ufmg(published, layered=(2,), rules=rules)


def _empty_bay(published: Published) -> RecipeProblem:
    return _ufmg(published, without=tuple({name.partition(":")[2] for name in published["bounds"]}))


def _blocks(published: Published) -> RecipeProblem:
    """Blocks of alloyed steel that are paid whole, whatever is used of them; impurities as a rule."""
    elements = {"Fe": Element.FE, "Cr": Element.CR, "Ni": Element.NI}
    rows = {element: _row(published, row) for row, element in elements.items()}
    impure, most = _row(published, "impurity"), _side(published, "impurity", "hi")
    items = []
    for name, (_, size) in published["bounds"].items():
        if name.startswith("b"):
            contents = {element: 100.0 * row.get(name, 0.0) for element, row in rows.items()}
            items.append(
                YardItem(
                    material=_material(name, contents),
                    price_eur_per_t=published["cost"][f"z{name}"] / size,
                    available_t=size,
                    paid_whole=True,
                )
            )
    rules = f"""
from chargewise import rule

@rule("impurities at most {most} t", unit="t", step=0.1)
def impurities(model):
    return sum(share * model.charged_t[name] for name, share in {impure!r}.items()) <= {most}
"""
    grade = Grade(
        name="stainless",
        minimum_wt_pct={e: _side(published, row, "lo") or 0.0 for row, e in elements.items()},
        maximum_wt_pct={e: v for row, e in elements.items() if (v := _side(published, row, "hi")) is not None},
    )
    return _problem(items, _side(published, "mass", "lo") or 0.0, grade, rules=rules)


def _density(published: Published) -> RecipeProblem:
    """An alloy whose density lies between limits."""
    density = _row(published, "density")
    low, high = _side(published, "density", "lo"), _side(published, "density", "hi")
    rules = f"""
from chargewise import rule

@rule("density between {low} and {high} kg/m³", unit="kg/m³", step=10)
def density(model):
    whole = sum(value * model.charged_t[name] for name, value in {density!r}.items())
    return [whole >= {low} * model.steel_t, whole <= {high} * model.steel_t]
"""
    return _blend(published, {"C": Element.C, "P": Element.P}, 1.0, rules=rules)


def _ductile(published: Published) -> RecipeProblem:
    """A ductile iron: contents per t charged after losses, masses per t of melt; prices per kg."""
    elements = {"C": Element.C, "Si": Element.SI, "P": Element.P, "Mg": Element.MG, "Mn": Element.MN, "S": Element.S}
    return _blend(published, elements, 1.0, prices_per=1000.0, yields=_row(published, "yield"))


def _two_scraps(published: Published) -> RecipeProblem:
    """Contents that scatter: each limit holds with 95 %."""
    items = []
    for j, name in enumerate(published["variables"]):
        (symbol, means), sds = next(iter(published["mean_wt_pct"].items())), published["sd_wt_pct"]
        element = Element(symbol)
        material = _material(name, {element: means[j]})
        scatter = {"content_cv": {element: sds[symbol][j] / means[j]}}
        items.append(YardItem(material=material.model_copy(update=scatter), price_eur_per_t=published["price"][j]))
    limits = {Element(symbol): limit for symbol, _, limit in published["limits"]}
    return _problem(items, published["total"], Grade(name="chance", maximum_wt_pct=limits))


def _iron(published: Published) -> RecipeProblem:
    """A charge without any solution."""
    elements = {"C": Element.C, "Si": Element.SI}
    return _blend(published, elements, _side(published, "mass", "lo") or 0.0, 0.001, 1000.0)


INFEASIBLE = "textbook_infeasible"
STATED: dict[str, Callable[[Published], RecipeProblem]] = {
    "glpk_alloy": _glpk_alloy,
    "gueret_alloys_500t": _alloys(500.0, 1.0),
    "kalvelagen_alloys_5000kg": _alloys(5000.0, 1000.0),
    "ibm_opl_blending_milp": _ibm_blend,
    "ufmg_eaf_2_buckets": _ufmg,
    "ufmg_eaf_3_buckets": _ufmg,
    "ufmg_reopt_after_bucket1": _weighed,
    "ufmg_bay_empty": _empty_bay,
    "gualandi_steel_recycling": _blocks,
    "ozgrid_alloy": _density,
    INFEASIBLE: _iron,
    "charge_mixer_ductile": _ductile,
    "cc_two_scraps": _two_scraps,
}
"""How each is stated."""
PRICES_PER = {"charge_mixer_ductile": 1000.0}
"""Of the source's unit of money in ours, where prices would be too large for a t of anything charged."""


def read_published(folder: Path) -> dict[str, Published]:
    """The published problems of a folder, by name."""
    return {one["name"]: one for one in json.loads((folder / "charges.json").read_text("utf-8"))}


def solved(published: Published) -> Answer:
    """One of them, stated and solved.

    Raises:
        ImpossibleOrderError: it has no solution.
    """
    name = published["name"]
    found = Optimizer().solution(STATED[name](published)).objective_eur
    return Answer(float(published["computed_optimum"]), found * PRICES_PER.get(name, 1.0))
