"""`rsnn.save` and `rsnn.load`: checkpoints that hold data and nothing else."""

from __future__ import annotations

import contextlib
import io
import os
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

import rsnn

from . import _safetensors, _structure, _torch_checkpoint

__all__ = ["load", "save"]

_STRUCTURE = "rsnn.structure"


def save(obj: Any, f: str | os.PathLike[str] | BinaryIO) -> None:
    """Writes tensors, alone or in containers, as a safetensors file.

    A dict of tensors by name (a `state_dict()`) becomes a plain safetensors file, which every reader of the format
    understands. Of other nested containers the tensors are stored under dotted names, and the rest as JSON in the
    file's metadata. Tensors that share memory are stored each, and no longer share it when loaded.

    A file at a path appears complete or not at all: it is written beside and then renamed.

    Args:
        obj: tensors, parameters, numbers, strings, None, sizes, dtypes, and dicts, lists, tuples and sets of these.
            Numbers of numpy are stored as those of Python.
        f: a path, or a file opened for writing bytes.

    Raises:
        TypeError: an object of another kind; for a module save its `state_dict()`.
        OSError: the file cannot be written.

    Example:
        >>> import io
        >>> file = io.BytesIO()
        >>> rsnn.save({"epoch": 3, "model": {"weight": rsnn.ones(2)}}, file)
        >>> _ = file.seek(0)
        >>> rsnn.load(file)
        {'epoch': 3, 'model': {'weight': tensor([1., 1.])}}
    """
    metadata = {"format": "pt"}  # the names and layouts of PyTorch, in the word that other readers look for
    if _structure.is_flat(obj):
        tensors = obj
    else:
        tensors, metadata[_STRUCTURE] = _structure.flatten(obj)
    if isinstance(f, (str, os.PathLike)):
        with _replacing(os.fspath(f)) as stream:
            _safetensors.write(stream, tensors, metadata)
    elif hasattr(f, "write"):
        _safetensors.write(f, tensors, metadata)
    else:
        raise TypeError(f"save: expected a path or a file, got {type(f).__name__}")


def load(
    f: str | os.PathLike[str] | BinaryIO,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
) -> Any:
    """Reads what `save` wrote, any other safetensors file, or a checkpoint that `torch.save` wrote.

    No code that stands in a file is ever run. Of PyTorch's checkpoints (since 1.6) tensors, parameters, numbers,
    strings and plain containers are understood, wherever the tensors were.

    Args:
        f: a path, or a file opened for reading bytes.
        map_location: None or the CPU.
        pickle_module: must be None.
        weights_only: must not be False.
        mmap: must not be True.

    Returns:
        the object; a file of nothing but named tensors gives an `OrderedDict` of them.

    Raises:
        RuntimeError: the file is damaged, or of another format.
        pickle.UnpicklingError: a PyTorch checkpoint holds objects of other classes.
        NotImplementedError: an option of which rsnn has only one choice.
        OSError: the file cannot be read.
    """
    if pickle_module is not None:
        raise NotImplementedError("load: pickle_module: rsnn does not unpickle objects")
    if weights_only is False:
        raise NotImplementedError("load: weights_only=False: rsnn never runs code of a checkpoint")
    if mmap:
        raise NotImplementedError("load: mmap=True is not supported")
    if map_location is not None and rsnn.device(map_location).type != "cpu":
        raise NotImplementedError(f"load: map_location={map_location!r}: there is only the CPU")
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as stream:
            return _load(stream)
    if not hasattr(f, "read"):
        raise TypeError(f"load: expected a path or a file, got {type(f).__name__}")
    if not (hasattr(f, "seekable") and f.seekable() and hasattr(f, "readinto")):
        f = io.BytesIO(f.read())
    return _load(f)


def _load(stream: BinaryIO) -> Any:
    start = stream.tell()
    size = stream.seek(0, io.SEEK_END) - start
    stream.seek(start)
    first = stream.read(4)
    stream.seek(start)
    if first == b"PK\x03\x04":
        return _torch_checkpoint.read(stream)
    if first[:1] == b"\x80" and first[1:2] in b"\x02\x03\x04\x05" and _is_pickle(first, size):
        raise RuntimeError(
            "load: expected a safetensors file or a checkpoint of PyTorch 1.6 or later, got a pickle; "
            "load it with PyTorch and save it again"
        )
    tensors, metadata = _safetensors.read(stream, size)
    return _structure.unflatten(tensors, metadata[_STRUCTURE]) if _STRUCTURE in metadata else tensors


def _is_pickle(first: bytes, size: int) -> bool:
    """Tells a pickle from a safetensors file whose header length happens to begin with the same bytes."""
    return int.from_bytes(first, "little") > size


@contextlib.contextmanager
def _replacing(path: str) -> Iterator[BinaryIO]:
    """Opens a new file that takes the place of `path` when all went well."""
    path = os.path.realpath(path)
    mode = os.stat(path).st_mode if os.path.exists(path) else None
    if mode is not None and not stat.S_ISREG(mode):  # a pipe or a device cannot be replaced
        with open(path, "wb") as device:
            yield device
        return
    beside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}.tmp"
    stream = cast(BinaryIO, open(beside, "xb"))
    try:
        with stream:
            yield stream
        if mode is not None:
            os.chmod(beside, stat.S_IMODE(mode))
        os.replace(beside, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise
