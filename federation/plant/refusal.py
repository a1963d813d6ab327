"""Why a plant does not answer, in words that may leave it."""


class RefusedError(Exception):
    """A plant does not answer a message; the reason says nothing of its heats or its yard."""
