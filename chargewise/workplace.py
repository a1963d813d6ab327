"""What most commands open: settings, heat store, registry and plant service."""

from api.service import PlantService
from chargewise.settings import Settings
from plant_adapters.store import HeatStore
from surrogate.registry import Registry


class Workplace:
    """One installation's store, models and plants."""

    def __init__(self) -> None:
        self.settings = Settings()
        self.store = HeatStore(self.settings.store_url())
        self.registry = Registry(self.settings.models)

    def service(self) -> PlantService:
        """Plants, models and recipes behind one object."""
        return PlantService(self.settings.plants, self.settings.models, self.store)
