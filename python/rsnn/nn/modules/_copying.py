"""Copies of modules whose classes say how they are pickled."""

from __future__ import annotations

import copy
from typing import Any


def reconstruct(module: Any, memo: dict[int, Any], reduced: Any) -> Any:
    """The copy that ``copy.deepcopy`` makes of what ``__reduce_ex__`` gave."""
    if isinstance(reduced, str):
        return module
    return copy._reconstruct(module, memo, *reduced)  # type: ignore[attr-defined]
