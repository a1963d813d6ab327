"""Why a run could not be done."""


class EngineError(RuntimeError):
    """The coordinator cannot be reached, or did not do what it should; the message says what to do about it."""


class TooFewPlantsError(RuntimeError):
    """Fewer plants connected, or answered, than the run was started for."""


class NothingToAddError(Exception):
    """Every plant's sums were quarantined."""
