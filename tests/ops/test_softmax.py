"""Softmax, its logarithm and the likelihood loss against PyTorch."""

import numpy as np
import pytest

import rsnn
from helpers import LAYOUTS, assert_same, assert_same_error, check_op, tensor


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize(
    "shape, dim", [((5,), 0), ((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((2, 70), 1), ((), 0), ((0, 3), 1)]
)
def test_along_an_axis(name, shape, dim):
    check_op(name, shape, dim=dim)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_large_and_infinite_values(torch, name):
    rows = [[1e4, -1e4, 0.0], [float("-inf"), 0.0, 1.0], [float("inf"), 0.0, 1.0], [float("nan"), 0.0, 1.0]]
    for dtype in ("float32", "float64"):
        ours = getattr(tensor(rsnn, rows, dtype), name)(1)
        assert_same(ours, getattr(tensor(torch, rows, dtype), name)(1))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(torch, dtype):
    values = np.random.uniform(-3, 3, (4, 7))
    assert_same(tensor(rsnn, values, dtype).softmax(1), tensor(torch, values, dtype).softmax(1))


def test_dtype_is_cast_to_first(torch):
    values = np.arange(6).reshape(2, 3)
    ours = rsnn.softmax(rsnn.from_numpy(values), 1, dtype=rsnn.float64)
    assert_same(ours, torch.softmax(torch.from_numpy(values), 1, dtype=torch.float64))


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3), (2, 4, 3, 2), (4,), (1, 4)])
def test_nll_loss(reduction, weighted, shape):
    rng = np.random.default_rng(3)
    target = rng.integers(0, 4, (shape[:1] + shape[2:]) if len(shape) > 1 else ())
    if target.ndim and target.size > 1:
        target.flat[0] = -100

    def loss(lib, x, t, *w):
        if lib is rsnn:
            return lib._C._nll_loss(x, t, *w, reduction=reduction)
        return lib.nn.functional.nll_loss(x, t, *w, reduction=reduction)

    # PyTorch itself refuses pictures of classes that do not lie in row-major order.
    layouts = ("contiguous",) if len(shape) == 4 else LAYOUTS
    weight = [np.array([0.5, 1.0, 2.0, 0.25])] if weighted else []
    if weighted:
        # The weight takes no gradient in PyTorch.
        def without_weight(lib, x, t, w):
            return loss(lib, x, t, w.detach())

        check_op(without_weight, shape, target, *weight, layouts=layouts)
    else:
        check_op(loss, shape, target, layouts=layouts)


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, f: f(lib.zeros(3, 4), lib.tensor([0, 1, 4])),
        lambda lib, f: f(lib.zeros(3, 4), lib.tensor([0, 1, -1])),
        lambda lib, f: f(lib.zeros(3, 4), lib.tensor([0, 1])),
        lambda lib, f: f(lib.zeros(3, 4), lib.tensor([0.0, 1.0, 2.0])),
        lambda lib, f: f(lib.zeros(3, 4), lib.tensor([0, 1, 2]), lib.ones(3)),
        lambda lib, f: f(lib.zeros(3, 4, 5), lib.zeros(3, 4, dtype=lib.int64)),
    ],
)
def test_nll_errors(torch, call):
    assert_same_error(lambda lib: call(lib, lib._C._nll_loss if lib is rsnn else lib.nn.functional.nll_loss))


def test_errors(torch):
    assert_same_error(lambda lib: lib.zeros(3).softmax(1))
    assert_same_error(lambda lib: lib.zeros(3, dtype=lib.int64).softmax(0))
