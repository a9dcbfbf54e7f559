"""Helpers around training: `rsnn.utils.data` loads batches."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import data as data
    from . import dlpack as dlpack
    from . import hooks as hooks
else:

    def __getattr__(name: str) -> Any:
        """Imports `data` (with the machinery of worker processes) and the others when they are first asked for."""
        if name in ("data", "dlpack", "hooks"):
            return importlib.import_module(f"rsnn.utils.{name}")
        raise AttributeError(f"module 'rsnn.utils' has no attribute {name!r}")
