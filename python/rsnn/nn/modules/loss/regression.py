"""Losses for targets that are numbers."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.loss.base import _Loss

__all__ = ["GaussianNLLLoss", "HuberLoss", "L1Loss", "MSELoss", "PoissonNLLLoss", "SmoothL1Loss"]


class L1Loss(_Loss):
    r"""The absolute error: :math:`l = |x - y|`.

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.L1Loss()(rsnn.tensor([1.0, 2.0]), rsnn.tensor([0.0, 4.0]))
        tensor(1.5000)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.l1_loss(input, target, reduction=self.reduction)


class MSELoss(_Loss):
    r"""The squared error: :math:`l = (x - y)^2`.

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.MSELoss()(rsnn.tensor([1.0, 2.0]), rsnn.tensor([0.0, 4.0]))
        tensor(2.5000)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.mse_loss(input, target, reduction=self.reduction)


class SmoothL1Loss(_Loss):
    r"""A squared error for small differences and an absolute one for large ones.

    .. math:: l = \begin{cases} (x - y)^2 / (2 \beta) & |x - y| < \beta \\ |x - y| - \beta / 2 & \text{else} \end{cases}

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.
        beta: :math:`\beta`, not negative; 0 gives :class:`L1Loss`.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.SmoothL1Loss()(rsnn.tensor([1.0, 2.0]), rsnn.tensor([0.5, 4.0]))
        tensor(0.8125)
    """

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.beta = beta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.smooth_l1_loss(input, target, reduction=self.reduction, beta=self.beta)


class HuberLoss(_Loss):
    r"""A squared error for small differences and an absolute one for large ones.

    .. math:: l = \begin{cases} (x - y)^2 / 2 & |x - y| < \delta \\ \delta (|x - y| - \delta / 2) & \text{else}
        \end{cases}

    Args:
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.
        delta: :math:`\delta`, positive.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.HuberLoss()(rsnn.tensor([1.0, 2.0]), rsnn.tensor([0.5, 4.0]))
        tensor(0.8125)
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction=reduction)
        self.delta = delta

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.huber_loss(input, target, reduction=self.reduction, delta=self.delta)


class PoissonNLLLoss(_Loss):
    r"""The negative log likelihood of counts under Poisson distributions: :math:`l = e^x - y x + \log y!`.

    Args:
        log_input: whether the input is the logarithm of the rate; else :math:`l = x - y \log(x + \epsilon) + \log y!`.
        full: whether to add :math:`\log y!` (by Stirling's formula, for :math:`y > 1`).
        size_average: deprecated; see ``reduction``.
        eps: :math:`\epsilon`.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.PoissonNLLLoss()(rsnn.tensor([0.0, 1.0]), rsnn.tensor([1.0, 2.0]))
        tensor(0.8591)
    """

    def __init__(
        self,
        log_input: bool = True,
        full: bool = False,
        size_average: Any = None,
        eps: float = 1e-8,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_input = log_input
        self.full = full
        self.eps = eps

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:
        return F.poisson_nll_loss(
            log_input, target, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(_Loss):
    r"""The negative log likelihood of targets under normal distributions.

    .. math:: l = \frac{1}{2} \left( \log \max(v, \epsilon) + \frac{(x - y)^2}{\max(v, \epsilon)} \right)

    with a variance :math:`v` for each element or for each sample.

    Args:
        full: whether to add :math:`\frac{1}{2} \log 2 \pi`.
        eps: :math:`\epsilon`.
        reduction: ``"mean"``, ``"sum"``, or ``"none"`` for one loss for each element.

    Shape:
        - Input: ``(N, *)``; a target of the same shape; a variance of the same shape, or with a last size of 1 or none
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.GaussianNLLLoss()(rsnn.zeros(2), rsnn.ones(2), rsnn.ones(2))
        tensor(0.5000)
    """

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(None, None, reduction)
        self.full = full
        self.eps = eps

    def forward(self, input: Tensor, target: Tensor, var: Tensor) -> Tensor:
        return F.gaussian_nll_loss(input, target, var, full=self.full, eps=self.eps, reduction=self.reduction)
