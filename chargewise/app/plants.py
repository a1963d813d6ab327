"""Plants as they are loaded: on first use, and again when a plant file or the model in service changes."""

import threading
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy.exc import SQLAlchemyError

from chargewise.app.yard_today import YardToday, yard_today
from optimizer.model.rule_check import checked_rules
from plant_adapters.plants.plant_file import read_plant_named
from plant_adapters.store.clock import HEATS, YARD, clock_of
from plant_adapters.store.journal import Journal
from plant_adapters.store.price_lists import PriceLists
from plant_adapters.store.store import HeatStore
from plant_adapters.store.yard_book import YardBook
from steel.complaints import meant
from steel.elements import Element
from steel.errors import InputError
from steel.heats import HeatLog
from steel.names import checked_name, is_name
from steel.plants import Plant
from surrogate.judge.feedback import Feedback
from surrogate.model.description import Description
from surrogate.model.model import Surrogate
from surrogate.store.registry import Registry, Version


class NotReadyError(Exception):
    """A plant that cannot be answered for at present.

    Attributes:
        plant: its name.
        reason: why, for those who run the service.
    """

    def __init__(self, plant: str, reason: str) -> None:
        self.plant, self.reason = plant, reason
        super().__init__(f"{plant} cannot be answered for at present: {reason}")


FileState = tuple[int, int, str | None]
"""Time and size of a plant file, and what its own rules say."""


@dataclass(frozen=True, eq=False)
class LoadedPlant:
    """A plant with its model and its past.

    Attributes:
        plant: with the prices that are valid and the stocks that are left now.
        described: as its file describes it.
        yard: what of it differs from the file now.
        description: the model at the plant's usual process and newest heel, its margins as outcomes have them.
        feedback: what outcomes of recipes have said so far.
        file_state: of the files that it was read from.
        clock: how often each part of what the database keeps of it had been written.
    """

    plant: Plant
    described: Plant
    yard: YardToday
    model: Surrogate
    version: Version
    history: HeatLog
    description: Description
    feedback: Feedback
    file_state: FileState
    clock: dict[str, int]

    @cached_property
    def described_content(self) -> dict[str, Any]:
        """The plant as its file describes it, as the journal keeps it."""
        return self.described.model_dump(mode="json")


