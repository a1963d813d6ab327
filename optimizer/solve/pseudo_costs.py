"""What deciding each material was seen to cost, kept between solves: where to branch without trying again."""

import threading

import numpy as np


class Experience:
    """€ per t of distance by which a bound rose (pseudo-costs; Benichou et al. 1971); safe to share between threads.

    Args:
        columns: n + m; a decision is to leave a column out, side 0, or to use it, side 1.
    """

    def __init__(self, columns: int) -> None:
        self._total = np.zeros((2, columns))
        self._seen = np.zeros((2, columns))
        self._lock = threading.Lock()

    def learn(self, side: int, column: int, gain_eur: float, distance_t: float) -> None:
        """Take in one bound that rose."""
        with self._lock:
            self._total[side, column] += gain_eur / distance_t
            self._seen[side, column] += 1

    def expected(self, side: int, column: int, distance_t: float) -> float | None:
        """€ that the bound should rise by; None where nothing was seen."""
        with self._lock:
            seen = float(self._seen[side, column])
            return float(self._total[side, column]) / seen * distance_t if seen else None
