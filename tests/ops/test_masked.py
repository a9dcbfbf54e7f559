"""Masks, places in row-major order, `index_put`, and parts put back, against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_error, check_op, tensor

try:
    import torch
except ImportError:
    torch = None

needs_torch = pytest.mark.skipif(torch is None, reason="compares with live PyTorch")

pytestmark = pytest.mark.filterwarnings("ignore")

MASK = np.random.default_rng(0).random((3, 4)) > 0.4


def test_masked_fill():
    check_op(lambda lib, x, m: x.masked_fill(m, 2.5), (3, 4), MASK)
    check_op(lambda lib, x, m: lib.masked_fill(x, mask=m, value=-1), (2, 3, 4), MASK)
    check_op(lambda lib, x, m: x.masked_fill(m, 1), (4,), MASK)
    check_op(lambda lib, x, m, v: x.masked_fill(m, v), (3, 1), MASK, ())
    check_op(lambda lib, x, m, v: (x * 1).masked_fill_(m[:, :1], v), (3, 4), MASK, ())
    check_op(lambda lib, x, m: (x * 1).T.masked_fill_(m.T, 3), (3, 4), MASK)


def test_masked_select():
    check_op(lambda lib, x, m: x.masked_select(m), (3, 4), MASK)
    check_op(lambda lib, x, m: lib.masked_select(x, m), (4,), MASK)
    check_op(lambda lib, x, m: x.masked_select(m[0]), (3, 4), MASK)
    check_op(lambda lib, x, m: x.masked_select(m[0, 0]), (), MASK)
    check_op(lambda lib, x, m: x.masked_select(m), (0, 4), MASK[:0])


def test_masked_scatter():
    check_op(lambda lib, x, m, s: x.masked_scatter(m, s), (3, 4), MASK, (3, 4))
    check_op(lambda lib, x, m, s: x.masked_scatter(m[0], s), (3, 4), MASK, (20,))
    check_op(lambda lib, x, m, s: lib.masked_scatter(x, m, s), (4,), MASK, (3, 5))
    check_op(lambda lib, x, m, s: (x * 1).masked_scatter_(m, s), (3, 4), MASK, (13,))
    check_op(lambda lib, x, m, s: (x * 1).T.masked_scatter_(m.T, s), (3, 4), MASK, (13,))


def test_take_and_put():
    index = np.array([[0, -1], [5, 7]])
    check_op(lambda lib, x, i: x.take(i), (3, 4), index)
    check_op(lambda lib, x, i: lib.take(x, i), (3, 4), np.array([2, 2, 2]))
    check_op(lambda lib, x, i: x.take(i), (0,), np.zeros((0, 2), int))
    check_op(lambda lib, x, i, s: x.put(i, s), (3, 4), index, (4,))
    check_op(
        lambda lib, x, i, s: lib.put(x, i, s, accumulate=True),
        (3, 4),
        np.array([3, 3, 1]),
        (3, 1),
    )
    check_op(lambda lib, x, i, s: (x * 1).T.put_(i, s), (3, 4), index, (2, 2))
    check_op(lambda lib, x, i, s: (x * 1).put_(i, s, True), (3, 4), np.array([3, 3, 1]), (3,))


def test_index_put():
    i, j = np.array([0, 2, 0]), np.array([1, 1, 1])
    check_op(lambda lib, x, i, v: x.index_put((i,), v), (3, 4), i[:2], (4,))
    check_op(
        lambda lib, x, i, j, v: x.index_put([i, j], v, accumulate=True),
        (3, 4),
        i,
        j,
        (3,),
    )
    check_op(lambda lib, x, i, j, v: lib.index_put(x, (i, j), v, True), (3, 4), i, j, ())
    check_op(lambda lib, x, m, v: x.index_put((m,), v), (3, 4), MASK, ())
    check_op(
        lambda lib, x, i, v: (x * 1).index_put_((i,), v, accumulate=True),
        (3, 4),
        i,
        (3, 4),
    )


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    rng = np.random.default_rng(0)
    values, source = (rng.integers(0, 2 if dtype == "bool" else 9, (5, 6)) for _ in range(2))
    index, rows = rng.integers(0, 5, (5, 6)), np.array([4, 0, 4, 1, 1])

    def results(lib):
        x, s, i, r = (tensor(lib, v, d) for v, d in ((values, dtype), (source, dtype), (index, None), (rows, None)))
        m = tensor(lib, MASK[:1].repeat(2, 1)[:, :6])
        out = [
            x.masked_fill(m, 1),
            x.masked_select(m),
            x.masked_scatter(m, s),
            x.take(i),
            x.put(i, s),
            x.put(i, s, True),
            x.index_put((r,), s),
            x.index_put((r,), s, True),
        ]
        return out

    assert_same(results(rsnn), results(torch), where=dtype)


@needs_torch
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x, i, m: x.masked_fill(m.byte(), 1),
        lambda lib, x, i, m: x.masked_fill(m, lib.ones(1)),
        lambda lib, x, i, m: x.masked_fill(m[:, :2], 1),
        lambda lib, x, i, m: x.masked_fill(m, "a"),
        lambda lib, x, i, m: x.to(lib.int8).masked_fill(m, 300),
        lambda lib, x, i, m: x.long().masked_fill(m, float("inf")),
        lambda lib, x, i, m: x[0].clone().masked_fill_(m, 1),
        lambda lib, x, i, m: x.masked_fill([True], 1),
        lambda lib, x, i, m: x.masked_select(m.byte()),
        lambda lib, x, i, m: x.masked_select(m[:, :2]),
        lambda lib, x, i, m: x.masked_scatter(m, lib.ones(2)),
        lambda lib, x, i, m: x.masked_scatter(m, lib.ones(20).long()),
        lambda lib, x, i, m: x.masked_scatter(m.byte(), lib.ones(20)),
        lambda lib, x, i, m: x.masked_scatter(m, 1.0),
        lambda lib, x, i, m: x[0].clone().masked_scatter_(m, lib.ones(20)),
        lambda lib, x, i, m: x.take(i.int()),
        lambda lib, x, i, m: x.take(i + 12),
        lambda lib, x, i, m: x.take(i - 13),
        lambda lib, x, i, m: lib.ones(0).take(i),
        lambda lib, x, i, m: x.put(i, lib.ones(2).long()),
        lambda lib, x, i, m: x.put(i, lib.ones(1)),
        lambda lib, x, i, m: x.put(i.int(), lib.ones(2)),
        lambda lib, x, i, m: x.put(i + 12, lib.ones(2)),
        lambda lib, x, i, m: x.put_(i, x[0, :2]),
        lambda lib, x, i, m: x.index_put((i,), lib.tensor(5)),
        lambda lib, x, i, m: x.index_put(i, lib.tensor(5.0)),
        lambda lib, x, i, m: x.index_put((i,), 5.0),
        lambda lib, x, i, m: x.index_put((i, i, i), lib.tensor(5.0)),
        lambda lib, x, i, m: x.index_put((i,), lib.ones(3)),
        lambda lib, x, i, m: x.index_put((i + 3,), lib.tensor(5.0)),
        lambda lib, x, i, m: x.index_put((None, i), lib.tensor(5.0)),
    ],
)
def test_mistakes(call):
    assert_same_error(lambda lib: call(lib, lib.ones(3, 4), lib.tensor([0, 1]), tensor(lib, MASK)))


@needs_torch
def test_as_strided_scatter():
    check_op(
        lambda lib, x, s: x.as_strided_scatter(s, (2, 2), (5, 2), 1),
        (3, 4),
        (2, 2),
        layouts=("contiguous",),
        grad=False,
    )
    check_op(
        lambda lib, x, s: lib.as_strided_scatter(x, s, (2,), (3,)),
        (3, 4),
        (2,),
        layouts=("contiguous",),
        grad=False,
    )
    # PyTorch's gradient of the tensor is that of the elements that are replaced, not of the others.
    x, s = (rsnn.randn(*shape, dtype=rsnn.float64, requires_grad=True) for shape in ((3, 4), (2, 2)))
    call = lambda x, s: x.as_strided_scatter(s, (2, 2), (5, 2), 1)  # noqa: E731
    assert rsnn.autograd.gradcheck(call, (x, s)) and rsnn.autograd.gradgradcheck(call, (x, s))
    assert_same_error(lambda lib: lib.ones(3).as_strided_scatter(lib.ones(3), (2,), (1,)))
    assert_same_error(lambda lib: lib.ones(3).as_strided_scatter(lib.ones(2), (2,), (7,)))


def test_parts_put_back():
    check_op(lambda lib, x, s: x.select_scatter(s, 1, -1), (3, 4), (3,))
    check_op(lambda lib, x, s: lib.slice_scatter(x, s, 1, 1, 4, 2), (3, 4), (3, 2))
    check_op(lambda lib, x, s: x.slice_scatter(s, start=-1), (3, 4), (1, 4))
    check_op(lambda lib, x, s: x.diagonal_scatter(s, 1), (3, 4), (3,))
