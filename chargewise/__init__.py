"""Chargewise in Python: what to load into an electric arc furnace.

    import chargewise as cw

    heats = cw.read_heats("heats.csv", "mapping.toml")
    model = cw.train(heats)
    plant = cw.plant_of(heats)
    order = cw.Order(grade=plant.grade("B500B"), mass_t=100)
    recipe = cw.recommend(plant, order, cw.describe(plant, model, heats))

What it offers is imported when it is first used, so that `import chargewise` takes no time.
"""

from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from steel.offers import offering

if TYPE_CHECKING:
    __version__: str
    from chargewise.app.notebook import (
        adopt,
        campaign,
        describe,
        evaluate,
        front,
        open_workplace,
        plant_of,
        predict,
        problem,
        read_heats,
        read_plant,
        recommend,
        scores,
        train,
    )
    from chargewise.app.shadow import shadow
    from optimizer.explain.conflicts import ImpossibleOrderError
    from optimizer.explain.recommend import Optimizer
    from optimizer.explain.substitutes import substitutes
    from optimizer.plan.basket_count import basket_choices
    from optimizer.plan.buying import month_advice
    from optimizer.plan.rest_of_heat import rest_of_heat
    from optimizer.plan.sequence import plan_sequence
    from optimizer.plan.trim import trims
    from optimizer.problem.options import Aim, Objective, RecipeOptions
    from optimizer.problem.own_rules import rule
    from optimizer.solve.errors import SolverError
    from plant_adapters.plants.price_history import read_price_history
    from plant_adapters.sources.protocol import HeatBatch
    from scenarios.what_if.scenario import read_scenario
    from scenarios.what_if.study import what_if
    from steel.baskets import BasketRule, Baskets
    from steel.buying import ScrapOffer
    from steel.campaigns import Campaign
    from steel.elements import Element
    from steel.errors import InputError
    from steel.grades import Grade, Order
    from steel.materials import Material, MaterialKind
    from steel.plants import Furnace, MaterialGroup, Plant, Prices, YardItem
    from steel.sequences import ReturnsPractice
    from surrogate.model.melt import expected_melt
    from surrogate.model.stated_model import stated_description

_NOTEBOOK = "chargewise.app.notebook"
_OFFERED = {
    "open_workplace": _NOTEBOOK,
    "read_heats": _NOTEBOOK,
    "read_plant": _NOTEBOOK,
    "plant_of": _NOTEBOOK,
    "train": _NOTEBOOK,
    "evaluate": _NOTEBOOK,
    "scores": _NOTEBOOK,
    "describe": _NOTEBOOK,
    "predict": _NOTEBOOK,
    "problem": _NOTEBOOK,
    "recommend": _NOTEBOOK,
    "front": _NOTEBOOK,
    "campaign": _NOTEBOOK,
    "adopt": _NOTEBOOK,
    "shadow": "chargewise.app.shadow",
    "Optimizer": "optimizer.explain.recommend",
    "rest_of_heat": "optimizer.plan.rest_of_heat",
    "substitutes": "optimizer.explain.substitutes",
    "trims": "optimizer.plan.trim",
    "basket_choices": "optimizer.plan.basket_count",
    "plan_sequence": "optimizer.plan.sequence",
    "month_advice": "optimizer.plan.buying",
    "expected_melt": "surrogate.model.melt",
    "ReturnsPractice": "steel.sequences",
    "ScrapOffer": "steel.buying",
    "what_if": "scenarios.what_if.study",
    "read_scenario": "scenarios.what_if.scenario",
    "read_price_history": "plant_adapters.plants.price_history",
    "stated_description": "surrogate.model.stated_model",
    "rule": "optimizer.problem.own_rules",
    "Aim": "optimizer.problem.options",
    "BasketRule": "steel.baskets",
    "Baskets": "steel.baskets",
    "Campaign": "steel.campaigns",
    "Element": "steel.elements",
    "Furnace": "steel.plants",
    "Grade": "steel.grades",
    "HeatBatch": "plant_adapters.sources.protocol",
    "ImpossibleOrderError": "optimizer.explain.conflicts",
    "InputError": "steel.errors",
    "Material": "steel.materials",
    "MaterialGroup": "steel.plants",
    "MaterialKind": "steel.materials",
    "Objective": "optimizer.problem.options",
    "Order": "steel.grades",
    "Plant": "steel.plants",
    "Prices": "steel.plants",
    "RecipeOptions": "optimizer.problem.options",
    "SolverError": "optimizer.solve.errors",
    "YardItem": "steel.plants",
}
__all__ = [
    "Aim", "BasketRule", "Baskets", "Campaign", "Element", "Furnace", "Grade", "HeatBatch", "ImpossibleOrderError",
    "InputError", "Material", "MaterialGroup", "MaterialKind", "Objective", "Optimizer", "Order", "Plant", "Prices",
    "RecipeOptions", "ReturnsPractice", "ScrapOffer", "SolverError", "YardItem", "__version__", "adopt",
    "basket_choices", "campaign", "describe", "evaluate", "expected_melt", "front", "month_advice",
    "open_workplace", "plan_sequence", "plant_of", "predict", "problem", "read_heats", "read_plant",
    "read_price_history", "read_scenario", "recommend", "rest_of_heat", "rule", "scores", "shadow",
    "stated_description", "substitutes", "train", "trims", "what_if",
]  # fmt: skip


_offered = offering(__name__, _OFFERED)


def __getattr__(name: str) -> Any:
    return version("chargewise") if name == "__version__" else _offered(name)


def __dir__() -> list[str]:
    return sorted(__all__)
