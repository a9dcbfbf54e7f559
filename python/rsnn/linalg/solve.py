"""Inverses, determinants and systems of equations."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from .._C import Tensor
from .._composite._out import returned
from ..autograd import Function
from ._array import call, check_matrix, transposed

_SINGULAR = "The inversion could not be completed because the input matrix is singular."


class _Inverse(Function):
    @staticmethod
    def forward(ctx: Any, name: str, a: Any) -> Any:
        inverse = call(name, _SINGULAR, np.linalg.inv, a)
        ctx.save_for_backward(inverse)
        return inverse

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        back = transposed(ctx.saved_tensors[0])
        return None, -(back @ grad @ back)


def inv(A: Any, *, out: Any = None) -> Tensor:  # noqa: N803
    """The inverses of square matrices.

    Args:
        A: `(..., n, n)`.
        out: a tensor for the result.

    Raises:
        LinAlgError: for a singular matrix.
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.inv(rsnn.tensor([[2.0, 0.0], [0.0, 4.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.2500]])
    """
    check_matrix("linalg.inv", A, square=True)
    return returned(_Inverse.apply("linalg.inv", A), out)


class _Determinant(Function):
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        result = call("linalg.det", "", np.linalg.det, a)
        ctx.save_for_backward(a, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        a, result = ctx.saved_tensors
        if bool((result == 0).any()):
            return grad.unsqueeze(-1).unsqueeze(-1) * call("linalg.det", "", _cofactors, a)
        return (grad * result).unsqueeze(-1).unsqueeze(-1) * transposed(inv(a))


def _cofactors(a: np.ndarray) -> np.ndarray:
    """The derivatives of determinants by the elements, which exist for singular matrices too."""
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = [np.prod(np.delete(s, i, -1), -1) for i in range(n)]
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return (sign[..., None, None] * ((u * np.stack(others, -1)[..., None, :]) @ vh)).astype(a.dtype)


def det(A: Any, *, out: Any = None) -> Tensor:  # noqa: N803
    """The determinants of square matrices.

    Args:
        A: `(..., n, n)`.
        out: a tensor for the result.

    Raises:
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.det(rsnn.tensor([[2.0, 1.0], [0.0, 3.0]]))
        tensor(6.)
    """
    check_matrix("linalg.det", A, square=True)
    return returned(_Determinant.apply(A), out)


class _LogDeterminant(Function):
    @staticmethod
    def forward(ctx: Any, a: Any) -> Any:
        sign, logarithm = call("linalg.slogdet", "", lambda x: tuple(np.linalg.slogdet(x)), a)
        ctx.save_for_backward(a)
        ctx.mark_non_differentiable(sign)
        return sign, logarithm

    @staticmethod
    def backward(ctx: Any, _: Any, grad: Any) -> Any:
        (a,) = ctx.saved_tensors
        return grad.unsqueeze(-1).unsqueeze(-1) * transposed(inv(a))


def slogdet(A: Any, *, out: Any = None) -> Any:  # noqa: N803
    """The signs of the determinants of square matrices, and the logarithms of their magnitudes.

    Args:
        A: `(..., n, n)`.
        out: a pair of tensors for the results.

    Raises:
        RuntimeError: for matrices that are not square, and dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.slogdet(rsnn.tensor([[1.0, 0.0], [0.0, -1.0]])).sign
        tensor(-1.)
    """
    check_matrix("linalg.slogdet", A, square=True)
    sign, logarithm = _LogDeterminant.apply(A)
    if out is not None:
        sign, logarithm = returned(sign, out[0]), returned(logarithm, out[1])
    return return_types.linalg_slogdet((sign, logarithm))


class _Solution(Function):
    @staticmethod
    def forward(ctx: Any, a: Any, b: Any) -> Any:
        problem = "The solver failed because the input matrix is singular."
        result = call("linalg.solve", problem, np.linalg.solve, a, b)
        ctx.save_for_backward(a, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        a, result = ctx.saved_tensors
        back = _Solution.apply(transposed(a), grad)
        return -(back @ transposed(result)), back


def solve(A: Any, B: Any, *, left: bool = True, out: Any = None) -> Tensor:  # noqa: N803
    """The solutions `X` of `A X = B`.

    Args:
        A: `(..., n, n)`.
        B: `(..., n, k)`, or `(..., n)` with the batches of `A`.
        left: whether `A` stands to the left; else `X A = B` is solved.
        out: a tensor for the result.

    Raises:
        LinAlgError: for a singular matrix.
        RuntimeError: for matrices that are not square, sizes that do not fit, and other dtypes.

    Example:
        >>> rsnn.linalg.solve(rsnn.tensor([[2.0, 0.0], [0.0, 4.0]]), rsnn.tensor([2.0, 2.0]))
        tensor([1.0000, 0.5000])
    """
    check_matrix("linalg.solve", A, square=True)
    if A.dtype != B.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {A.dtype} and B of type {B.dtype} instead"
        )
    vector = B.dim() == 1 or (B.dim() == A.dim() - 1 and B.shape == A.shape[:-1])
    if vector:
        B = B.unsqueeze(-1)  # noqa: N806
        if not left:
            raise RuntimeError(
                "linalg.solve: Vector broadcasting of the left hand side is not supported for left=False."
            )
    if B.size(-2 if left else -1) != A.size(-1):
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {'AX = B' if left else 'XA = B'} "
            f"({A.size(-2)}x{A.size(-1)} and {B.size(-2)}x{B.size(-1)})"
        )
    result = _Solution.apply(A, B) if left else transposed(_Solution.apply(transposed(A), transposed(B)))
    return returned(result.squeeze(-1) if vector else result, out)


def solve_triangular(
    A: Any,  # noqa: N803
    B: Any,  # noqa: N803
    *,
    upper: bool,
    left: bool = True,
    unitriangular: bool = False,
    out: Any = None,
) -> Tensor:
    """The solutions `X` of `A X = B` for triangular `A`; what lies beyond the triangle is not looked at.

    Args:
        A: `(..., n, n)`.
        B: `(..., n, k)`.
        upper: whether the upper triangle is meant.
        left: whether `A` stands to the left; else `X A = B` is solved.
        unitriangular: whether the diagonal counts as ones.
        out: a tensor for the result.

    Raises:
        LinAlgError: for a zero on the diagonal.
        RuntimeError: as `solve`.
    """
    check_matrix("linalg.solve_triangular", A, square=True)
    triangle = A.triu(1 if unitriangular else 0) if upper else A.tril(-1 if unitriangular else 0)
    if unitriangular:
        triangle = triangle + A.new_ones(A.size(-1)).diag()
    return solve(triangle, B, left=left, out=out)


class _PseudoInverse(Function):
    @staticmethod
    def forward(ctx: Any, a: Any, rtol: float) -> Any:
        result = call("linalg.pinv", "The algorithm failed to converge.", np.linalg.pinv, a, rcond=rtol)
        ctx.save_for_backward(a, result)
        return result

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        a, p = ctx.saved_tensors
        pt, gt = transposed(p), transposed(grad)
        # Of the projections on the kernels of A and of its transpose, the smaller products come first.
        inner = p @ gt
        result = -(transposed(p @ gt @ p)) + pt @ p @ (gt - gt @ p @ a) + (gt - a @ inner) @ p @ pt
        return result, None


def pinv(
    A: Any,  # noqa: N803
    *,
    atol: float | None = None,
    rtol: float | None = None,
    hermitian: bool = False,
    out: Any = None,
) -> Tensor:
    """The pseudo-inverses of matrices.

    Args:
        A: `(..., m, n)`.
        atol: not supported.
        rtol: singular values below this share of the largest one count as zero; `max(m, n)` times the dtype's `eps` if not
            given.
        hermitian: whether the matrices are symmetric; makes no difference here.
        out: a tensor for the result.

    Raises:
        NotImplementedError: for `atol`.
        RuntimeError: for dtypes other than `float32` and `float64`.

    Example:
        >>> rsnn.linalg.pinv(rsnn.tensor([[2.0, 0.0], [0.0, 0.0]]))
        tensor([[0.5000, 0.0000],
                [0.0000, 0.0000]])
    """
    check_matrix("linalg.pinv", A, square=hermitian)
    if atol is not None:
        raise NotImplementedError("linalg.pinv: atol is not supported; use rtol")
    if A.numel() == 0:
        return returned(transposed(A) * 1, out)
    share = max(A.shape[-2:]) * float(np.finfo(A.detach().numpy().dtype).eps) if rtol is None else rtol
    return returned(_PseudoInverse.apply(A, float(share)), out)