class Plants:
    """Plants of one installation; safe to share between threads.

    Args:
        folder: of plant files.
        registry: of their models.
        store: of their heats, recipes and outcomes.
    """

    def __init__(self, folder: Path, registry: Registry, store: HeatStore) -> None:
        self._folder, self._registry, self._store = folder, registry, store
        self.journal = Journal(store.database)
        self.book, self.price_lists = YardBook(store.database), PriceLists(store.database)
        self._feedback: dict[str, tuple[int, Feedback]] = {}
        self._loaded: dict[str, LoadedPlant] = {}
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        self._lock = threading.Lock()

    def has(self, name: str) -> bool:
        """Whether there is a plant of a name that has a plant file and a model."""
        return is_name(name) and self._file(name).is_file() and self._registry.has(name)

    def names(self) -> tuple[str, ...]:
        """Plants that have a plant file and a model."""
        return tuple(name for name in self._registry.plants() if self._file(name).is_file())

    def in_memory(self) -> dict[str, LoadedPlant]:
        """Plants that were asked for since the start, as they were last answered with."""
        return dict(self._loaded)

    def readiness(self) -> dict[str, str | None]:
        """Every plant, and why it cannot be answered for; None for those that can."""
        found: dict[str, str | None] = {}
        for name in self.names():
            try:
                self.loaded(name)
            except NotReadyError as error:
                found[name] = error.reason
            else:
                found[name] = None
        return found

    def loaded(self, name: str) -> LoadedPlant:
        """A plant ready for questions.

        A model that has become unreadable leaves the one in memory in service; a plant file does not, for its prices
        and stocks would be yesterday's.

        Raises:
            InputError: there is no such plant.
            NotReadyError: its plant file or model cannot be used.
        """
        if not self.has(name):
            raise self._unknown(name)
        with self._lock:
            own = self._locks[name]
        # One plant that takes long to load keeps no other waiting.
        with own:
            known = self._loaded.get(name)
            try:
                self._loaded[name] = self._current(name, known)
            except (InputError, OSError, SQLAlchemyError) as error:
                raise NotReadyError(name, _reason(error)) from error
            return self._loaded[name]

    def _current(self, name: str, known: LoadedPlant | None) -> LoadedPlant:
        """What is loaded if nothing changed, else the plant anew."""
        state = self._state(name, known)
        try:
            version = self._registry.active_version(name)
            clock = clock_of(self._store.database, name)
            if known is not None and (known.version.version, known.file_state) == (version, state):
                return self._caught_up(known, clock)
            model, active = self._registry.active(name)
            history, feedback, yard = self._store.log(name), self.heard(name), self._yard(name)
        except (InputError, OSError, SQLAlchemyError):
            if known is None:
                raise
            if known.file_state == state:
                return known
            model, active, history, feedback = known.model, known.version, known.history, known.feedback
            yard, clock = known.yard, known.clock
        plant = read_plant_named(self._folder, name)
        checked_rules(plant)
        state = (*state[:2], None if plant.rules is None else plant.rules.text)
        description = describe_plant(plant, model, history)
        loaded = LoadedPlant(
            yard.on(plant), plant, yard, model, active, history, description, Feedback(), state, clock
        )  # fmt: skip
        return _with_feedback(loaded, feedback)

    def _caught_up(self, known: LoadedPlant, clock: dict[str, int]) -> LoadedPlant:
        """A plant whose file and model are the same, with what else was written since, and prices valid now."""
        name, before = known.described.name, known.clock
        if clock == before and datetime.now(UTC) < known.yard.until:
            return known
        found = replace(known, clock=clock)
        if clock.get(HEATS) != before.get(HEATS):
            history = self._store.log(name)
            found = replace(found, history=history, description=describe_plant(found.described, found.model, history))
        if clock.get(YARD) != before.get(YARD) or datetime.now(UTC) >= known.yard.until:
            yard = self._yard(name)
            found = replace(found, yard=yard, plant=yard.on(found.described))
        return _with_feedback(found, self.heard(name))

    def _yard(self, name: str) -> YardToday:
        return yard_today(name, self.book, self.price_lists, datetime.now(UTC))

    def described(self, name: str) -> Plant:
        """A plant as its file describes it, whether it has a model yet or not.

        Raises:
            InputError: there is no such file, or it cannot be used.
        """
        return read_plant_named(self._folder, name)

    def is_described(self, name: str) -> bool:
        """Whether there is a plant file of a name."""
        return is_name(name) and self._file(name).is_file()

    def all_described(self) -> tuple[str, ...]:
        """Plants that have a plant file, with a model or not yet."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.toml") if is_name(path.stem)))

    def file_of(self, name: str) -> Path:
        """Where a plant's file is, or would be."""
        return self._file(checked_name(name, "plant"))

    def heard(self, name: str) -> Feedback:
        """What outcomes have said, those that came since the last question included."""
        last, feedback = self._feedback.get(name, (0, Feedback()))
        for outcome in self.journal.outcomes(name, after=last):
            feedback, last = feedback.after(outcome.claims, outcome.analysis_wt_pct), outcome.number
        self._feedback[name] = (last, feedback)
        return feedback

    def _state(self, name: str, known: LoadedPlant | None) -> FileState:
        status = self._file(name).stat()
        return status.st_mtime_ns, status.st_size, None if known is None else self._rules(known.plant)

    def _rules(self, plant: Plant) -> str | None:
        """What the plant's own rules say now."""
        try:
            return None if plant.rules is None else (self._folder / plant.rules.name).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}.toml"

    def _unknown(self, name: str) -> InputError:
        """Why there is no such plant, and what would make one."""
        known = self.names()
        trained, heats = name in self._registry.plants(), name in self._store.plants()
        if trained:
            expected = f"a plant file {self._file(name)}; `chargewise plant new {name}` writes one"
            return InputError(name, "plant", expected, f"plant {name}: there is no plant file yet; expected {expected}")
        if heats:
            expected = f"a trained surrogate; run `chargewise train --plant {name}`"
            return InputError(
                name, "plant", expected, f"plant {name}: its heats are there, but no model; expected {expected}"
            )
        if not known:
            expected = "a plant that has been set up; run `chargewise demo`, or `chargewise ingest` on your own heats"
            return InputError(
                name, "plant", expected, f"plant {name!r}: no plants have been set up yet; expected {expected}"
            )
        return InputError(name, "plant", f"one of {', '.join(known)}{meant(name, known) if len(known) > 3 else ''}")


def _with_feedback(loaded: LoadedPlant, feedback: Feedback) -> LoadedPlant:
    description = replace(loaded.description, widths=feedback.widths())
    return replace(loaded, description=description, feedback=feedback)


def describe_plant(plant: Plant, model: Surrogate, history: HeatLog) -> Description:
    """The model at the plant's usual process, with the newest analysed heat as heel."""
    furnace = plant.furnace
    heel: dict[Element, float] = {}
    if furnace.heel_t > 0:
        known = np.isfinite(history.analysis_wt_pct).any(axis=1)
        newest = history.analysis_wt_pct[np.flatnonzero(known)[-1]] if known.any() else []
        heel = {e: float(w) for e, w in zip(history.elements, newest, strict=False) if np.isfinite(w)}
    return model.describe(furnace.process, furnace.heel_t / (furnace.heel_t + furnace.tap_weight_t), heel)


def _reason(error: Exception) -> str:
    """Why, in a line; what a driver says may hold rows of heats and stays out."""
    if isinstance(error, SQLAlchemyError):
        return f"the database does not answer ({type(error).__name__})"
    return str(error)
