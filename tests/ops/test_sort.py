"""Sorting and order statistics against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, FLOATS, assert_same, assert_same_error, check_op, tensor

torch = pytest.importorskip("torch")

NAN, INF = float("nan"), float("inf")


def distinct(shape, seed=0):
    """Floats all of which differ, so that every order statistic has one index."""
    n = int(np.prod(shape))
    return np.random.default_rng(seed).permutation(n).reshape(shape) / 7 - 2


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_sort(dim, descending):
    check_op(lambda lib, x: tuple(x.sort(dim, descending)), distinct((3, 4, 5)))
    ties = np.random.default_rng(0).integers(0, 3, (4, 6, 3)).astype(float)
    check_op(lambda lib, x: tuple(lib.sort(x, dim=dim, descending=descending, stable=True)), ties)
    check_op(lambda lib, x: x.argsort(dim=dim, descending=descending, stable=True), ties, grad=False)


def test_sort_of_odd_values():
    values = np.array([1.0, NAN, -INF, 0.0, INF, -0.0, NAN, -3.0])
    for descending in (False, True):
        check_op(
            lambda lib, x: tuple(lib.sort(x, stable=True, descending=descending)),  # noqa: B023
            values,
            dtypes=("float32", "float64"),
        )


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    values = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 100, (5, 9))
    ours, theirs = tensor(rsnn, values, dtype), tensor(torch, values, dtype)
    assert_same(rsnn.sort(ours, stable=True), torch.sort(theirs, stable=True), where=dtype)
    assert_same(ours.msort(), theirs.msort(), where=dtype)
    assert_same(ours.mode(1), theirs.mode(1), where=dtype)
    if dtype != "bool":
        assert_same(ours.topk(4).values, theirs.topk(4).values, where=dtype)
        assert_same(ours.median(), theirs.median(), where=dtype)
        assert_same(ours.kthvalue(3).values, theirs.kthvalue(3).values, where=dtype)


@pytest.mark.parametrize("largest", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_topk(dim, largest):
    for k in (0, 1, 3):
        check_op(lambda lib, x: tuple(x.topk(k, dim, largest)), distinct((3, 4, 5)))  # noqa: B023
    check_op(lambda lib, x: tuple(lib.topk(x, k=2, dim=dim, largest=largest, sorted=True)), distinct((4, 6, 3)))
    check_op(lambda lib, x: x.topk(2, largest=largest).values, np.array([1.0, NAN, 3.0, 2.0]))


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_order_statistics_along_an_axis(dim, keepdim):
    values = distinct((3, 4, 5))
    check_op(lambda lib, x: tuple(x.kthvalue(2, dim, keepdim)), values)
    check_op(lambda lib, x: tuple(x.median(dim, keepdim)), values)
    check_op(lambda lib, x: tuple(x.nanmedian(dim, keepdim)), np.where(values > 5, NAN, values))
    check_op(lambda lib, x: x.median(dim, keepdim).values, np.where(values > 5, NAN, values))
    check_op(lambda lib, x: tuple(x.mode(dim, keepdim)), np.floor(values))


def test_median_of_everything():
    check_op(lambda lib, x: x.median(), distinct((3, 5)))
    check_op(lambda lib, x: x.median(), np.array([1.0, 3, 2, 2]))
    check_op(lambda lib, x: x.median(), np.array([1.0, NAN, 2]))
    check_op(lambda lib, x: x.nanmedian(), np.array([1.0, NAN, 2]))
    check_op(lambda lib, x: x.nanmedian(), np.array([NAN, NAN]), grad=False)
    check_op(lambda lib, x: lib.median(x), np.array(2.5))
    check_op(lambda lib, x: x.median(), np.zeros((0,)), grad=False)


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), (1,), ()])
def test_empty_and_single(shape):
    for lib_call in (
        lambda lib: lib.ones(shape).sort(),
        lambda lib: lib.ones(shape).topk(0),
        lambda lib: lib.ones(shape).mode(),
        lambda lib: lib.ones(shape).median(-1),
        lambda lib: lib.ones(shape).kthvalue(1),
    ):
        try:
            expected = lib_call(torch)
        except Exception as error:  # noqa: BLE001
            with pytest.raises(type(error)):
                lib_call(rsnn)
        else:
            assert_same(lib_call(rsnn), expected, where=str(shape))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: x.sort(2),
        lambda lib, x: x.sort(dim="a"),
        lambda lib, x: x.topk(4),
        lambda lib, x: x.topk(-1),
        lambda lib, x: x.topk(1.5),
        lambda lib, x: x.topk(1, 5),
        lambda lib, x: x.kthvalue(0),
        lambda lib, x: x.kthvalue(5),
        lambda lib, x: x.median(4),
        lambda lib, x: x.mode(-3),
        lambda lib, x: lib.ones(2, dtype=lib.bool).median(),
        lambda lib, x: lib.ones(2, dtype=lib.bool).kthvalue(1),
        lambda lib, x: lib.ones(2, dtype=lib.bool).topk(1),
        lambda lib, x: x.argsort(3),
    ],
)
def test_errors(call):
    assert_same_error(lambda lib: call(lib, lib.ones(2, 3)))


def test_long_rows_and_many_rows():
    rng = np.random.default_rng(3)
    for shape in ((200_000,), (500, 300)):
        values = rng.standard_normal(shape).astype("float32")
        ours, theirs = rsnn.from_numpy(values), torch.from_numpy(values)
        assert_same(ours.sort(stable=True), theirs.sort(stable=True))
        assert_same(ours.topk(50).values, theirs.topk(50).values)
        assert_same(ours.median(), theirs.median())


def test_half_types_sort_exactly():
    for name in FLOATS[:2]:
        values = np.random.default_rng(0).uniform(-9, 9, 500)
        assert_same(tensor(rsnn, values, name).sort().values, tensor(torch, values, name).sort().values, 0, 0)
