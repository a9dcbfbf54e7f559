"""DLPack both ways: shared memory, lifetimes, and descriptions that make no sense."""

import ctypes
import gc
import pickle
import weakref

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same
from rsnn.utils import dlpack

NUMPY_DTYPES = tuple(d for d in DTYPES if d != "bfloat16")
pythonapi = ctypes.pythonapi
pythonapi.PyCapsule_New.restype = ctypes.py_object
pythonapi.PyCapsule_New.argtypes = (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
pythonapi.PyCapsule_GetName.restype = ctypes.c_char_p
pythonapi.PyCapsule_GetName.argtypes = (ctypes.py_object,)


class Described(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p),
        ("device_type", ctypes.c_int32),
        ("device_id", ctypes.c_int32),
        ("ndim", ctypes.c_int32),
        ("code", ctypes.c_uint8),
        ("bits", ctypes.c_uint8),
        ("lanes", ctypes.c_uint16),
        ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)),
        ("byte_offset", ctypes.c_uint64),
    ]


class Managed(ctypes.Structure):
    _fields_ = [("tensor", Described), ("owner", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


class Versioned(ctypes.Structure):
    _fields_ = [
        ("major", ctypes.c_uint32),
        ("minor", ctypes.c_uint32),
        ("owner", ctypes.c_void_p),
        ("deleter", ctypes.c_void_p),
        ("flags", ctypes.c_uint64),
        ("tensor", Described),
    ]


class Producer:
    """Makes capsules over a block of six doubles; counts the calls of their deleter."""

    def __init__(self):
        self.memory = (ctypes.c_double * 6)(*range(6))
        self.deleted = 0
        self.deleter = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(self._delete)
        self.kept = []

    def _delete(self, _):
        self.deleted += 1

    def capsule(self, shape=(2, 3), strides=None, version=None, flags=0, name=None, **fields):
        numbers = [None if n is None else (ctypes.c_int64 * max(len(n), 1))(*n) for n in (shape, strides)]
        tensor = Described(ctypes.addressof(self.memory), 1, 0, len(shape or ()), 2, 64, 1, *numbers, 0)
        for field, value in fields.items():
            setattr(tensor, field, value)
        deleter = ctypes.cast(self.deleter, ctypes.c_void_p)
        managed = (
            Managed(tensor, None, deleter) if version is None else Versioned(*version, None, deleter, flags, tensor)
        )
        name = name or (b"dltensor" if version is None else b"dltensor_versioned")
        self.kept.append((managed, numbers, name))
        return pythonapi.PyCapsule_New(ctypes.addressof(managed), name, None)


@pytest.mark.parametrize("dtype", NUMPY_DTYPES)
@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (0, 3), (1, 2, 1)])
def test_from_numpy_and_back(dtype, shape):
    array = np.ones(shape, dtype)
    x = rsnn.from_dlpack(array)
    assert (str(x.dtype), tuple(x.shape)) == (f"rsnn.{dtype}", shape)
    back = np.from_dlpack(x)
    assert back.dtype == array.dtype and back.shape == shape
    if array.size:
        assert x.data_ptr() == array.ctypes.data == back.ctypes.data
        array[...] = 0
        assert not x.any() and not back.any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_from_pytorch_and_back(torch, dtype):
    theirs = torch.ones(3, 4, dtype=getattr(torch, dtype)).t()[1:]
    ours = rsnn.from_dlpack(theirs)
    assert_same(ours, theirs)
    assert ours.data_ptr() == theirs.data_ptr() and ours.stride() == theirs.stride()
    again = torch.from_dlpack(ours)
    assert again.data_ptr() == theirs.data_ptr() and again.stride() == theirs.stride()
    again.zero_()
    assert not ours.any()
    assert torch.utils.dlpack.from_dlpack(dlpack.to_dlpack(ours)).data_ptr() == ours.data_ptr()
    assert rsnn.from_dlpack(torch.utils.dlpack.to_dlpack(theirs)).data_ptr() == theirs.data_ptr()


def test_views_are_exported_as_they_lie():
    x = rsnn.arange(24).reshape(2, 3, 4).transpose(0, 2)[1:, :, 0]
    assert (np.from_dlpack(x) == x.numpy()).all()
    assert np.from_dlpack(x).strides == x.numpy().strides


def test_memory_lives_as_long_as_someone_needs_it():
    array = np.arange(1000.0)
    gone = weakref.ref(array)
    x = rsnn.from_dlpack(array)
    del array
    gc.collect()
    assert gone() is not None and x.sum() == 499500
    view = x[10:]
    del x
    gc.collect()
    assert gone() is not None and view[0] == 10
    del view
    gc.collect()
    assert gone() is None

    other = np.from_dlpack(rsnn.arange(1000.0))
    gc.collect()
    rsnn.zeros(1000)
    assert other.sum() == 499500


@pytest.mark.parametrize("version", [None, (1, 0), (1, 9)])
def test_the_deleter_is_called_once(version):
    producer = Producer()
    x = rsnn.from_dlpack(producer.capsule(version=version))
    assert x.tolist() == [[0, 1, 2], [3, 4, 5]] and producer.deleted == 0
    view = x.t()
    del x
    assert producer.deleted == 0
    del view
    assert producer.deleted == 1


def test_a_capsule_is_used_once():
    for options, name in (({}, b"dltensor"), ({"max_version": (1, 0)}, b"dltensor_versioned")):
        capsule = rsnn.ones(2).__dlpack__(**options)
        assert pythonapi.PyCapsule_GetName(capsule) == name
        assert rsnn.from_dlpack(capsule).tolist() == [1, 1]
        assert pythonapi.PyCapsule_GetName(capsule) == b"used_" + name
        with pytest.raises(RuntimeError, match="only once"):
            rsnn.from_dlpack(capsule)


