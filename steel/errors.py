"""Errors a user can act on: the value, where it was, and what would be right."""


class InputError(ValueError):
    """A value from outside that cannot be used.

    The command line prints it, the REST service turns it into an RFC 9457 problem.

    Attributes:
        value: what was given.
        where: the field, file or row it was found in.
        expected: what would have been right.
    """

    def __init__(self, value: object, where: str, expected: str, sentence: str | None = None) -> None:
        """Say what is wrong.

        Args:
            value: what was given; None where nothing was.
            where: the field, file or row.
            expected: what would have been right.
            sentence: all of it in better words than the usual ones.
        """
        self.value = value
        self.where = where
        self.expected = expected
        given = "" if value is None else f"{value!r} cannot be used; "
        usual = f"{where}: {given}expected {expected}"
        super().__init__(sentence or usual)
