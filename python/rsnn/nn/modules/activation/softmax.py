"""Turning scores into probabilities."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["LogSoftmax", "Softmax", "Softmax2d", "Softmin"]


class Softmin(Module):
    r"""Probabilities that fall with the scores: :math:`y_i = e^{-x_i} / \sum_j e^{-x_j}`.

    Args:
        dim: the axis along which probabilities add up to 1.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Softmin(dim=1)(rsnn.tensor([[0.0, 1.0]]))
        tensor([[0.7311, 0.2689]])
    """

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmin(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax(Module):
    r"""Probabilities that rise with the scores: :math:`y_i = e^{x_i} / \sum_j e^{x_j}`.

    Args:
        dim: the axis along which probabilities add up to 1.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Softmax(dim=1)(rsnn.tensor([[0.0, 1.0]]))
        tensor([[0.2689, 0.7311]])
    """

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class Softmax2d(Module):
    r"""A softmax over the channels at each place of an image: :math:`y_c = e^{x_c} / \sum_k e^{x_k}`.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same

    Example:
        >>> nn.Softmax2d()(rsnn.randn(2, 3, 12, 13)).shape
        rsnn.Size([2, 3, 12, 13])
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.dim()}D instead")
        return F.softmax(input, -3, _stacklevel=5)


class LogSoftmax(Module):
    r"""The logarithm of the softmax, without overflow: :math:`y_i = x_i - \log \sum_j e^{x_j}`.

    Args:
        dim: the axis along which probabilities add up to 1.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.LogSoftmax(dim=1)(rsnn.tensor([[0.0, 1.0]]))
        tensor([[-1.3133, -0.3133]])
    """

    dim: int | None

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.log_softmax(input, self.dim, _stacklevel=5)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
