"""Grids, index pairs, combinations and powers."""

from __future__ import annotations

import builtins
import itertools
import math
import warnings
from typing import Any

from .. import _C
from .._C import Tensor, arange, empty, stack, tensor
from .._expected import check_elements, check_tensors
from .._size import Size
from ._out import returned


def _vectors(tensors: tuple[Any, ...]) -> list[Any]:
    vectors = list(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else list(tensors)
    check_elements(vectors)
    return vectors


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """The coordinates of a grid: one tensor for each axis, all of the grid's shape.

    Args:
        tensors: vectors (or numbers as tensors), one by one or as one sequence.
        indexing: `"ij"`, where the first vector lies along the first axis, or `"xy"`, where it lies along the second.

    Raises:
        RuntimeError: for no tensors, matrices, different dtypes, or another `indexing`.

    Example:
        >>> rsnn.meshgrid(rsnn.tensor([1, 2]), rsnn.tensor([3, 4]), indexing="ij")
        (tensor([[1, 1],
                [2, 2]]), tensor([[3, 4],
                [3, 4]]))
    """
    vectors = _vectors(tensors)
    if not vectors:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    for x in vectors:
        if x.dim() > 1:
            raise RuntimeError(f"rsnn.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {x}")
        if x.dtype != vectors[0].dtype:
            raise RuntimeError("rsnn.meshgrid expects all tensors to have the same dtype")
    if indexing is None:
        warnings.warn(
            "rsnn.meshgrid: in an upcoming release, it will be required to pass the indexing argument.", stacklevel=2
        )
    elif indexing not in ("ij", "xy"):
        raise RuntimeError(f'rsnn.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    swapped = indexing == "xy" and len(vectors) > 1
    if swapped:
        vectors[:2] = reversed(vectors[:2])
    shape, count = [x.numel() for x in vectors], len(vectors)
    views = [x.reshape([1] * i + [x.numel()] + [1] * (count - 1 - i)).expand(shape) for i, x in enumerate(vectors)]
    if swapped:
        views[:2] = reversed(views[:2])
    return tuple(views)


def cartesian_prod(*tensors: Any) -> Tensor:
    """All tuples of elements of some vectors, as rows; a single vector comes back as it is.

    Raises:
        RuntimeError: for tensors that are no vectors.

    Example:
        >>> rsnn.cartesian_prod(rsnn.tensor([1, 2]), rsnn.tensor([3, 4]))
        tensor([[1, 3],
                [1, 4],
                [2, 3],
                [2, 4]])
    """
    vectors = _vectors(tensors)
    for x in vectors:
        if x.dim() != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(x.shape)}")
    if len(vectors) == 1:
        return vectors[0]
    return stack([grid.flatten() for grid in meshgrid(vectors, indexing="ij")], 1)


def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Tensor:
    """All choices of `r` elements of a vector, as rows, in the order of the elements.

    Args:
        input: the vector.
        r: how many.
        with_replacement: whether an element may be chosen again.

    Raises:
        RuntimeError: for a tensor that is no vector, and for a negative `r`.

    Example:
        >>> rsnn.combinations(rsnn.tensor([1, 2, 3]))
        tensor([[1, 2],
                [1, 3],
                [2, 3]])
    """
    check_tensors("combinations", input=input)
    if input.dim() != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return empty(0, dtype=input.dtype)
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    places = list(choose(builtins.range(input.numel()), r))
    if not places:
        return empty(0, r, dtype=input.dtype)
    return input[tensor(places)]


def broadcast_shapes(*shapes: Any) -> Size:
    """The shape that tensors of these shapes broadcast to.

    Args:
        shapes: tuples of sizes, or ints, which stand for one axis.

    Raises:
        RuntimeError: for shapes that do not fit.
        ValueError: for negative sizes.

    Example:
        >>> rsnn.broadcast_shapes((2, 1), (3,))
        rsnn.Size([2, 3])
    """
    listed = [(shape,) if isinstance(shape, int) else tuple(shape) for shape in shapes]
    if any(size < 0 for size in itertools.chain(*listed)):
        raise ValueError("Attempting to broadcast a dimension with negative length!")
    result = [1] * max((len(shape) for shape in listed), default=0)
    for shape in listed:
        for axis, size in enumerate(reversed(shape), start=1):
            if size != 1 and result[-axis] not in (1, size):
                raise RuntimeError(f"Shape mismatch: objects cannot be broadcast to a single shape: {listed}")
            result[-axis] = result[-axis] if size == 1 else size
    return Size(result)


def _triangle(kind: str, row: int, col: int, offset: int, dtype: Any, device: Any, layout: Any) -> Tensor:
    import numpy as np

    for axis, size in (("row", row), ("col", col)):
        if size < 0:
            raise RuntimeError(f"{axis} must be non-negative, got{size}")
    if device is not None or layout is not None:
        empty(0, device=device, layout=layout)  # refuses what there is not
    indices = getattr(np, kind)(row, offset, col)
    return tensor(np.stack(indices), dtype=_C.int64 if dtype is None else dtype)


def tril_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The rows and columns of the elements of the lower triangle of a matrix, row by row.

    Args:
        row: rows of the matrix.
        col: columns of the matrix.
        offset: the last diagonal that belongs to the triangle.
        dtype: the element type; `int64` if not given.
        device: only `"cpu"`.
        layout: only `rsnn.strided`.

    Raises:
        RuntimeError: for negative sizes.

    Example:
        >>> rsnn.tril_indices(2, 2)
        tensor([[0, 1, 1],
                [0, 0, 1]])
    """
    return _triangle("tril_indices", row, col, offset, dtype, device, layout)


def triu_indices(
    row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
) -> Tensor:
    """The rows and columns of the elements of the upper triangle of a matrix, row by row.

    Arguments and errors are those of `tril_indices`; `offset` is the first diagonal that belongs to the triangle.

    Example:
        >>> rsnn.triu_indices(2, 2)
        tensor([[0, 0, 1],
                [0, 1, 1]])
    """
    return _triangle("triu_indices", row, col, offset, dtype, device, layout)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:  # noqa: N803
    """The powers of the elements of a vector, as the columns of a matrix.

    Args:
        x: the vector.
        N: how many columns; as many as there are elements if not given.
        increasing: whether the powers rise from left to right.

    Raises:
        RuntimeError: for a tensor that is no vector, and for a negative `N`.

    Example:
        >>> rsnn.vander(rsnn.tensor([2, 3]), 3)
        tensor([[4, 2, 1],
                [9, 3, 1]])
    """
    check_tensors("vander", x=x)
    if x.dim() != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    if N is not None and (not isinstance(N, int) or isinstance(N, bool)):
        raise TypeError(f"vander(): argument 'N' must be int, not {type(N).__name__}")
    count = x.numel() if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    whole = x if x.is_floating_point() else x.to(_C.int64)
    if count == 0:
        return empty(x.numel(), 0, dtype=whole.dtype)
    powers = rising_powers(whole, count)
    return powers if increasing else powers.flip(-1)


def rising_powers(x: Tensor, count: int) -> Tensor:
    """The powers 0 to `count - 1` of each element, along a new last axis; `count` is at least 1."""
    repeated = x.unsqueeze(-1).expand(*x.shape, count - 1)
    return _C.cat((x.new_ones((*x.shape, 1)), repeated), -1).cumprod(-1)


def range(  # noqa: A001
    start: Any = 0,
    end: Any = None,
    step: Any = 1,
    *,
    out: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers from `start` to `end` (which belongs to them), `step` apart. Prefer `arange`.

    Args:
        start: the first number; with one number alone this is 0 and that is the end.
        end: the last number.
        step: the distance of neighbours.
        out: a tensor for the result.
        dtype: the element type; the default float type if not given.
        layout: only `rsnn.strided`.
        device: only `"cpu"`.
        requires_grad: whether to record operations on the result.

    Raises:
        RuntimeError: for a step that is zero or leads away from the end.
    """
    warnings.warn(
        "rsnn.range is deprecated because its behavior is inconsistent with Python's range builtin. "
        "Instead, use rsnn.arange, which produces values in [start, end).",
        stacklevel=2,
    )
    if end is None:
        start, end = 0, start
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    dtype = _C.get_default_dtype() if dtype is None else dtype
    count = int((end - start) / step) + 1
    exact = _C.float64 if dtype.is_floating_point else _C.int64
    values = arange(count, dtype=exact, layout=layout, device=device) * step + start
    return returned(values.to(dtype).requires_grad_(requires_grad), out)
