"""Charge to chemistry and energy, each with its uncertainty; described as affine and convex pieces."""

from typing import TYPE_CHECKING

from steel.offers import offering

if TYPE_CHECKING:
    from surrogate.fit.adoption import adopt
    from surrogate.fit.update import update
    from surrogate.judge.evaluation import evaluate
    from surrogate.model.description import Description, OutputPieces
    from surrogate.model.model import Surrogate
    from surrogate.model.stated_model import stated_description
    from surrogate.store.registry import Registry

__all__ = ["Description", "OutputPieces", "Registry", "Surrogate", "adopt", "evaluate", "stated_description", "update"]
__getattr__ = offering(
    __name__,
    {
        "Description": "surrogate.model.description",
        "OutputPieces": "surrogate.model.description",
        "Registry": "surrogate.store.registry",
        "Surrogate": "surrogate.model.model",
        "adopt": "surrogate.fit.adoption",
        "evaluate": "surrogate.judge.evaluation",
        "stated_description": "surrogate.model.stated_model",
        "update": "surrogate.fit.update",
    },
)
