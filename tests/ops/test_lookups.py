"""Elements and slices read and written along an axis, against live PyTorch."""

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


def numbers(shape, size, seed=0):
    """Random places on an axis of `size`, some of them several times."""
    return np.random.default_rng(seed).integers(0, size, shape)


@pytest.mark.parametrize("dim", [0, 1, 2, -1])
@pytest.mark.parametrize("kind", ["int64", "int32"])
def test_gather(dim, kind):
    sizes = [2, 3, 4]
    sizes[dim] = 5
    index = numbers(sizes, (3, 4, 5)[dim]).astype(kind)
    check_op(lambda lib, x, i: x.gather(dim, i), (3, 4, 5), index)
    check_op(lambda lib, x, i: lib.gather(x, dim=dim, index=i), (3, 4, 5), numbers((3, 4, 5), (3, 4, 5)[dim]))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_index_select(dim):
    check_op(lambda lib, x, i: x.index_select(dim, i), (4, 5, 6), numbers(7, 4))
    check_op(lambda lib, x, i: lib.index_select(x, dim, index=i), (4, 5, 6), numbers(3, 4).astype("int32"))
    check_op(lambda lib, x, i: x.index_select(dim, i), (4, 5, 6), np.array(1))
    check_op(lambda lib, x, i: x.index_select(dim, i), (4, 5, 6), np.zeros(0, int))


def test_take_along_dim():
    check_op(lambda lib, x, i: x.take_along_dim(i, 1), (3, 4), np.array([[0, -1, 3]]))
    check_op(lambda lib, x, i: lib.take_along_dim(x, i, dim=0), (3, 1, 4), numbers((2, 5, 1), 3))
    check_op(lambda lib, x, i: x.take_along_dim(i), (3, 4), np.array([[0, 11], [7, 5]]), layouts=("contiguous",))


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_scatter(dim):
    sizes = (3, 4, 5)
    # Without repetition, so that every value has a place of its own.
    order = np.argsort(np.random.default_rng(0).random(sizes), axis=dim)
    smaller = order[:2, :3, :3] if dim == 0 else order[:2, :2, :4]
    for index in (order, smaller, order.astype("int32")):
        check_op(lambda lib, x, i, s: x.scatter(dim, i, s), sizes, index, index.shape)
        check_op(lambda lib, x, i: x.scatter(dim, i, 1.5), sizes, index)
        check_op(lambda lib, x, i: lib.scatter(x, dim, i, value=2), sizes, index)
    check_op(lambda lib, x, i, s: (x * 1).scatter_(dim, i, s), sizes, order, sizes)
    check_op(lambda lib, x, i: x.scatter(dim, i, 3.0, reduce="multiply"), sizes, order, grad=False)


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_scatter_add(dim):
    sizes = [3, 4, 5]
    sizes[dim] = 8
    index = numbers(sizes, (3, 4, 5)[dim])
    check_op(lambda lib, x, i, s: x.scatter_add(dim, i, s), (3, 4, 5), index, tuple(sizes))
    check_op(lambda lib, x, i, s: (x * 1).scatter_add_(dim, i, s), (3, 4, 5), index, tuple(sizes))
    check_op(lambda lib, x, i, s: lib.scatter_add(x, dim, i, s), (3, 4, 5), index[:2, :3, :4], index[:2, :3, :4].shape)


