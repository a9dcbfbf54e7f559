"""Nested containers as a flat table of tensors and a JSON text, so that a checkpoint needs no pickle.

JSON values stand for themselves; what JSON lacks is an object with one key that says what it is:
`{"tuple": [...]}`, `{"dict": [[key, value], ...]}`, `{"tensor": "name"}`, ...
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

import rsnn

_MAPPINGS: dict[str, type] = {"dict": dict, "OrderedDict": OrderedDict, "Counter": Counter}
_SEQUENCES: dict[str, Callable[[list[Any]], Any]] = {"tuple": tuple, "set": set}
_DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool")


def is_flat(obj: Any) -> bool:
    """Whether an object is what a file of tensors holds by itself: plain tensors by name."""
    return type(obj) in (dict, OrderedDict) and all(
        isinstance(key, str) and key != "__metadata__" and _is_plain(value) for key, value in obj.items()
    )


def _is_plain(value: Any) -> bool:
    return isinstance(value, rsnn.Tensor) and not isinstance(value, rsnn.nn.Parameter) and not value.requires_grad


def flatten(obj: Any) -> tuple[dict[str, rsnn.Tensor], str]:
    """Takes the tensors out of nested containers.

    Returns:
        the tensors by the dotted path at which they stood, and the text that [`unflatten`] needs.

    Raises:
        TypeError: an object that is neither a tensor nor a plain container, number, string, dtype, size or device.
        ValueError: a container that contains itself.
    """
    tensors: dict[str, rsnn.Tensor] = {}
    try:
        return tensors, json.dumps(_encode(obj, "", tensors))
    except RecursionError:
        raise ValueError("save: containers are nested too deeply, or one contains itself") from None


def _encode(obj: Any, path: str, tensors: dict[str, rsnn.Tensor]) -> Any:
    kind = type(obj)
    if obj is None or kind in (bool, int, float, str):
        return obj
    if isinstance(obj, (np.bool_, np.integer, np.floating)):
        return obj.item()
    if isinstance(obj, rsnn.Tensor):
        name = path or "tensor"
        while name in tensors or name == "__metadata__":
            name += "'"
        tensors[name] = obj
        if isinstance(obj, rsnn.nn.Parameter):
            return {"parameter": [name, obj.requires_grad]}
        return {"grad tensor" if obj.requires_grad else "tensor": name}
    if kind is list:
        return [_encode(item, _join(path, i), tensors) for i, item in enumerate(obj)]
    for name, mapping in _MAPPINGS.items():
        if kind is mapping:
            return {name: [[_encode_key(k, path), _encode(v, _join(path, k), tensors)] for k, v in obj.items()]}
    if isinstance(obj, rsnn.Size):
        return {"Size": list(obj)}
    for name, sequence in _SEQUENCES.items():
        if kind is sequence:
            return {name: [_encode(item, _join(path, i), tensors) for i, item in enumerate(obj)]}
    if isinstance(obj, rsnn.dtype):
        return {"dtype": str(obj).rpartition(".")[2]}
    if isinstance(obj, rsnn.device):
        return {"device": str(obj)}
    where = f" at {path!r}" if path else ""
    hint = "; save its state_dict()" if hasattr(obj, "state_dict") else ""
    raise TypeError(f"save: expected tensors, numbers, strings and plain containers, got {kind.__name__}{where}{hint}")


def _encode_key(key: Any, path: str) -> Any:
    within: dict[str, rsnn.Tensor] = {}
    encoded = _encode(key, path, within)
    if within:
        raise TypeError(f"save: the dict at {path!r} has a tensor as a key")
    return encoded


def _join(path: str, key: Any) -> str:
    return f"{path}.{key}" if path else str(key)


def unflatten(tensors: dict[str, rsnn.Tensor], text: str) -> Any:
    """Undoes [`flatten`].

    Raises:
        RuntimeError: the text is not what `flatten` writes, or names a tensor that is not there.
    """
    try:
        return _decode(json.loads(text), tensors)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RuntimeError(f"load: the structure stored in the file is damaged: {error!r}") from None


def _decode(node: Any, tensors: dict[str, rsnn.Tensor]) -> Any:
    if isinstance(node, list):
        return [_decode(item, tensors) for item in node]
    if not isinstance(node, dict):
        return node
    ((kind, value),) = node.items()
    if kind == "tensor":
        return tensors[value]
    if kind == "grad tensor":
        return tensors[value].requires_grad_()
    if kind == "parameter":
        name, requires_grad = value
        return rsnn.nn.Parameter(tensors[name], requires_grad=requires_grad)
    if kind in _MAPPINGS:
        pairs = {_decode(k, tensors): _decode(v, tensors) for k, v in value}
        return pairs if kind == "dict" else _MAPPINGS[kind](pairs)
    if kind in _SEQUENCES:
        return _SEQUENCES[kind]([_decode(item, tensors) for item in value])
    if kind == "Size":
        return rsnn.Size(value)
    if kind == "dtype" and value in _DTYPES:
        return getattr(rsnn, value)
    if kind == "device":
        return rsnn.device(value)
    raise ValueError(f"unknown kind {kind!r}")
