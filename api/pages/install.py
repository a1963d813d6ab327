"""The pages of the application, each at its address."""

from fastapi import FastAPI
from nicegui import ui

from api.pages.connections_page import show_connections
from api.pages.recipe_page import show_recipe_page
from api.pages.shell import RECONNECT_S
from api.pages.shift_page import show_shift
from chargewise.app.application import Application


def install_pages(server: FastAPI, app: Application) -> None:
    """Serve the pages of the application."""

    @ui.page("/", title="Chargewise", reconnect_timeout=RECONNECT_S)
    def recipe_page(order: str = "") -> None:
        show_recipe_page(app, order)

    @ui.page("/shift", title="Chargewise: shift", reconnect_timeout=RECONNECT_S)
    def shift_page(plant: str = "", heat: str = "") -> None:
        show_shift(app, plant, heat)

    @ui.page("/connections", title="Chargewise: connections", reconnect_timeout=RECONNECT_S)
    def connections_page() -> None:
        show_connections(app)

    ui.run_with(server, mount_path="/", show_welcome_message=False)
