"""Moving modules to where they cannot go."""

from __future__ import annotations

import pytest

import rsnn


def test_other_devices():
    for device in ("cuda", "mps"):
        with pytest.raises(NotImplementedError, match="expected device 'cpu'"):
            rsnn.nn.Identity().to(device)
    for method in ("cuda", "xpu", "ipu", "mtia", "compile"):
        with pytest.raises(NotImplementedError, match=f"nn.Module.{method}"):
            getattr(rsnn.nn.Identity(), method)()
