"""Factories: values, dtypes, layouts and refusals, against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_error, dtype_name

torch = pytest.importorskip("torch")

VALUES = {
    "zeros": lambda lib: lib.zeros(2, 3),
    "zeros sequence": lambda lib: lib.zeros([2, 3]),
    "zeros by name": lambda lib: lib.zeros(size=(2, 3)),
    "zeros of no axes": lambda lib: lib.zeros(()),
    "zeros, empty": lambda lib: lib.zeros(0, 3),
    "zeros, sizes as tensors": lambda lib: lib.zeros(lib.tensor(2), 3),
    "zeros of all options": lambda lib: lib.zeros(
        2, dtype=None, layout=lib.strided, device="cpu", pin_memory=False, requires_grad=False, out=None
    ),
    "ones": lambda lib: lib.ones(2, 3, dtype=lib.bool),
    "ones of a Python type": lambda lib: lib.ones(2, dtype=int),
    "full of bool": lambda lib: lib.full((2,), True),
    "full of int": lambda lib: lib.full((2,), 3),
    "full of float": lambda lib: lib.full((2,), 3.5),
    "full of tensor": lambda lib: lib.full((2,), lib.tensor(3)),
    "full, cut": lambda lib: lib.full((2,), 3.7, dtype=lib.int32),
    "full, wrapped": lambda lib: lib.full((2,), -1, dtype=lib.uint8),
    "full by name": lambda lib: lib.full(size=(2,), fill_value=2),
    "full of inf": lambda lib: lib.full((2,), float("inf"), dtype=lib.float16),
    "full in out": lambda lib: lib.full((2,), 1.5, out=lib.ones(2, dtype=lib.int32)),
    "scalar_tensor": lambda lib: lib.scalar_tensor(3),
    "scalar_tensor of dtype": lambda lib: lib.scalar_tensor(2.5, dtype=lib.int32),
    "arange": lambda lib: lib.arange(5),
    "arange of float": lambda lib: lib.arange(5.0),
    "arange with start": lambda lib: lib.arange(2, 5),
    "arange with end by name": lambda lib: lib.arange(2, end=5),
    "arange by name": lambda lib: lib.arange(start=1, end=8, step=3),
    "arange down": lambda lib: lib.arange(0, -3, -1),
    "arange of nothing": lambda lib: lib.arange(3, 3),
    "arange of a bool": lambda lib: lib.arange(True),
    "arange of tensor": lambda lib: lib.arange(lib.tensor(5.0)),
    "arange in steps": lambda lib: lib.arange(0, 1, 0.1),
    "arange, int64 from floats": lambda lib: lib.arange(0, 10, 2.5, dtype=lib.int64),
    "arange, int32 from floats": lambda lib: lib.arange(0, 10, 2.5, dtype=lib.int32),
    "arange, wrapped": lambda lib: lib.arange(300, dtype=lib.uint8),
    "arange in half": lambda lib: lib.arange(0, 30, 0.7, dtype=lib.float16),
    "arange in out": lambda lib: lib.arange(5, out=lib.ones(5)),
    "arange, long": lambda lib: lib.arange(0, 100000, 0.25),
    "linspace": lambda lib: lib.linspace(0, 1, 5),
    "linspace of one": lambda lib: lib.linspace(3, 9, 1),
    "linspace of none": lambda lib: lib.linspace(0, 1, 0),
    "linspace down": lambda lib: lib.linspace(5, 1, 7),
    "linspace of tensors": lambda lib: lib.linspace(lib.tensor(0), lib.tensor(1.0), 3),
    "linspace by name": lambda lib: lib.linspace(start=0, end=1, steps=3),
    "linspace of integers": lambda lib: lib.linspace(0.5, 10.5, 4, dtype=lib.int64),
    "linspace of negative integers": lambda lib: lib.linspace(0, -10, 4, dtype=lib.int64),
    "linspace in half": lambda lib: lib.linspace(0, 1, 5, dtype=lib.float16),
    "linspace, long": lambda lib: lib.linspace(-3, 7, 10001),
    "logspace": lambda lib: lib.logspace(0, 2, 3),
    "logspace of base": lambda lib: lib.logspace(0, 2, 5, 2, dtype=lib.float64),
    "logspace of integers": lambda lib: lib.logspace(0, 2, 3, base=2.0, dtype=lib.int64),
    "logspace of negative base": lambda lib: lib.logspace(0, 2, 3, base=-2.0),
    "eye": lambda lib: lib.eye(3),
    "eye, wide": lambda lib: lib.eye(2, 4, dtype=lib.bool),
    "eye, tall": lambda lib: lib.eye(n=4, m=2),
    "eye of nothing": lambda lib: lib.eye(0, 3),
    "zeros_like": lambda lib: lib.zeros_like(lib.ones(2, 3, dtype=lib.int16)),
    "ones_like of dtype": lambda lib: lib.ones_like(lib.ones(2), dtype=lib.bool, device="cpu"),
    "full_like": lambda lib: lib.full_like(lib.ones(2, dtype=lib.int32), 3.5),
    "full_like by name": lambda lib: lib.full_like(input=lib.ones(2), fill_value=3),
    "like without its gradient": lambda lib: lib.zeros_like(lib.ones(2, requires_grad=True)),
    "new_zeros": lambda lib: lib.ones(2, dtype=lib.float16).new_zeros(2, 3),
    "new_zeros by name": lambda lib: lib.ones(2).new_zeros(size=(2,)),
    "new_ones": lambda lib: lib.ones(2).new_ones((2, 3), dtype=lib.int32),
    "new_full": lambda lib: lib.ones(2, dtype=lib.int64).new_full((2,), 3.5),
    "new_tensor": lambda lib: lib.ones(2, dtype=lib.int64).new_tensor([1.5]),
    "new_tensor of dtype": lambda lib: lib.ones(2, dtype=lib.int64).new_tensor([1.5], dtype=lib.float64),
    "tensor of a number": lambda lib: lib.tensor(3.5),
    "tensor of mixed numbers": lambda lib: lib.tensor([1, 2.5, True]),
    "tensor of bool and int": lambda lib: lib.tensor([True, 2]),
    "tensor of nothing": lambda lib: lib.tensor([]),
    "tensor of empty rows": lambda lib: lib.tensor([[], []]),
    "tensor of a range": lambda lib: lib.tensor(range(3)),
    "tensor of tuples": lambda lib: lib.tensor(((1, 2), (3, 4))),
    "tensor, cut": lambda lib: lib.tensor([1.5], dtype=lib.int32),
    "tensor, wrapped": lambda lib: lib.tensor([-1], dtype=lib.uint8),
    "tensor beyond the dtype": lambda lib: lib.tensor([1e40]),
    "tensor of tensors": lambda lib: lib.tensor([lib.tensor([1]), lib.tensor(2.5)]),
    "tensor of nested tensors": lambda lib: lib.tensor([[lib.tensor([[1]])]]),
    "tensor of an array": lambda lib: lib.tensor(np.arange(3, dtype=np.int16)),
    "tensor of arrays": lambda lib: lib.tensor([np.ones(2), np.zeros(2)]),
    "tensor of numpy numbers": lambda lib: lib.tensor([np.float32(1), 2]),
    "tensor of numpy doubles": lambda lib: lib.tensor([np.float64(1), 2]),
    "tensor of a numpy number": lambda lib: lib.tensor(np.int8(1)),
    "tensor of a numpy bool": lambda lib: lib.tensor([np.bool_(1)]),
    "as_tensor": lambda lib: lib.as_tensor([1, 2.5]),
    "as_tensor of dtype": lambda lib: lib.as_tensor(lib.ones(2), dtype=lib.int32),
    "tensor of Python's float": lambda lib: lib.tensor([1], dtype=float),
    "tensor of a long int as float": lambda lib: lib.tensor([2**64], dtype=lib.float32),
    "tensor of an array without axes": lambda lib: lib.tensor(np.array(3.0)),
    "tensor of mixed things": lambda lib: lib.tensor([[1, lib.tensor(2.5)], [np.float32(3), True]]),
    "Tensor of a Size": lambda lib: lib.Tensor(lib.Size([2, 0])),
    "asarray": lambda lib: lib.asarray(np.ones(2), copy=True),
    "asarray with gradient": lambda lib: lib.asarray(lib.ones(2), requires_grad=True),
}


@pytest.mark.filterwarnings("ignore:Creating a tensor from a list of numpy.ndarrays")
@pytest.mark.parametrize("name", VALUES)
def test_values(name):
    fn = VALUES[name]
    ours, theirs = fn(rsnn), fn(torch)
    assert_same(ours, theirs, rtol=1e-3 if theirs.dtype == torch.float16 else 5e-7, atol=2e-7)
    assert ours.stride() == theirs.stride()
    assert ours.requires_grad == theirs.requires_grad


ERRORS = {
    "no size": lambda lib: lib.zeros(),
    "size twice": lambda lib: lib.zeros((2,), size=(3,)),
    "negative": lambda lib: lib.zeros(2, -1),
    "float size": lambda lib: lib.zeros(2.0),
    "string size": lambda lib: lib.zeros("a"),
    "bool size": lambda lib: lib.zeros(True),
    "nested size": lambda lib: lib.zeros([2, [3]]),
    "too many elements": lambda lib: lib.zeros(2**62, 2**62),
    "too many bytes": lambda lib: lib.zeros(2**62),
    "more than memory": lambda lib: lib.zeros(2**45),
    "more than memory, empty": lambda lib: lib.empty(2**45),
    "size beyond 64 bits": lambda lib: lib.zeros(2**70),
    "unknown option": lambda lib: lib.zeros(2, foo=3),
    "unknown device": lambda lib: lib.zeros(2, device="foo"),
    "other device": lambda lib: lib.zeros(2, device="cuda"),
    "layout of no layout": lambda lib: lib.zeros(2, layout=3),
    "dtype of no dtype": lambda lib: lib.zeros(2, dtype=3),
    "pinned": lambda lib: lib.zeros(2, pin_memory=True),
    "gradient of integers": lambda lib: lib.zeros(2, dtype=lib.int64, requires_grad=True),
    "requires_grad of no bool": lambda lib: lib.zeros(2, requires_grad=1),
    "out of no tensor": lambda lib: lib.zeros(2, out=3),
    "out of another dtype": lambda lib: lib.zeros(2, out=lib.ones(2), dtype=lib.int32),
    "out with gradient": lambda lib: lib.zeros(2, out=lib.ones(2, requires_grad=True)),
    "memory format where none is": lambda lib: lib.zeros(2, memory_format=lib.contiguous_format),
    "full of int size": lambda lib: lib.full(2, 3),
    "full of many": lambda lib: lib.full((2,), lib.tensor([3.0, 4.0])),
    "full of a string": lambda lib: lib.full((2,), "a"),
    "full beyond uint8": lambda lib: lib.full((2,), 300, dtype=lib.uint8),
    "full beyond int32": lambda lib: lib.full((2,), 1e10, dtype=lib.int32),
    "full beyond float": lambda lib: lib.full((2,), 1e40),
    "full beyond half": lambda lib: lib.full((2,), 1e5, dtype=lib.float16),
    "nan as int": lambda lib: lib.full((2,), float("nan"), dtype=lib.int32),
    "full of negative size": lambda lib: lib.full((-2,), 1),
    "strided: lengths": lambda lib: lib.empty_strided((2, 3), (1,)),
    "strided: negative stride": lambda lib: lib.empty_strided((2, 3), (1, -2)),
    "strided: negative size": lambda lib: lib.empty_strided((-2, 3), (1, 2)),
    "strided: too far": lambda lib: lib.empty_strided((2, 3), (2**62, 2**62)),
    "arange of nothing": lambda lib: lib.arange(),
    "arange of four": lambda lib: lib.arange(1, 2, 3, 4),
    "arange of a string": lambda lib: lib.arange("a"),
    "arange of many": lambda lib: lib.arange(lib.tensor([5.0, 3.0])),
    "arange without step": lambda lib: lib.arange(1, 5, 0),
    "arange away": lambda lib: lib.arange(1, 5, -1),
    "arange to inf": lambda lib: lib.arange(float("inf")),
    "arange to nan": lambda lib: lib.arange(float("nan")),
    "arange of a nan step": lambda lib: lib.arange(1, 2, float("nan")),
    "arange of bool": lambda lib: lib.arange(2, dtype=lib.bool),
    "arange too long": lambda lib: lib.arange(1e20),
    "arange too far": lambda lib: lib.arange(0, 2**62),
    "arange, gradient of integers": lambda lib: lib.arange(5, requires_grad=True),
    "linspace of negative steps": lambda lib: lib.linspace(0, 1, -1),
    "linspace without steps": lambda lib: lib.linspace(0, 1),
    "linspace of float steps": lambda lib: lib.linspace(0, 1, 5.0),
    "linspace of bool": lambda lib: lib.linspace(0, 1, 5, dtype=lib.bool),
    "linspace beyond uint8": lambda lib: lib.linspace(0, 300, 4, dtype=lib.uint8),
    "logspace of negative steps": lambda lib: lib.logspace(0, 1, -1),
    "eye of negative rows": lambda lib: lib.eye(-1),
    "eye of negative columns": lambda lib: lib.eye(2, -1),
    "eye of float": lambda lib: lib.eye(2.0),
    "like of a number": lambda lib: lib.zeros_like(3),
    "like beyond float": lambda lib: lib.full_like(lib.ones(2), 1e40),
    "like with out": lambda lib: lib.zeros_like(lib.ones(2), out=3),
    "new_zeros of nothing": lambda lib: lib.ones(2).new_zeros(),
    "new_zeros with out": lambda lib: lib.ones(2).new_zeros(2, out=3),
    "new_full of int size": lambda lib: lib.ones(2).new_full(2, 3),
    "tensor of nothing": lambda lib: lib.tensor(),
    "tensor of two": lambda lib: lib.tensor([1], [2]),
    "tensor: ragged": lambda lib: lib.tensor([[1], [2, 3]]),
    "tensor: number for a row": lambda lib: lib.tensor([[1], 2]),
    "tensor: row for a number": lambda lib: lib.tensor([1, [2]]),
    "tensor of a string": lambda lib: lib.tensor("a"),
    "tensor of strings": lambda lib: lib.tensor(["a"]),
    "tensor of None": lambda lib: lib.tensor(None),
    "tensor of Nones": lambda lib: lib.tensor([None]),
    "tensor of a dict": lambda lib: lib.tensor({1: 2}),
    "tensor of a set": lambda lib: lib.tensor({1, 2}),
    "tensor of an object": lambda lib: lib.tensor(object()),
    "tensor beyond 64 bits": lambda lib: lib.tensor(2**64),
    "tensor beyond int32": lambda lib: lib.tensor([2**31], dtype=lib.int32),
    "tensor beyond uint8": lambda lib: lib.tensor([300], dtype=lib.uint8),
    "tensor: nan as int": lambda lib: lib.tensor([float("nan")], dtype=lib.int32),
    "tensor of long float tensors": lambda lib: lib.tensor([lib.tensor([])]),
    "asarray of a list without copy": lambda lib: lib.asarray([1], copy=False),
    "asarray of another dtype without copy": lambda lib: lib.asarray(lib.ones(2), dtype=lib.int32, copy=False),
    "as_tensor of a reversed array": lambda lib: lib.as_tensor(np.arange(3)[::-1]),
    "tensor of foreign byte order": lambda lib: lib.tensor(np.arange(3, dtype=">i4")),
    "tensor of ragged arrays": lambda lib: lib.tensor([np.ones(2), np.ones(3)]),
    "tensor of long tensors": lambda lib: lib.tensor([lib.ones(2), lib.ones(3)]),
    "Tensor of a float": lambda lib: lib.Tensor(2.5),
    "Tensor of a dtype": lambda lib: lib.Tensor([1], dtype=lib.int64),
    "Tensor elsewhere": lambda lib: lib.Tensor(2, device="cuda"),
    "Tensor of negative size": lambda lib: lib.Tensor(-1),
    "result_type of a string": lambda lib: lib.result_type("a", 1),
    "finfo of int": lambda lib: lib.finfo(lib.int32),
    "iinfo of float": lambda lib: lib.iinfo(lib.float32),
    "iinfo of bool": lambda lib: lib.iinfo(lib.bool),
    "is_floating_point of a number": lambda lib: lib.is_floating_point(3),
    "is_nonzero of two": lambda lib: lib.is_nonzero(lib.ones(2)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    assert_same_error(ERRORS[name])


def test_messages_name_the_function_and_the_argument():
    for call, words in [
        (lambda: rsnn.zeros(2.5), ("zeros", "size", "float")),
        (lambda: rsnn.zeros(2, dtype=3), ("zeros", "dtype", "int")),
        (lambda: rsnn.full((2,), "a"), ("full", "fill_value", "str")),
        (lambda: rsnn.eye("a"), ("eye", "'n'", "str")),
        (lambda: rsnn.ones(2, foo=1), ("ones", "foo")),
    ]:
        with pytest.raises(TypeError) as error:
            call()
        assert all(word in str(error.value) for word in words), error.value


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.ones(2, 3).as_strided((3, 2), (1, 3)),
        lambda lib: lib.ones(2, 3, 4).as_strided((2, 2, 3), (2, 12, 4)),
        lambda lib: lib.ones(3, 1).as_strided((3, 4), (1, 0)),
        lambda lib: lib.ones(4).as_strided((3, 4), (0, 1)),
        lambda lib: lib.ones(60).as_strided((3, 2, 5), (2, 30, 6)),
        lambda lib: lib.ones(60).as_strided((3, 1, 5), (2, 2, 7)),
    ],
)
def test_like_keeps_the_order_of_axes(make):
    if not hasattr(rsnn.Tensor, "as_strided"):
        pytest.skip("as_strided")
    for name in ("zeros_like", "empty_like", "ones_like"):
        ours, theirs = getattr(rsnn, name)(make(rsnn)), getattr(torch, name)(make(torch))
        assert ours.stride() == theirs.stride()
        assert getattr(rsnn, name)(make(rsnn), memory_format=rsnn.contiguous_format).is_contiguous()


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    d, t = getattr(rsnn, dtype), getattr(torch, dtype)
    assert_same(rsnn.full((3,), 1, dtype=d), torch.full((3,), 1, dtype=t))
    assert_same(rsnn.tensor([0, 1, 1], dtype=d), torch.tensor([0, 1, 1], dtype=t))
    assert_same(rsnn.eye(2, 3, dtype=d), torch.eye(2, 3, dtype=t))
    if dtype != "bool":
        assert_same(rsnn.arange(0, 100, 3, dtype=d), torch.arange(0, 100, 3, dtype=t))
        assert_same(
            rsnn.linspace(0, 100, 13, dtype=d), torch.linspace(0, 100, 13, dtype=t), rtol=1e-2 * d.is_floating_point
        )


def test_undefined_values_have_the_right_form():
    x = rsnn.empty(2, 3, dtype=rsnn.int16, memory_format=rsnn.contiguous_format)
    assert (x.dtype, tuple(x.shape)) == (rsnn.int16, (2, 3))
    assert rsnn.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert x.new_empty((4,)).dtype is rsnn.int16
    assert x.new_empty_strided((2, 3), (0, 1)).stride() == (0, 1)
    with pytest.raises(NotImplementedError):
        rsnn.empty(2, 3, 4, 5, memory_format=rsnn.channels_last)
    with pytest.raises(NotImplementedError):
        rsnn.zeros(2, layout=rsnn.sparse_coo)


def test_out_is_written_and_resized():
    out = rsnn.ones(2, 3)
    address = out.data_ptr()
    assert rsnn.zeros(2, 3, out=out) is out
    assert out.data_ptr() == address and not out.numpy().any()
    assert tuple(rsnn.arange(5, out=out).shape) == (5,)
    assert out.numpy().tolist() == [0, 1, 2, 3, 4]


def test_default_dtype_is_honoured_everywhere():
    def dtypes(lib):
        one = lib.ones(2, dtype=lib.int32)
        made = [
            lib.zeros(1),
            lib.empty(1),
            lib.full((1,), 1.0),
            lib.arange(2.0),
            lib.linspace(0, 1, 2),
            lib.eye(1),
            lib.tensor([1.0]),
            lib.tensor([]),
            lib.scalar_tensor(1),
            lib.as_tensor(1.5),
            one.new_full((1,), 2.5),
            lib.Tensor(2),
            one * 1.5,
        ]
        return [dtype_name(x) for x in made] + [str(lib.result_type(1, 1.5)).split(".")[1], lib.finfo().bits]

    for name in ("float64", "float16", "bfloat16", "float32"):
        rsnn.set_default_dtype(getattr(rsnn, name))
        torch.set_default_dtype(getattr(torch, name))
        try:
            assert dtypes(rsnn) == dtypes(torch)
        finally:
            rsnn.set_default_dtype(rsnn.float32)
            torch.set_default_dtype(torch.float32)
    with pytest.raises(TypeError):
        rsnn.set_default_dtype(rsnn.int32)


def test_memory_is_shared_where_asked():
    array = np.zeros(2)
    assert rsnn.as_tensor(array).data_ptr() == array.ctypes.data
    assert rsnn.asarray(array).data_ptr() == array.ctypes.data
    assert rsnn.asarray(array, copy=True).data_ptr() != array.ctypes.data
    assert rsnn.tensor(array).data_ptr() != array.ctypes.data
    x = rsnn.ones(2)
    assert rsnn.as_tensor(x) is x
    assert rsnn.as_tensor(x, dtype=rsnn.float32) is x
    with pytest.warns(UserWarning, match="detach"):
        assert rsnn.tensor(x).data_ptr() != x.data_ptr()


def test_limits():
    for name in ("float16", "bfloat16", "float32", "float64"):
        ours, theirs = rsnn.finfo(getattr(rsnn, name)), torch.finfo(getattr(torch, name))
        for field in ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype"):
            assert getattr(ours, field) == getattr(theirs, field), (name, field)
        assert repr(ours) == repr(theirs)
    for name in ("uint8", "int8", "int16", "int32", "int64"):
        ours, theirs = rsnn.iinfo(getattr(rsnn, name)), torch.iinfo(getattr(torch, name))
        for field in ("bits", "max", "min", "dtype"):
            assert getattr(ours, field) == getattr(theirs, field), (name, field)
        assert repr(ours) == repr(theirs)
    assert rsnn.finfo(rsnn.float16) == rsnn.finfo(rsnn.float16) != rsnn.finfo(rsnn.float32)


def test_result_type():
    def of(lib, x):
        return lib.tensor(1, dtype=getattr(lib, x[1])) if x[0] == 0 else lib.ones(1, dtype=getattr(lib, x[1]))

    cases = [(axes, dtype) for axes in (0, 1) for dtype in DTYPES]
    for a in cases:
        for b in cases:
            ours, theirs = rsnn.result_type(of(rsnn, a), of(rsnn, b)), torch.result_type(of(torch, a), of(torch, b))
            assert str(ours).split(".")[1] == str(theirs).split(".")[1], (a, b)
        for number in (True, 3, 1.5):
            for pair in ((0, 1), (1, 0)):
                ours, theirs = (lib.result_type(*[(of(lib, a), number)[i] for i in pair]) for lib in (rsnn, torch))
                assert str(ours).split(".")[1] == str(theirs).split(".")[1], (a, number)


def test_questions():
    assert rsnn.is_tensor(rsnn.ones(1)) and not rsnn.is_tensor(3)
    assert rsnn.is_floating_point(rsnn.ones(1)) and not rsnn.is_complex(rsnn.ones(1))
    assert rsnn.numel(rsnn.ones(2, 3)) == 6
    assert not rsnn.is_nonzero(rsnn.tensor(0.0))
