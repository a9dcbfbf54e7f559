"""Fixtures of all tests: reproducible draws, and live PyTorch where it is installed."""

from __future__ import annotations

import random

import numpy as np
import pytest

import rsnn


@pytest.fixture(autouse=True)
def seed() -> None:
    """Starts every generator at the same place before each test."""
    random.seed(0)
    np.random.seed(0)
    for lib in (rsnn, _torch()):
        if hasattr(lib, "manual_seed"):
            lib.manual_seed(0)


@pytest.fixture
def torch():
    """Live PyTorch; tests that ask for it are skipped where it is missing."""
    return pytest.importorskip("torch")


@pytest.fixture(params=["rsnn", "torch"])
def lib(request):
    """The library under test: what a test expects of rsnn holds for live PyTorch, where it is installed."""
    return rsnn if request.param == "rsnn" else pytest.importorskip("torch")


def _torch():
    try:
        import torch
    except ImportError:
        return None
    return torch
