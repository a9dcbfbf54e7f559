"""Methods of tensors that are written in Python: conversions, and combinations of a few other methods."""

import pytest

import rsnn
from helpers import check_op


def test_conversions():
    x = rsnn.tensor([1.5, -2.5])
    assert x.to(rsnn.float32) is x and x.to("cpu") is x and x.to(rsnn.float32, copy=True) is not x
    assert x.to(rsnn.int64).tolist() == x.long().tolist() == [1, -2]
    assert x.to(rsnn.tensor(1)).dtype == rsnn.int64 and x.to("cpu", rsnn.float64).dtype == rsnn.float64
    assert x.double().dtype == x.type_as(rsnn.zeros(1, dtype=rsnn.float64)).dtype == rsnn.float64
    assert [str(x.half().dtype), str(x.bfloat16().dtype), str(x.bool().dtype)] == [
        "rsnn.float16", "rsnn.bfloat16", "rsnn.bool",
    ]  # fmt: skip
    w = rsnn.ones(2, requires_grad=True)
    w.double().backward(rsnn.ones(2, dtype=rsnn.float64))
    assert w.grad.dtype == rsnn.float32
    with pytest.raises((NotImplementedError, RuntimeError)):
        x.to("cuda")


def test_filling():
    x = rsnn.zeros(2, 2)
    assert x.fill_(3) is x and x.tolist() == [[3, 3], [3, 3]]
    assert x.zero_() is x and x.tolist() == [[0, 0], [0, 0]]
    mask = rsnn.tensor([True, False])
    assert x.masked_fill(mask, 5).tolist() == [[5, 0], [5, 0]] and x.tolist() == [[0, 0], [0, 0]]
    assert x.masked_fill_(mask, 5) is x and x.tolist() == [[5, 0], [5, 0]]


@pytest.mark.parametrize("weight", [0.25, 0.75])
def test_lerp(weight):
    check_op(lambda lib, x, y: x.lerp(y, weight), (3, 4), (3, 4))
    check_op(lambda lib, x, y: (x * 1).lerp_(y, weight), (3, 4), (3, 4))


@pytest.mark.parametrize("value", [1, -0.5])
def test_products_and_quotients_added(value):
    check_op(lambda lib, x, a, b: x.addcmul(a, b, value=value), (3, 4), (3, 4), (4,))
    check_op(lambda lib, x, a, b: x.addcdiv(a, b, value=value), (3, 4), (3, 4), (4,), low=0.5)
    check_op(lambda lib, x, a, b: (x * 1).addcmul_(a, b, value=value), (3, 4), (3, 4), (4,))


@pytest.mark.parametrize("bounds", [{"min": -0.5}, {"max": 0.5}, {"min": -0.5, "max": 0.5}], ids=str)
def test_clamp(bounds):
    check_op("clamp", (3, 4), **bounds)
    check_op("clip", (3, 4), **bounds)


def test_clamp_at_its_bounds():
    x = rsnn.tensor([0.0, 1.0, float("nan")], requires_grad=True)
    y = x.clamp(0, 1)
    y.backward(rsnn.ones(3))
    assert y.tolist()[:2] == [0, 1] and x.grad.tolist()[:2] == [1, 1]
    with pytest.raises(RuntimeError):
        x.clamp()
