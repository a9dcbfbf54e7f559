"""Running sums, products, extrema and their derivatives, against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_error, check_op, tensor

torch = pytest.importorskip("torch")

NAN, INF = float("nan"), float("inf")
NAMES = ("cumsum", "cumprod", "logcumsumexp")


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", NAMES)
def test_axes(name, dim):
    check_op(lambda lib, x: getattr(x, name)(dim), (3, 4, 5))
    check_op(lambda lib, x: getattr(lib, name)(x, dim=dim), (2, 6, 1))


@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", ["cummax", "cummin"])
def test_running_extrema(name, dim):
    check_op(lambda lib, x: tuple(getattr(x, name)(dim)), (3, 4, 5))
    ties = np.random.default_rng(0).integers(0, 3, (3, 6)).astype(float)
    check_op(lambda lib, x: tuple(getattr(lib, name)(x, dim)), ties)
    odd = np.array([[1.0, NAN, 3.0, NAN], [-INF, -INF, INF, 0.0]])
    check_op(lambda lib, x: tuple(getattr(x, name)(dim)), odd)


@pytest.mark.parametrize("zeros", [[1], [0], [4], [1, 3], [0, 1, 2, 3, 4]])
def test_products_with_zeros(zeros):
    values = np.array([1.5, -2.0, 0.5, 3.0, -1.0])
    values[zeros] = 0
    check_op(lambda lib, x: x.cumprod(0), values)
    check_op(lambda lib, x: x.prod(), values)
    check_op(lambda lib, x: x.prod(0, True), values)
    both = np.stack([values, values[::-1]])
    check_op(lambda lib, x: x.prod(1), both)
    check_op(lambda lib, x: x.prod(0), both)
    check_op(lambda lib, x: x.cumprod(1), both)


def test_exponentials_of_large_numbers():
    values = np.array([1000.0, -1000.0, 999.0, 1001.0])
    check_op(lambda lib, x: x.logcumsumexp(0), values, rtol=1e-3)
    check_op(lambda lib, x: x.logcumsumexp(0), np.array([-INF, 1.0, INF, 2.0]), grad=False)
    check_op(lambda lib, x: x.logcumsumexp(0), np.array([1.0, NAN, 2.0]), grad=False)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    values = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 4, (3, 5))
    ours, theirs = tensor(rsnn, values, dtype), tensor(torch, values, dtype)
    for call in (
        lambda x: x.cumsum(1),
        lambda x: x.cumprod(0),
        lambda x: tuple(x.cummax(1)),
        lambda x: tuple(x.cummin(0)),
        lambda x: x.prod(),
        lambda x: x.prod(1),
    ):
        assert_same(call(ours), call(theirs), where=dtype)
    for other in DTYPES:
        if other != "bool":
            assert_same(ours.cumsum(0, dtype=getattr(rsnn, other)), theirs.cumsum(0, dtype=getattr(torch, other)))
            assert_same(ours.prod(dtype=getattr(rsnn, other)), theirs.prod(dtype=getattr(torch, other)))


def test_in_place():
    for lib in (rsnn, torch):
        x = lib.tensor([[1, 2], [3, 4]], dtype=lib.int32)
        assert x.cumsum_(0) is x and x.dtype is lib.int32
        assert x.numpy().tolist() == [[1, 2], [4, 6]]
        x.cumprod_(1)
        assert x.numpy().tolist() == [[1, 2], [4, 24]]
    check_op(lambda lib, x: (x * 1).cumsum_(0), (3, 4))
    check_op(lambda lib, x: (x * 1).cumprod_(1), (3, 4))


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), (1,), ()])
def test_empty_and_single(shape):
    for name in (*NAMES, "cummax", "cummin"):
        for dim in range(-1, max(len(shape), 1)):
            ours, theirs = (getattr(lib.ones(shape), name)(dim) for lib in (rsnn, torch))
            assert_same(ours, theirs, where=f"{name} {shape} {dim}")


def test_long_sums_stay_accurate():
    values = np.random.default_rng(0).uniform(0, 1, 300_000).astype("float32")
    assert_same(rsnn.from_numpy(values).cumsum(0), torch.from_numpy(values).cumsum(0), rtol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: x.cumsum(),
        lambda lib, x: x.cumsum(2),
        lambda lib, x: x.cumsum((0, 1)),
        lambda lib, x: x.cumprod(-3),
        lambda lib, x: x.cummax(),
        lambda lib, x: x.cummin(5),
        lambda lib, x: x.cumsum(0, dtype=lib.bool),
        lambda lib, x: x.cumprod(0, dtype=lib.bool),
        lambda lib, x: lib.ones(2, dtype=lib.int64).logcumsumexp(0),
        lambda lib, x: x.prod((0, 1)),
        lambda lib, x: x.prod(None),
        lambda lib, x: x.prod(7),
        lambda lib, x: x.logsumexp(),
        lambda lib, x: x.logsumexp(3),
        lambda lib, x: lib.ones(2, dtype=lib.int64).norm(),
        lambda lib, x: x.norm(dtype=lib.int32),
        lambda lib, x: x.norm("foo"),
        lambda lib, x: x.norm(2, 5),
        lambda lib, x: lib.zeros(0).norm(float("inf")),
        lambda lib, x: lib.zeros(0).norm(-1),
        lambda lib, x: x.dist(lib.ones(5)),
        lambda lib, x: x.dist(3),
    ],
)
def test_errors(call):
    assert_same_error(lambda lib: call(lib, lib.ones(2, 3)))


@pytest.mark.parametrize("p", [2, "fro", 1, 3, 1.5, 0.5, -1, -2, 4, INF, -INF])
@pytest.mark.parametrize("dim", [None, 0, (0, 2), -1])
def test_norms(p, dim):
    for keepdim in (False, True):
        check_op(lambda lib, x: x.norm(p, dim, keepdim), (2, 3, 4), rtol=1e-4)  # noqa: B023


def test_norms_of_zeros_and_ties():
    for values in ([0.0, 0.0], [0.0, 1.0, -1.0], [3.0, -3.0]):
        for p in (1, 2, 3, INF):
            check_op(lambda lib, x: x.norm(p), np.array(values), gradgrad=False)  # noqa: B023
    check_op(lambda lib, x: x.norm(0), np.array([0.0, 1.0, 2.0]), grad=False)
    check_op(lambda lib, x: x.norm(dtype=lib.float64), (3,), dtypes=("float32",))
    check_op(lambda lib, x: x.norm(2, 0), np.zeros((0, 3)))
    check_op(lambda lib, x, y: x.dist(y), (3, 4), (4,))
    check_op(lambda lib, x, y: x.dist(y, 3), (3, 4), (3, 4))
    check_op(lambda lib, x: x.norm(INF), np.array([1.0, NAN]), grad=False)


@pytest.mark.parametrize("dim", [0, (0, 1), (0, 2), -1])
def test_logsumexp(dim):
    for keepdim in (False, True):
        check_op(lambda lib, x: x.logsumexp(dim, keepdim), (2, 3, 4))  # noqa: B023
    check_op(lambda lib, x: lib.logsumexp(x, dim), 1000 * np.ones((2, 3, 2)))


def test_logsumexp_of_odd_values():
    for values in ([-INF, -INF], [INF, 1.0], [NAN, 1.0]):
        check_op(lambda lib, x: x.logsumexp(0), np.array(values), gradgrad=False)  # noqa: B023
    assert_same(rsnn.arange(4).logsumexp(0), torch.arange(4).logsumexp(0))
    assert_same(rsnn.zeros(2, 0).logsumexp(1), torch.zeros(2, 0).logsumexp(1))
