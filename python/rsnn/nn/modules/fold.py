"""Cutting images into blocks, and adding blocks up to images."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_any_t
from rsnn.nn.modules.module import Module

__all__ = ["Fold", "Unfold"]


class Fold(Module):
    r"""Adds blocks, the columns of a matrix, up to an image: overlapping elements are summed.

    .. math:: \mathrm{out}(c, s \cdot i + d \cdot k - p) \mathrel{+}= \mathrm{input}(c K + k, i)

    with kernels of :math:`K` places.

    Args:
        output_size: height and width of the image.
        kernel_size: height and width of a block, or one number for both; so for the next three.
        dilation: the distance :math:`d` of neighbouring elements of a block.
        padding: how many zeros :math:`p` the image had on both sides when the blocks were cut.
        stride: the distance :math:`s` of neighbouring blocks.

    Shape:
        - Input: ``(N, C * K, L)`` or ``(C * K, L)``, with ``L`` blocks
        - Output: ``(N, C, *output_size)`` or ``(C, *output_size)``

    Example:
        >>> nn.Fold(output_size=(4, 5), kernel_size=(2, 2))(rsnn.randn(1, 3 * 2 * 2, 12)).shape
        rsnn.Size([1, 3, 4, 5])
    """

    output_size: _size_any_t
    kernel_size: _size_any_t
    dilation: _size_any_t
    padding: _size_any_t
    stride: _size_any_t

    def __init__(
        self,
        output_size: _size_any_t,
        kernel_size: _size_any_t,
        dilation: _size_any_t = 1,
        padding: _size_any_t = 0,
        stride: _size_any_t = 1,
    ) -> None:
        super().__init__()
        self.output_size = output_size
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.fold(input, self.output_size, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return (
            f"output_size={self.output_size}, kernel_size={self.kernel_size}, dilation={self.dilation}, "
            f"padding={self.padding}, stride={self.stride}"
        )


class Unfold(Module):
    r"""Cuts an image into blocks, which become the columns of a matrix.

    .. math:: \mathrm{out}(c K + k, i) = \mathrm{input}(c, s \cdot i + d \cdot k - p)

    with kernels of :math:`K` places.

    Args:
        kernel_size: height and width of a block, or one number for both; so for the next three.
        dilation: the distance :math:`d` of neighbouring elements of a block.
        padding: how many zeros :math:`p` are added on both sides.
        stride: the distance :math:`s` of neighbouring blocks.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: ``(N, C * K, L)`` or ``(C * K, L)``, with ``L`` blocks

    Example:
        >>> nn.Unfold(kernel_size=(2, 3))(rsnn.randn(2, 5, 3, 4)).shape
        rsnn.Size([2, 30, 4])
    """

    kernel_size: _size_any_t
    dilation: _size_any_t
    padding: _size_any_t
    stride: _size_any_t

    def __init__(
        self,
        kernel_size: _size_any_t,
        dilation: _size_any_t = 1,
        padding: _size_any_t = 0,
        stride: _size_any_t = 1,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.dilation = dilation
        self.padding = padding
        self.stride = stride

    def forward(self, input: Tensor) -> Tensor:
        return F.unfold(input, self.kernel_size, self.dilation, self.padding, self.stride)

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, dilation={self.dilation}, padding={self.padding}, stride={self.stride}"
