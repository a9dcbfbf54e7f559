"""Runs a case in both libraries and compares what it logs."""

from __future__ import annotations

import re

import pytest

import rsnn


def said(error):
    """The text of an error, with PyTorch's name replaced."""
    return re.sub(r"\b(torch|rsnn)\b", "lib", str(error))


def plain(x):
    """Tensors as lists, in tuples and dictionaries too."""
    if isinstance(x, (tuple, list)):
        return [plain(item) for item in x]
    return x.detach().tolist() if hasattr(x, "detach") else x


def both(case, texts=False):
    """The log of `case(lib, log)` in both libraries; an exception ends it with its class, and its text if `texts`."""
    torch = pytest.importorskip("torch")
    logs = []
    for lib in (rsnn, torch):
        log = []
        try:
            case(lib, log.append)
        except Exception as error:  # noqa: BLE001
            log.append(type(error))
            if texts:
                log.append(said(error).split(" Hint:")[0])
        logs.append([plain(entry) for entry in log])
    assert logs[0] == logs[1]
    return logs[0]


def leaf(lib):
    return lib.tensor([1.0, 2.0], requires_grad=True)
