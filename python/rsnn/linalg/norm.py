"""Norms of vectors and matrices, and what follows from singular values."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import _C
from .._C import Tensor
from .._composite._out import returned
from ._array import check_float, check_matrix
from .factor import svdvals
from .solve import inv


def vector_norm(
    x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: Any = None
) -> Tensor:
    """The norm of vectors, or of all elements.

    Args:
        x: any tensor of a float dtype.
        ord: the order of the norm: any number, also 0, `inf` and `-inf`.
        dim: the axis or axes of the vectors; without it all.
        keepdim: whether to keep the axes, with size 1.
        dtype: the element type to compute in.
        out: a tensor for the result.

    Raises:
        RuntimeError: for integers, and for empty vectors where the norm has no value.

    Example:
        >>> rsnn.linalg.vector_norm(rsnn.tensor([3.0, 4.0]))
        tensor(5.)
    """
    if not x.is_floating_point():
        raise RuntimeError(f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {x.dtype}")
    x = x if dtype is None else x.to(dtype)
    axes = list(range(x.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if dim is not None and not axes:
        axes = list(range(x.dim()))
    if ord < 0 or ord == math.inf:
        for axis in axes:
            if x.dim() and x.size(axis) == 0:
                raise RuntimeError(
                    f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the operation does not "
                    "have an identity"
                )
    return returned(x.norm(ord, axes, keepdim) if x.dim() else x.norm(ord), out)


def matrix_norm(
    A: Any,  # noqa: N803
    ord: Any = "fro",
    dim: Any = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: Any = None,
) -> Tensor:
    """The norm of matrices.

    Args:
        A: `(..., m, n)`.
        ord: `"fro"` (the root of the sum of squares), `"nuc"` (the sum of singular values), 2 or -2 (the largest or
            smallest of them), 1 or -1 (the largest or smallest sum of magnitudes of a column), `inf` or `-inf` (of a row).
        dim: the axes of the matrices.
        keepdim: whether to keep the axes, with size 1.
        dtype: the element type to compute in.
        out: a tensor for the result.

    Raises:
        RuntimeError: for another `ord`, and for axes that do not fit.

    Example:
        >>> rsnn.linalg.matrix_norm(rsnn.tensor([[3.0, 4.0]]))
        tensor(5.)
    """
    check_matrix("linalg.matrix_norm", A)
    dims = tuple(dim) if isinstance(dim, (tuple, list)) else (dim,)
    if len(dims) != 2:
        raise RuntimeError(f"linalg.matrix_norm: dim must be a 2-tuple. Got {list(dims)}")
    rows, columns = (_axis(A, d) for d in dims)
    if rows == columns:
        raise RuntimeError(f"linalg.matrix_norm: dims must be different. Got ({dims[0]}, {dims[1]})")
    x = A if dtype is None else A.to(dtype)
    if ord == "fro":
        return returned(x.norm(2, (rows, columns), keepdim), out)
    if ord in (2, -2, "nuc"):
        values = svdvals(x.movedim((rows, columns), (-2, -1)))
        result = values.sum(-1) if ord == "nuc" else values.amax(-1) if ord == 2 else values.amin(-1)
    elif ord in (1, -1, math.inf, -math.inf):
        along, over = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = x.abs().sum(along, keepdim=True)
        result = (sums.amax(over, keepdim=True) if ord > 0 else sums.amin(over, keepdim=True)).movedim(
            (rows, columns), (-2, -1)
        )[..., 0, 0]
    else:
        raise RuntimeError(f"linalg.matrix_norm: Order {ord} not supported.")
    if keepdim:
        for axis in sorted((rows, columns)):
            result = result.unsqueeze(axis)
    return returned(result, out)


def _axis(x: Any, dim: int) -> int:
    x.size(dim)  # raises for an axis out of range
    return dim % x.dim()


def norm(
    A: Any,  # noqa: N803
    ord: Any = None,
    dim: Any = None,
    keepdim: bool = False,
    *,
    out: Any = None,
    dtype: Any = None,
) -> Tensor:
    """The norm of vectors or matrices.

    Args:
        A: any tensor of a float dtype.
        ord: the order. Without it the root of the sum of squares over `dim`.
        dim: one axis for vectors, two for matrices. Without it and with an `ord`, `A` must itself be one or the other.
        keepdim: whether to keep the axes, with size 1.
        out: a tensor for the result.
        dtype: the element type to compute in.

    Raises:
        RuntimeError: as `vector_norm` and `matrix_norm`.

    Example:
        >>> rsnn.linalg.norm(rsnn.tensor([[3.0, 4.0], [0.0, 0.0]]))
        tensor(5.)
    """
    if ord is None:
        return vector_norm(A, 2, dim, keepdim, dtype=dtype, out=out)
    axes = None if dim is None else [dim] if isinstance(dim, int) else list(dim)
    if axes is not None and len(axes) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {axes}")
    if axes is None and A.dim() not in (1, 2):
        raise RuntimeError(
            f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {A.dim()}D."
        )
    if isinstance(ord, str) or (len(axes) if axes is not None else A.dim()) == 2:
        return matrix_norm(A, ord, (0, 1) if axes is None else axes, keepdim, dtype=dtype, out=out)
    return vector_norm(A, ord, axes, keepdim, dtype=dtype, out=out)


def matrix_rank(
    A: Any,  # noqa: N803
    *,
    atol: float | None = None,
    rtol: float | None = None,
    hermitian: bool = False,
    out: Any = None,
) -> Tensor:
    """How many singular values of matrices exceed a bound.

    Args:
        A: `(..., m, n)`.
        atol: the bound, as a number.
        rtol: the bound, as a share of the largest singular value; without `atol` it is `max(m, n)` times the dtype's `eps`.
        hermitian: whether the matrices are symmetric; makes no difference here.
        out: a tensor for the result.

    Example:
        >>> rsnn.linalg.matrix_rank(rsnn.ones(2, 2))
        tensor(1)
    """
    check_matrix("linalg.matrix_rank", A)
    values = svdvals(A.detach())
    if values.size(-1) == 0:
        return returned(values.sum(-1).to(_C.int64), out)
    if rtol is None:
        eps = float(np.finfo(A.detach().numpy().dtype).eps)
        rtol = max(A.shape[-2:]) * eps if atol is None else 0.0
    bound = (values.amax(-1, keepdim=True) * rtol).maximum(_C.tensor(atol or 0.0, dtype=values.dtype))
    return returned((values > bound).sum(-1), out)


def cond(A: Any, p: Any = None, *, out: Any = None) -> Tensor:  # noqa: N803
    """The condition numbers of matrices: the norm times that of the inverse.

    Args:
        A: `(..., m, n)`; square unless `p` is None, 2 or -2.
        p: the order of the norm, as for `matrix_norm`; None is 2.
        out: a tensor for the result.

    Example:
        >>> rsnn.linalg.cond(rsnn.tensor([[4.0, 0.0], [0.0, 2.0]]))
        tensor(2.)
    """
    check_float("linalg.cond", A)
    if p in (None, 2, -2):
        values = svdvals(A)
        first, last = values[..., 0], values[..., -1]
        return returned(last / first if p == -2 else first / last, out)
    return returned(matrix_norm(A, p) * matrix_norm(inv(A), p), out)
