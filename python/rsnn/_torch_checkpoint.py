"""Reading checkpoints that PyTorch wrote with `torch.save`, without running anything that stands in them.

Such a file is a zip archive with a pickle and the memory of each tensor. A pickle is a program; the reader here knows
the few names that state dicts need, maps them to functions of its own, and refuses all others.
"""

from __future__ import annotations

import io
import pickle
import struct
import zipfile
from collections import Counter, OrderedDict, defaultdict
from typing import Any, BinaryIO

import rsnn

from . import _buffers
from ._safetensors import read_exactly

_STORAGES = {
    "DoubleStorage": "float64",
    "FloatStorage": "float32",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "LongStorage": "int64",
    "IntStorage": "int32",
    "ShortStorage": "int16",
    "CharStorage": "int8",
    "ByteStorage": "uint8",
    "BoolStorage": "bool",
}
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")


def read(stream: BinaryIO) -> Any:
    """Reads the object that a checkpoint holds.

    Raises:
        RuntimeError: the archive is damaged or of another kind.
        pickle.UnpicklingError: it needs a name that is not known to be harmless.
    """
    try:
        archive = _Archive(stream)
        return _Reader(archive).load()
    except (pickle.UnpicklingError, NotImplementedError, RuntimeError):
        raise
    except zipfile.BadZipFile as error:
        raise RuntimeError(f"load: the archive is damaged: {error}") from None
    except Exception as error:  # whatever a malformed pickle runs into
        raise RuntimeError(f"load: the checkpoint is damaged: {error!r}") from error


class _Archive:
    """The zip archive: members by name, read straight from the stream, since they are stored as they are."""

    def __init__(self, stream: BinaryIO):
        self.stream = stream
        members = zipfile.ZipFile(stream).infolist()
        self.size = stream.seek(0, io.SEEK_END)
        roots = [m.filename.rpartition("/")[0] for m in members if m.filename.rpartition("/")[2] == "data.pkl"]
        if len(roots) != 1:
            raise RuntimeError("load: expected a zip archive made by torch.save, with one data.pkl")
        self.members = {m.filename.removeprefix(roots[0] + "/"): m for m in members}
        if "constants.pkl" in self.members:
            raise RuntimeError("load: expected a checkpoint, got a TorchScript archive; save its state_dict()")
        order = self.bytes("byteorder") if "byteorder" in self.members else b"little"
        self.big_endian = order == b"big"

    def size_of(self, name: str) -> int:
        """The length of a member, which the file must be able to hold."""
        member = self.members.get(name)
        if member is None:
            raise RuntimeError(f"load: the archive lacks {name!r}")
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise RuntimeError(f"load: expected {name!r} to be stored without compression")
        if member.file_size > self.size:
            raise RuntimeError(f"load: {name!r} claims {member.file_size} bytes in a file of {self.size}")
        return member.file_size

    def fill(self, name: str, into: Any) -> None:
        """Reads a member into a row of bytes of its length."""
        self.stream.seek(self.members[name].header_offset)
        magic, *_, name_length, extra_length = _LOCAL_HEADER.unpack(self.stream.read(_LOCAL_HEADER.size))
        if magic != b"PK\x03\x04":
            raise RuntimeError(f"load: the archive is damaged at {name!r}")
        self.stream.seek(name_length + extra_length, io.SEEK_CUR)
        read_exactly(self.stream, into)

    def bytes(self, name: str) -> bytes:
        """The contents of a member."""
        data = _buffers.blank("uint8", self.size_of(name))
        self.fill(name, data)
        return data.tobytes()


class _StorageType:
    """Stands for a storage class of PyTorch: the dtype of its elements, None for bytes."""

    def __init__(self, dtype: str | None):
        self.dtype = dtype


class _Bytes:
    """The memory of tensors, not yet known of what dtype."""

    def __init__(self, data: Any, big_endian: bool):
        self.data = data
        self.big_endian = big_endian

    def elements(self, dtype: str) -> rsnn.Tensor:
        """The memory as a row of elements."""
        if len(self.data) % _buffers.item_size(dtype):
            raise RuntimeError(f"load: a storage of {len(self.data)} bytes cannot hold {dtype}")
        return _buffers.adopt(self.data, dtype, self.big_endian)


