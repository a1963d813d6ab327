"""How a search for a recipe may end without one."""


class InfeasibleError(Exception):
    """No recipe meets every requirement."""


class SolverError(RuntimeError):
    """The solver stopped without an answer for a reason that is not the order's."""


class OutOfTimeError(SolverError):
    """Time was up before any recipe was found."""

    def __init__(self) -> None:
        super().__init__("no recipe was found within the time limit")
