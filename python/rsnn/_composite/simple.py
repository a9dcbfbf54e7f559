"""A copy filled with a number, and two norms of matrices."""

from __future__ import annotations

from typing import Any

from .._C import Tensor, full_like
from .._expected import check_tensors
from ._out import returned


def fill(input: Any, value: Any) -> Tensor:
    """A tensor of the form of another one, with every element equal to a number (or a tensor without axes).

    Example:
        >>> rsnn.fill(rsnn.zeros(2), 3)
        tensor([3., 3.])
    """
    if isinstance(value, Tensor):
        if value.dim():
            raise RuntimeError(
                f"fill only supports 0-dimension value tensor but got tensor with {value.dim()} dimensions"
            )
        return value.to(input.dtype).expand(input.shape).clone()
    return full_like(input, value)


def frobenius_norm(input: Any, dim: Any, keepdim: bool = False, *, out: Any = None) -> Tensor:
    """The root of the sum of squares over one or two axes.

    Example:
        >>> rsnn.frobenius_norm(rsnn.tensor([[3.0, 4.0]]), (0, 1))
        tensor(5.)
    """
    check_tensors("frobenius_norm", input=input)
    return returned(input.norm(2, dim, keepdim), out)


def nuclear_norm(input: Any, dim: Any = None, keepdim: bool = False, *, out: Any = None) -> Tensor:
    """The sums of the singular values of matrices.

    Example:
        >>> rsnn.nuclear_norm(rsnn.tensor([[3.0, 0.0], [0.0, 4.0]]))
        tensor(7.)
    """
    from ..linalg import matrix_norm

    return returned(matrix_norm(input, "nuc", (0, 1) if dim is None else dim, keepdim), out)