def test_gradient_of_values_that_no_index_reaches():
    # PyTorch gives up here; the values beyond the index have no influence.
    x, src = rsnn.zeros(3, 4), rsnn.ones(3, 4, requires_grad=True)
    index = rsnn.zeros(2, 3, dtype=rsnn.int64)
    x.scatter_add(0, index, src).sum().backward()
    assert src.grad.tolist() == [[1, 1, 1, 0], [1, 1, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_slices(dim):
    sizes = [4, 5, 6]
    sizes[dim] = 3
    repeated, single = np.array([2, 0, 2]), np.array([2, 0, 3])
    sizes = tuple(sizes)
    check_op(lambda lib, x, i, s: x.index_add(dim, i, s), (4, 5, 6), repeated, sizes)
    check_op(lambda lib, x, i, s: lib.index_add(x, dim, i, s, alpha=-1.5), (4, 5, 6), repeated, sizes)
    check_op(lambda lib, x, i, s: (x * 1).index_add_(dim, i, s, alpha=2), (4, 5, 6), repeated.astype("int32"), sizes)
    check_op(lambda lib, x, i, s: x.index_copy(dim, i, s), (4, 5, 6), single, sizes)
    check_op(lambda lib, x, i, s: (x * 1).index_copy_(dim, i, s), (4, 5, 6), single, sizes)
    check_op(lambda lib, x, i: x.index_fill(dim, i, 2.5), (4, 5, 6), np.array([-1, 0]))
    check_op(lambda lib, x, i, v: lib.index_fill(x, dim, i, v), (4, 5, 6), np.array([1, 1]), np.array(0.5))
    check_op(lambda lib, x, i, v: (x * 1).index_fill_(dim, i, v), (4, 5, 6), np.array(2), np.array(0.5))


def test_tensors_without_axes():
    zero, one = np.array(0), np.array([0])
    for index in (zero, one):
        check_op(lambda lib, x, i: x.gather(0, i), (), index)
        check_op(lambda lib, x, i: x.index_select(0, i), (), index)
        check_op(lambda lib, x, i: x.index_fill(0, i, 3), (), index)
        check_op(lambda lib, x, i, s: x.index_copy(0, i, s), (), index, (1,))
        check_op(lambda lib, x, i, s: x.index_copy(0, i, s), (3,), index, ())
        check_op(lambda lib, x, i, s: x.index_add(0, i, s), (), index, ())
        check_op(lambda lib, x, i, s: x.scatter_add(-1, i, s), (), index, ())
        check_op(lambda lib, x, i, s: x.scatter(-1, i, s), (), index, index.shape)


def test_nothing_to_do():
    none = np.zeros((0,), int)
    check_op(lambda lib, x, i: x.gather(1, i), (3, 4), np.zeros((0, 2), int))
    check_op(lambda lib, x, i: x.gather(0, i), (0, 4), np.zeros((0, 4), int))
    check_op(lambda lib, x, i: x.gather(1, i), (3, 4), none, grad=False)
    check_op(lambda lib, x, i, s: x.scatter(1, i, s), (3, 4), np.zeros((0, 2), int), (0, 2))
    check_op(lambda lib, x, i, s: x.scatter_add(1, i, s), (3, 4), np.zeros((2, 0), int), (2, 0))
    check_op(lambda lib, x, i, s: x.index_add(0, i, s), (3, 4), none, (0, 4))
    check_op(lambda lib, x, i, s: x.index_copy(0, i, s), (3, 0), np.array([1, 2]), (2, 0))
    check_op(lambda lib, x, i: x.index_fill(0, i, 1), (3, 4), none)


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    values = np.random.default_rng(1).integers(0, 2 if dtype == "bool" else 50, (6, 9))
    source = np.random.default_rng(2).integers(0, 2 if dtype == "bool" else 50, (4, 9))
    index, rows = numbers((4, 9), 6), np.array([5, 0, 5, 2])

    def results(lib):
        x, s, i, r = (tensor(lib, v, d) for v, d in ((values, dtype), (source, dtype), (index, None), (rows, None)))
        return (
            x.gather(0, i),
            x.index_select(0, r),
            x.scatter(0, i, s),
            x.scatter(0, i, 1),
            x.scatter_add(0, i, s),
            x.scatter(0, i, 1, reduce="multiply"),
            x.index_add(0, r, s),
            x.index_copy(0, r, s),
            x.index_fill(0, r, 1),
        )

    assert_same(results(rsnn), results(torch), where=dtype)


@needs_torch
def test_sums_come_in_order():
    """Long lines, many lines and rows of a table: the same sums, bit by bit, for any number of threads."""
    rng = np.random.default_rng(0)
    for shape, dim, count in (((7,), 0, 100_000), ((3, 5000), 0, 40), ((5000, 3), 1, 50), ((50, 300), 0, 400)):
        sizes = list(shape)
        sizes[dim] = count
        index, source = rng.integers(0, shape[dim], sizes), rng.standard_normal(sizes).astype("float32")
        row = rng.integers(0, shape[dim], count)
        threads = rsnn.get_num_threads()
        outs = []
        for n in (1, threads):
            rsnn.set_num_threads(n)
            i, s, r = rsnn.from_numpy(index), rsnn.from_numpy(source), rsnn.from_numpy(row)
            outs.append((rsnn.zeros(shape).scatter_add(dim, i, s), rsnn.zeros(shape).index_add(dim, r, s)))
        assert all(a.equal(b) for a, b in zip(*outs))
        i, s, r = torch.from_numpy(index), torch.from_numpy(source), torch.from_numpy(row)
        assert_same(outs[0][0], torch.zeros(shape).scatter_add(dim, i, s), 1e-4, 1e-3)
        assert_same(outs[0][1], torch.zeros(shape).index_add(dim, r, s), 1e-4, 1e-3)


@needs_torch
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x, i: x.gather(0, i.to(lib.int16)),
        lambda lib, x, i: x.gather(0, i + 2),
        lambda lib, x, i: x.gather(0, -i),
        lambda lib, x, i: x.gather(0, i[0]),
        lambda lib, x, i: x.gather(0, lib.cat([i, i, i], 1)),
        lambda lib, x, i: x.gather(2, i),
        lambda lib, x, i: x.index_select(0, i),
        lambda lib, x, i: x.index_select(0, -i[0]),
        lambda lib, x, i: x.index_select(0, i[0] + 3),
        lambda lib, x, i: x.index_select(0, i[0].to(lib.uint8)),
        lambda lib, x, i: x.take_along_dim(i[0], 0),
        lambda lib, x, i: x.take_along_dim(i.int(), 0),
        lambda lib, x, i: x.scatter(0, i, lib.ones(2, 2, dtype=lib.float64)),
        lambda lib, x, i: x.scatter(0, i, lib.ones(1, 2)),
        lambda lib, x, i: x.scatter(0, i + 2, 1),
        lambda lib, x, i: x.scatter(0, i.double(), 1),
        lambda lib, x, i: x.scatter(0, i, 1, reduce="sum"),
        lambda lib, x, i: x.byte().scatter(0, i, 300),
        lambda lib, x, i: x.scatter_add(0, i, 1.0),
        lambda lib, x, i: x[:1].expand(3, 4).scatter_(0, i, 1),
        lambda lib, x, i: x.scatter_(0, i, x[:2]),
        lambda lib, x, i: x.index_add(0, i, lib.ones(2, 4)),
        lambda lib, x, i: x.index_add(0, i[0], lib.ones(2, 3)),
        lambda lib, x, i: x.index_add(0, i[0], lib.ones(3, 4)),
        lambda lib, x, i: x.index_add(0, i[0], lib.ones(2, 4).double()),
        lambda lib, x, i: x.index_add(0, -i[0], lib.ones(2, 4)),
        lambda lib, x, i: x[0].index_add(0, -i[0], lib.ones(2)),
        lambda lib, x, i: x.index_add_(0, i[0], x[1:]),
        lambda lib, x, i: x.index_copy(0, i[0].int(), lib.ones(2, 4)),
        lambda lib, x, i: x.index_copy(0, i[0], lib.ones(2)),
        lambda lib, x, i: x.index_copy(0, i[0], lib.ones(3, 4)),
        lambda lib, x, i: x.index_copy(0, i[0], lib.ones(2, 5)),
        lambda lib, x, i: x.index_copy(0, -i[0], lib.ones(2, 4)),
        lambda lib, x, i: x.index_fill(0, i, 1),
        lambda lib, x, i: x.index_fill(0, i[0].int(), 1),
        lambda lib, x, i: x.index_fill(0, i[0] + 2, 1),
        lambda lib, x, i: x.index_fill(0, i[0], lib.ones(1)),
        lambda lib, x, i: x.index_fill(0, i[0], "a"),
        lambda lib, x, i: lib.ones(2, 2, requires_grad=True).scatter_(0, i, 1),
        lambda lib, x, i: lib.ones(2, 2, requires_grad=True).scatter(0, i, 1, reduce="multiply").sum().backward(),
    ],
)
def test_mistakes(call):
    assert_same_error(lambda lib: call(lib, lib.ones(3, 4), lib.tensor([[0, 1], [1, 1]])))


