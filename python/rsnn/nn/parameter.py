"""Tensors that modules register: `Parameter` and `Buffer`."""

from __future__ import annotations

from typing import Any

from rsnn._C import Parameter as Parameter
from rsnn._C import Tensor

__all__ = ["Buffer", "Parameter"]


class _BufferType(type):
    """Makes every tensor that `Buffer` has marked an instance of it."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and getattr(instance, "_is_buffer", False)


class Buffer(metaclass=_BufferType):
    """A tensor that a module registers as a buffer when it is assigned to an attribute.

    Args:
        data: the tensor whose memory the buffer shares; an empty tensor if not given.
        persistent: whether the buffer is part of the module's ``state_dict``.

    Example:
        >>> import rsnn, rsnn.nn as nn
        >>> m = nn.Module()
        >>> m.mean = nn.Buffer(rsnn.zeros(2), persistent=False)
        >>> [name for name, _ in m.named_buffers()], list(m.state_dict())
        (['mean'], [])
    """

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Any:
        data = Tensor(0) if data is None else data
        buffer = data.detach().requires_grad_(data.requires_grad)
        buffer.persistent = persistent
        buffer._is_buffer = True
        return buffer
