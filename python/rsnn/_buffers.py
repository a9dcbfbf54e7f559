"""Tensors as plain numpy arrays and back, for files and for other processes."""

from __future__ import annotations

import numpy as np

import rsnn

# What each dtype is in memory; numpy has no bfloat16, whose bits travel as int16.
_NUMPY = {
    "float64": np.float64,
    "float32": np.float32,
    "float16": np.float16,
    "bfloat16": np.int16,
    "int64": np.int64,
    "int32": np.int32,
    "int16": np.int16,
    "int8": np.int8,
    "uint8": np.uint8,
    "bool": np.bool_,
}


def dtype_name(dtype: rsnn.dtype) -> str:
    """`"float32"` for `rsnn.float32`, and so on."""
    return str(dtype).rpartition(".")[2]


def item_size(name: str) -> int:
    """Bytes an element of this dtype takes."""
    return np.dtype(_NUMPY[name]).itemsize


def export(tensor: rsnn.Tensor) -> np.ndarray:
    """The elements of a tensor in row-major order; shares memory where the tensor has that order."""
    tensor = tensor.detach().contiguous()
    if tensor.dtype == rsnn.bfloat16:
        tensor = tensor.view(rsnn.int16)
    return tensor.numpy()


def blank(name: str, count: int) -> np.ndarray:
    """A row of bytes for `count` elements, to be filled and then given to [`adopt`]."""
    return np.empty(count * item_size(name), np.uint8)


def adopt(data: np.ndarray, name: str, big_endian: bool = False) -> rsnn.Tensor:
    """A row of elements over the memory of a row of bytes.

    Args:
        data: uint8, as [`blank`] made it; the tensor shares it, unless the bytes had to change.
        name: the dtype.
        big_endian: the order of the bytes.
    """
    if name == "bool":
        return rsnn.from_numpy(data != 0)  # other bytes than 0 and 1 must not get into a bool tensor
    kind = np.dtype(_NUMPY[name])
    array = data.view(kind.newbyteorder(">" if big_endian else "<")).astype(kind, copy=False)
    tensor = rsnn.from_numpy(array)
    return tensor.view(rsnn.bfloat16) if name == "bfloat16" else tensor