@needs_torch
def test_nonzero():
    rng = np.random.default_rng(0)
    for shape in ((), (7,), (3, 4), (2, 3, 4), (0, 3), (300, 70)):
        for dtype in ("bool", "float32", "int64", "bfloat16"):
            values = rng.integers(-1, 2, shape)
            ours, theirs = tensor(rsnn, values, dtype), tensor(torch, values, dtype)
            assert_same(ours.nonzero(), theirs.nonzero())
            axes = tuple(range(len(shape)))[::-1]
            assert_same(ours.permute(axes).nonzero(), theirs.permute(axes).nonzero())
            assert_same(rsnn.argwhere(ours), torch.argwhere(theirs))
            assert_same(rsnn.nonzero(ours, as_tuple=True), torch.nonzero(theirs, as_tuple=True))
            assert_same(rsnn.where(ours != 0), torch.where(theirs != 0))
            for size in (0, 2, 50):
                assert_same(
                    ours.nonzero_static(size=size, fill_value=-3), theirs.nonzero_static(size=size, fill_value=-3)
                )
    assert rsnn.ones(3, 2).nonzero().stride() == torch.ones(3, 2).nonzero().stride()
    assert_same_error(lambda lib: lib.ones(3).nonzero_static(size=-1))


def test_where():
    condition = np.random.default_rng(0).random((3, 1)) > 0.5
    check_op(lambda lib, x, y, c: lib.where(c, x, y), (3, 4), (4,), condition)
    check_op(lambda lib, x, c: lib.where(c, x, 2), (3, 4), condition)
    check_op(lambda lib, x, c: lib.where(c, 2.5, x), (3, 4), condition)
    check_op(lambda lib, x, c: x.where(c, 1.0), (3, 4), condition)
    check_op(lambda lib, x, y, c: lib.where(condition=c, input=x, other=y), (3, 4), (), condition)


