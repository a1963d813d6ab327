"""What is kept between solves of one description: tangents of margins, where the last optimum lay, pseudo-costs."""

import itertools
import threading
from collections import deque
from dataclasses import dataclass, field

import numpy as np

from optimizer.model.program import Name, Program
from optimizer.model.scatter import Parts, parts_of
from optimizer.problem.elements import ElementRow
from optimizer.problem.recipe_problem import RecipeProblem
from optimizer.solve.highs import Basis
from optimizer.solve.pseudo_costs import Experience
from optimizer.solve.quadratic import Point
from steel.heats import FloatArray

MOST_CUTS = 4
"""Tangents kept of one element; all are valid for ever, but the newest are nearest to today's recipes."""


@dataclass
class Warm:
    """What is kept between solves whose margins are the same; safe to share between threads.

    Attributes:
        problem: one of them, which keeps alive what their key is made of.
        experience: what deciding each material cost.
    """

    problem: RecipeProblem
    experience: Experience = field(init=False)
    _cuts: dict[str, deque[tuple[Name, FloatArray]]] = field(default_factory=dict)
    _parts: dict[str, Parts] = field(default_factory=dict)
    _basis: Basis | None = None
    _point: Point | None = None
    _names: tuple[Name, ...] = ()
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Begin without any experience."""
        self.experience = Experience(len(self.problem.items))

    def known(self) -> tuple[dict[str, list[tuple[Name, FloatArray]]], Basis | None]:
        """By element, tangents (n + m,) so far with their names; and the last optimum's basis."""
        with self._lock:
            return {element: list(cuts) for element, cuts in self._cuts.items()}, self._basis

    def learn(self, elements: list[str], tangents: FloatArray) -> list[Name]:
        """Keep more tangents (K, n + m) of some elements' margins; returns their names."""
        sound = [bool(np.isfinite(tangent).all()) for tangent in tangents]
        elements, tangents = [e for e, kept in zip(elements, sound, strict=True) if kept], tangents[sound]
        with self._lock:
            names: list[Name] = [("cut", element, next(self._numbers)) for element in elements]
            for name, element, tangent in zip(names, elements, tangents, strict=True):
                self._cuts.setdefault(element, deque(maxlen=MOST_CUTS)).append((name, tangent))
            return names

    def parts(self, row: ElementRow) -> Parts:
        """An element's scatter in parts, worked out once."""
        name = row.element.value
        with self._lock:
            if name not in self._parts:
                self._parts[name] = parts_of(row.root, self.problem.counted)
            return self._parts[name]

    def start(self, program: Program) -> Point | None:
        """The last optimum of a program with the same columns and rows."""
        with self._lock:
            return self._point if self._names == program.names else None

    def keep_optimum(self, program: Program, point: Point) -> None:
        """Keep the optimum of a program."""
        if not np.isfinite(point.values).all():
            return
        with self._lock:
            self._names, self._point = program.names, point

    def keep_basis(self, basis: Basis) -> None:
        """Keep the basis of an optimum."""
        with self._lock:
            self._basis = basis
