"""The REST service and the web pages."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from api.app import create_app

__all__ = ["create_app"]
__getattr__ = offering(
    __name__,
    {
        "create_app": "api.app",
    },
)
