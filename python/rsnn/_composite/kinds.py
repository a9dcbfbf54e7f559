"""Defaults, names of types, and tensors over other objects' memory."""

from __future__ import annotations

from typing import Any

from .. import _C
from .._C import Tensor
from .._device import CPU
from .._device import device as Device
from .._tensor.kind import dtype_of_type


def get_default_device() -> Device:
    """The device of new tensors: always `device("cpu")`."""
    return CPU


def set_default_device(device: Any) -> None:
    """Accepts the CPU (or None).

    Raises:
        RuntimeError: for any other device.
    """
    if device is not None:
        _C.empty(0, device=device)


def set_default_tensor_type(t: Any) -> None:
    """Sets the dtype of float tensors made without one, by the name of a type of tensors. Prefer `set_default_dtype`.

    Args:
        t: such as `"rsnn.DoubleTensor"`.

    Raises:
        TypeError: for types of tensors that hold no floats.
        ValueError: for names of no type.
    """
    dtype = dtype_of_type(t)
    if not dtype.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, got {t}")
    _C.set_default_dtype(dtype)


def typename(obj: Any) -> str:
    """The name of an object's type: for a tensor that of its dtype, else with its module.

    Example:
        >>> rsnn.typename(rsnn.zeros(1))
        'rsnn.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return obj.type()
    module = getattr(obj, "__module__", "") or ""
    name = getattr(obj, "__qualname__", "")
    if not name:
        module, name = getattr(type(obj), "__module__", ""), type(obj).__qualname__
    return name if module in ("", "builtins") else f"{module}.{name}"


def is_storage(obj: Any) -> bool:
    """Whether an object is a storage: never, as rsnn does not show the memory of tensors as objects of their own."""
    return False


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A vector over the memory of an object that has Python's buffer protocol.

    Args:
        buffer: the object. It must stay unchanged in size as long as the tensor lives.
        dtype: the element type.
        count: how many elements; all that there are if negative.
        offset: how many bytes to skip first.
        requires_grad: whether to record operations on the tensor.

    Warns:
        UserWarning: for a read-only buffer; in-place operations on the tensor raise an error.

    Raises:
        ValueError: for bytes that are not there, or make no whole elements.
        TypeError: for an object that is no buffer.

    Example:
        >>> rsnn.frombuffer(bytearray([1, 2, 3]), dtype=rsnn.uint8)
        tensor([1, 2, 3], dtype=rsnn.uint8)
    """
    import numpy as np

    try:
        view = memoryview(buffer).cast("B")
    except TypeError:
        raise TypeError(f"a bytes-like object is required, not '{type(buffer).__name__}'") from None
    size, length = dtype.itemsize, view.nbytes
    if length == 0 or count == 0:
        raise ValueError(f"both buffer length ({length}) and count ({count}) must not be 0")
    if not 0 <= offset < length:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length ({length} bytes) minus 1"
        )
    if count < 0 and (length - offset) % size:
        raise ValueError(
            f"buffer length ({length - offset} bytes) after offset ({offset} bytes) must be a multiple of element size "
            f"({size})"
        )
    count = (length - offset) // size if count < 0 else count
    if offset + count * size > length:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must not be greater than "
            f"actual buffer length ({length} bytes)"
        )
    raw = np.frombuffer(view, np.bool_ if dtype == _C.bool else np.uint8, count * size, offset)
    if raw.ctypes.data % size:
        raise ValueError(f"the address of the buffer after offset ({offset} bytes) is not a multiple of {size}")
    return (_C.from_numpy(raw) if dtype == _C.bool else _C.from_numpy(raw).view(dtype)).requires_grad_(requires_grad)
