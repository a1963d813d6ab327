"""Content as JSON can carry it."""

import math
from typing import Any


def without_nan(content: Any) -> Any:
    """Content with null for what is no number: JSON has no word for it."""
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_nan(value) for value in content]
    return content
