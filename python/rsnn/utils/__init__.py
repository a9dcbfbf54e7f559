"""Helpers around training: `rsnn.utils.data` loads batches."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import data as data


def __getattr__(name: str) -> Any:
    """Imports `data` when it is first asked for: the machinery of worker processes takes time to import."""
    if name == "data":
        return importlib.import_module("rsnn.utils.data")
    raise AttributeError(f"module 'rsnn.utils' has no attribute {name!r}")
