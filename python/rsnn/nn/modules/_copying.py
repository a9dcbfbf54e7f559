"""Copies of modules whose classes say how they are pickled, and of saved states."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from rsnn._C import Tensor


def reconstruct(module: Any, memo: dict[int, Any], reduced: Any) -> Any:
    """The copy that ``copy.deepcopy`` makes of what ``__reduce_ex__`` gave."""
    if isinstance(reduced, str):
        return module
    return copy._reconstruct(module, memo, *reduced)  # type: ignore[attr-defined]


def copy_entries(state: Any, before: Mapping[str, Any], keep_vars: bool) -> None:
    """Replace the entries that a ``state_dict(copy=True)`` has added to ``state`` by copies.

    Raises ``ValueError`` if the state was to hold the parameters themselves.
    """
    if keep_vars:
        raise ValueError("state_dict: copy=True gives copies, keep_vars=True the parameters themselves: choose one")
    for key, value in list(state.items()):
        if key not in before or before[key] is not value:
            state[key] = value.detach().clone() if isinstance(value, Tensor) else copy.deepcopy(value)
