"""What every page has: its header, the way to the other pages, and the theme of the machine it is seen on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import resources

from nicegui import ui
from pydantic import ValidationError

from api import context
from chargewise.app.access import Principal
from chargewise.app.plants import NotReadyError
from optimizer.solve.errors import SolverError
from steel.complaints import input_error
from steel.errors import InputError

PAGES = {"recipe": ("", "Recipe"), "shift": ("shift", "Shift"), "connections": ("connections", "Connections")}
"""Address and name of each page, by what it is called in here."""
RECONNECT_S = 120.0
"""How long a page may be out of reach before it is opened anew, as its address keeps it."""


FAILURES = (InputError, SolverError, ValidationError, NotReadyError)
"""What may go wrong with what a visitor asks for; each says what to do."""


def sentence(error: Exception, where: str) -> str:
    """An error as a person reads it."""
    return str(input_error(error, where)) if isinstance(error, ValidationError) else str(error)


@contextmanager
def shell(here: str) -> Iterator[Principal]:
    """A page's frame; what is drawn within it is its content.

    Args:
        here: which of the pages it is.

    Yields:
        Who looks at it.
    """
    ui.add_css(resources.files("api.pages").joinpath("style.css").read_text("utf-8"))
    ui.add_head_html('<script>document.documentElement.lang = "en"</script>')
    ui.dark_mode(None)
    ui.colors(primary="#2f6ca8")
    ui.query(".nicegui-content").classes("p-0 gap-0")
    root = "" if here == "recipe" else "."
    with ui.element("header").classes("cw-bar w-full row items-center justify-between"):
        with ui.row().classes("items-baseline gap-4"):
            ui.label("Chargewise").classes("text-xl font-semibold").props('role="heading" aria-level="1"')
            with ui.element("nav").classes("row gap-1").props('aria-label="Pages"'):
                for name, (address, label) in PAGES.items():
                    link = ui.link(label, f"{root}/{address}" if root else address or "./").classes("cw-nav")
                    if name == here:
                        link.props('aria-current="page"')
        ui.link("API", f"{root}/docs" if root else "docs").classes("cw-nav")
    yield context.principal.get()


def quiet_button(text: str, does: Callable[..., object] | None = None, look: str = "flat dense") -> ui.button:
    """A button that is not the page's main one, in a colour that is read on a light ground and on a dark one."""
    return ui.button(text, on_click=does, color=None).classes("cw-quiet").props(f"{look} no-caps")


@contextmanager
def card(title: str) -> Iterator[ui.element]:
    """A card with its title."""
    with ui.element("section").classes("cw-card w-full") as made:
        ui.label(title).classes("cw-title").props('role="heading" aria-level="2"')
        yield made


def table(heads: tuple[str, ...], rows: Sequence[tuple[object, ...]], text_columns: int = 1, empty: str = "") -> None:
    """A table whose first columns are text and whose others are figures.

    Args:
        heads: of the columns.
        rows: their cells; a callable one draws itself.
        text_columns: how many are text.
        empty: said where there are no rows.
    """
    if not rows:
        ui.label(empty).classes("cw-note")
        return
    with ui.element("div").classes("cw-scroll"), ui.element("table").classes("cw-table"):
        with ui.element("thead"), ui.element("tr"):
            for at, head in enumerate(heads):
                with ui.element("th").classes("" if at >= text_columns else "cw-left"):
                    ui.label(head)
        with ui.element("tbody"):
            for row in rows:
                with ui.element("tr"):
                    for at, cell in enumerate(row):
                        with ui.element("td").classes("" if at >= text_columns else "cw-left"):
                            if callable(cell):
                                cell()
                            else:
                                ui.label(str(cell))
