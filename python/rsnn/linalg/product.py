"""Products: of several matrices, of vectors, and functions of the top level under the names that they have here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .. import _C
from .._C import Tensor
from .._composite._out import returned
from .._composite.contraction import product_of
from .._composite.grid import rising_powers
from .._tensor.products import vector_product


def multi_dot(tensors: Sequence[Any], *, out: Any = None) -> Tensor:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    Args:
        tensors: matrices; the first and the last one may be vectors.
        out: a tensor for the result.

    Raises:
        RuntimeError: for fewer than two, for tensors of other ranks, and for sizes that do not fit.

    Example:
        >>> rsnn.linalg.multi_dot((rsnn.ones(2, 3), rsnn.ones(3, 4), rsnn.ones(4)))
        tensor([12., 12.])
    """
    listed = list(tensors)
    if len(listed) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(listed)}")
    first, last = listed[0].dim() == 1, listed[-1].dim() == 1
    listed[0] = listed[0].unsqueeze(0) if first else listed[0]
    listed[-1] = listed[-1].unsqueeze(1) if last else listed[-1]
    for place, x in enumerate(listed):
        if x.dim() != 2:
            ends = place in (0, len(listed) - 1)
            raise RuntimeError(f"multi_dot(): tensor {place} must be {'1D or 2D' if ends else '2D'} but got {x.dim()}D")
        if place and listed[place - 1].size(1) != x.size(0):
            raise RuntimeError(
                f"multi_dot(): tensors {place - 1} and {place} with shapes {list(listed[place - 1].shape)} and "
                f"{list(x.shape)} cannot be multiplied"
            )
    result = product_of(listed)
    result = result.squeeze(0) if first else result
    return returned(result.squeeze(-1) if last else result, out)


def matmul(input: Any, other: Any, *, out: Any = None) -> Tensor:
    """As `rsnn.matmul`."""
    return returned(input @ other, out)


def cross(input: Any, other: Any, *, dim: int = -1, out: Any = None) -> Tensor:
    """The vector products of vectors of three elements along an axis.

    Raises:
        RuntimeError: where the axis is not of size 3, and for different numbers of axes.

    Example:
        >>> rsnn.linalg.cross(rsnn.tensor([1, 0, 0]), rsnn.tensor([0, 1, 0]))
        tensor([0, 0, 1])
    """
    return returned(vector_product(input, other, dim), out)


def vecdot(x: Any, y: Any, *, dim: int = -1, out: Any = None) -> Tensor:
    """The sums of products along an axis.

    Example:
        >>> rsnn.linalg.vecdot(rsnn.tensor([1, 2]), rsnn.tensor([3, 4]))
        tensor(11)
    """
    return returned((x * y).sum(dim), out)


def diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:  # noqa: N803
    """The diagonals of matrices, as a view; as `rsnn.diagonal`, with the last axes for the matrices."""
    return A.diagonal(offset, dim1, dim2)


def vander(x: Any, N: int | None = None) -> Tensor:  # noqa: N803
    """The rising powers of the elements of vectors, as the columns of matrices.

    Args:
        x: `(..., n)`.
        N: how many columns; `n` if not given.

    Raises:
        RuntimeError: for a tensor without axes, and for fewer than two columns.
    """
    if x.dim() == 0:
        raise RuntimeError("linalg.vander: x must have at least 1 dimension")
    if N is not None and (not isinstance(N, int) or isinstance(N, bool)):
        raise TypeError(f"linalg_vander(): argument 'N' must be int, not {type(N).__name__}")
    count = x.size(-1) if N is None else N
    if count < 2:
        raise RuntimeError(f"linalg.vander: N must be greater than 1. Got {count}")
    return rising_powers(x if x.is_floating_point() else x.to(_C.int64), count)
