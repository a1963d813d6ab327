"""Content as JSON can carry it."""

import math
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel


def without_nan(content: Any) -> Any:
    """Content with null for what is no number: JSON has no word for it."""
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    if isinstance(content, dict):
        return {key: without_nan(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [without_nan(value) for value in content]
    return content


def plain(content: Any) -> Any:
    """Records of any kind, numpy's numbers and times among them, as JSON can carry them."""
    if isinstance(content, BaseModel):
        return content.model_dump(mode="json")
    if is_dataclass(content) and not isinstance(content, type):
        return {field.name: plain(getattr(content, field.name)) for field in fields(content)}
    if isinstance(content, dict):
        return {str(key): plain(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [plain(value) for value in content]
    if isinstance(content, np.datetime64):
        return None if np.isnat(content) else str(content)
    return without_nan(content.item() if isinstance(content, np.generic) else content)
