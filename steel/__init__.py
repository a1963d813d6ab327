"""The trade's vocabulary: small frozen types, units and public catalogues. No I/O, models or solvers."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from steel.baskets import Baskets
    from steel.campaigns import Campaign
    from steel.elements import Element
    from steel.errors import InputError
    from steel.grades import Grade, Order
    from steel.heats import Charge, HeatLog
    from steel.materials import Material, MaterialKind
    from steel.plants import Furnace, Plant, Prices, YardItem
    from steel.recipes import Recipe

__all__ = [
    "Baskets",
    "Campaign",
    "Charge",
    "Element",
    "Furnace",
    "Grade",
    "HeatLog",
    "InputError",
    "Material",
    "MaterialKind",
    "Order",
    "Plant",
    "Prices",
    "Recipe",
    "YardItem",
]
__getattr__ = offering(
    __name__,
    {
        "Baskets": "steel.baskets",
        "Campaign": "steel.campaigns",
        "Charge": "steel.heats",
        "Element": "steel.elements",
        "Furnace": "steel.plants",
        "Grade": "steel.grades",
        "HeatLog": "steel.heats",
        "InputError": "steel.errors",
        "Material": "steel.materials",
        "MaterialKind": "steel.materials",
        "Order": "steel.grades",
        "Plant": "steel.plants",
        "Prices": "steel.plants",
        "Recipe": "steel.recipes",
        "YardItem": "steel.plants",
    },
)
