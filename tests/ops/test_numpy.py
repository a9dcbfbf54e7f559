"""Exchange with numpy: shared memory both ways, its functions on tensors, its numbers in arithmetic."""

import gc
import operator
import weakref

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_error

NUMPY_DTYPES = tuple(d for d in DTYPES if d != "bfloat16")


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3)])
def test_memory_is_shared_both_ways(dtype, shape):
    array = np.ones(shape, dtype)
    x = rsnn.from_numpy(array)
    assert (str(x.dtype), tuple(x.shape)) == (f"rsnn.{dtype}", shape)
    back = x.numpy()
    assert back.dtype == array.dtype and back.shape == shape and back.flags.writeable
    if array.size:
        assert x.data_ptr() == array.ctypes.data == back.ctypes.data
        array[...] = 0
        assert not x.any() and not back.any()
        x.fill_(1)
        assert array.all()


def test_strides_are_kept():
    array = np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1)[1:, :, ::2]
    x = rsnn.from_numpy(array)
    assert x.tolist() == array.tolist()
    assert x.numpy().strides == array.strides
    assert x.t().numpy().tolist() == array.T.tolist() if x.dim() == 2 else True


def test_lifetimes():
    array = np.arange(100.0)
    gone = weakref.ref(array)
    x = rsnn.from_numpy(array)[5:]
    del array
    gc.collect()
    assert gone() is not None and x[0] == 5
    seen = x.numpy()
    del x
    gc.collect()
    assert gone() is not None and seen[0] == 5
    del seen
    gc.collect()
    assert gone() is None


def read_only(array):
    array.flags.writeable = False
    return array


def test_read_only_arrays_warn_and_stay_as_they_are():
    array = read_only(np.ones(2))
    for make in (rsnn.from_numpy, rsnn.as_tensor, rsnn.asarray):
        with pytest.warns(UserWarning, match="not writable"):
            x = make(array)
        with pytest.raises(RuntimeError, match="read-only"):
            x.add_(1)
        assert not x.numpy().flags.writeable
    assert array.tolist() == [1, 1]
    rsnn.tensor(array).add_(1)


ERRORS = {
    "no array": lambda lib: lib.from_numpy([1]),
    "negative strides": lambda lib: lib.from_numpy(np.ones(3)[::-1]),
    "byte order": lambda lib: lib.from_numpy(np.ones(3, ">f4")),
    "complex long": lambda lib: lib.from_numpy(np.ones(3, np.clongdouble)),
    "objects": lambda lib: lib.from_numpy(np.array([object()])),
    "strings": lambda lib: lib.from_numpy(np.array(["a"])),
    "records": lambda lib: lib.from_numpy(np.zeros(2, [("a", "i4")])),
    "dates": lambda lib: lib.from_numpy(np.zeros(2, "M8[s]")),
    "uneven strides": lambda lib: lib.from_numpy(np.zeros(4, [("a", "i1"), ("b", "i4")])["b"]),
    "numpy of a graph": lambda lib: lib.ones(2, requires_grad=True).numpy(),
    "array of a graph": lambda lib: np.asarray(lib.ones(2, requires_grad=True)),
    "bfloat16": lambda lib: lib.ones(2).bfloat16().numpy(),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    assert_same_error(ERRORS[name])


def test_error_texts(torch):
    for call in (ERRORS["negative strides"], ERRORS["byte order"], ERRORS["numpy of a graph"], ERRORS["objects"]):
        texts = []
        for lib in (rsnn, torch):
            with pytest.raises(Exception) as error:  # noqa: PT011 - compared below
                call(lib)
            texts.append(str(error.value).split(".")[0].split(". The only")[0])
        assert texts[0] == texts[1]


def test_numpy_by_force():
    x = rsnn.ones(2, requires_grad=True)
    assert x.numpy(force=True).ctypes.data == x.data_ptr()
    assert x.detach().numpy().ctypes.data == x.data_ptr()


def test_array_protocol():
    x = rsnn.tensor([1.5, 2.5])
    assert np.asarray(x).ctypes.data == x.data_ptr()
    assert np.array(x).ctypes.data != x.data_ptr()
    assert np.asarray(x, dtype=np.int64).tolist() == [1, 2]
    assert x.__array__(np.float32, copy=False).ctypes.data == x.data_ptr()
    assert x.__array__(copy=True).ctypes.data != x.data_ptr()
    with pytest.raises(ValueError, match="avoid copy"):
        x.__array__(np.float64, copy=False)
    with pytest.raises(ValueError, match="avoid copy"):
        np.array(x, dtype=np.float64, copy=False)
    assert x.__array_priority__ == 1000


FUNCTIONS = {
    "sin": lambda lib: np.sin(lib.ones(2)),
    "add": lambda lib: np.add(lib.ones(2), np.ones(2)),
    "isnan": lambda lib: np.isnan(lib.ones(2)),
    "mean over an axis": lambda lib: lib.as_tensor(np.mean(np.asarray(lib.ones(2, 3)), 1)),
    "concatenate": lambda lib: np.concatenate([lib.ones(2), lib.zeros(1)]).tolist(),
    "tensor and array": lambda lib: lib.ones(2) + np.ones(2),
    "array in place": lambda lib: operator.iadd(lib.ones(2, dtype=lib.float64), np.ones(2)),
    "array equals tensor": lambda lib: np.ones(2) == lib.ones(2),
    "tensor equals array": lambda lib: lib.ones(2) == np.ones(2),
    "float32": lambda lib: np.float32(3) - lib.ones(2),
    "float64": lambda lib: np.float64(3) * lib.ones(2),
    "float64 second": lambda lib: lib.ones(2) / np.float64(3),
    "int64": lambda lib: np.int64(3) + lib.arange(2, dtype=lib.int32),
    "int and float": lambda lib: lib.arange(2) * np.float32(1.5),
    "comparison": lambda lib: np.float64(1) == lib.ones(2),
    "power": lambda lib: np.float64(2) ** lib.arange(3.0),
    "index": lambda lib: lib.arange(5)[np.int64(2)],
    "size": lambda lib: lib.ones(np.int64(2), np.int32(3)),
    "index array": lambda lib: lib.arange(5)[np.array([0, 3])],
    "fill": lambda lib: lib.full((2,), np.float32(1.5)),
    "sum over": lambda lib: lib.ones(2, 3).sum(np.int64(1)),
    "clamp": lambda lib: lib.arange(4.0).clamp(np.float32(1), np.float64(2)),
    "reshape": lambda lib: lib.arange(6).reshape(np.int64(2), -1),
}


@pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning")
@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_functions_and_numbers(torch, name):
    assert_same(FUNCTIONS[name](rsnn), FUNCTIONS[name](torch))


def test_numpys_reductions():
    assert np.sum(rsnn.ones(2)) == 2 and np.mean(rsnn.ones(2)) == 1
    assert np.sum(rsnn.ones(2, 3), axis=1).tolist() == [3, 3]


def test_arrays_do_not_take_tensors_over(torch):
    for lib in (rsnn, torch):
        with pytest.raises(TypeError):
            np.ones(2) * lib.ones(2)
