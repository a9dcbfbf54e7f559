"""What a tensor is: the name of its type, where and how it is stored. Of the other kinds that PyTorch knows there are none."""

from __future__ import annotations

import builtins
from typing import Any

from .. import _C
from .._expected import type_name
from .._formats import strided
from ._attach import attach

#: dtypes, and the names that types of tensors have after them.
TYPE_NAMES = {
    _C.float64: "DoubleTensor",
    _C.float32: "FloatTensor",
    _C.float16: "HalfTensor",
    _C.bfloat16: "BFloat16Tensor",
    _C.int64: "LongTensor",
    _C.int32: "IntTensor",
    _C.int16: "ShortTensor",
    _C.int8: "CharTensor",
    _C.uint8: "ByteTensor",
    _C.bool: "BoolTensor",
}

_DTYPES = {name: dtype for dtype, name in TYPE_NAMES.items()}


def dtype_of_type(kind: Any) -> Any:
    """The dtype that a type of tensors stands for, given by name (`"rsnn.FloatTensor"`) or as a dtype.

    Raises:
        ValueError: for a name that is none.
        TypeError: for anything else.
    """
    if isinstance(kind, _C.dtype):
        return kind
    if not isinstance(kind, (str, builtins.type)):
        raise TypeError(f"dtype must be a type, str, or dtype object, not {type_name(kind)}")
    if isinstance(kind, str):
        home, _, name = kind.rpartition(".")
    else:
        home, name = kind.__module__, kind.__name__
        kind = name
    # A name in PyTorch's terms, as programs write them, means the same.
    if home not in ("rsnn", "torch") or (name != "Tensor" and name not in _DTYPES):
        raise ValueError(f"invalid type: {kind!r}")
    return _C.get_default_dtype() if name == "Tensor" else _DTYPES[name]


def type(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:  # noqa: A001
    """The name of the tensor's type, or the tensor in another dtype.

    Args:
        dtype: a dtype or the name of a type; without it the name is returned.
        non_blocking: has no meaning on a CPU.

    Raises:
        ValueError: for a name that is none.
        TypeError: for what is no name.

    Example:
        >>> rsnn.zeros(1).type()
        'rsnn.FloatTensor'
        >>> rsnn.zeros(1).type(rsnn.int64)
        tensor([0])
    """
    if dtype is None:
        return f"rsnn.{TYPE_NAMES[self.dtype]}"
    return self.to(dtype_of_type(dtype))


def cpu(self: Any, *, memory_format: Any = None) -> Any:
    """The tensor itself: it is on the CPU."""
    return self if memory_format is None else self.to(memory_format=memory_format)


def get_device(self: Any) -> int:
    """The number of the device: always -1, the CPU."""
    return -1


def _elsewhere(name: str) -> Any:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(f"{name}(): device '{name}' is not available: rsnn runs on the CPU")

    method.__doc__ = "Raises RuntimeError: tensors live on the CPU."
    return method


def pin_memory(self: Any, device: Any = None) -> Any:
    """Raises RuntimeError: there is no accelerator for which memory could be pinned."""
    raise RuntimeError("Cannot access accelerator device when none is available: pin_memory()")


def is_coalesced(self: Any) -> bool:
    """Raises RuntimeError: it is a question about sparse tensors."""
    raise RuntimeError("is_coalesced expected sparse coordinate tensor layout but got Strided")


def _never(name: str) -> Any:
    def method(self: Any) -> bool:
        return False

    method.__doc__ = f"`{name}`: never."
    return method


attach(type, cpu, get_device, pin_memory, is_coalesced)
for _name in ("cuda", "ipu", "mtia", "xpu"):
    attach(_elsewhere(_name), name=_name)
for _name in ("is_conj", "is_neg", "is_distributed", "is_pinned"):
    attach(_never(_name), name=_name)
for _name in (
    "is_cuda is_ipu is_maia is_meta is_mkldnn is_mps is_mtia is_nested is_quantized is_sparse is_sparse_csr is_vulkan "
    "is_xla is_xpu"
).split():
    setattr(_C.Tensor, _name, property(_never(_name)))
setattr(_C.Tensor, "is_cpu", property(lambda self: True, doc="Whether it is on the CPU: always."))  # noqa: B010
setattr(_C.Tensor, "layout", property(lambda self: strided, doc="How it is stored: always `rsnn.strided`."))  # noqa: B010
