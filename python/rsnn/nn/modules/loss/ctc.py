"""The loss of connectionist temporal classification."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.loss.base import _Loss

__all__ = ["CTCLoss"]


class CTCLoss(_Loss):
    r"""The negative log likelihood of a sequence of labels, summed over all its alignments with a longer sequence of
    class scores; between labels an alignment may pass through a blank.

    Args:
        blank: the class that stands for no label.
        reduction: ``"mean"`` (of losses over numbers of labels), ``"sum"``, or ``"none"``.
        zero_infinity: whether sequences that are too short for their labels count for nothing.

    Shape:
        - Inputs: log-probabilities ``(T, N, C)`` or ``(T, C)``; targets ``(N, S)``, or those of all sequences one after
          the other; lengths of inputs and targets ``(N,)`` or ``()``
        - Output: ``()``, or ``(N,)`` for ``reduction="none"``

    Example:
        >>> log_probs = rsnn.randn(50, 2, 20).log_softmax(2)
        >>> nn.CTCLoss()(log_probs, rsnn.randint(1, 20, (2, 10)), (50, 50), (10, 8)).shape
        rsnn.Size([])
    """

    __constants__ = ["blank", "reduction"]
    blank: int
    zero_infinity: bool

    def __init__(self, blank: int = 0, reduction: str = "mean", zero_infinity: bool = False) -> None:
        super().__init__(reduction=reduction)
        self.blank = blank
        self.zero_infinity = zero_infinity

    def forward(self, log_probs: Tensor, targets: Tensor, input_lengths: Any, target_lengths: Any) -> Tensor:
        return F.ctc_loss(
            log_probs, targets, input_lengths, target_lengths, self.blank, self.reduction, self.zero_infinity
        )
