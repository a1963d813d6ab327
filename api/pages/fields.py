"""A field for a number: text, read as a person means it and never by the browser; comma and point are both decimal."""

from collections.abc import Callable
from dataclasses import dataclass

from nicegui import ui

from plant_adapters.reading.cells import UnreadableError, read_entry

MARKS = ("cw-wrong", "cw-changed", "cw-looser")


@dataclass(frozen=True)
class Bounds:
    """What an entry may be.

    Attributes:
        whole: whether it must be a whole number.
    """

    low: float = 0.0
    high: float = 1e5
    whole: bool = False

    def checked(self, text: str) -> float:
        """An entry's value.

        Raises:
            UnreadableError: it is none, or out of bounds.
        """
        value = read_entry(text)
        if self.whole and not value.is_integer():
            raise UnreadableError("a whole number")
        if not self.low <= value <= self.high:
            raise UnreadableError(f"a number from {self.low:g} to {self.high:g}")
        return value


def number_field(
    base: float | None,
    entered: float | None,
    bounds: Bounds,
    changed: Callable[[float | None, str | None], None],
    marker: str,
    what: str = "",
    label: str | None = None,
    looser: Callable[[float], bool] = lambda value: False,
    empty: str = "",
) -> ui.input:
    """A field for a number, with a mark where it differs from what it is without an entry.

    Args:
        base: what counts where nothing is entered; shown in grey in an emptied field.
        entered: what was entered before.
        bounds: of the entry.
        changed: called with the value, None where the base counts, and what is wrong with the entry.
        marker: its name, for tests and error messages.
        what: it is, where no label says so.
        label: above it.
        looser: whether a value allows what it should not.
        empty: what an emptied field shows where there is no base.
    """
    shown = base if entered is None else entered
    hint = empty if base is None else as_entered(base)
    field = ui.input(label, value="" if shown is None else as_entered(shown), placeholder=hint)
    field.props("dense debounce=400 inputmode=decimal autocomplete=off stack-label").mark(marker)
    field.classes("cw-number" if label is None else "cw-labelled")
    field.props(f'aria-label="{label or what}"')

    def read(text: str) -> None:
        field.classes(remove=" ".join(MARKS))
        if not text.strip():
            changed(None, None)
            return
        try:
            value = bounds.checked(text)
        except UnreadableError as error:
            field.classes("cw-wrong")
            changed(None, f"{label or what}: {text!r} cannot be read; expected {error}")
            return
        _mark(value)
        changed(None if value == base else value, None)

    def _mark(value: float | None) -> None:
        if value is None or value == base:
            return
        field.classes("cw-looser" if looser(value) else "cw-changed")

    _mark(entered)
    field.on_value_change(lambda event: read(str(event.value or "")))
    return field


def as_entered(value: float) -> str:
    """A number as a field shows it."""
    return f"{value:.10g}"
