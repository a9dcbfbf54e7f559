"""Bags of rows of a table, against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op

torch = pytest.importorskip("torch")

INDICES = np.array([0, 1, 2, 3, 1, 1])
OFFSETS = np.array([0, 2, 2, 5])


@pytest.mark.parametrize("mode", ["sum", "mean", "max"])
@pytest.mark.parametrize("padding", [None, 1, -4])
def test_values_and_gradients(mode, padding):
    def call(lib, w, i, o):
        return lib.nn.functional.embedding_bag(i, w, o, mode=mode, padding_idx=padding)

    check_op(call, (4, 3), INDICES, OFFSETS, gradgrad=False)
    check_op(call, (4, 3), INDICES.astype("int32"), OFFSETS.astype("int32"), gradgrad=False)
    check_op(call, (4, 3), INDICES[:0], OFFSETS[1:3] - 2, grad=False)

    def rows(lib, w, i):
        return lib.nn.functional.embedding_bag(i, w, mode=mode, padding_idx=padding)

    check_op(rows, (4, 3), INDICES.reshape(2, 3), gradgrad=False)


@pytest.mark.parametrize("mode", ["sum", "mean"])
def test_frequencies_last_offsets_and_norms(mode):
    def call(lib, w, i, o):
        return lib.nn.functional.embedding_bag(i, w, o, mode=mode, scale_grad_by_freq=True)

    check_op(call, (4, 3), np.array([3, 1, 0, 2, 2, 1, 3, 0]), OFFSETS, gradgrad=False)
    # Where rows differ in frequency, PyTorch divides by those of other rows.
    gradients = []
    for scale in (False, True):
        w = rsnn.ones(4, 3, requires_grad=True)
        i, o = rsnn.from_numpy(INDICES), rsnn.from_numpy(OFFSETS)
        y = rsnn.nn.functional.embedding_bag(i, w, o, mode=mode, scale_grad_by_freq=scale)
        y.backward(rsnn.arange(12.0).reshape(4, 3))
        gradients.append(w.grad.numpy())
    np.testing.assert_allclose(gradients[1], gradients[0] / np.array([[1], [3], [1], [1]]), rtol=1e-6)

    def last(lib, w, i, o):
        return lib.nn.functional.embedding_bag(i, w, o, mode=mode, include_last_offset=True)

    check_op(last, (4, 3), INDICES, np.array([0, 4, 6]), gradgrad=False)
    results = []
    for lib in (rsnn, torch):
        table = lib.arange(12.0).reshape(4, 3)
        i, o = lib.from_numpy(INDICES), lib.from_numpy(OFFSETS)
        results.append((lib.nn.functional.embedding_bag(i, table, o, max_norm=2.0, mode=mode), table))
    assert_same(*results)


def test_weights():
    def call(lib, w, s, i, o):
        return lib.nn.functional.embedding_bag(i, w, o, mode="sum", per_sample_weights=s, padding_idx=2)

    check_op(call, (4, 3), (6,), INDICES, OFFSETS, gradgrad=False)


def test_second_gradients():
    table = rsnn.randn(4, 3, dtype=rsnn.float64, requires_grad=True)
    i, o = rsnn.from_numpy(INDICES), rsnn.from_numpy(OFFSETS)
    for mode in ("sum", "mean", "max"):
        call = lambda w: rsnn.nn.functional.embedding_bag(i, w, o, mode=mode)  # noqa: B023, E731
        assert rsnn.autograd.gradcheck(call, (table,)) and rsnn.autograd.gradgradcheck(call, (table,))


def test_an_empty_bag_has_zeros_even_where_the_table_has_none():
    for lib in (rsnn, torch):
        w = lib.full((2, 3), float("nan"))
        for mode in ("sum", "mean", "max"):
            y = lib.nn.functional.embedding_bag(lib.tensor([1]), w, lib.tensor([0, 0]), mode=mode)
            assert y[0].tolist() == [0, 0, 0] and y[1].isnan().all()


def test_layer():
    layers = []
    for lib in (rsnn, torch):
        lib.manual_seed(0)
        layer = lib.nn.EmbeddingBag(10, 3, max_norm=1.0, norm_type=1.0, mode="sum", padding_idx=-1)
        layers.append((repr(layer), layer.weight, layer(lib.from_numpy(INDICES), lib.from_numpy(OFFSETS))))
    assert layers[0][0] == layers[1][0]
    assert_same(layers[0][1:], layers[1][1:])
    for lib in (rsnn, torch):
        frozen = lib.nn.EmbeddingBag.from_pretrained(lib.ones(3, 2))
        assert not frozen.weight.requires_grad and frozen(lib.tensor([[0, 1]])).tolist() == [[1, 1]]


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, f, w, i, o: f(i, w, o, mode="median"),
        lambda lib, f, w, i, o: f(i[:4].reshape(2, 2), w, o),
        lambda lib, f, w, i, o: f(i, w),
        lambda lib, f, w, i, o: f(i, w, o + 1),
        lambda lib, f, w, i, o: f(i, w, o + lib.tensor([0, 9, 9, 9])),
        lambda lib, f, w, i, o: f(i, w, o[None]),
        lambda lib, f, w, i, o: f(i[None, None], w),
        lambda lib, f, w, i, o: f(i + 1, w, o),
        lambda lib, f, w, i, o: f(i.float(), w, o),
        lambda lib, f, w, i, o: f(i, w, o, mode="sum", per_sample_weights=lib.ones(3)),
        lambda lib, f, w, i, o: f(i, w, o, mode="sum", per_sample_weights=lib.ones(6).double()),
        lambda lib, f, w, i, o: f(i, w, o, per_sample_weights=lib.ones(6)),
        lambda lib, f, w, i, o: f(i, w, o, mode="max", sparse=True),
        lambda lib, f, w, i, o: f(i, w, o, mode="max", scale_grad_by_freq=True),
        lambda lib, f, w, i, o: f(i, w, o, padding_idx=4),
        lambda lib, f, w, i, o: lib.nn.EmbeddingBag(3, 2, padding_idx=3),
        lambda lib, f, w, i, o: lib.nn.EmbeddingBag(3, 2, _weight=w),
    ],
)
def test_mistakes(call):
    def run(lib):
        f = lib.nn.functional.embedding_bag
        return call(lib, f, lib.ones(4, 3), lib.from_numpy(INDICES), lib.from_numpy(OFFSETS))

    assert_same_error(run)


def test_sparse_gradients_are_refused():
    with pytest.raises(NotImplementedError, match="sparse"):
        rsnn.nn.functional.embedding_bag(rsnn.tensor([0]), rsnn.ones(2, 2), rsnn.tensor([0]), sparse=True)
