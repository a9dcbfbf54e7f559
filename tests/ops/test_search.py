"""Where values belong, which there are, how often; repeats and differences; against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_error, check_op, tensor

torch = pytest.importorskip("torch")

LIBS = (rsnn, torch)
NAN, INF = float("nan"), float("inf")


def both(call, *arrays, dtype=None):
    """Asserts that `call(lib, *tensors)` gives the same results in both libraries."""
    ours, theirs = (call(lib, *(tensor(lib, a, dtype) for a in arrays)) for lib in LIBS)
    assert_same(ours, theirs, where=str(dtype))


@pytest.mark.parametrize("dtype", DTYPES)
def test_unique(dtype):
    rng = np.random.default_rng(0)
    for shape in ((20,), (3, 4), (2, 3, 4), (), (0,), (0, 3)):
        values = rng.integers(0, 2 if dtype == "bool" else 4, shape)
        both(lambda lib, x: lib.unique(x), values, dtype=dtype)
        both(
            lambda lib, x: x.unique(return_inverse=True, return_counts=True),
            values,
            dtype=dtype,
        )
        both(lambda lib, x: x.unique(True, return_counts=True), values, dtype=dtype)
        both(lambda lib, x: lib.unique_consecutive(x), values, dtype=dtype)
        both(
            lambda lib, x: x.unique_consecutive(return_inverse=True, return_counts=True),
            values,
            dtype=dtype,
        )


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_unique_slices(dim):
    rng = np.random.default_rng(0)
    for shape in ((6, 2), (2, 7), (3, 4, 3)):
        values = rng.integers(0, 2, shape)
        for dtype in ("int64", "float32", "bool"):
            both(lambda lib, x: lib.unique(x, dim=dim), values, dtype=dtype)
            both(
                lambda lib, x: x.unique(return_inverse=True, return_counts=True, dim=dim),
                values,
                dtype=dtype,
            )
            both(
                lambda lib, x: x.unique_consecutive(True, True, dim),
                values,
                dtype=dtype,
            )
    both(
        lambda lib, x: x.unique(return_inverse=True, return_counts=True, dim=0),
        np.zeros((0, 3)),
    )


def test_unique_of_odd_values():
    values = np.array([1.0, NAN, -INF, 0.0, INF, -0.0, NAN, -3.0, 1.0])
    both(lambda lib, x: lib.unique(x, return_inverse=True, return_counts=True), values)
    both(
        lambda lib, x: lib.unique_consecutive(x, return_inverse=True, return_counts=True),
        values[[1, 6, 3, 5, 0]],
    )
    big = np.array([2**62, 2**62 + 1, -(2**62), 2**62])
    both(lambda lib, x: lib.unique(x, return_counts=True), big)


def test_unique_has_no_derivative():
    for lib in LIBS:
        y = lib.ones(3, requires_grad=True).unique()
        assert y.requires_grad
        with pytest.raises(NotImplementedError, match="derivative for '_unique2' is not implemented"):
            y.sum().backward()


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
def test_bincount(dtype):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 7, 30)
    both(lambda lib, x: x.bincount(), values, dtype=dtype)
    both(lambda lib, x: lib.bincount(x, minlength=12), values, dtype=dtype)
    both(lambda lib, x: lib.bincount(x, minlength=3), values[:0], dtype=dtype)
    for weight in ("float32", "float64", "int64", "float16"):
        w = rng.integers(0, 5, 30)
        ours, theirs = (tensor(lib, values, dtype).bincount(tensor(lib, w, weight)) for lib in LIBS)
        assert_same(ours, theirs)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_histc(dtype):
    values = np.random.default_rng(0).integers(-20, 20, 200) / 8
    both(lambda lib, x: x.histc(), values, dtype=dtype)
    both(lambda lib, x: lib.histc(x, bins=7, min=-2, max=2), values, dtype=dtype)
    both(lambda lib, x: x.histc(5, -9, 9), values, dtype=dtype)
    both(lambda lib, x: x.histc(5), np.ones(3), dtype=dtype)
    both(lambda lib, x: x.histc(8), np.ones(3), dtype=dtype)
    both(lambda lib, x: x.histc(4), np.zeros(0), dtype=dtype)
    both(lambda lib, x: x.histc(4, 0, 3), np.array([NAN, 1, 3, 4]), dtype=dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_histogram(dtype):
    values = np.random.default_rng(0).standard_normal(200)
    weights = np.random.default_rng(1).random(200)
    both(lambda lib, x: tuple(lib.histogram(x, 10)), values, dtype=dtype)
    both(lambda lib, x: tuple(x.histogram(6, range=(-1.0, 1.5))), values, dtype=dtype)
    both(
        lambda lib, x, w: tuple(x.histogram(6, weight=w, density=True)),
        values,
        weights,
        dtype=dtype,
    )
    both(
        lambda lib, x, e: tuple(lib.histogram(x, e)),
        values,
        np.array([-1.0, 0, 0.5, 2]),
        dtype=dtype,
    )
    both(
        lambda lib, x, e: tuple(x.histogram(e, density=True)),
        values,
        np.array([-1.0, 0, 0.5, 2]),
        dtype=dtype,
    )
    both(lambda lib, x: tuple(x.histogram(2)), np.ones(3), dtype=dtype)
    both(lambda lib, x: tuple(x.histogram(2)), np.zeros(0), dtype=dtype)
    result = rsnn.histogram(tensor(rsnn, values, dtype), 3)
    assert result.hist is result[0] and result.bin_edges is result[1]


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("dtype", [d for d in DTYPES if d != "bool"])
def test_searchsorted(right, dtype):
    rng = np.random.default_rng(0)
    rows, values = (
        np.sort(rng.integers(0, 30, (3, 9)), 1),
        rng.integers(-1 if dtype != "uint8" else 0, 32, (3, 5)),
    )
    both(lambda lib, r, v: lib.searchsorted(r, v, right=right), rows, values, dtype=dtype)
    both(
        lambda lib, r, v: lib.searchsorted(r[0], v, right=right, out_int32=True),
        rows,
        values,
        dtype=dtype,
    )
    both(
        lambda lib, r: lib.searchsorted(r[0], 7, side="right" if right else "left"),
        rows,
        dtype=dtype,
    )
    both(lambda lib, r, v: lib.bucketize(v, r[0], right=right), rows, values, dtype=dtype)
    both(
        lambda lib, r: lib.bucketize(8, r[0], right=right, out_int32=True),
        rows,
        dtype=dtype,
    )


def test_searchsorted_in_special_cases():
    shuffled = np.array([[5, 1, 3], [2, 9, 4]])
    both(
        lambda lib, r, v: lib.searchsorted(r, v, sorter=r.argsort(1)),
        shuffled,
        np.array([[3, 4, 0, 9], [3, 4, 0, 9]]),
    )
    rows = np.array([1.0, 2.0, NAN])
    for right in (False, True):
        both(
            lambda lib, r, v, right=right: lib.searchsorted(r, v, right=right),
            rows,
            np.array([NAN, 3.0, 1.0, INF, -INF]),
        )
    both(lambda lib, r, v: lib.searchsorted(r, v), np.zeros(0), np.array([1.0]))
    both(
        lambda lib, r, v: lib.searchsorted(r, v),
        np.array([1, 3, 5]),
        np.array([2.5, 3.0]),
    )
    both(lambda lib, r: lib.searchsorted(r, 2.5), np.array([1, 3, 5]))
    both(lambda lib, r: lib.bucketize(2.5, r), np.array([1, 3, 5]))


def test_isin():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 40, (20, 30))
    for dtype in DTYPES[1:]:
        both(
            lambda lib, x, t: lib.isin(x, t),
            values,
            np.array([3, 7, 7, 39]),
            dtype=dtype,
        )
        both(
            lambda lib, x, t: lib.isin(x, t, invert=True, assume_unique=True),
            np.random.default_rng(1).permutation(40).reshape(5, 8),
            np.arange(35),
            dtype=dtype,
        )
    both(lambda lib, x: lib.isin(x, 3), values)
    both(lambda lib, x: lib.isin(3, x), values)
    both(
        lambda lib, x, t: lib.isin(elements=x, test_elements=t),
        values,
        np.array([1.0, 2.5, 3.0]),
    )
    both(lambda lib, x: lib.isin(x, x), np.array([NAN, 1.0, -0.0]))
    both(lambda lib, x, t: lib.isin(x, t), values, np.zeros(0))


def test_repeat_interleave():
    check_op(lambda lib, x: x.repeat_interleave(3), (2, 3))
    check_op(lambda lib, x: lib.repeat_interleave(x, 2, dim=1), (2, 3))
    check_op(lambda lib, x, r: x.repeat_interleave(r, 0), (3, 2), np.array([2, 0, 1]))
    check_op(
        lambda lib, x, r: x.repeat_interleave(r, -1, output_size=3),
        (3, 2),
        np.array([2, 1]),
    )
    check_op(lambda lib, x, r: x.repeat_interleave(r), (3, 2), np.array(2))
    check_op(
        lambda lib, x, r: lib.repeat_interleave(x, r, 0),
        (3, 2),
        np.array([2]).astype("int32"),
    )
    check_op(lambda lib, x: x.repeat_interleave(2), ())
    both(lambda lib, r: lib.repeat_interleave(r), np.array([1, 0, 2]))
    both(
        lambda lib, r: lib.repeat_interleave(r, output_size=3),
        np.array([1, 0, 2]),
        dtype="int32",
    )


def test_diff():
    check_op(lambda lib, x: x.diff(), (3, 5))
    check_op(lambda lib, x: lib.diff(x, n=2, dim=0), (4, 2))
    check_op(lambda lib, x: lib.diff(x, n=9), (4, 2))
    check_op(lambda lib, x: lib.diff(x, n=0), (4, 2))
    check_op(lambda lib, x, a, b: x.diff(dim=1, prepend=a, append=b), (2, 3), (2, 1), (2, 2))
    both(lambda lib, x: x.diff(), np.array([True, False, False]))
    both(lambda lib, x: x.diff(), np.array([3, 1]), dtype="uint8")


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: lib.unique(x, dim=1),
        lambda lib, x: lib.unique(lib.ones(3, 0), dim=0),
        lambda lib, x: lib.bincount(-x),
        lambda lib, x: lib.bincount(x[None]),
        lambda lib, x: lib.bincount(x.float()),
        lambda lib, x: lib.bincount(x > 1),
        lambda lib, x: lib.bincount(x, minlength=-1),
        lambda lib, x: lib.bincount(x, lib.ones(2)),
        lambda lib, x: lib.histc(x),
        lambda lib, x: lib.histc(x.float(), 0),
        lambda lib, x: lib.histc(x.float(), 3, 2, 1),
        lambda lib, x: lib.histc(x / 0),
        lambda lib, x: lib.histogram(x, 2),
        lambda lib, x: lib.histogram(x.float(), 0),
        lambda lib, x: lib.histogram(x.float(), lib.ones(2, 2)),
        lambda lib, x: lib.histogram(x.float(), 2, weight=lib.ones(2)),
        lambda lib, x: lib.histogram(x.float(), 2, range=(2.0, 1.0)),
        lambda lib, x: lib.histogram(x.float(), "a"),
        lambda lib, x: lib.searchsorted(lib.stack([x, x]), x[None]),
        lambda lib, x: lib.searchsorted(lib.stack([x, x]), 3),
        lambda lib, x: lib.searchsorted(x[0], x),
        lambda lib, x: lib.searchsorted(x, x, side="middle"),
        lambda lib, x: lib.searchsorted(x, x, side="left", right=True),
        lambda lib, x: lib.searchsorted(x, x, sorter=x.int()),
        lambda lib, x: lib.searchsorted(x, x, sorter=x + 1),
        lambda lib, x: lib.searchsorted(x, x, sorter=x[:2]),
        lambda lib, x: lib.bucketize(x, x[None]),
        lambda lib, x: lib.isin(1, 1),
        lambda lib, x: lib.isin(x > 1, x > 1),
        lambda lib, x: x.repeat_interleave(-1, 0),
        lambda lib, x: x.repeat_interleave(lib.tensor([1, -1, 1]), 0),
        lambda lib, x: x.repeat_interleave(lib.tensor([1, 1]), 0),
        lambda lib, x: x.repeat_interleave(lib.tensor([[1, 1, 1]]), 0),
        lambda lib, x: x.repeat_interleave(lib.tensor([1.0, 1, 1]), 0),
        lambda lib, x: x.repeat_interleave(2, 0, output_size=5),
        lambda lib, x: x.repeat_interleave(lib.tensor([1, 1, 1]), 0, output_size=5),
        lambda lib, x: x.repeat_interleave([1, 1, 1], 0),
        lambda lib, x: x.repeat_interleave(2, 1),
        lambda lib, x: x.diff(-1),
        lambda lib, x: x[0].diff(),
        lambda lib, x: x.diff(prepend=x[None]),
        lambda lib, x: x[None].diff(dim=0, prepend=lib.ones(1, 2)),
        lambda lib, x: x.diff(dim=1),
    ],
)
def test_mistakes(call):
    assert_same_error(lambda lib: call(lib, lib.tensor([0, 1, 2])))


def test_large_inputs():
    rng = np.random.default_rng(0)
    values = rng.integers(0, 1000, 100_000)
    both(lambda lib, x: x.unique(return_inverse=True, return_counts=True), values)
    both(lambda lib, x: lib.isin(x, lib.arange(0, 1000, 7)), values)
    both(lambda lib, x, r: lib.searchsorted(r, x), values, np.arange(0, 1000, 3))
    both(lambda lib, x: x.bincount(), values)
