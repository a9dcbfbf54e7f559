"""From a list of samples to one batch: `default_collate`, and `default_convert` for loading without batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

import rsnn

__all__ = ["collate", "default_collate", "default_convert"]

CollateMap = dict[type | tuple[type, ...], Callable[..., Any]]


def _is_text_or_objects(array: np.ndarray) -> bool:
    return array.dtype.kind in "SUO"


def _like_mapping(original: Mapping[Any, Any], values: dict[Any, Any]) -> Mapping[Any, Any]:
    """A mapping of the original's type with new values; a plain dict where that type cannot be built so."""
    try:
        if isinstance(original, MutableMapping):
            clone = copy.copy(original)
            clone.update(values)
            return clone
        return type(original)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def _like_sequence(original: Sequence[Any], values: list[Any]) -> Sequence[Any]:
    """A sequence of the original's type with new values; a plain list where that type cannot be built so."""
    try:
        if isinstance(original, MutableSequence):
            clone = copy.copy(original)
            for i, value in enumerate(values):
                clone[i] = value
            return clone
        return type(original)(values)  # type: ignore[call-arg]
    except TypeError:
        return values


def default_convert(data: Any) -> Any:
    """Turns numpy arrays and numbers into tensors, also within containers; leaves all else as it is.

    Example:
        >>> default_convert({"x": np.arange(2), "name": "a"})
        {'x': tensor([0, 1]), 'name': 'a'}
    """
    if isinstance(data, np.ndarray):
        return data if _is_text_or_objects(data) else rsnn.as_tensor(data)
    if isinstance(data, np.generic):
        return data if isinstance(data, (np.str_, np.bytes_)) else rsnn.as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*map(default_convert, data))
    if isinstance(data, tuple):
        return [default_convert(item) for item in data]
    if isinstance(data, Sequence) and not isinstance(data, (str, bytes)):
        return _like_sequence(data, [default_convert(item) for item in data])
    return data


def collate(batch: Sequence[Any], *, collate_fn_map: CollateMap | None = None) -> Any:
    """Joins samples element by element, as [`default_collate`] does, with functions of one's own for some types.

    Args:
        batch: samples of one structure.
        collate_fn_map: from a type (or tuple of types) to `function(batch, *, collate_fn_map)`, which joins samples
            of that type.

    Raises:
        TypeError: a type that neither the map nor a container rule knows.
        RuntimeError: sequences of different lengths.
    """
    first = batch[0]
    functions = collate_fn_map or {}
    function = functions.get(type(first))
    if function is None:
        function = next((f for types, f in functions.items() if isinstance(first, types)), None)
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)

    def join(columns: Iterable[Sequence[Any]]) -> list[Any]:
        return [collate(column, collate_fn_map=collate_fn_map) for column in columns]

    if isinstance(first, Mapping):
        return _like_mapping(first, dict(zip(first, join([s[key] for s in batch] for key in first), strict=True)))
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*join(zip(*batch, strict=True)))
    if isinstance(first, Sequence):
        lengths = {len(sample) for sample in batch}
        if len(lengths) > 1:
            raise RuntimeError(f"collate: expected samples of one length, got lengths {sorted(lengths)}")
        joined = join(zip(*batch, strict=True))
        return joined if isinstance(first, tuple) else _like_sequence(first, joined)
    raise TypeError(
        f"default_collate: expected tensors, numpy arrays, numbers, strings, dicts or lists, got {type(first)}"
    )


def _collate_arrays(batch: Sequence[np.ndarray], *, collate_fn_map: CollateMap | None = None) -> Any:
    if _is_text_or_objects(batch[0]):
        raise TypeError(f"default_collate: expected numpy arrays of numbers, got dtype {batch[0].dtype}")
    return collate([rsnn.as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


default_collate_fn_map: CollateMap = {
    rsnn.Tensor: lambda batch, *, collate_fn_map=None: rsnn.stack(batch, 0),
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): lambda batch, *, collate_fn_map=None: rsnn.as_tensor(np.stack(batch)),
    float: lambda batch, *, collate_fn_map=None: rsnn.tensor(batch, dtype=rsnn.float64),
    int: lambda batch, *, collate_fn_map=None: rsnn.tensor(batch),
    (str, bytes): lambda batch, *, collate_fn_map=None: batch,
}


def default_collate(batch: Sequence[Any]) -> Any:
    """Joins samples into a batch.

    Tensors and numpy arrays are stacked along a new first dimension; numbers become a tensor (floats in float64);
    strings stay a list; mappings, named tuples and sequences are joined element by element, plain tuples into lists.

    Args:
        batch: at least one sample; all of one structure.

    Raises:
        TypeError: something that none of these rules covers.
        RuntimeError: shapes or lengths differ.

    Example:
        >>> default_collate([(rsnn.tensor([1, 2]), 0.5), (rsnn.tensor([3, 4]), 1.5)])
        [tensor([[1, 2],
                [3, 4]]), tensor([0.5000, 1.5000], dtype=rsnn.float64)]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)
