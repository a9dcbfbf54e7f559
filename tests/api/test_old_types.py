"""The old names for tensors of one dtype, and what real tensors make of questions about complex ones."""

import copy
import pickle

import pytest

import rsnn
from helpers import assert_same, assert_same_error

CALLS = {
    "sizes": lambda lib: tuple(lib.FloatTensor(2, 3).shape),
    "data": lambda lib: lib.LongTensor([1, 2]),
    "data, cut": lambda lib: lib.LongTensor([1.5]),
    "long ints": lambda lib: lib.LongTensor([2**60 + 1]),
    "nothing": lambda lib: lib.DoubleTensor(),
    "Size": lambda lib: tuple(lib.FloatTensor(lib.Size([2, 3])).shape),
    "tensor": lambda lib: lib.FloatTensor(lib.ones(2)),
    "instance": lambda lib: [isinstance(lib.ones(1), t) for t in (lib.FloatTensor, lib.LongTensor, lib.DoubleTensor)],
    "type given as class": lambda lib: lib.ones(1).type(lib.LongTensor),
    "new": lambda lib: lib.ones(1).long().new([1.5]),
    "new of sizes": lambda lib: tuple(lib.ones(1).new(2, 3).shape),
    "conj": lambda lib: [lib.ones(1).conj(), lib.resolve_conj(lib.ones(1)), lib.ones(1).real],
    "kinds": lambda lib: [lib.ones(1).is_conj(), lib.is_neg(lib.ones(1)), lib.ones(1).is_sparse, lib.ones(1).is_quantized],
    "narrow_copy": lambda lib: lib.arange(4).narrow_copy(0, 1, 2),
    "unsafe_split": lambda lib: lib.arange(4).unsafe_split(2),
    "is_set_to": lambda lib: (lambda x: [x.is_set_to(x), x.is_set_to(x.clone()), x.is_set_to(x[1:])])(lib.ones(2)),
    "dim_order": lambda lib: lib.ones(2, 3, 4).transpose(0, 2).dim_order(),
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_values(torch, name):
    assert_same(CALLS[name](rsnn), CALLS[name](torch))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.FloatTensor(2.5),
        lambda lib: lib.FloatTensor(lib.ones(2).double()),
        lambda lib: lib.ByteTensor([300]),
        lambda lib: lib.FloatTensor(-1),
        lambda lib: lib.ones(1).imag,
    ],
)
def test_errors(torch, call):
    assert_same_error(call)


def test_types_know_their_names():
    assert repr(rsnn.FloatTensor) == "<class 'rsnn.FloatTensor'>" and rsnn.HalfTensor.dtype is rsnn.float16
    assert pickle.loads(pickle.dumps(rsnn.FloatTensor)) is rsnn.FloatTensor
    assert copy.deepcopy(rsnn.LongTensor) is rsnn.LongTensor
    rsnn.set_default_tensor_type(rsnn.DoubleTensor)
    try:
        assert rsnn.ones(1).dtype is rsnn.float64
    finally:
        rsnn.set_default_tensor_type(rsnn.FloatTensor)


def test_memory_is_not_shared_between_processes():
    assert not rsnn.ones(1).is_shared()
    with pytest.raises(NotImplementedError, match="share_memory_"):
        rsnn.ones(1).share_memory_()
