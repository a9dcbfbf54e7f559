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


def _converter(name: str) -> Any:
    def convert(self: Any) -> Any:
        return to(self, getattr(_C, name))

    convert.__doc__ = f"The tensor as `{name}`."
    return convert


attach(to, type_as)
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