def test_unused_capsules_let_go():
    array = np.ones(3)
    gone = weakref.ref(array)
    for options in ({}, {"max_version": (1, 0)}):
        rsnn.from_numpy(array).__dlpack__(**options)
    del array
    gc.collect()
    assert gone() is None


def test_layouts_of_capsules():
    producer = Producer()
    assert rsnn.from_dlpack(producer.capsule((3, 2), (1, 3))).tolist() == [[0, 3], [1, 4], [2, 5]]
    assert rsnn.from_dlpack(producer.capsule((2,), byte_offset=16)).tolist() == [2, 3]
    assert rsnn.from_dlpack(producer.capsule((2, 2), (0, 1))).tolist() == [[0, 1], [0, 1]]
    assert rsnn.from_dlpack(producer.capsule((0, 2), (-1, 1), data=0)).shape == (0, 2)
    assert rsnn.from_dlpack(producer.capsule((), ndim=0)).item() == 0
    x = rsnn.from_dlpack(producer.capsule((1, 2), (-7, 1)))
    assert x.tolist() == [[0, 1]]


BROKEN = {
    "device": {"device_type": 2},
    "rank": {"ndim": -1},
    "high rank": {"ndim": 1000},
    "no sizes": {"shape": None, "ndim": 2},
    "negative size": {"shape": (2, -3)},
    "dtype": {"code": 9},
    "complex": {"code": 5, "bits": 64},
    "bits": {"bits": 128},
    "lanes": {"lanes": 4},
    "no memory": {"data": 0},
    "alignment": {"byte_offset": 3},
    "negative strides": {"strides": (-3, 1)},
    "huge": {"shape": (2**40, 2**40)},
    "huge strides": {"strides": (2**62, 2**62)},
    "memory beyond the address space": {"byte_offset": 2**64 - 8},
    "version": {"version": (2, 0)},
    "name": {"name": b"something"},
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_capsules(name):
    producer = Producer()
    options = dict(BROKEN[name])
    capsule = producer.capsule(**options)
    with pytest.raises((BufferError, RuntimeError)) as error:
        rsnn.from_dlpack(capsule)
    assert "panic" not in str(error.value).lower()
    del capsule
    assert producer.deleted == 0, "a capsule that was refused stays its maker's"


def test_read_only_memory():
    array = np.arange(3.0)
    array.flags.writeable = False
    x = rsnn.from_dlpack(array)
    with pytest.raises(RuntimeError, match="read-only"):
        x.add_(1)
    assert (x + 1).tolist() == [1, 2, 3]
    with pytest.raises(BufferError, match="read-only"):
        x.__dlpack__()
    assert not np.from_dlpack(x).flags.writeable
    y = rsnn.from_dlpack(Producer().capsule((2,), version=(1, 0), flags=1))
    with pytest.raises(RuntimeError, match="read-only"):
        y.zero_()


def test_copies():
    x = rsnn.ones(3)
    copied = rsnn.from_dlpack(x.__dlpack__(copy=True))
    copied[0] = 5
    assert x.tolist() == [1, 1, 1]
    assert np.from_dlpack(x, copy=True).ctypes.data != x.data_ptr()
    array = np.ones(3)
    assert rsnn.from_dlpack(array, copy=True).data_ptr() != array.ctypes.data
    assert rsnn.from_dlpack(array, copy=False).data_ptr() == array.ctypes.data


def test_old_producers():
    class Old:
        def __dlpack__(self, stream=None):
            return rsnn.ones(2).__dlpack__()

        def __dlpack_device__(self):
            return (dlpack.DLDeviceType.kDLCPU, 0)

    assert rsnn.from_dlpack(Old()).tolist() == [1, 1]


def test_refusals():
    x = rsnn.ones(2)
    with pytest.raises(BufferError, match="require gradient"):
        rsnn.ones(2, requires_grad=True).__dlpack__()
    with pytest.raises(TypeError, match="stream"):
        x.__dlpack__(stream="a")
    with pytest.raises(BufferError, match="stream"):
        x.__dlpack__(stream=5)
    with pytest.raises(BufferError, match="dl_device"):
        x.__dlpack__(dl_device=(2, 0))
    with pytest.raises(RuntimeError, match="cuda"):
        rsnn.from_dlpack(x, device="cuda")
    with pytest.raises(TypeError, match="__dlpack__"):
        rsnn.from_dlpack([1.0])
    with pytest.raises(RuntimeError, match="capsules"):
        rsnn.from_dlpack(x.__dlpack__(), copy=True)
    with pytest.raises(RuntimeError, match="[Nn]egative strides"):
        rsnn.from_dlpack(np.ones(3)[::-1])
    with pytest.raises(BufferError, match="element type"):
        rsnn.from_dlpack(np.ones(3, np.complex64))

    class Elsewhere:
        def __dlpack__(self, **options):
            raise AssertionError("not to be called")

        def __dlpack_device__(self):
            return (2, 0)

    class Nonsense(Elsewhere):
        def __dlpack__(self, **options):
            return 3

        def __dlpack_device__(self):
            return (1, 0)

    with pytest.raises(BufferError, match="device"):
        rsnn.from_dlpack(Elsewhere())
    with pytest.raises(TypeError, match="capsule"):
        rsnn.from_dlpack(Nonsense())
    with pytest.raises(TypeError):
        pickle.dumps(x.__dlpack__())


def test_the_device():
    assert rsnn.ones(1).__dlpack_device__() == (dlpack.DLDeviceType.kDLCPU, 0)
    assert rsnn.to_dlpack is dlpack.to_dlpack and rsnn.from_dlpack is dlpack.from_dlpack
