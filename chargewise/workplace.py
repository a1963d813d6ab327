"""What most commands open: settings, heat store, registry and plant service."""

from api.service import PlantService
from chargewise.settings import Settings
from plant_adapters.store import HeatStore
from surrogate.registry import Registry


class Workplace:
    """One installation's store, models and plants.

    Args:
        apart: name of a folder under the home that keeps everything apart from it, database included.
    """

    def __init__(self, apart: str | None = None) -> None:
        self.settings = Settings()
        if apart is not None:
            self.settings = self.settings.model_copy(update={"home": self.settings.home / apart, "database_url": None})
        self.store = HeatStore(self.settings.store_url())
        self.registry = Registry(self.settings.models)

    def service(self) -> PlantService:
        """Plants, models and recipes behind one object."""
        return PlantService(self.settings.plants, self.settings.models, self.store)
