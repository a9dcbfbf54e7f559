"""Trading channels for resolution."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    r"""Spreads groups of :math:`r^2` channels over squares of :math:`r \times r` places.

    .. math:: \mathrm{out}(c, r h + i, r w + j) = \mathrm{input}(c r^2 + i r + j, h, w)

    Args:
        upscale_factor: :math:`r`.

    Shape:
        - Input: ``(*, C * r**2, H, W)``
        - Output: ``(*, C, H * r, W * r)``

    Example:
        >>> nn.PixelShuffle(3)(rsnn.randn(1, 9, 4, 4)).shape
        rsnn.Size([1, 1, 12, 12])
    """

    upscale_factor: int

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    r"""Gathers squares of :math:`r \times r` places into :math:`r^2` channels: the inverse of :class:`PixelShuffle`.

    .. math:: \mathrm{out}(c r^2 + i r + j, h, w) = \mathrm{input}(c, r h + i, r w + j)

    Args:
        downscale_factor: :math:`r`.

    Shape:
        - Input: ``(*, C, H * r, W * r)``
        - Output: ``(*, C * r**2, H, W)``

    Example:
        >>> nn.PixelUnshuffle(3)(rsnn.randn(1, 1, 12, 12)).shape
        rsnn.Size([1, 9, 4, 4])
    """

    downscale_factor: int

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Tensor) -> Tensor:
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        return f"downscale_factor={self.downscale_factor}"
