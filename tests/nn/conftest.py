"""Every test with the fixture `lib` runs with rsnn and, where it is installed, with live PyTorch: what it expects of
the one holds for the other."""

from __future__ import annotations

from importlib import import_module

import pytest

import rsnn


@pytest.fixture(params=["rsnn", "torch"])
def lib(request):
    """The library under test."""
    return rsnn if request.param == "rsnn" else pytest.importorskip("torch")


@pytest.fixture
def shared(lib):
    """The module with the hooks of all modules; they are gone afterwards."""
    module = import_module(f"{lib.__name__}.nn.modules.module")
    yield module
    for name in dir(module):
        if name.startswith("_global_") and name != "_global_is_full_backward_hook":
            getattr(module, name).clear()
    module._global_is_full_backward_hook = None
