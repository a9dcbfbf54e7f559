"""Values that meet at the numbers of an index and are reduced, against live PyTorch."""

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


@pytest.mark.parametrize("reduce", ["sum", "prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [False, True])
def test_scatter_reduce(reduce, include_self):
    rng = np.random.default_rng(1)
    for dim in (0, 1):
        index = rng.integers(0, (3, 4)[dim], (3, 4))

        def call(lib, x, i, s):
            return x.scatter_reduce(dim, i, s, reduce, include_self=include_self)  # noqa: B023

        check_op(call, (3, 4), index, (3, 4))
        check_op(call, (3, 4), index[:2].astype("int32"), (2, 4))
        # Values that are equal share the gradient; zeros have products of the others.
        check_op(
            call,
            np.array([[0.0, 1, 2, 0]] * 3),
            index,
            rng.integers(0, 3, (3, 4)).astype(float),
            gradgrad=False,
        )
    check_op(
        lambda lib, x, i, s: (x * 1).scatter_reduce_(0, i, s, reduce, include_self=include_self),
        (5,),
        np.array([1, 1, 3]),
        (3,),
    )
    check_op(
        lambda lib, x, i, s: x.scatter_reduce(0, i, s, reduce, include_self=include_self),
        (),
        np.array(0),
        (),
    )


@pytest.mark.parametrize("reduce", ["prod", "mean", "amax", "amin"])
@pytest.mark.parametrize("include_self", [False, True])
def test_index_reduce(reduce, include_self):
    index = np.array([2, 0, 2])
    check_op(
        lambda lib, x, i, s: x.index_reduce(0, i, s, reduce, include_self=include_self),
        (3, 4),
        index,
        (3, 4),
    )
    check_op(
        lambda lib, x, i, s: lib.index_reduce(x, 1, i, s, reduce, include_self=include_self),
        (2, 4, 3),
        index.astype("int32"),
        (2, 3, 3),
        # PyTorch has no gradient for a narrow index without the tensor's own elements.
        grad=include_self,
    )
    check_op(
        lambda lib, x, i, s: (x * 1).index_reduce_(0, i, s, reduce, include_self=include_self),
        (4,),
        index,
        (3,),
    )


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    rng = np.random.default_rng(0)
    values, source = (rng.integers(0, 2 if dtype == "bool" else 9, (5, 6)) for _ in range(2))
    index, rows = rng.integers(0, 5, (5, 6)), np.array([4, 0, 4, 1, 1])

    def results(lib):
        x, s, i, r = (tensor(lib, v, d) for v, d in ((values, dtype), (source, dtype), (index, None), (rows, None)))
        out = []
        for include in (False, True):
            for reduce in ("sum", "prod", "amax", "amin", "mean"):
                if reduce != "mean" or dtype != "bool":
                    out.append(x.scatter_reduce(0, i, s, reduce, include_self=include))
                    # PyTorch does not leave out a bool's own elements.
                    if reduce != "sum" and (include or dtype != "bool"):
                        out.append(x.index_reduce(0, r, s, reduce, include_self=include))
        return out

    assert_same(results(rsnn), results(torch), where=dtype)


def test_a_bools_own_elements_can_be_left_out():
    x, source, index = rsnn.tensor([False, True, False]), rsnn.tensor([True, True, False]), rsnn.tensor([0, 0, 1])
    for reduce, expected in (("prod", [True, False, False]), ("amax", [True, False, False])):
        assert x.index_reduce(0, index, source, reduce, include_self=False).tolist() == expected


@needs_torch
def test_old_words():
    for lib in (rsnn, torch):
        x, index = lib.tensor([1.0, 4.0]), lib.tensor([0, 1, 1])
        values = lib.tensor([3.0, 2.0, 5.0])
        assert x.scatter_reduce(0, index, values, "max").tolist() == [3, 5]
        assert x.scatter_reduce(0, index, values, "min").tolist() == [1, 2]


@needs_torch
def test_nan_wins():
    for lib in (rsnn, torch):
        x = lib.tensor([1.0, float("nan"), 3.0])
        s = lib.tensor([float("nan"), 2.0, 5.0])
        out = x.scatter_reduce(0, lib.tensor([0, 1, 2]), s, "amax")
        assert out[:2].isnan().all() and out[2] == 5


@needs_torch
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x, i, m: x.scatter_reduce(0, i[None], lib.ones(1, 2), "largest"),
        lambda lib, x, i, m: x.index_reduce(0, i, lib.ones(2, 4), "max"),
        lambda lib, x, i, m: x.scatter_reduce(0, i[None] + 3, lib.ones(1, 2), "sum"),
        lambda lib, x, i, m: x.scatter_reduce(0, i[None], lib.ones(1, 1), "sum"),
        lambda lib, x, i, m: x.scatter_reduce(0, i[None], lib.ones(1, 2).long(), "sum"),
        lambda lib, x, i, m: m.scatter_reduce(0, i[None], m[:1], "mean"),
        lambda lib, x, i, m: x.index_reduce(0, i, lib.ones(2, 4), "sum"),
        lambda lib, x, i, m: x.index_reduce(0, i + 3, lib.ones(2, 4), "prod"),
        lambda lib, x, i, m: x.index_reduce(0, i, lib.ones(3, 4), "prod"),
        lambda lib, x, i, m: x.index_reduce(0, i, lib.ones(2, 4).double(), "prod"),
    ],
)
def test_mistakes(call):
    mask = np.random.default_rng(0).random((3, 4)) > 0.4
    assert_same_error(lambda lib: call(lib, lib.ones(3, 4), lib.tensor([0, 1]), tensor(lib, mask)))
