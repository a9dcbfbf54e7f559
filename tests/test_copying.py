"""Deep copies and pickles of tensors and parameters."""

import copy
import pickle

import numpy as np
import pytest

import rsnn

DTYPES = ["float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"]


def again(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("twin", [copy.deepcopy, again, copy.copy])
@pytest.mark.parametrize("dtype", DTYPES)
def test_copies_are_equal(twin, dtype):
    x = rsnn.tensor([[0, 1, 2], [3, 4, 5]], dtype=getattr(rsnn, dtype))
    y = twin(x)
    assert y is not x and y.dtype == x.dtype and y.tolist() == x.tolist() and not y.requires_grad


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(protocol):
    x = rsnn.tensor([1.0, 2.0], requires_grad=True)
    y = pickle.loads(pickle.dumps(x, protocol=protocol))
    assert y.tolist() == [1, 2] and y.requires_grad and y.is_leaf
    y.detach().fill_(3) if hasattr(y, "fill_") else None


def test_memory_travels_beside_the_pickle():
    x, buffers = rsnn.zeros(10_000), []
    data = pickle.dumps(x, protocol=5, buffer_callback=buffers.append)
    assert len(data) < 1000 and len(buffers) == 1
    y = pickle.loads(data, buffers=[bytes(buffers[0].raw())])
    assert y.tolist() == x.tolist() and y.numpy().flags.writeable, "read-only memory is copied"


@pytest.mark.parametrize("twin", [copy.deepcopy, again])
def test_parameters_stay_parameters(twin):
    for requires_grad in (True, False):
        p = twin(rsnn.nn.Parameter(rsnn.ones(2), requires_grad=requires_grad))
        assert type(p) is rsnn.nn.Parameter and p.requires_grad == requires_grad and p.tolist() == [1, 1]

    class Scaled(rsnn.nn.Parameter):
        pass

    global _Scaled
    _Scaled = Scaled
    Scaled.__qualname__ = Scaled.__name__ = "_Scaled"
    assert type(twin(Scaled(rsnn.ones(1)))) is Scaled


@pytest.mark.parametrize("twin", [copy.deepcopy, again])
def test_attributes_come_along(twin):
    x = rsnn.ones(1)
    x.note = ["a"]
    y = twin(x)
    assert y.note == ["a"] and y.note is not x.note


def test_a_deep_copy_has_its_own_memory_and_gradient():
    x = rsnn.tensor([1.0, 2.0], requires_grad=True)
    x.grad = rsnn.ones(2)
    y = copy.deepcopy(x)
    y.detach().numpy()[0] = 9
    y.grad.numpy()[0] = 5
    assert x.tolist() == [1, 2] and x.grad.tolist() == [1, 1] and y.grad.tolist() == [5, 1]


def test_tensors_that_share_memory_share_it_again():
    base = np.arange(4.0)
    x, y = rsnn.from_numpy(base), rsnn.from_numpy(base).detach()
    twins = copy.deepcopy({"x": x, "same": x, "detached": x.detach(), "other": y})
    assert twins["x"] is twins["same"]
    twins["x"].numpy()[0] = 9
    assert twins["detached"].tolist() == [9, 1, 2, 3] and base[0] == 0


def test_computed_tensors():
    x = rsnn.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    with pytest.raises(RuntimeError, match="leaf"):
        copy.deepcopy(y)
    z = again(y)
    assert z.is_leaf and z.requires_grad and z.tolist() == [2, 4]
    assert copy.deepcopy(y.detach()).tolist() == [2, 4]


def test_dtypes_sizes_and_devices():
    for x in (rsnn.float32, rsnn.bool, rsnn.Size([2, 3]), rsnn.device("cpu")):
        for twin in (copy.deepcopy, copy.copy, again):
            assert twin(x) == x and type(twin(x)) is type(x)
    assert again(rsnn.float16) is rsnn.float16
