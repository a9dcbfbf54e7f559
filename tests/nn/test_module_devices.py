"""Moving modules to where they cannot go."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn
from both import raises


def test_other_devices():
    for device in ("cuda", "mps"):
        with pytest.raises(NotImplementedError, match="expected device 'cpu'"):
            rsnn.nn.Identity().to(device)
    for method in ("cuda", "xpu", "ipu", "mtia", "compile"):
        with pytest.raises(NotImplementedError, match=f"nn.Module.{method}"):
            getattr(rsnn.nn.Identity(), method)()


def test_devices_by_name_and_number(lib):
    device = lib.device
    assert device("cuda", 3) == device("cuda:3") == device(type="cuda", index=3) == device(device("cuda:3"))
    assert str(device("cpu:0")) == "cpu:0" and repr(device("cuda:1")) == "device(type='cuda', index=1)"
    assert device("cuda").index is None and device("cpu") != device("cpu:0") != "cpu:0"
    for wrong in ("cuda:01", "cuda:", "cpu:x", "cpu:-1", "cuda:1:2"):
        with raises(RuntimeError, f"Invalid device string: '{wrong}'"):
            device(wrong)
    with raises(RuntimeError, "Device string must not be empty"):
        device("")
    with raises(RuntimeError, "type (string) must not include an index because index was passed explicitly: cpu:1"):
        device("cpu:1", 2)
    for wrong in (("cuda", -1), ("cpu", -1)):
        with raises(RuntimeError, "Device index must not be negative"):
            device(*wrong)


def test_what_is_no_device(lib):
    for wrong in (2.5, [], None, True, {}):
        with pytest.raises(TypeError):
            lib.device(wrong)
    for index, kind in (("x", "str"), (1.5, "float"), (True, "bool")):
        with raises(TypeError, f"device(): argument 'index' (position 2) must be int, not {kind}"):
            lib.device("cuda", index)
    for kind, name in ((5, "int"), (lib.device("cuda"), "rsnn.device")):
        with raises(TypeError, f"device(): argument 'type' (position 1) must be str, not {name}"):
            lib.device(kind, 1)


def test_numbers_are_those_of_accelerators():
    assert rsnn.device(3) == rsnn.device(np.int64(3)) == rsnn.device("cuda:3")
    with raises(RuntimeError, "Device index must not be negative"):
        rsnn.device(-1)
    text = "device 'cuda:5' is not available: rsnn runs on the CPU, device must be 'cpu'"
    for make in (lambda: rsnn.nn.Linear(2, 2, device=5), lambda: rsnn.zeros(2, device=5)):
        with raises(RuntimeError, text):
            make()
    for target in (rsnn.nn.Linear(2, 2), rsnn.zeros(2)):
        for given in ((5,), (np.int64(5),)):
            with pytest.raises(NotImplementedError, match="to: expected device 'cpu', got .*5"):
                target.to(*given)


def test_devices_are_values(lib):
    first, same, other = lib.device("cuda:1"), lib.device("cuda", 1), lib.device("cuda")
    assert {first: 1}[same] == 1 and len({first, same, other}) == 2 and first != other and first != "cuda:1"
    for again in (copy.copy(first), copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        assert again == first and type(again) is lib.device
    assert pickle.loads(pickle.dumps(other)) == other and str(other) == "cuda" and repr(other) == "device(type='cuda')"
    for name in ("type", "index"):
        with pytest.raises(AttributeError, match="is not writable"):
            setattr(first, name, "cpu")
    assert (first.type, first.index) == ("cuda", 1)
    for wrong in ("nosuch", "nosuch:0"):
        with pytest.raises(RuntimeError, match="Expected one of cpu, .* device type at start of device string: nosuch"):
            lib.device(wrong)
    for kind in ("cpu", "cuda", "mps", "xpu", "meta"):
        assert lib.device(kind).type == kind
    with raises(AttributeError, "attribute 'type' of 'rsnn.device' objects is not writable"):
        first.type = "cpu"


def test_tensors_go_nowhere():
    x = rsnn.ones(1)
    for given in ({"device": "cuda"}, {"device": rsnn.device("cuda")}, {"device": "meta", "dtype": rsnn.float64}):
        with pytest.raises(NotImplementedError, match="to: expected device 'cpu', got "):
            x.to(**given)
    for given in (("cuda",), ("cuda", rsnn.float64), (rsnn.device("meta"), None)):
        with pytest.raises(NotImplementedError, match="to: expected device 'cpu', got "):
            x.to(*given)
    text = "device 'cuda:1' is not available: rsnn runs on the CPU, device must be 'cpu'"
    with raises(RuntimeError, text), rsnn.device("cuda:1"):
        pass
