"""How tensors are pickled: as numpy arrays, whose memory protocol 5 can hand over beside the pickle."""

from __future__ import annotations

from typing import Any

import numpy as np

import rsnn

from . import _buffers


def reduce(tensor: Any) -> tuple[Any, ...]:
    """What `tensor.__reduce_ex__` returns. Gradients and history are left out; attributes are kept."""
    data = (_buffers.export(tensor), _buffers.dtype_name(tensor.dtype), tensor.requires_grad)
    return _rebuild, (type(tensor), *data), tensor.__dict__ or None


def _rebuild(cls: Any, array: np.ndarray, dtype: str, requires_grad: bool) -> Any:
    tensor = rsnn.from_numpy(array if array.flags.writeable else array.copy())
    if dtype == "bfloat16":
        tensor = tensor.view(rsnn.bfloat16)
    if issubclass(cls, rsnn.nn.Parameter):
        return cls(tensor, requires_grad)
    if cls is not rsnn.Tensor:
        tensor = cls(tensor)
    return tensor.requires_grad_(requires_grad)
