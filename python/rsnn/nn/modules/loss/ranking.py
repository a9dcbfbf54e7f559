"""Losses on distances and orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.distance import PairwiseDistance
from rsnn.nn.modules.loss.base import _Loss

__all__ = [
    "CosineEmbeddingLoss",
    "HingeEmbeddingLoss",
    "MarginRankingLoss",
    "TripletMarginLoss",
    "TripletMarginWithDistanceLoss",
]


class HingeEmbeddingLoss(_Loss):
    r"""A loss on distances of pairs: :math:`l = x` for like ones, :math:`\max(0, m - x)` for unlike ones.

    Args:
        margin: :math:`m`.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: any, and a target of the same shape: 1 for like, -1 for unlike
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.HingeEmbeddingLoss()(rsnn.tensor([0.25, 0.5]), rsnn.tensor([1.0, -1.0]))
        tensor(0.3750)
    """

    margin: float

    def __init__(
        self, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.hinge_embedding_loss(input, target, margin=self.margin, reduction=self.reduction)


class CosineEmbeddingLoss(_Loss):
    r"""A loss on angles of pairs: :math:`l = 1 - \cos` for like ones, :math:`\max(0, \cos - m)` for unlike ones.

    Args:
        margin: :math:`m`, from -1 to 1; 0 to 0.5 is advised.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, D)`` or ``(D,)``, twice; a target ``(N,)`` or ``()``: 1 for like, -1 for unlike
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> x = rsnn.tensor([[1.0, 0.0], [1.0, 0.0]])
        >>> nn.CosineEmbeddingLoss()(x, x, rsnn.tensor([1, -1]))
        tensor(0.5000)
    """

    margin: float

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.cosine_embedding_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(_Loss):
    r"""A loss on the order of two scores: :math:`l = \max(0, -y (x_1 - x_2) + m)`.

    Args:
        margin: :math:`m`.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N,)`` or ``()``, twice; a target of the same shape: 1 if the first is to be larger, else -1
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.MarginRankingLoss()(rsnn.tensor([1.0, 2.0]), rsnn.tensor([3.0, 1.0]), rsnn.tensor([1.0, 1.0]))
        tensor(1.)
    """

    margin: float

    def __init__(
        self, margin: float = 0.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.margin = margin

    def forward(self, input1: Tensor, input2: Tensor, target: Tensor) -> Tensor:
        return F.margin_ranking_loss(input1, input2, target, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(_Loss):
    r"""A loss on distances from an anchor: :math:`l = \max(0, d(a, p) - d(a, n) + m)`.

    :math:`d(x, y) = \lVert x - y + \epsilon \rVert_p`.

    Args:
        margin: :math:`m`, positive.
        p: the :math:`p` of the norm.
        eps: :math:`\epsilon`.
        swap: whether to use the smaller one of :math:`d(a, n)` and :math:`d(p, n)`.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, D)`` or ``(D,)``, three times: anchors, positives, negatives
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> a = rsnn.zeros(1, 2)
        >>> nn.TripletMarginLoss(eps=0.0)(a, rsnn.tensor([[3.0, 4.0]]), rsnn.tensor([[0.0, 2.0]]))
        tensor(4.)
    """

    margin: float
    p: float
    eps: float
    swap: bool

    def __init__(
        self,
        margin: float = 1.0,
        p: float = 2.0,
        eps: float = 1e-6,
        swap: bool = False,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        if margin <= 0:
            raise ValueError(f"TripletMarginLoss: expected margin to be greater than 0, got {margin} instead")
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(_Loss):
    r"""A loss on distances from an anchor, by any measure: :math:`l = \max(0, d(a, p) - d(a, n) + m)`.

    Args:
        distance_function: :math:`d`; :class:`~rsnn.nn.PairwiseDistance` if not given.
        margin: :math:`m`, positive.
        swap: whether to use the smaller one of :math:`d(a, n)` and :math:`d(p, n)`.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, *)``, three times: anchors, positives, negatives
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> loss = nn.TripletMarginWithDistanceLoss(distance_function=lambda x, y: (x - y).abs().sum(1))
        >>> loss(rsnn.zeros(1, 2), rsnn.tensor([[3.0, 4.0]]), rsnn.tensor([[0.0, 2.0]]))
        tensor(6.)
    """

    margin: float
    swap: bool

    def __init__(
        self,
        *,
        distance_function: Callable[[Any, Any], Any] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average=None, reduce=None, reduction=reduction)
        if margin <= 0:
            name = type(self).__name__
            raise ValueError(f"{name}: expected margin to be greater than 0, got {margin} instead")
        self.distance_function = PairwiseDistance() if distance_function is None else distance_function
        self.margin = margin
        self.swap = swap

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )
