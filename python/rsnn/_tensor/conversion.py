"""Conversions of tensors to other dtypes."""

from __future__ import annotations

from typing import Any

from .. import _C
from .._device import device as Device
from .._expected import check_tensors
from .._formats import channels_last, channels_last_3d, contiguous_format, preserve_format
from ._attach import attach
from ._destination import check_device, destination


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
        memory_format: the order of the axes in memory: `preserve_format`, `contiguous_format`, or for tensors of four or five
            axes `channels_last` or `channels_last_3d`.

    Raises:
        NotImplementedError: another device.
        RuntimeError: a memory format for another number of axes.
        TypeError: an argument of another kind.

    Example:
        >>> rsnn.tensor([1.5, 2.5]).to(rsnn.int64)
        tensor([1, 2])
    """
    alone = len(args) == 1 and dtype is device is memory_format is None and non_blocking is copy is False
    if alone and isinstance(args[0], (_C.dtype, str, Device)):
        # What nearly every call gives.
        if isinstance(args[0], _C.dtype):
            dtype = args[0]
        else:
            check_device("to", args[0])
    else:
        given = {"dtype": dtype, "device": device, "memory_format": memory_format}
        given = {name: value for name, value in given.items() if value is not None}
        flags = {"non_blocking": non_blocking, "copy": copy}
        given.update({name: value for name, value in flags.items() if value is not False})
        device, dtype, _, copied, memory_format = destination(args, given)
        copy = bool(copied)
        check_device("to", device)
    result = self if dtype is None or dtype == self.dtype else _C.as_tensor(self, dtype=dtype)
    if memory_format is not None and memory_format is not preserve_format:
        if result is not self or copy or memory_format is not _format_of(self):
            result = result.contiguous(memory_format=memory_format)
    return self.clone() if copy and result is self else result


def _format_of(tensor: Any) -> Any:
    """The memory format whose order the strides follow, with gaps or without: what follows neither is `contiguous_format`."""
    axes = {4: (1, 3, 2, 0), 5: (1, 4, 3, 2, 0)}.get(tensor.dim())
    if axes is None:
        return contiguous_format
    sizes, strides, least = tensor.shape, tensor.stride(), 1
    for axis in axes:
        # Where nothing but the first stride tells the formats apart, such as with one channel, it is the plain one.
        if strides[axis] < least or (axis == 0 and least == strides[1]):
            return contiguous_format
        least = strides[axis] * sizes[axis]
    return channels_last if len(axes) == 4 else channels_last_3d


def type_as(self: Any, other: Any) -> Any:
    """The tensor in the dtype of another."""
    check_tensors("type_as", other=other)
    return to(self, other.dtype)


def _converter(name: str) -> Any:
    def convert(self: Any, *, memory_format: Any = None) -> Any:
        return to(self, getattr(_C, name), memory_format=memory_format)

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
