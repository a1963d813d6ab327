"""What a plant's heats say: of its scrap, and of whether scrap, bays and furnace are still as its model knows them."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, TypeVar

from chargewise.app.plants import LoadedPlant, Plants
from chargewise.app.training import materials_for
from plant_adapters.store.clock import HEATS, YARD, clock_of
from plant_adapters.store.store import HeatStore
from steel.frozen import Frozen
from steel.heats import HeatLog
from steel.jsonable import plain
from surrogate.judge.alarm import watch, watch_inputs
from surrogate.model.model import Surrogate

Found = TypeVar("Found")
WATCHED_HEATS = 100
"""The newest ones, whose alarms are a metric."""
MOST_KEPT = 16
"""Findings that are remembered until new heats come in."""


class Drift(Frozen):
    """How the newest heats differ from what the active model learned from.

    Attributes:
        heats: the newest ones, that were looked at.
        alarms: outputs that left their level.
        moved_inputs: process inputs that left theirs.
        wrongly_booked: scrap that was probably not what was booked, by heat.
        changed_deliveries: materials that hold something else than before, by the heat that shows it.
    """

    plant: str
    model_version: str
    heats: int
    alarms: tuple[dict[str, Any], ...]
    moved_inputs: tuple[dict[str, Any], ...]
    wrongly_booked: tuple[dict[str, Any], ...]
    changed_deliveries: tuple[dict[str, Any], ...]


class Contents(Frozen):
    """What is in a plant's scrap by its own heats.

    Attributes:
        heats: the newest ones, that it was estimated from.
        materials: contents, yield and energy of each, with what the catalogue or a supplier states.
    """

    plant: str
    heats: int
    materials: tuple[dict[str, Any], ...]


class Findings:
    """What the heats of an installation's plants say; remembered until new ones come in.

    Args:
        plants: of the installation.
        store: of their heats.
    """

    def __init__(self, plants: Plants, store: HeatStore) -> None:
        self._plants, self._store = plants, store
        self._kept: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._lock = threading.Lock()

    def contents(self, name: str, newest: int) -> Contents:
        """Every material's contents, by the newest heats.

        Raises:
            InputError: the plant has no heats, or too few.
        """
        clock = clock_of(self._store.database, name)
        heats = (clock.get(HEATS, 0), clock.get(YARD, 0))
        return self._remembered(("contents", name, newest, heats), lambda: self._contents(name, newest))

    def drift(self, name: str, newest: int, probability: float) -> Drift:
        """How the newest heats differ from what the active model learned from.

        Args:
            name: of the plant.
            newest: so many heats.
            probability: from which a wrongly booked scrap is told.

        Raises:
            InputError: the plant has no heats, or no model.
        """
        loaded = self._plants.loaded(name)
        version = loaded.version.version
        key = ("drift", name, newest, probability, version, loaded.clock.get(HEATS, 0))
        return self._remembered(key, lambda: drift_of(name, version, loaded.model, loaded.history, newest, probability))

    def alarms(self, loaded: LoadedPlant) -> dict[str, int]:
        """How many outputs and inputs of a plant's newest heats left the level its model knows."""
        key = ("alarms", loaded.plant.name, loaded.version.version, loaded.clock.get(HEATS, 0))
        return self._remembered(key, lambda: _alarms(loaded.model, loaded.history))

    def _contents(self, name: str, newest: int) -> Contents:
        from surrogate.judge.characterisation import characterise  # noqa: PLC0415

        log = self._store.log(name)
        log = log.rows(slice(-newest, None))
        materials = materials_for(self._store, self._plants.described(name), name)
        found = characterise(log, materials, supplied=self._plants.book.supplied(name))
        return Contents(plant=name, heats=len(log), materials=tuple(plain(one) for one in found))

    def _remembered(self, key: tuple[Any, ...], find: Callable[[], Found]) -> Found:
        with self._lock:
            if key in self._kept:
                found: Found = self._kept[key]
                return found
        found = find()
        with self._lock:
            self._kept[key] = found
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return found


def _alarms(model: Surrogate, log: HeatLog) -> dict[str, int]:
    last = log.rows(slice(-WATCHED_HEATS, None))
    return {"outputs": len(watch(model, last)), "inputs": len(watch_inputs(model, last))}


def drift_of(
    plant: str, version: str, model: Surrogate, log: HeatLog, newest: int, probability: float = 0.5
) -> Drift:  # fmt: skip
    """How the newest heats of a log differ from what a model learned from."""
    # torch takes seconds to import, and answering for a recipe needs it not.
    from surrogate.judge.deliveries import changes  # noqa: PLC0415
    from surrogate.judge.misbooked import misbooked  # noqa: PLC0415

    judged = min(newest, len(log))
    last = log.rows(slice(-judged, None))

    def words(one: Any) -> dict[str, Any]:
        return {**plain(one), "in_words": one.in_words()}

    return Drift(
        plant=plant,
        model_version=version,
        heats=judged,
        alarms=tuple(plain(one) for one in watch(model, last)),
        moved_inputs=tuple(plain(one) for one in watch_inputs(model, last)),
        wrongly_booked=tuple(words(one) for one in misbooked(model, log, judged, probability)),
        changed_deliveries=tuple({"heat_id": str(heat), **words(one)} for heat, one in changes(model, last)),
    )
