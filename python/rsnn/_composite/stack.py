"""Tensors beside and above each other, and tensors of at least so many axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .._C import Tensor, cat, result_type, zeros
from .._expected import check_elements, check_list
from ._out import returned


def _listed(tensors: tuple[Any, ...]) -> tuple[list[Any], bool]:
    """Tensors given one by one or as one sequence, and whether there was just one."""
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        return list(tensors[0]), False
    return list(tensors), len(tensors) == 1


def _at_least(name: str, tensors: tuple[Any, ...], widen: Any) -> Any:
    listed, single = _listed(tensors)
    for place, x in enumerate(listed, start=1):
        if not isinstance(x, Tensor):
            raise TypeError(
                f"{name}(): argument 'tensors' (position {place}) must be tuple of Tensors, not {type(x).__name__}"
            )
    results = tuple(widen(x) for x in listed)
    return results[0] if single else results


def atleast_1d(*tensors: Any) -> Any:
    """The tensors, with an axis for those that have none.

    Args:
        tensors: one tensor, which comes back alone; or several, which come back as a tuple.

    Example:
        >>> rsnn.atleast_1d(rsnn.tensor(1.0))
        tensor([1.])
    """
    return _at_least("atleast_1d", tensors, lambda x: x.reshape(1) if x.dim() == 0 else x)


def _two(x: Any) -> Any:
    return x.reshape(1, 1) if x.dim() == 0 else x.unsqueeze(0) if x.dim() == 1 else x


def atleast_2d(*tensors: Any) -> Any:
    """The tensors, with new first axes for those that have fewer than two.

    Args:
        tensors: one tensor, which comes back alone; or several, which come back as a tuple.

    Example:
        >>> rsnn.atleast_2d(rsnn.tensor([1.0, 2.0]))
        tensor([[1., 2.]])
    """
    return _at_least("atleast_2d", tensors, _two)


def _three(x: Any) -> Any:
    return _two(x).unsqueeze(-1) if x.dim() < 3 else x


def atleast_3d(*tensors: Any) -> Any:
    """The tensors, with new axes for those that have fewer than three: a vector lies along the second.

    Args:
        tensors: one tensor, which comes back alone; or several, which come back as a tuple.

    Example:
        >>> rsnn.atleast_3d(rsnn.ones(2)).shape
        rsnn.Size([1, 2, 1])
    """
    return _at_least("atleast_3d", tensors, _three)


def _checked(name: str, tensors: Sequence[Any]) -> list[Any]:
    check_list(name, tensors)
    if not tensors:
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return list(tensors)


def hstack(tensors: Sequence[Any], *, out: Any = None) -> Any:
    """Tensors one after the other along the second axis, or along the first if they are vectors.

    Args:
        tensors: a sequence of tensors.
        out: a tensor for the result.

    Raises:
        RuntimeError: for no tensors, and for sizes that do not fit.

    Example:
        >>> rsnn.hstack((rsnn.tensor([1]), rsnn.tensor([2, 3])))
        tensor([1, 2, 3])
    """
    rows = [atleast_1d(x) for x in _checked("hstack", tensors)]
    return returned(cat(rows, 0 if rows[0].dim() == 1 else 1), out)


def vstack(tensors: Sequence[Any], *, out: Any = None) -> Any:
    """Tensors one after the other along the first axis; vectors are rows.

    Args:
        tensors: a sequence of tensors.
        out: a tensor for the result.

    Raises:
        RuntimeError: for no tensors, and for sizes that do not fit.

    Example:
        >>> rsnn.vstack((rsnn.tensor([1, 2]), rsnn.tensor([3, 4])))
        tensor([[1, 2],
                [3, 4]])
    """
    return returned(cat([_two(x) for x in _checked("vstack", tensors)], 0), out)


def row_stack(tensors: Sequence[Any], *, out: Any = None) -> Any:
    """As `vstack`."""
    return returned(cat([_two(x) for x in _checked("row_stack", tensors)], 0), out)


def dstack(tensors: Sequence[Any], *, out: Any = None) -> Any:
    """Tensors one after the other along the third axis.

    Args:
        tensors: a sequence of tensors.
        out: a tensor for the result.

    Raises:
        RuntimeError: for no tensors, and for sizes that do not fit.

    Example:
        >>> rsnn.dstack((rsnn.tensor([1, 2]), rsnn.tensor([3, 4])))
        tensor([[[1, 3],
                 [2, 4]]])
    """
    return returned(cat([_three(x) for x in _checked("dstack", tensors)], 2), out)


def column_stack(tensors: Sequence[Any], *, out: Any = None) -> Any:
    """Tensors one after the other along the second axis; vectors are columns.

    Args:
        tensors: a sequence of tensors.
        out: a tensor for the result.

    Raises:
        RuntimeError: for no tensors, and for sizes that do not fit.

    Example:
        >>> rsnn.column_stack((rsnn.tensor([1, 2]), rsnn.tensor([3, 4])))
        tensor([[1, 3],
                [2, 4]])
    """
    columns = [x.reshape(x.numel(), 1) if x.dim() < 2 else x for x in _checked("column_stack", tensors)]
    return returned(cat(columns, 1), out)


def block_diag(*tensors: Any) -> Tensor:
    """A matrix with matrices along its diagonal and zeros elsewhere.

    Args:
        tensors: matrices; vectors are rows.

    Raises:
        RuntimeError: for tensors of more than two axes.

    Example:
        >>> rsnn.block_diag(rsnn.tensor([[1]]), rsnn.tensor([2, 3]))
        tensor([[1, 0, 0],
                [0, 2, 3]])
    """
    check_elements(tensors)
    if not tensors:
        return zeros(1, 0)
    for place, x in enumerate(tensors):
        if x.dim() > 2:
            raise RuntimeError(
                "rsnn.block_diag: Input tensors must have 2 or fewer dimensions. "
                f"Input {place} has {x.dim()} dimensions"
            )
    blocks = [_two(x) for x in tensors]
    dtype = blocks[0].dtype
    for x in blocks[1:]:
        dtype = result_type(zeros(1, dtype=dtype), x)
    result = zeros(sum(x.size(0) for x in blocks), sum(x.size(1) for x in blocks), dtype=dtype)
    row = column = 0
    for x in blocks:
        height, width = x.shape
        if x.numel():
            result[row : row + height, column : column + width] = x
        row, column = row + height, column + width
    return result
