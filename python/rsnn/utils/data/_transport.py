"""Python objects between processes: pickled, with large buffers beside the pickle in anonymous shared memory.

A message is one frame of bytes. Where the system has `memfd_create`, buffers of tensors and arrays that are large go
into a memory file, whose descriptor follows the frame; it has no name, so nothing is left behind when a process dies.
The receiver copies out of it: its arrays are ordinary memory and hold no descriptors.
"""

from __future__ import annotations

import os
import pickle
import struct
from dataclasses import dataclass
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

# Below this a buffer travels within the pickle: a memory file and its descriptor cost more than copying through a pipe.
_LARGE = 1 << 17
_HAS_MEMORY_FILES = hasattr(os, "memfd_create")


@dataclass
class Message:
    """A pickled object, ready to be sent."""

    data: bytes
    sizes: list[int]
    file: int | None


def pack(obj: Any) -> Message:
    """Pickles an object; all its data is copied, so that it may be changed afterwards."""
    if not _HAS_MEMORY_FILES:
        return Message(pickle.dumps(obj, protocol=5), [], None)
    large: list[memoryview] = []

    def stays_within(buffer: pickle.PickleBuffer) -> bool:
        raw = buffer.raw()
        if raw.nbytes < _LARGE:
            return True
        large.append(raw)
        return False

    data = pickle.dumps(obj, protocol=5, buffer_callback=stays_within)
    if not large:
        return Message(data, [], None)
    file = os.memfd_create("rsnn-batch", os.MFD_CLOEXEC)
    try:
        for raw in large:
            _write(file, raw)
    except BaseException:
        os.close(file)
        raise
    return Message(data, [raw.nbytes for raw in large], file)


def send(connection: Connection, message: Message) -> None:
    """Sends a packed object."""
    try:
        sizes = struct.pack(f"<{len(message.sizes) + 1}Q", len(message.sizes), *message.sizes)
        connection.send_bytes(sizes + message.data)
        if message.file is not None:
            reduction.send_handle(connection, message.file, None)
    finally:
        if message.file is not None:
            os.close(message.file)


def receive(connection: Connection) -> Any:
    """Receives an object. Raises EOFError or OSError when the other end is gone."""
    frame = memoryview(connection.recv_bytes())
    (count,) = struct.unpack_from("<Q", frame)
    sizes = struct.unpack_from(f"<{count}Q", frame, 8)
    data = frame[8 * (count + 1) :]
    if not count:
        return pickle.loads(data)
    file = reduction.recv_handle(connection)
    try:
        buffers: list[np.ndarray] = []
        offset = 0
        for size in sizes:
            buffer = np.empty(size, np.uint8)
            _read(file, buffer.data, offset)
            buffers.append(buffer)
            offset += size
    finally:
        os.close(file)
    return pickle.loads(data, buffers=buffers)


def _write(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]


def _read(file: int, into: memoryview, offset: int) -> None:
    while into:
        count = os.preadv(file, [into], offset)
        if count == 0:
            raise EOFError("a memory file is shorter than announced")
        into, offset = into[count:], offset + count
