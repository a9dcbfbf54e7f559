"""Modules without initial values."""

from __future__ import annotations

import inspect
from typing import Any

import rsnn

__all__ = ["skip_init"]


def skip_init(module_cls: Any, *args: Any, **kwargs: Any) -> Any:
    """Builds a module whose initial values are not to be relied on, and draws no random numbers for them.

    Args:
        module_cls: the module's class.
        args: for the class.
        kwargs: for the class; ``device`` only ``"cpu"``.

    Raises:
        RuntimeError: for what is no class of modules, or one that takes no ``device``.

    Example:
        >>> nn.utils.skip_init(nn.Linear, 2, 3).weight.shape
        rsnn.Size([3, 2])
    """
    if not issubclass(module_cls, rsnn.nn.Module):
        raise RuntimeError(f"Expected a Module; got {module_cls}")
    if "device" not in inspect.signature(module_cls).parameters:
        raise RuntimeError("Module must support a 'device' arg to skip initialization")
    state = rsnn.get_rng_state()
    try:
        return module_cls(*args, **kwargs)
    finally:
        rsnn.set_rng_state(state)