# The pure-Python unpickler: unlike the C one its memo is a dict, so that no index in a file can make it take memory,
# and its opcodes can be replaced.
class _Reader(pickle._Unpickler):
    dispatch = dict(pickle._Unpickler.dispatch)

    def __init__(self, archive: _Archive):
        super().__init__(io.BytesIO(archive.bytes("data.pkl")), encoding="utf-8")
        self.archive = archive
        self.storages: dict[tuple[str, str | None], Any] = {}

    def find_class(self, module: str, name: str) -> Any:
        known = _KNOWN.get((module, name))
        if known is None and module in ("torch", "torch.storage") and name in _STORAGES:
            known = _StorageType(_STORAGES[name])
        if known is None and module == "torch" and name in _STORAGES.values():
            known = getattr(rsnn, name)
        if known is None:
            raise pickle.UnpicklingError(
                f"load: the checkpoint needs {module}.{name}, which may run code or is not supported; only tensors, "
                "numbers, strings and plain containers are read. Save a state_dict()"
            )
        return known

    def persistent_load(self, pid: Any) -> Any:
        if not (isinstance(pid, tuple) and len(pid) == 5 and pid[0] == "storage" and isinstance(pid[1], _StorageType)):
            raise pickle.UnpicklingError("load: the checkpoint refers to something that is not the memory of a tensor")
        _, kind, key, _, count = pid
        known = self.storages.get((key, kind.dtype))
        if known is None:
            record = f"data/{key}"
            width = _buffers.item_size(kind.dtype or "uint8")
            if self.archive.size_of(record) != count * width:
                raise RuntimeError(
                    f"load: expected {count * width} bytes of memory in {record!r}, got {self.archive.size_of(record)}"
                )
            data = _buffers.blank("uint8", count * width)
            self.archive.fill(record, data)
            memory = _Bytes(data, self.archive.big_endian)
            known = memory if kind.dtype is None else memory.elements(kind.dtype)
            self.storages[key, kind.dtype] = known
        return known

    def load_build(self) -> None:
        """State for an object: only the attribute that module state dicts carry."""
        stack = self.stack  # type: ignore[attr-defined]
        state, target = stack.pop(), stack[-1]
        if type(target) is not OrderedDict or not isinstance(state, dict) or set(state) != {"_metadata"}:
            raise pickle.UnpicklingError(f"load: the checkpoint sets attributes of a {type(target).__name__}")
        target._metadata = state["_metadata"]  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = load_build  # type: ignore[assignment]


def _tensor(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, metadata: Any = None
) -> rsnn.Tensor:
    """A view of a storage, once it is known to lie within."""
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(n) is int and 0 <= n < 1 << 63 for n in numbers):
        raise RuntimeError(f"load: a tensor has size {size} and stride {stride} at {offset}")
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 not in size and last >= storage.numel():
        raise RuntimeError(f"load: a tensor of size {size} and stride {stride} does not fit into its storage")
    view = storage.as_strided(size, stride, offset)
    return view.requires_grad_() if requires_grad else view


def _tensor_of_bytes(
    storage: Any, offset: Any, size: Any, stride: Any, requires_grad: Any, hooks: Any, dtype: Any, metadata: Any = None
) -> rsnn.Tensor:
    """A view of a storage that does not know its dtype."""
    return _tensor(storage.elements(_buffers.dtype_name(dtype)), offset, size, stride, requires_grad, hooks)


def _parameter(data: Any, requires_grad: Any, hooks: Any) -> Any:
    return rsnn.nn.Parameter(data, requires_grad=bool(requires_grad))


_KNOWN: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor_v3"): _tensor_of_bytes,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch.storage", "UntypedStorage"): _StorageType(None),
    ("torch", "UntypedStorage"): _StorageType(None),
    ("torch", "Size"): lambda sizes: rsnn.Size(sizes),
    ("torch", "device"): lambda *place: rsnn.device("cpu"),
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("collections", "defaultdict"): defaultdict,
    ("__builtin__", "dict"): dict,
    ("builtins", "dict"): dict,
    ("__builtin__", "set"): set,
    ("builtins", "set"): set,
}
