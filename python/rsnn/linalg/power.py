"""Powers and exponentials of matrices."""

from __future__ import annotations

import math
from typing import Any

from .._C import Tensor
from .._composite._out import returned
from ._array import check_float, check_matrix
from .solve import inv

#: Terms of the series of the exponential; with norms of at most 1/2 the first one left out is below `float64`'s `eps`.
_TERMS = 15


def matrix_power(A: Any, n: int, *, out: Any = None) -> Tensor:  # noqa: N803
    """The `n`-th powers of square matrices.

    Args:
        A: `(..., m, m)`.
        n: the exponent; for negative ones the inverse is raised.
        out: a tensor for the result.

    Raises:
        LinAlgError: for a negative power of a singular matrix.
        RuntimeError: for matrices that are not square.

    Example:
        >>> rsnn.linalg.matrix_power(rsnn.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
        tensor([[1., 3.],
                [0., 1.]])
    """
    if A.dim() < 2 or A.size(-1) != A.size(-2):
        if A.dim() < 2:
            raise RuntimeError("linalg.matrix_power: The input tensor A must have at least 2 dimensions.")
        check_square("linalg.matrix_power", A)
    if n < 0:
        A, n = inv(A), -n  # noqa: N806
    if n == 0:
        eye = A.new_ones(A.size(-1)).diag()
        return returned(eye.expand(A.shape).clone(), out)
    result, square = None, A
    while True:
        if n & 1:
            result = square if result is None else result @ square
        n >>= 1
        if not n:
            return returned(result.clone() if result is A else result, out)
        square = square @ square


def check_square(name: str, x: Any) -> None:
    """Refuses matrices that are not square, of any dtype."""
    if x.size(-1) != x.size(-2):
        raise RuntimeError(
            f"{name}: A must be batches of square matrices, but they are {x.size(-2)} by {x.size(-1)} matrices"
        )


def matrix_exp(A: Any) -> Tensor:  # noqa: N803
    """The exponentials of square matrices.

    Args:
        A: `(..., n, n)`.

    Raises:
        RuntimeError: for matrices that are not square, and for integers.

    Example:
        >>> rsnn.linalg.matrix_exp(rsnn.zeros(2, 2))
        tensor([[1., 0.],
                [0., 1.]])
    """
    check_float("linalg.matrix_exp", A)
    check_matrix("linalg.matrix_exp", A, square=True)
    eye = A.new_ones(A.size(-1)).diag()
    if A.numel() == 0:
        return A.clone()
    size = float(A.detach().abs().sum(-2).amax())
    if not math.isfinite(size):
        return A * math.nan
    halvings = max(0, math.ceil(math.log2(size)) + 1) if size > 0 else 0
    small = A / 2.0**halvings
    # exp(x) = 1 + x (1 + x/2 (1 + x/3 (...))); then squared as often as it was halved.
    result = eye + small / _TERMS
    for k in range(_TERMS - 1, 0, -1):
        result = eye + small @ result / k
    for _ in range(halvings):
        result = result @ result
    return result
