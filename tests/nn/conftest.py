"""The fixtures of modules' tests."""

from __future__ import annotations

from importlib import import_module

import pytest


@pytest.fixture
def shared(lib):
    """The module with the hooks of all modules; they are gone afterwards."""
    module = import_module(f"{lib.__name__}.nn.modules.module")
    yield module
    for name in dir(module):
        if name.startswith("_global_") and name != "_global_is_full_backward_hook":
            getattr(module, name).clear()
    module._global_is_full_backward_hook = None
