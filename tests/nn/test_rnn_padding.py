"""Sequences of unequal length: padded, packed, and back."""

import random

import numpy as np
import pytest

import rsnn
from rsnn.nn.utils import rnn


def test_padding():
    a, b = rsnn.tensor([1.0, 2.0, 3.0]), rsnn.tensor([4.0])
    assert rnn.pad_sequence([a, b]).tolist() == [[1, 4], [2, 0], [3, 0]]
    assert rnn.pad_sequence([a, b], batch_first=True, padding_value=-1).tolist() == [[1, 2, 3], [4, -1, -1]]
    assert rnn.pad_sequence([a, b], True, padding_side="left").tolist() == [[1, 2, 3], [0, 0, 4]]
    padded = rnn.pad_sequence([a, b], batch_first=True)
    assert [x.tolist() for x in rnn.unpad_sequence(padded, rsnn.tensor([3, 1]), batch_first=True)] == [[1, 2, 3], [4]]
    assert [x.tolist() for x in rnn.unpad_sequence(rnn.pad_sequence([a, b]), [3, 1])] == [[1, 2, 3], [4]]


@pytest.mark.skipif(not hasattr(rsnn.Tensor, "index_select"), reason="needs index_select")
def test_packing():
    packed = rnn.pack_sequence([rsnn.tensor([1, 2, 3]), rsnn.tensor([4, 5]), rsnn.tensor([6])])
    assert packed.data.tolist() == [1, 4, 6, 2, 5, 3] and packed.batch_sizes.tolist() == [3, 2, 1]
    assert packed.sorted_indices is None and packed.unsorted_indices is None
    assert [x.tolist() for x in rnn.unpack_sequence(packed)] == [[1, 2, 3], [4, 5], [6]]
    unsorted = rnn.pack_sequence([rsnn.tensor([6]), rsnn.tensor([1, 2])], enforce_sorted=False)
    assert unsorted.data.tolist() == [1, 6, 2] and unsorted.unsorted_indices.tolist() == [1, 0]
    assert [x.tolist() for x in rnn.unpack_sequence(unsorted)] == [[6], [1, 2]]


def test_packed_sequences_convert():
    packed = rnn.pack_sequence([rsnn.tensor([1.0, 2.0])])
    assert packed.to(rsnn.float32) is packed and packed.double().data.dtype == rsnn.float64
    assert type(packed.double()) is rnn.PackedSequence and packed.long().data.dtype == rsnn.int64
    assert rnn.PackedSequence((packed.data, packed.batch_sizes)).batch_sizes is packed.batch_sizes


def test_invert_permutation():
    assert rnn.invert_permutation(None) is None
    assert rnn.invert_permutation(rsnn.tensor([2, 0, 1])).tolist() == [1, 2, 0]


@pytest.mark.parametrize("seed", range(30))
def test_values_and_gradients_equal_those_of_pytorch(seed):
    torch = pytest.importorskip("torch")
    rng = random.Random(seed)
    lengths = [rng.randint(1, 6) for _ in range(rng.randint(1, 5))]
    trailing = rng.choice([(), (2,), (2, 3)])
    batch_first, side = rng.random() < 0.5, rng.choice(["left", "right"])
    enforce = rng.random() < 0.5
    kept = sorted(lengths, reverse=True) if enforce else lengths
    total = rng.choice([None, max(lengths) + 2])
    results = []
    for lib in (rsnn, torch):
        numbers = np.random.default_rng(seed)
        draw = lambda *shape: numbers.standard_normal(shape).astype(np.float32)  # noqa: E731, B023
        found = []
        sequences = [lib.from_numpy(draw(n, *trailing)).requires_grad_() for n in lengths]
        padded = lib.nn.utils.rnn.pad_sequence(sequences, batch_first, 1.5, side)
        (padded * lib.from_numpy(draw(*padded.shape))).sum().backward()
        found += [padded, *(s.grad for s in sequences)]
        shape = (len(kept), max(kept)) if batch_first else (max(kept), len(kept))
        x = lib.from_numpy(draw(*shape, *trailing)).requires_grad_()
        packed = lib.nn.utils.rnn.pack_padded_sequence(x, lib.tensor(kept), batch_first, enforce)
        found += [part for part in packed if part is not None]
        back, sizes = lib.nn.utils.rnn.pad_packed_sequence(packed, batch_first, 2.0, total)
        (back * lib.from_numpy(draw(*back.shape))).sum().backward()
        results.append([t.detach().numpy() for t in (*found, back, sizes, x.grad)])
    assert len(results[0]) == len(results[1])
    for ours, theirs in zip(*results, strict=True):
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: rnn.pad_sequence(3), RuntimeError),
        (lambda: rnn.pad_sequence([]), RuntimeError),
        (lambda: rnn.pad_sequence([rsnn.ones(1)], padding_side="top"), RuntimeError),
        (lambda: rnn.pack_padded_sequence(rsnn.ones(3, 2), [1, 2]), RuntimeError),
        (lambda: rnn.pack_padded_sequence(rsnn.ones(3, 2), [2]), RuntimeError),
        (lambda: rnn.pack_padded_sequence(rsnn.ones(3, 2), [2, 0]), RuntimeError),
        (lambda: rnn.pack_padded_sequence(rsnn.ones(3, 2), [4, 1]), RuntimeError),
        (lambda: rnn.pad_packed_sequence(rnn.pack_sequence([rsnn.ones(3)]), total_length=2), ValueError),
        (lambda: rnn.PackedSequence(rsnn.ones(2)), AssertionError),
    ],
)
def test_bad_arguments(build, error):
    with pytest.raises(error):
        build()
