"""A plant's own records to validated heats and a recipe back to the plant; and the plant's heat store."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from plant_adapters.mapping.mapping import read_mapping
    from plant_adapters.plants.plant_file import read_plant
    from plant_adapters.sources.protocol import HeatBatch, PlantAdapter
    from plant_adapters.sources.recipe_file import write_recipe
    from plant_adapters.sources.table import TableAdapter
    from plant_adapters.store.store import HeatStore

__all__ = ["HeatBatch", "HeatStore", "PlantAdapter", "TableAdapter", "read_mapping", "read_plant", "write_recipe"]
__getattr__ = offering(
    __name__,
    {
        "HeatBatch": "plant_adapters.sources.protocol",
        "HeatStore": "plant_adapters.store.store",
        "PlantAdapter": "plant_adapters.sources.protocol",
        "TableAdapter": "plant_adapters.sources.table",
        "read_mapping": "plant_adapters.mapping.mapping",
        "read_plant": "plant_adapters.plants.plant_file",
        "write_recipe": "plant_adapters.sources.recipe_file",
    },
)
