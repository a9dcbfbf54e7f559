"""Mixing groups of channels."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["ChannelShuffle"]


class ChannelShuffle(Module):
    r"""Deals the channels of :math:`g` groups out in turn: :math:`\mathrm{out}(j g + i) = \mathrm{input}(i C / g + j)`.

    Args:
        groups: :math:`g`; must divide the number of channels :math:`C`.

    Shape:
        - Input: ``(N, C, *)``
        - Output: the same

    Example:
        >>> x = rsnn.arange(4.0).reshape(1, 4, 1)
        >>> nn.ChannelShuffle(2)(x).flatten()
        tensor([0., 2., 1., 3.])
    """

    groups: int

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, input: Tensor) -> Tensor:
        return F.channel_shuffle(input, self.groups)

    def extra_repr(self) -> str:
        return f"groups={self.groups}"
