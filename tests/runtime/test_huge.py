"""Sizes that no memory holds are refused before any memory is touched."""

import sys

import pytest

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F

HUGE = 10**14


def one(*shape):
    return rsnn.zeros(shape or (1,))


CALLS = {
    "empty": lambda: rsnn.empty(2**62),
    "zeros": lambda: rsnn.zeros(HUGE),
    "ones": lambda: rsnn.ones(HUGE),
    "full": lambda: rsnn.full((HUGE,), 1.5),
    "arange": lambda: rsnn.arange(HUGE),
    "linspace": lambda: rsnn.linspace(0, 1, HUGE),
    "eye": lambda: rsnn.eye(2**31),
    "rand": lambda: rsnn.rand(HUGE),
    "randperm": lambda: rsnn.randperm(HUGE),
    "product that overflows": lambda: rsnn.empty(2**32, 2**32),
    "strides that overflow": lambda: rsnn.empty(0, 2**62, 2**62),
    "bytes that overflow": lambda: rsnn.empty(2**62, dtype=rsnn.float64),
    "clone of an expanded tensor": lambda: one().expand(HUGE).clone(),
    "sum of expanded tensors": lambda: one().expand(HUGE) + 1,
    "outer product": lambda: one(2**24, 1) * one(1, 2**24),
    "matmul": lambda: one(2**24, 1) @ one(1, 2**24),
    "cat": lambda: rsnn.cat([one().expand(HUGE), one().expand(HUGE)]),
    "pad": lambda: F.pad(one(2, 2), (HUGE, HUGE)),
    "pad that overflows": lambda: F.pad(one(2, 2), (2**62, 2**62)),
    "chunk": lambda: rsnn.zeros(0, 3).chunk(2**40),
    "tensor_split": lambda: rsnn.zeros(3).tensor_split(2**40),
    "index": lambda: one()[rsnn.zeros(1, dtype=rsnn.int64).expand(HUGE)],
    "one_hot": lambda: F.one_hot(rsnn.tensor([1]), HUGE),
    "conv2d": lambda: F.conv2d(one(1, 1, 8, 8), one(1, 1, 1, 1), padding=10**7),
    "conv_transpose2d": lambda: F.conv_transpose2d(one(1, 1, 8, 8), one(1, 1, 2, 2), stride=10**7),
    "adaptive_avg_pool1d": lambda: F.adaptive_avg_pool1d(one(1, 3, 8), HUGE),
    "adaptive_max_pool2d": lambda: F.adaptive_max_pool2d(one(1, 3, 8, 8), (2**31, 2**31)),
    "Linear": lambda: nn.Linear(2**24, 2**24),
    "Conv2d": lambda: nn.Conv2d(2**20, 2**20, 7),
    "Embedding": lambda: nn.Embedding(HUGE, 2),
    "resize_": lambda: one().resize_(HUGE),
    "multinomial": lambda: rsnn.multinomial(rsnn.ones(3), HUGE, replacement=True),
}


def kilobytes():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM"))


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux's count of memory")
@pytest.mark.parametrize("name", CALLS)
def test_refused(name):
    before = kilobytes()
    with pytest.raises((RuntimeError, MemoryError, ValueError, OverflowError)):
        CALLS[name]()
    # Wide operands of the call itself take some.
    assert kilobytes() - before < 200_000
