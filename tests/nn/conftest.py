"""Every test with the fixture `lib` runs with rsnn and, where it is installed, with live PyTorch: what it expects of
the one holds for the other."""

from __future__ import annotations

import pytest

import rsnn


@pytest.fixture(params=["rsnn", "torch"])
def lib(request):
    """The library under test."""
    return rsnn if request.param == "rsnn" else pytest.importorskip("torch")
