"""Lookups, counts and searches in so many elements that they are shared out; against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, tensor

torch = pytest.importorskip("torch")

LIBS = (rsnn, torch)
NAN, INF = float("nan"), float("inf")
DTYPES = ["uint8", "int32", "int64", "bfloat16", "float32", "float64"]


def both(call, *arrays, dtype=None):
    """Asserts that `call(lib, *tensors)` gives the same results in both libraries."""
    ours, theirs = (call(lib, *(tensor(lib, a, dtype) for a in arrays)) for lib in LIBS)
    assert_same(ours, theirs, where=str(dtype))


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(70_001,), (300, 301), (40_000, 3), (20, 1, 5001), (1, 9), (50, 40, 35, 2)])
def test_masks(shape, share):
    rng = np.random.default_rng(0)
    mask, x = rng.random(shape) < share, rng.random(shape)
    both(lambda lib, m: m.nonzero(), mask)
    both(lambda lib, m: list(m.nonzero(as_tuple=True)), mask)
    both(lambda lib, m: m.t().nonzero() if m.dim() == 2 else m[::2].nonzero(), mask)
    both(lambda lib, m, x: (x * m).nonzero(), mask, x)
    both(lambda lib, m, x: x[m], mask, x)
    both(lambda lib, m, x: lib.masked_select(x.float(), m), mask, x)
    both(lambda lib, m, x: x[:, None][m[:, None]] if m.dim() > 1 else x[m], mask, x)
    both(lambda lib, m, x: lib.masked_select(x[..., :1], m), mask, x)
    both(lambda lib, m, x: x.masked_scatter(m, x.flip(0)), mask, x)
    count = int(mask.sum())
    for size in (count // 2, count + 7):
        both(lambda lib, m: lib.nonzero_static(m, size=size), mask)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape, dim", [((80, 1000), 1), ((80, 1000), 0), ((9, 50, 201), 1), ((90_000,), 0), ((3, 9), 1)]
)
def test_along_an_axis(shape, dim, dtype):
    rng = np.random.default_rng(0)
    x, y = (rng.integers(0, 50, shape) for _ in range(2))
    for size in (shape[dim], 2 * shape[dim] + 1):
        wide = [*shape[:dim], size, *shape[dim + 1 :]]
        index = rng.integers(0, shape[dim], wide)
        vector = rng.integers(0, shape[dim], size)
        values = rng.integers(0, 50, wide)

        def run(lib, dtype=dtype, index=index, vector=vector, values=values):
            a, b = tensor(lib, x, dtype), tensor(lib, y, dtype)
            i, v, values = (tensor(lib, t) for t in (index, vector, values))
            values = values.to(a.dtype)
            # Values that are written to one place differ in no more than their order.
            same = values * 0 + 7
            return [
                a.gather(dim, i),
                lib.take_along_dim(b, i, dim),
                a.scatter(dim, i, same),
                a.scatter(dim, i, 3),
                a.scatter_add(dim, i, values),
                a.clone().scatter_add_(dim, i, values),
                a.transpose(0, -1).scatter_add(
                    a.dim() - 1 - dim if dim in (0, a.dim() - 1) else dim, i.transpose(0, -1), values.transpose(0, -1)
                ),
                a.index_add(dim, v, values),
                a.index_add(dim, v, values, alpha=2),
                a.clone().index_add_(dim, v, values),
                a.index_select(dim, v),
                a.index_fill(dim, v[:5], 4),
                a.scatter_reduce(dim, i, values, "amax"),
            ]

        assert_same(run(rsnn), run(torch), where=dtype)


def test_numbers_are_added_in_their_order():
    rng = np.random.default_rng(0)
    x, values = rng.standard_normal((50, 640)), rng.standard_normal((3000, 640))
    index = rng.integers(0, 50, 3000)

    def run(lib):
        a, b = tensor(lib, x, "float32"), tensor(lib, values, "float32")
        return a.index_add(0, tensor(lib, index), b)

    expected = x.astype(np.float32)
    np.add.at(expected, index, values.astype(np.float32))
    assert (run(rsnn).numpy() == expected).all()
    assert_same(run(rsnn), run(torch))


@pytest.mark.parametrize("wrong", [-1, 300, 2**62, -(2**63)])
@pytest.mark.parametrize(
    "call",
    [
        lambda x, i: x.gather(1, i),
        lambda x, i: x.t().gather(0, i.t()),
        lambda x, i: x.scatter(1, i, x),
        lambda x, i: x.scatter(1, i, 1.0),
        lambda x, i: x.scatter_(1, i, x.clone()),
        lambda x, i: x.scatter_add(1, i, x),
        lambda x, i: x.scatter_add_(1, i, x.clone()),
        lambda x, i: x.index_add(1, i[200], x),
        lambda x, i: x[0].gather(0, i[200]),
        lambda x, i: x[0].scatter_add(0, i[200], x[0]),
        lambda x, i: x[0, 0].gather(0, i[200, 7]),
    ],
)
def test_numbers_out_of_range(call, wrong):
    index = np.zeros((250, 300), dtype=np.int64)
    index[200, 7] = wrong
    assert_same_error(lambda lib: call(lib.ones(250, 300), lib.tensor(index.tolist())))


def odd(x):
    """Some values that are not numbers, both zeros."""
    x[::1001] = NAN
    x[1::501] = INF
    x[2::501] = -INF
    x[3::7], x[4::7] = 0.0, -0.0
    return x


@pytest.mark.parametrize("count", [1, 100, 1500, 60_000])
@pytest.mark.parametrize("dtype", DTYPES)
def test_unique(dtype, count):
    rng = np.random.default_rng(0)
    count = min(count, {"uint8": 250, "bfloat16": 250}.get(dtype, count))
    for size in (3000, 80_000):
        values = rng.integers(0, count, size)
        for wanted in ({}, {"return_inverse": True}, {"return_counts": True}):
            both(lambda lib, x: x.unique(**wanted), values, dtype=dtype)
            both(lambda lib, x: x.view(-1, 8).t().unique(**wanted), values, dtype=dtype)


def test_unique_of_odd_values():
    rng = np.random.default_rng(0)
    for dtype in ("float32", "float64"):
        for x in (rng.integers(0, 9, 50_000) * 1.0, rng.standard_normal(50_000)):
            x = odd(x).astype(dtype)
            both(lambda lib, x: x.unique(return_counts=True), x)
            # PyTorch leaves the order of NaN among each other open.
            both(lambda lib, x: x.unique(return_inverse=True)[1][~x.isnan()], x)
            values, inverse, counts = rsnn.tensor(x).unique(return_inverse=True, return_counts=True)
            np.testing.assert_array_equal(values[inverse].numpy(), x)
            np.testing.assert_array_equal(inverse.bincount().numpy(), counts.numpy())
            assert (inverse[np.isnan(x)].diff() == 1).all()
            # Of the two zeros the first one stands for both.
            zero = x[x == 0][0]
            assert np.signbit(values[values == 0].item()) == np.signbit(zero)
    wide = rng.integers(-(2**63), 2**63 - 1, 50_000)
    wide[:100], wide[100:200] = -(2**63), 2**63 - 1
    both(lambda lib, x: x.unique(return_inverse=True, return_counts=True), wide)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_histc(dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(-64, 65, 90_001) / 16
    for bins in (1, 7, 100):
        both(lambda lib, x: x.double().histc(bins).to(x.dtype), x, dtype=dtype)
        if dtype.startswith("float") and dtype != "float16":
            both(lambda lib, x: x.histc(bins), x, dtype=dtype)
            both(lambda lib, x: x.histc(bins, -2.5, 2.0), x, dtype=dtype)
            both(lambda lib, x: x.histc(bins, -1, 3), odd(x.copy()), dtype=dtype)
    assert_same_error(lambda lib: tensor(lib, odd(x.copy()), "float32").histc(5))
    full = rsnn.zeros(1).expand(2**24 + 5).histc(1, -1, 1)
    assert full.item() == 2**24


def test_bincount():
    rng = np.random.default_rng(0)
    for most in (1, 100, 3000, 50_000, 1_000_000):
        x = rng.integers(0, most, 70_000)
        both(lambda lib, x: x.bincount(), x)
        both(lambda lib, x: x.int().bincount(minlength=200), x)
        both(lambda lib, x: x.bincount(weights=x % 7), x)
    assert_same_error(lambda lib: (lib.arange(70_000) - 1).flip(0).bincount())


@pytest.mark.parametrize("right", [False, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_searchsorted(dtype, right):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 200, 40_003)
    for size in (0, 1, 2, 100, 5000):
        row = np.sort(rng.integers(0, 200, size))
        both(lambda lib, r, x: lib.searchsorted(r, x, right=right), row, x, dtype=dtype)
        both(lambda lib, r, x: lib.bucketize(x.flip(0), r, right=right, out_int32=True), row, x, dtype=dtype)
        order = rng.permutation(size)

        def sorter(lib, r, x, order=order):
            order = tensor(lib, order)
            return lib.searchsorted(lib.zeros_like(r).scatter(0, order, r), x, sorter=order, right=right)

        both(sorter, row, x, dtype=dtype)
    rows, values = np.sort(rng.integers(0, 200, (7, 90))), rng.integers(0, 200, (7, 1500))
    both(lambda lib, r, x: lib.searchsorted(r, x, right=right), rows, values, dtype=dtype)


@pytest.mark.parametrize("right", [False, True])
def test_searchsorted_among_odd_boundaries(right):
    rng = np.random.default_rng(0)
    x = odd(rng.standard_normal(5000))
    for row in (
        np.sort(odd(rng.standard_normal(2000))),
        rng.standard_normal(100),
        [NAN, 0.0, 1.0],
        [-INF, -0.0, 0.0, INF],
    ):
        for dtype in ("float32", "float64"):
            both(lambda lib, r, x: lib.searchsorted(r, x, right=right), np.array(row), x, dtype=dtype)
