"""What most commands open: settings, heat store, registry and plant service."""

from chargewise.app.application import Application
from chargewise.app.records import Records
from chargewise.app.settings import Settings
from chargewise.app.training import materials_for, plant_of
from plant_adapters.store.store import HeatStore
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.store.registry import Registry


class Workplace:
    """One installation's store, models and plants.

    Args:
        apart: name of a folder under the home that keeps everything apart from it, database included.
        settings: where it keeps things; what the environment says unless given.
    """

    def __init__(self, apart: str | None = None, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.read()
        if apart is not None:
            self.settings = self.settings.model_copy(update={"home": self.settings.home / apart, "database_url": None})
        self.store = HeatStore(self.settings.store_url())
        self.registry = Registry(self.settings.models)

    def heats(self, plant: str, newest: int | None = None) -> tuple[HeatLog, tuple[Material, ...]]:
        """A plant's stored heats, or the newest of them, and the materials its surrogate should know.

        Raises:
            InputError: the plant has none.
        """
        log = self.store.log(plant)
        materials = materials_for(self.store, plant_of(self.settings.plants, plant), plant)
        return (log if newest is None else log.rows(slice(-newest, None))), materials

    def application(self) -> Application:
        """Plants, models and every question about them behind one object."""
        return Application(self.settings.plants, self.settings.models, self.store)

    def records(self) -> Records:
        """The journal of their recipes."""
        return Records(self.application())
