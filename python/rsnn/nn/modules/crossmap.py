"""Normalisation over neighbouring channels, as early networks had it."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.autograd import Function
from rsnn.nn.modules.module import Module

__all__ = ["CrossMapLRN2d"]


def _over_channels(windows: Tensor, x: Tensor) -> Tensor:
    """Sums over the channels that each row of `windows` names: `(N, C, H, W)`."""
    return (windows.to(x.dtype) @ x.flatten(2)).reshape(x.shape)


class _CrossMapLRN2d(Function):
    @staticmethod
    def forward(ctx: Any, input: Tensor, size: int, alpha: float, beta: float, k: float) -> Tensor:
        channel = rsnn.arange(input.size(1))
        reach = int((size - 1) / 2 + 1)
        away = channel - channel.unsqueeze(1)
        # PyTorch's running sum never lets go of the first channel.
        kept = ((channel == 0) & (channel.unsqueeze(1) >= reach)).to(input.dtype)
        windows = (away.abs() < reach).to(input.dtype) + kept
        scale = _over_channels(windows, input * input) * (alpha / size) + k
        output = input * scale.pow(-beta)
        behind = size - 1 - int(size - (size - 1) / 2)
        ctx.windows = (away <= behind) & (away >= behind - size + 1)
        ctx.factors = (beta, 2 * alpha * beta / size)
        ctx.save_for_backward(input, output, scale)
        return output

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Any:
        input, output, scale = ctx.saved_tensors
        beta, factor = ctx.factors
        others = _over_channels(ctx.windows, grad * output / scale)
        return scale.pow(-beta) * grad - input * others * factor, None, None, None, None


class CrossMapLRN2d(Module):
    r"""Divides by a power of the sum of squares over neighbouring channels:
    :math:`y_c = x_c (k + \frac{\alpha}{n} \sum_{c'} x_{c'}^2)^{-\beta}`.

    See :class:`LocalResponseNorm` for the layer to use.

    Args:
        size: :math:`n`, the number of channels in a window.
        alpha: :math:`\alpha`.
        beta: :math:`\beta`.
        k: :math:`k`.

    Shape:
        - Input, output: ``(N, C, H, W)``

    Example:
        >>> nn.CrossMapLRN2d(3)(rsnn.ones(1, 4, 2, 2)).shape
        rsnn.Size([1, 4, 2, 2])
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() != 4:
            raise ValueError(f"CrossMapLRN2d: Expected input to be 4D, got {input.dim()}D instead.")
        return _CrossMapLRN2d.apply(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
