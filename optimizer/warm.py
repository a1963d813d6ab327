"""What is kept between solves of one description: tangents of margins, the last optimum's basis, pseudo-costs."""

import itertools
import threading
from collections import deque
from dataclasses import dataclass, field

from optimizer.element_rows import ElementRow
from optimizer.experience import Experience
from optimizer.problem import RecipeProblem
from optimizer.rows import Name
from optimizer.scatter import Parts, parts_of
from optimizer.session import Basis
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
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        """Begin without any experience."""
        self.experience = Experience(len(self.problem.items))

    def known(self) -> tuple[dict[str, list[tuple[Name, FloatArray]]], Basis | None]:
        """By element, tangents (n + m,) so far with their names; and the last optimum's basis."""
        with self._lock:
            return {element: list(cuts) for element, cuts in self._cuts.items()}, self._basis

    def learn(self, element: str, tangent: FloatArray) -> Name:
        """Keep one more tangent of an element's margin; returns its name."""
        with self._lock:
            name = ("cut", element, next(self._numbers))
            self._cuts.setdefault(element, deque(maxlen=MOST_CUTS)).append((name, tangent))
            return name

    def parts(self, row: ElementRow) -> Parts:
        """An element's scatter in parts, worked out once."""
        name = row.element.value
        with self._lock:
            if name not in self._parts:
                self._parts[name] = parts_of(row.root, self.problem.counted)
            return self._parts[name]

    def end_at(self, basis: Basis) -> None:
        """Keep the basis of an optimum."""
        with self._lock:
            self._basis = basis
