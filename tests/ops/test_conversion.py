"""Conversions of tensors to other dtypes."""

import pytest

import rsnn


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
    with pytest.raises(TypeError, match="'other' .position 1. must be Tensor, not int"):
        x.type_as(5)
    assert x.to("cpu", rsnn.float32, False, True) is not x and x.to("cpu", rsnn.float32, False, False) is x
    assert x.to("cpu", None, True) is x and x.to(x, copy=True) is not x and x.to(rsnn.float32, non_blocking=True) is x
    four = rsnn.ones(2, 2, 2, 2)
    assert four.to(rsnn.float64, memory_format=rsnn.channels_last).stride() == (8, 1, 4, 2)
    assert four.to("cpu", memory_format=rsnn.channels_last).stride() == (8, 1, 4, 2)
