"""The safetensors file format: a JSON header with name, dtype, shape and place of each tensor, then their bytes.

A file is 8 bytes (the length of the header, little-endian), the header, and the data. Reading trusts nothing: each
claim of the header is checked against the file before memory is taken for it.
"""

from __future__ import annotations

import json
import math
import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, BinaryIO

import numpy as np

import rsnn

from . import _buffers

_TO_NAME = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U8": "uint8",
    "BOOL": "bool",
}
_FROM_NAME = {name: code for code, name in _TO_NAME.items()}

_MAX_HEADER = 100_000_000
_MAX_DIMENSIONS = 64


def write(stream: BinaryIO, tensors: Mapping[str, rsnn.Tensor], metadata: Mapping[str, str]) -> None:
    """Writes tensors to a stream.

    The header keeps the order of `tensors`. The data is sorted by the size of an element, largest first, so that
    each tensor is aligned. Tensors that share memory are written each.
    """
    arrays = {name: _buffers.export(tensor) for name, tensor in tensors.items()}
    places: dict[str, tuple[int, int]] = {}
    end = 0
    for name in sorted(arrays, key=lambda name: -arrays[name].itemsize):
        places[name] = (end, end + arrays[name].nbytes)
        end += arrays[name].nbytes
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    for name, tensor in tensors.items():
        code = _FROM_NAME.get(_buffers.dtype_name(tensor.dtype))
        if code is None:
            raise TypeError(f"save: tensor {name!r} has dtype {tensor.dtype}, which the file format does not know")
        header[name] = {"dtype": code, "shape": list(tensor.shape), "data_offsets": list(places[name])}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    stream.write(struct.pack("<Q", len(text)))
    stream.write(text)
    for name in places:
        array = arrays[name]
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        stream.write(little.reshape(-1).view(np.uint8).data)


def read(stream: BinaryIO, size: int) -> tuple[OrderedDict[str, rsnn.Tensor], dict[str, str]]:
    """Reads tensors from a stream that holds `size` more bytes.

    Returns:
        the tensors in the order of the header, and the metadata.

    Raises:
        RuntimeError: what the stream holds is not a file of this format.
    """
    entries, metadata, data_size = _read_header(stream, size)
    _check_places(entries, data_size)
    rows = {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1].begin):
        data = _buffers.blank(entry.dtype, math.prod(entry.shape))
        read_exactly(stream, data)
        rows[name] = _buffers.adopt(data, entry.dtype).reshape(entry.shape)
    return OrderedDict((name, rows[name]) for name in entries), metadata


def read_exactly(stream: BinaryIO, into: np.ndarray) -> None:
    """Fills a row of bytes from a stream."""
    view = into.data
    while view:
        count = stream.readinto(view)  # type: ignore[attr-defined]
        if not count:
            raise RuntimeError(f"load: the file ends {len(view)} bytes early")
        view = view[count:]


class _Entry:
    """What the header says about one tensor."""

    def __init__(self, name: str, value: Any):
        def check(condition: bool, expected: str) -> None:
            if not condition:
                raise RuntimeError(f"load: tensor {name!r}: expected {expected}, got {str(value)[:200]}")

        keys = {"dtype", "shape", "data_offsets"}
        check(isinstance(value, dict) and set(value) == keys, "dtype, shape and data_offsets")
        check(isinstance(value["dtype"], str) and value["dtype"] in _TO_NAME, f"a dtype of {', '.join(_TO_NAME)}")
        check(_are_sizes(value["shape"]) and len(value["shape"]) <= _MAX_DIMENSIONS, "a shape of sizes")
        check(_are_sizes(value["data_offsets"]) and len(value["data_offsets"]) == 2, "two data_offsets")
        self.dtype = _TO_NAME[value["dtype"]]
        self.shape: list[int] = value["shape"]
        self.begin, self.end = value["data_offsets"]
        bytes_needed = math.prod(self.shape) * _buffers.item_size(self.dtype)
        check(self.end - self.begin == bytes_needed, f"data_offsets {bytes_needed} bytes apart")


def _are_sizes(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 1 << 63 for item in value)


def _read_header(stream: BinaryIO, size: int) -> tuple[dict[str, _Entry], dict[str, str], int]:
    if size < 8:
        raise RuntimeError(f"load: expected a header, got a file of {size} bytes")
    (length,) = struct.unpack("<Q", stream.read(8))
    if length > min(_MAX_HEADER, size - 8):
        raise RuntimeError(
            f"load: not a safetensors file: it claims a header of {length} bytes, with {size - 8} bytes left in the "
            f"file and {_MAX_HEADER} allowed"
        )
    try:
        header = json.loads(stream.read(length).decode(), object_pairs_hook=_without_duplicates)
    except (ValueError, RecursionError) as error:
        raise RuntimeError(f"load: the header is not the JSON of a safetensors file: {error}") from None
    if not isinstance(header, dict):
        raise RuntimeError(f"load: expected the header to be a JSON object, got a {type(header).__name__}")
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise RuntimeError("load: expected __metadata__ to map strings to strings")
    return {name: _Entry(name, value) for name, value in header.items()}, metadata, size - 8 - length


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise ValueError(f"the key {key!r} stands there twice")
        result[key] = value
    return result


def _check_places(entries: dict[str, _Entry], data_size: int) -> None:
    """The tensors must lie in the file one after the other, without gaps or overlaps, up to its end."""
    end = 0
    for name, entry in sorted(entries.items(), key=lambda item: (item[1].begin, item[1].end)):
        if entry.begin != end:
            what = "overlaps the tensor before it" if entry.begin < end else "leaves a gap before it"
            raise RuntimeError(
                f"load: tensor {name!r} at bytes {entry.begin} to {entry.end} {what}, which ends at {end}"
            )
        end = entry.end
    if end != data_size:
        raise RuntimeError(f"load: the tensors take {end} bytes, but the file has {data_size} bytes of data")
