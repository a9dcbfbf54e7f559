"""Losses for targets that are classes or probabilities."""

from __future__ import annotations

import warnings
from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.loss.base import _Loss, _WeightedLoss

__all__ = ["BCELoss", "BCEWithLogitsLoss", "CrossEntropyLoss", "KLDivLoss", "NLLLoss", "NLLLoss2d"]


class NLLLoss(_WeightedLoss):
    r"""The negative log likelihood of the right class: :math:`l = -w_y x_y`, with :math:`x` the log-probabilities.

    Args:
        weight: :math:`w`, one for each of the ``C`` classes; 1 if not given.
        size_average: deprecated; see ``reduction``.
        ignore_index: a target that counts for nothing.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"`` (weighted by :math:`w_y`), ``"sum"``, or ``"none"``.

    Shape:
        - Input: ``(N, C, *)`` or ``(C,)``; targets ``(N, *)`` or ``()``, of dtype int64
        - Output: ``()``, or that of the target for ``reduction="none"``

    Example:
        >>> log_probabilities = nn.LogSoftmax(dim=1)(rsnn.zeros(3, 5))
        >>> nn.NLLLoss()(log_probabilities, rsnn.tensor([1, 0, 4]))
        tensor(1.6094)
    """

    ignore_index: int

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.nll_loss(input, target, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction)


class CrossEntropyLoss(_WeightedLoss):
    r"""The cross entropy of the softmax of scores and the right class: :math:`l = -w_y \log \mathrm{softmax}(x)_y`.

    With probabilities :math:`p` as targets, :math:`l = -\sum_c w_c p_c \log \mathrm{softmax}(x)_c`.

    Args:
        weight: :math:`w`, one for each of the ``C`` classes; 1 if not given.
        size_average: deprecated; see ``reduction``.
        ignore_index: a target that counts for nothing; only for targets that are classes.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"`` (weighted by :math:`w_y`), ``"sum"``, or ``"none"``.
        label_smoothing: what part of a target's probability is spread evenly over all classes, from 0 to 1.

    Shape:
        - Input: ``(N, C, *)`` or ``(C,)``; targets ``(N, *)`` or ``()`` of dtype int64, or probabilities of the shape
          and dtype of the input
        - Output: ``()``, or that of class targets for ``reduction="none"``

    Example:
        >>> nn.CrossEntropyLoss()(rsnn.zeros(3, 5), rsnn.tensor([1, 0, 4]))
        tensor(1.6094)
    """

    ignore_index: int
    label_smoothing: float

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        ignore_index: int = -100,
        reduce: Any = None,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(weight, size_average, reduce, reduction)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(
            input,
            target,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
        )


class KLDivLoss(_Loss):
    r"""The Kullback-Leibler divergence: :math:`l = y (\log y - x)`, with :math:`x` the log-probabilities.

    Args:
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"batchmean"`` (the sum divided by the first size, the divergence of mathematics), ``"mean"``,
            ``"sum"``, or ``"none"``.
        log_target: whether targets are log-probabilities, too: :math:`l = e^y (y - x)`.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> x = rsnn.tensor([[0.5, 0.5]]).log()
        >>> nn.KLDivLoss(reduction="batchmean")(x, rsnn.tensor([[0.25, 0.75]]))
        tensor(0.1308)
    """

    log_target: bool

    def __init__(
        self, size_average: Any = None, reduce: Any = None, reduction: str = "mean", log_target: bool = False
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.log_target = log_target

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.kl_div(input, target, reduction=self.reduction, log_target=self.log_target)


class BCELoss(_WeightedLoss):
    r"""The cross entropy of probabilities of a yes: :math:`l = -w (y \log x + (1 - y) \log(1 - x))`.

    Logarithms are cut off at -100, so that the loss stays finite.

    Args:
        weight: :math:`w`, one for each element; 1 if not given.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.

    Shape:
        - Input: any, between 0 and 1; a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.BCELoss()(rsnn.tensor([0.5, 0.25]), rsnn.tensor([1.0, 0.0]))
        tensor(0.4904)
    """

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy(input, target, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(_Loss):
    r"""The cross entropy of the sigmoid of scores, without overflow.

    .. math:: l = -w (p \, y \log \sigma(x) + (1 - y) \log(1 - \sigma(x)))

    Args:
        weight: :math:`w`, one for each element; 1 if not given.
        size_average: deprecated; see ``reduction``.
        reduce: deprecated; see ``reduction``.
        reduction: ``"mean"``, ``"sum"``, or ``"none"``.
        pos_weight: :math:`p`, one for each class; 1 if not given.

    Shape:
        - Input: any, and a target of the same shape
        - Output: ``()``, or that of the input for ``reduction="none"``

    Example:
        >>> nn.BCEWithLogitsLoss()(rsnn.zeros(2), rsnn.tensor([1.0, 0.0]))
        tensor(0.6931)
    """

    weight: Tensor
    pos_weight: Any

    def __init__(
        self,
        weight: Any = None,
        size_average: Any = None,
        reduce: Any = None,
        reduction: str = "mean",
        pos_weight: Any = None,
    ) -> None:
        super().__init__(size_average, reduce, reduction)
        self.register_buffer("weight", weight)
        self.register_buffer("pos_weight", pos_weight)

    def forward(self, input: Tensor, target: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(
            input, target, self.weight, pos_weight=self.pos_weight, reduction=self.reduction
        )


class NLLLoss2d(NLLLoss):
    """:class:`NLLLoss` under its old name; warns.

    Args:
        args: as of :class:`NLLLoss`.
        kwargs: as of :class:`NLLLoss`.

    Shape:
        - As of :class:`NLLLoss`

    Example:
        >>> nn.NLLLoss()(-rsnn.ones(1, 3, 2, 2), rsnn.zeros(1, 2, 2, dtype=rsnn.int64))
        tensor(1.)
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            "`NLLLoss2d` has been deprecated. Please use `NLLLoss` instead as a drop-in replacement and see "
            "https://pytorch.org/docs/main/nn.html#torch.nn.NLLLoss for more details.",
            FutureWarning,
            stacklevel=2,
        )
        super().__init__(*args, **kwargs)
