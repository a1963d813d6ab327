"""Virtual plants with a known truth. Shares no code and no functional form with `surrogate`."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from scenarios.bundled import virtual_plant
    from scenarios.virtual_plant import VirtualPlant

__all__ = ["VirtualPlant", "virtual_plant"]
__getattr__ = offering(
    __name__,
    {
        "VirtualPlant": "scenarios.virtual_plant",
        "virtual_plant": "scenarios.bundled",
    },
)
