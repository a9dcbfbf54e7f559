"""Conversions of tensors to other dtypes."""

from __future__ import annotations

from typing import Any

from .. import _C
from .._device import device as Device
from ._attach import attach


def to(
    self: Any,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Any:
    """The tensor in another dtype; itself where that changes nothing. Gradients flow back in the old dtype.

    Args:
        args: a dtype, a device, both, or a tensor whose dtype is wanted; then `non_blocking` and `copy`.
        dtype: the element type.
        device: only the CPU.
        non_blocking: has no meaning on a CPU.
        copy: copies even if nothing changes.
        memory_format: must be None or `preserve_format`.

    Raises:
        NotImplementedError: another device or memory format.
        TypeError: an argument of another kind.

    Example:
        >>> rsnn.tensor([1.5, 2.5]).to(rsnn.int64)
        tensor([1, 2])
    """
    rest = list(args)
    if rest and isinstance(rest[0], _C.Tensor):
        dtype = rest.pop(0).dtype
    else:
        if rest and (rest[0] is None or isinstance(rest[0], (str, Device))):
            device = rest.pop(0)
            if rest and rest[0] is None:
                rest.pop(0)
        if rest and isinstance(rest[0], _C.dtype):
            dtype = rest.pop(0)
    flags = [non_blocking, copy]
    if len(rest) > 2 or not all(isinstance(flag, bool) for flag in rest):
        raise TypeError(f"to: expected a dtype, a device or a tensor, got {[type(arg).__name__ for arg in args]}")
    flags[: len(rest)] = rest
    if device is not None and Device(device).type != "cpu":
        raise NotImplementedError(f"to: expected device 'cpu', got {device!r}")
    if memory_format is not None and not str(memory_format).endswith("preserve_format"):
        raise NotImplementedError(f"to: memory_format={memory_format} is not supported")
    result = self if dtype is None or dtype == self.dtype else _C.as_tensor(self, dtype=dtype)
    return self.clone() if flags[1] and result is self else result


def type_as(self: Any, other: Any) -> Any:
    """The tensor in the dtype of another."""
    return to(self, other.dtype)


#: The old name of a tensor class for each dtype.
_CLASSES = {
    "float64": "DoubleTensor",
    "float32": "FloatTensor",
    "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor",
    "int64": "LongTensor",
    "int32": "IntTensor",
    "int16": "ShortTensor",
    "int8": "CharTensor",
    "uint8": "ByteTensor",
    "bool": "BoolTensor",
}


def type(self: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, as `rsnn.FloatTensor`; with an argument, the tensor as another type.

    Args:
        dtype: a dtype, or such a name.
        non_blocking: has no meaning on a CPU.

    Raises:
        ValueError: a name that no type has.

    Example:
        >>> rsnn.zeros(2).type()
        'rsnn.FloatTensor'
        >>> rsnn.zeros(2).type("rsnn.LongTensor")
        tensor([0, 0])
    """
    if dtype is None:
        return f"rsnn.{_CLASSES[str(self.dtype).rpartition('.')[2]]}"
    if isinstance(dtype, str):
        name = dtype.rpartition(".")[2]
        known = next((known for known, old in _CLASSES.items() if name in (known, old)), None)
        if known is None:
            raise ValueError(f"invalid type: '{dtype}'")
        dtype = getattr(_C, known)
    return to(self, dtype, non_blocking=non_blocking)


def cpu(self: Any, memory_format: Any = None) -> Any:
    """The tensor on the CPU, where it is: itself."""
    return to(self, device="cpu", memory_format=memory_format)


def _converter(name: str) -> Any:
    def convert(self: Any) -> Any:
        return to(self, getattr(_C, name))

    convert.__doc__ = f"The tensor as `{name}`."
    return convert


attach(to, type, type_as, cpu)
for _method, _dtype in {
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "bfloat16": "bfloat16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "bool": "bool",
}.items():
    attach(_converter(_dtype), name=_method)
