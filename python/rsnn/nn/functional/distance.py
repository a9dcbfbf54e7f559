"""Measures of how vectors differ."""

from __future__ import annotations

import rsnn
from rsnn._C import Tensor
from rsnn._expected import check_tensors

__all__ = ["cosine_similarity", "pairwise_distance", "pdist"]


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle along ``dim``; norms below ``eps`` count as ``eps``; other axes broadcast.

    Example:
        >>> F.cosine_similarity(rsnn.tensor([[1.0, 0.0]]), rsnn.tensor([[3.0, 4.0]]))
        tensor([0.6000])
    """
    check_tensors("cosine_similarity", x1=x1, x2=x2)
    x1, x2 = rsnn.broadcast_tensors(x1, x2)

    def unit(x: Tensor) -> Tensor:
        length = x.norm(2, dim, keepdim=True).clone()
        # As in PyTorch, the gradient does not see the bound.
        with rsnn.no_grad():
            length.clamp_min_(eps)
        return x / length

    return (unit(x1) * unit(x2)).sum(dim)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The ``p``-norm of ``x1 - x2 + eps`` along the last axis.

    Example:
        >>> F.pairwise_distance(rsnn.zeros(1, 2), rsnn.tensor([[3.0, 4.0]]), eps=0.0)
        tensor([5.])
    """
    check_tensors("pairwise_distance", x1=x1, x2=x2)
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def pdist(input: Tensor, p: float = 2) -> Tensor:
    """The distances of all pairs of rows, in the order (0, 1), (0, 2), ..., (1, 2), ....

    Args:
        input: ``(N, M)``.
        p: the ``p`` of the norm, not negative.

    Raises:
        RuntimeError: for an input that is not 2-D or a negative ``p``.

    Example:
        >>> F.pdist(rsnn.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 1.0]]))
        tensor([5.0000, 1.0000, 4.2426])
    """
    check_tensors("pdist", input=input)
    if input.dim() != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input.dim()}D")
    if p < 0:
        raise RuntimeError(f"pdist only supports non-negative p values, got {p}")
    n = input.size(0)
    first = rsnn.tensor([i for i in range(n) for _ in range(i + 1, n)], dtype=rsnn.int64)
    second = rsnn.tensor([j for i in range(n) for j in range(i + 1, n)], dtype=rsnn.int64)
    return (input.index_select(0, first) - input.index_select(0, second)).norm(p, 1)
