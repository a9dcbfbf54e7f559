"""Factorisations: Cholesky, QR, singular values, eigenvalues of symmetric matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from .._C import Tensor
from .._composite._out import returned
from ..autograd import Function
from ._array import call, check_matrix, transposed
from .solve import inv


def _written(kind: Any, parts: tuple[Any, ...], out: Any) -> Any:
    """Results as a tuple with names, or written to the tensors of `out`."""
    return kind(parts if out is None else tuple(returned(part, place) for part, place in zip(parts, out)))


def _or_zeros(grads: tuple[Any, ...], likes: tuple[Any, ...]) -> list[Any]:
    return [like.new_zeros(like.shape) if grad is None else grad for grad, like in zip(grads, likes)]


class _Cholesky(Function):
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        problem = "The factorization could not be completed because the input is not positive-definite."
        factor = call("linalg.cholesky", problem, np.linalg.cholesky, a)
        ctx.save_for_backward(factor)
        return factor

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        (factor,) = ctx.saved_tensors
        phi = (transposed(factor) @ grad).tril()
        phi = phi - phi.diagonal(0, -2, -1).diag_embed() / 2
        inverse = inv(factor)
        result = transposed(inverse) @ phi @ inverse
        return (result + transposed(result)) / 2


def cholesky(A: Any, *, upper: bool = False, out: Any = None) -> Tensor:  # noqa: N803
    """The lower triangular matrices `L` with `A = L L^T`.

    Args:
        A: symmetric positive-definite matrices `(..., n, n)`; only their lower triangles are looked at.
        upper: whether to return `L^T`.
        out: a tensor for the result.

    Raises:
        LinAlgError: for a matrix that is not positive-definite.
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.cholesky(rsnn.tensor([[4.0, 2.0], [2.0, 2.0]]))
        tensor([[2., 0.],
                [1., 1.]])
    """
    check_matrix("linalg.cholesky", A, square=True)
    factor = _Cholesky.apply(A)
    return returned(transposed(factor) if upper else factor, out)


class _QR(Function):
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        q, r = call("linalg.qr", "", lambda x: tuple(np.linalg.qr(x)), a)
        ctx.save_for_backward(a, q, r)
        ctx.set_materialize_grads(False)
        return q, r

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        a, q, r = ctx.saved_tensors
        gq, gr = _or_zeros(grads, (q, r))
        m, n = a.size(-2), a.size(-1)
        if m >= n:
            return _qr_gradient(q, r, gq, gr)
        # The first columns make Q; the others are Q times the rest of R.
        rest = _qr_gradient(q, r[..., :m], gq + a[..., m:] @ transposed(gr[..., m:]), gr[..., :m])
        return rest.new_zeros(a.shape).slice_scatter(rest, -1, 0, m).slice_scatter(q @ gr[..., m:], -1, m, n)


def _qr_gradient(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    middle = r @ transposed(gr) - transposed(gq) @ q
    lower = middle.tril(-1)
    both = lower + transposed(lower) + middle.diagonal(0, -2, -1).diag_embed()
    return (gq + q @ both) @ transposed(inv(r))


def qr(A: Any, mode: str = "reduced", *, out: Any = None) -> Any:  # noqa: N803
    """The factors of `A = Q R`: `Q` with orthonormal columns, `R` an upper triangle.

    Args:
        A: `(..., m, n)`.
        mode: `"reduced"`, `"complete"` (without gradients) or `"r"` (an empty `Q`, without gradients).
        out: a pair of tensors for the results.

    Raises:
        RuntimeError: for dtypes other than `float32` and `float64`, and another mode.
        NotImplementedError: for a gradient in a mode that has none.

    Example:
        >>> q, r = rsnn.linalg.qr(rsnn.eye(2))
        >>> (q @ r).tolist()
        [[1.0, 0.0], [0.0, 1.0]]
    """
    check_matrix("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    if mode == "reduced" or (mode == "complete" and A.size(-2) <= A.size(-1)):
        parts = _QR.apply(A)
    else:
        if A.requires_grad:
            raise NotImplementedError(f"linalg.qr: mode='{mode}' has no gradient; use mode='reduced'")
        if mode == "r":
            parts = (A.new_empty(0), call("linalg.qr", "", np.linalg.qr, A, mode="r"))
        else:
            parts = call("linalg.qr", "", lambda x: tuple(np.linalg.qr(x, "complete")), A)
    return _written(return_types.linalg_qr, parts, out)


class _SVD(Function):
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        u, s, vh = call("linalg.svd", "The algorithm failed to converge.", _thin_svd, a)
        ctx.save_for_backward(u, s, vh)
        ctx.set_materialize_grads(False)
        return u, s, vh

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        u, s, vh = ctx.saved_tensors
        gu, gs, gvh = _or_zeros(grads, (u, s, vh))
        if grads[0] is None and grads[2] is None:
            return (u * gs.unsqueeze(-2)) @ vh
        differences = s.unsqueeze(-2).square() - s.unsqueeze(-1).square()
        differences = differences + s.new_ones(s.size(-1)).diag()
        left, right = transposed(u) @ gu, vh @ transposed(gvh)
        middle = (left - transposed(left)) / differences * s.unsqueeze(-2)
        middle = middle + s.unsqueeze(-1) * ((right - transposed(right)) / differences)
        result = u @ (middle + gs.diag_embed()) @ vh
        # What of the gradients lies outside of the spaces that U and V span.
        inverse = 1 / s
        if u.size(-2) > s.size(-1):
            result = result + ((gu - u @ left) * inverse.unsqueeze(-2)) @ vh
        if vh.size(-1) > s.size(-1):
            result = result + u @ (inverse.unsqueeze(-1) * (gvh - gvh @ transposed(vh) @ vh))
        return result


def _thin_svd(x: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.linalg.svd(x, full_matrices=False))


def svd(A: Any, full_matrices: bool = True, *, driver: Any = None, out: Any = None) -> Any:  # noqa: N803
    """The singular values of matrices, with `A = U diag(S) Vh`.

    Args:
        A: `(..., m, n)`.
        full_matrices: whether `U` and `Vh` are square; then they have no gradient unless `A` is square.
        driver: not supported.
        out: three tensors for the results.

    Raises:
        NotImplementedError: for a driver, and for a gradient of full matrices.
        RuntimeError: for dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.svd(rsnn.tensor([[3.0, 0.0], [0.0, 2.0]])).S
        tensor([3., 2.])
    """
    check_matrix("linalg.svd", A)
    if driver is not None:
        raise NotImplementedError("linalg.svd: driver is not supported on a CPU")
    if not full_matrices or A.size(-1) == A.size(-2):
        parts = _SVD.apply(A)
    else:
        if A.requires_grad:
            raise NotImplementedError("linalg.svd: full_matrices=True has no gradient; use full_matrices=False")
        parts = call("linalg.svd", "The algorithm failed to converge.", lambda x: tuple(np.linalg.svd(x)), A)
    return _written(return_types.linalg_svd, parts, out)


def svdvals(A: Any, *, driver: Any = None, out: Any = None) -> Tensor:  # noqa: N803
    """The singular values of matrices, from the largest to the smallest; arguments and errors are those of `svd`."""
    return returned(svd(A, False, driver=driver).S, out)


class _Eigh(Function):
    @staticmethod
    def forward(ctx: Any, a: Any, triangle: str) -> Any:
        problem = "The algorithm failed to converge."
        values, vectors = call("linalg.eigh", problem, lambda x: tuple(np.linalg.eigh(x, triangle)), a)  # type: ignore[call-overload]
        ctx.save_for_backward(values, vectors)
        ctx.set_materialize_grads(False)
        return values, vectors

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        values, vectors = ctx.saved_tensors
        gl, gv = _or_zeros(grads, (values, vectors))
        if grads[1] is None:
            return (vectors * gl.unsqueeze(-2)) @ transposed(vectors), None
        differences = values.unsqueeze(-2) - values.unsqueeze(-1) + values.new_ones(values.size(-1)).diag()
        middle = transposed(vectors) @ gv
        middle = (middle - middle.diagonal(0, -2, -1).diag_embed()) / differences + gl.diag_embed()
        return vectors @ middle @ transposed(vectors), None


def eigh(A: Any, UPLO: str = "L", *, out: Any = None) -> Any:  # noqa: N803
    """The eigenvalues, in rising order, and eigenvectors (columns) of symmetric matrices.

    Args:
        A: `(..., n, n)`.
        UPLO: which triangle is looked at: `"L"` or `"U"`.
        out: a pair of tensors for the results.

    Raises:
        ValueError: for another `UPLO`.
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.eigh(rsnn.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
        tensor([1., 2.])
    """
    check_matrix("linalg.eigh", A, square=True)
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return _written(return_types.linalg_eigh, _Eigh.apply(A, UPLO.upper()), out)


def eigvalsh(A: Any, UPLO: str = "L", *, out: Any = None) -> Tensor:  # noqa: N803
    """The eigenvalues of symmetric matrices, in rising order; arguments and errors are those of `eigh`."""
    return returned(eigh(A, UPLO).eigenvalues, out)
