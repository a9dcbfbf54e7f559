"""Losses of classes with a margin, or of several classes at once."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.loss.base import _Loss, _WeightedLoss

__all__ = ["MultiLabelMarginLoss", "MultiLabelSoftMarginLoss", "MultiMarginLoss", "SoftMarginLoss"]


class SoftMarginLoss(_Loss):
    r"""The logistic loss of two classes: :math:`l = \log(1 + e^{-y x})`.

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: any, and a target of the same shape: 1 or -1
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.SoftMarginLoss()(rsnn.zeros(2), rsnn.tensor([1.0, -1.0]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.soft_margin_loss(input, target, reduction=self.reduction)


class MultiLabelSoftMarginLoss(_WeightedLoss):
    r"""The mean over classes of a logistic loss each.

    .. math:: l = -\frac{1}{C} \sum_c w_c (y_c \log \sigma(x_c) + (1 - y_c) \log \sigma(-x_c))

    Args:
        weight: :math:`w`, one for each of the ``C`` classes; 1 if not given.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, C)``, and a target of the same shape: 0 or 1
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> nn.MultiLabelSoftMarginLoss()(rsnn.zeros(1, 2), rsnn.tensor([[1.0, 0.0]]))
        tensor(0.6931)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_soft_margin_loss(input, target, weight=self.weight, reduction=self.reduction)


class MultiMarginLoss(_WeightedLoss):
    r"""A hinge loss against every wrong class: :math:`l = \frac{w_y}{C} \sum_{c \ne y} \max(0, m - x_y + x_c)^p`.

    Args:
        p: :math:`p`, 1 or 2.
        margin: :math:`m`.
        weight: :math:`w`, one for each of the ``C`` classes; 1 if not given.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, C)`` or ``(C,)``; targets ``(N,)`` or ``()``, of dtype int64
        - Output: ``()``, or that of the target for ``reduction="none"``

    Example:
        >>> nn.MultiMarginLoss()(rsnn.tensor([[0.1, 0.2, 0.4, 0.8]]), rsnn.tensor([3]))
        tensor(0.3250)
    """

    margin: float
    p: int

    def __init__(
        self,
        p: int = 1,
        margin: float = 1.0,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        if p not in (1, 2):
            raise ValueError(f"MultiMarginLoss: only p == 1 and p == 2 supported, got {p}")
        if weight is not None and weight.dim() != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.dim()}D instead")
        self.p = p
        self.margin = margin

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multi_margin_loss(
            input, target, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(_Loss):
    r"""A hinge loss of every right class against every wrong one.

    .. math:: l = \frac{1}{C} \sum_{r, w} \max(0, 1 - x_r + x_w)

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, C)`` or ``(C,)``; a target of the same shape, of dtype int64: the right classes, then -1
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> x = rsnn.tensor([[0.1, 0.2, 0.4, 0.8]])
        >>> nn.MultiLabelMarginLoss()(x, rsnn.tensor([[3, 0, -1, 1]]))
        tensor(0.8500)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.multilabel_margin_loss(input, target, reduction=self.reduction)
