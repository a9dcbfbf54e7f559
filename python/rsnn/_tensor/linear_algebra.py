"""Methods of linear algebra; `rsnn.linalg` is imported when the first of them is called."""

from __future__ import annotations

from typing import Any

from ._attach import attach


def _linalg() -> Any:
    from .. import linalg

    return linalg


def det(self: Any) -> Any:
    """As `rsnn.linalg.det`."""
    return _linalg().det(self)


def logdet(self: Any) -> Any:
    """The logarithms of the determinants of square matrices; nan for negative ones, `-inf` for zero.

    Raises:
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.eye(2).logdet()
        tensor(0.)
    """
    sign, logarithm = _linalg().slogdet(self)
    return logarithm.masked_fill(sign == -1, float("nan")) if bool((sign == -1).any()) else logarithm


def slogdet(self: Any) -> Any:
    """As `rsnn.linalg.slogdet`."""
    from .. import return_types

    return return_types.slogdet(tuple(_linalg().slogdet(self)))


def inverse(self: Any) -> Any:
    """As `rsnn.linalg.inv`."""
    return _linalg().inv(self)


def pinverse(self: Any, rcond: float = 1e-15) -> Any:
    """The pseudo-inverses of matrices; singular values below the share `rcond` of the largest one count as zero."""
    return _linalg().pinv(self, rtol=rcond)


def matrix_power(self: Any, n: int) -> Any:
    """As `rsnn.linalg.matrix_power`."""
    return _linalg().matrix_power(self, n)


def matrix_exp(self: Any) -> Any:
    """As `rsnn.linalg.matrix_exp`."""
    return _linalg().matrix_exp(self)


def cholesky(self: Any, upper: bool = False) -> Any:
    """As `rsnn.linalg.cholesky`."""
    return _linalg().cholesky(self, upper=upper)


def qr(self: Any, some: bool = True) -> Any:
    """As `rsnn.linalg.qr`; without `some` the factors are complete."""
    from .. import return_types

    return return_types.qr(tuple(_linalg().qr(self, "reduced" if some else "complete")))


def svd(self: Any, some: bool = True, compute_uv: bool = True) -> Any:
    """The singular values of matrices, with `A = U diag(S) V^T`. Prefer `rsnn.linalg.svd`, which returns the transposed `V`.

    Args:
        some: whether `U` and `V` have only as many columns as there are singular values.
        compute_uv: whether `U` and `V` are wanted; else they are zeros.
    """
    from .. import return_types

    u, s, vh = _linalg().svd(self, full_matrices=not some)
    if not compute_uv:
        u, vh = u.new_zeros(self.size(-2), self.size(-2)), vh.new_zeros(self.size(-1), self.size(-1))
    return return_types.svd((u, s, vh.transpose(-2, -1)))


attach(det, logdet, slogdet, inverse, pinverse, matrix_power, matrix_exp, cholesky, qr, svd)
