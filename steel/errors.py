"""Errors a user can act on: the value, where it was, and what would be right."""


class InputError(ValueError):
    """A value from outside that cannot be used.

    The command line prints it, the REST service turns it into an RFC 9457 problem.

    Attributes:
        value: what was given.
        where: the field, file or row it was found in.
        expected: what would have been right.
    """

    def __init__(self, value: object, where: str, expected: str) -> None:
        self.value = value
        self.where = where
        self.expected = expected
        super().__init__(f"{where}: {value!r} cannot be used; expected {expected}")
