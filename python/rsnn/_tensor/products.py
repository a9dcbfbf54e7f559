"""Products of vectors and of whole tensors, and the in-place forms of sums of products."""

from __future__ import annotations

import warnings
from typing import Any

from ._attach import attach


def outer(self: Any, vec2: Any) -> Any:
    """The products of all pairs of elements of two vectors, as a matrix.

    Raises:
        RuntimeError: for tensors that are no vectors.

    Example:
        >>> rsnn.tensor([1, 2]).outer(rsnn.tensor([3, 4]))
        tensor([[3, 4],
                [6, 8]])
    """
    for name, x in (("self", self), ("vec2", vec2)):
        if x.dim() != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {x.dim()}-D")
    return self.unsqueeze(1) * vec2


def ger(self: Any, vec2: Any) -> Any:
    """As `outer`."""
    return outer(self, vec2)


def vdot(self: Any, other: Any) -> Any:
    """As `dot`: real numbers are their own conjugates."""
    return self.dot(other)


def inner(self: Any, other: Any) -> Any:
    """The sums of products over the last axes of two tensors.

    Args:
        other: a tensor whose last axis has the size of this one's. A tensor without axes scales the other one.

    Raises:
        RuntimeError: for last axes of different sizes.

    Example:
        >>> rsnn.tensor([1, 2]).inner(rsnn.tensor([3, 4]))
        tensor(11)
    """
    if self.dim() == 0 or other.dim() == 0:
        return self * other
    if self.size(-1) != other.size(-1):
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(self.shape)} and {list(other.shape)}"
        )
    rows = self.reshape(-1, self.size(-1)) if self.numel() else self.reshape(self.shape[:-1].numel(), self.size(-1))
    columns = other.reshape(other.shape[:-1].numel(), other.size(-1))
    return (rows @ columns.t()).reshape(self.shape[:-1] + other.shape[:-1])


def kron(self: Any, other: Any) -> Any:
    """The Kronecker product: each element replaced by its product with the whole of another tensor.

    Example:
        >>> rsnn.eye(2).kron(rsnn.ones(1, 2))
        tensor([[1., 1., 0., 0.],
                [0., 0., 1., 1.]])
    """
    ndim = max(self.dim(), other.dim())
    left = (1,) * (ndim - self.dim()) + tuple(self.shape)
    right = (1,) * (ndim - other.dim()) + tuple(other.shape)
    a = self.reshape([n for size in left for n in (size, 1)])
    b = other.reshape([n for size in right for n in (1, size)])
    return (a * b).reshape([m * n for m, n in zip(left, right)])


def cross(self: Any, other: Any, dim: int | None = None) -> Any:
    """The vector products of vectors of three elements.

    Args:
        other: the right operand; broadcasts.
        dim: the axis of the vectors; without it the first one of size 3.

    Raises:
        RuntimeError: where the axis is not of size 3.

    Example:
        >>> rsnn.tensor([1, 0, 0]).cross(rsnn.tensor([0, 1, 0]), dim=0)
        tensor([0, 0, 1])
    """
    if dim is None:
        warnings.warn(
            "Using rsnn.cross without specifying the dim arg is deprecated.\n"
            "Please either pass the dim explicitly or simply use rsnn.linalg.cross.",
            stacklevel=2,
        )
        dim = next((i for i, n in enumerate(self.shape) if n == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return vector_product(self, other, dim)


def vector_product(x: Any, y: Any, dim: int) -> Any:
    """The vector products along an axis."""
    if x.dim() != y.dim():
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    a, b = x.size(dim), y.size(dim)
    if (a, b) != (3, 3):
        raise RuntimeError(f"linalg.cross: inputs dimension {dim % x.dim()} must have length 3. Got {a} and {b}")
    return x.roll(-1, dim) * y.roll(-2, dim) - x.roll(-2, dim) * y.roll(-1, dim)


def _inplace(name: str) -> Any:
    def method(self: Any, *args: Any, beta: Any = 1, alpha: Any = 1, **kwargs: Any) -> Any:
        result = getattr(self, name)(*args, beta=beta, alpha=alpha, **kwargs)
        if result.shape != self.shape:
            raise RuntimeError(
                f"output with shape {list(self.shape)} doesn't match the broadcast shape {list(result.shape)}"
            )
        return self.copy_(result)

    method.__doc__ = f"`{name}` in place."
    return method


attach(outer, ger, vdot, inner, kron, cross)
for _name in ("addbmm", "addmm", "addmv", "addr", "baddbmm"):
    attach(_inplace(_name), name=_name + "_")
