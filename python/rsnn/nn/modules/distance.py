"""Measures of how two vectors differ."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["CosineSimilarity", "PairwiseDistance"]


class PairwiseDistance(Module):
    r"""The :math:`p`-norm of the difference along the last axis: :math:`\lVert x_1 - x_2 + \epsilon \rVert_p`.

    Args:
        p: :math:`p`.
        eps: :math:`\epsilon`, which keeps gradients away from division by zero.
        keepdim: whether the result keeps the axis with size 1.

    Shape:
        - Input: ``(N, D)`` or ``(D,)``, twice
        - Output: ``(N,)`` or ``()``; with a last axis of 1 for ``keepdim=True``

    Example:
        >>> nn.PairwiseDistance(p=2)(rsnn.randn(100, 128), rsnn.randn(100, 128)).shape
        rsnn.Size([100])
    """

    norm: float
    eps: float
    keepdim: bool

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)


class CosineSimilarity(Module):
    r"""The cosine of the angle along an axis.

    .. math:: \frac{x_1 \cdot x_2}{\max(\lVert x_1 \rVert_2, \epsilon) \max(\lVert x_2 \rVert_2, \epsilon)}

    Args:
        dim: the axis.
        eps: :math:`\epsilon`.

    Shape:
        - Input: ``(*, D, *)``, twice, with ``D`` at ``dim``
        - Output: ``(*, *)``

    Example:
        >>> nn.CosineSimilarity(dim=1)(rsnn.randn(100, 128), rsnn.randn(100, 128)).shape
        rsnn.Size([100])
    """

    dim: int
    eps: float

    def __init__(self, dim: int = 1, eps: float = 1e-8) -> None:
        super().__init__()
        self.dim = dim
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.cosine_similarity(x1, x2, self.dim, self.eps)