@needs_torch
def test_where_mistakes():
    assert_same_error(lambda lib: lib.where(lib.ones(2), 1, 2))
    assert_same_error(lambda lib: lib.where(lib.ones(2) > 0, lib.ones(3), 2))
    assert_same_error(lambda lib: lib.where(lib.ones(2) > 0, 1))


@pytest.mark.parametrize("padding", [-1, 2])
@pytest.mark.parametrize("by_frequency", [False, True])
def test_embedding(padding, by_frequency):
    indices = numbers((3, 4), 5)
    # PyTorch's second gradient forgets the frequencies.
    check_op(lambda lib, w, i: lib.embedding(w, i, padding, by_frequency), (5, 3), indices, gradgrad=not by_frequency)
    check_op(
        lambda lib, w, i: lib.embedding(w, i, padding, by_frequency), (5, 3), indices[0].astype("int32"), gradgrad=False
    )
    check_op(lambda lib, w, i: lib.embedding(w, i, padding), (5, 3), np.array(2))
    check_op(lambda lib, w, i: lib.embedding(w, i, padding), (5, 3), np.zeros((0, 2), int), gradgrad=False)


@needs_torch
def test_embedding_of_limited_norm():
    values = np.random.default_rng(0).standard_normal((50, 8)).astype("float32")
    indices = numbers((6, 7), 50)
    for p in (1.0, 2.0, float("inf")):
        results = []
        for lib in (rsnn, torch):
            weight = lib.from_numpy(values.copy()).requires_grad_()
            out = lib.nn.functional.embedding(lib.from_numpy(indices), weight, 3, 1.5, p, True)
            out.sum().backward()
            results.append((out, weight, weight.grad))
        assert_same(*results)


@needs_torch
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, w, i: lib.embedding(w, i + 3),
        lambda lib, w, i: lib.embedding(w, -i),
        lambda lib, w, i: lib.embedding(w, i.to(lib.float32)),
        lambda lib, w, i: lib.embedding(w[0], i),
        lambda lib, w, i: lib.nn.functional.embedding(i, w, padding_idx=4),
        lambda lib, w, i: lib.embedding_renorm_(w, i + 9, 1.0, 2.0),
    ],
)
def test_embedding_mistakes(call):
    assert_same_error(lambda lib: call(lib, lib.ones(4, 3), lib.tensor([0, 1])))


def test_second_gradient_of_embedding():
    table = rsnn.randn(4, 3, dtype=rsnn.float64, requires_grad=True)
    indices = rsnn.tensor([0, 2, 2, 1])
    assert rsnn.autograd.gradgradcheck(lambda w: rsnn.embedding(w, indices, 2, True).pow(2), (table,))


def test_values_that_lie_in_the_written_tensor():
    x = rsnn.arange(12.0).reshape(3, 4)
    x.scatter_(0, rsnn.tensor([[1, 2], [2, 0]]), x[1:, 1:3])
    assert x.tolist() == [[0, 10, 2, 3], [5, 5, 6, 7], [9, 6, 10, 11]]


def test_sparse_gradients_are_refused():
    with pytest.raises(NotImplementedError, match="sparse"):
        rsnn.embedding(rsnn.ones(2, 2), rsnn.tensor([0]), sparse=True)
    with pytest.raises(NotImplementedError, match="sparse"):
        rsnn.ones(2).gather(0, rsnn.tensor([0]), sparse_grad=True)
