"""Average pooling, and pooling by powers."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_1_t, _size_2_t, _size_3_t, _size_any_t
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.utils import _single

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d"]


class _AvgPoolNd(Module):
    """The text form that average pooling of every rank shares."""

    kernel_size: Any
    stride: Any
    padding: Any

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class AvgPool1d(_AvgPoolNd):
    r"""Takes the mean of each window along the last axis.

    .. math:: \mathrm{out}(n, c, i) = \frac{1}{k} \sum_{j < k} \mathrm{input}(n, c, s \cdot i + j - p)

    Args:
        kernel_size: the length of a window.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many zeros :math:`p` are added on both sides; at most half of ``kernel_size``.
        ceil_mode: also use a last window that reaches beyond the end.
        count_include_pad: count added zeros when dividing.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same with, along each pooled axis, ``floor((size + 2 * padding - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.AvgPool1d(3, stride=2)
        >>> m(rsnn.randn(20, 16, 50)).shape
        rsnn.Size([20, 16, 24])
    """

    def __init__(
        self,
        kernel_size: _size_1_t,
        stride: _size_1_t | None = None,
        padding: _size_1_t = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool1d(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPoolNd):
    r"""Takes the mean of each window along the last two axes.

    .. math:: \mathrm{out}(n, c, i) = \frac{1}{k} \sum_{j < k} \mathrm{input}(n, c, s \cdot i + j - p)

    Args:
        kernel_size: height and width of a window, or one number for both; so for the next two.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many zeros :math:`p` are added on both sides; at most half of ``kernel_size``.
        ceil_mode: also use a last window that reaches beyond the end.
        count_include_pad: count added zeros when dividing.
        divisor_override: what to divide by instead of the number of elements.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with, along each pooled axis, ``floor((size + 2 * padding - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.AvgPool2d((3, 2), stride=(2, 1))
        >>> m(rsnn.randn(20, 16, 50, 32)).shape
        rsnn.Size([20, 16, 24, 31])
    """

    def __init__(
        self,
        kernel_size: _size_2_t,
        stride: _size_2_t | None = None,
        padding: _size_2_t = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class AvgPool3d(_AvgPoolNd):
    r"""Takes the mean of each window along the last three axes.

    .. math:: \mathrm{out}(n, c, i) = \frac{1}{k} \sum_{j < k} \mathrm{input}(n, c, s \cdot i + j - p)

    Args:
        kernel_size: the size of a window along each axis, or one number; so for the next two.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many zeros :math:`p` are added on both sides; at most half of ``kernel_size``.
        ceil_mode: also use a last window that reaches beyond the end.
        count_include_pad: count added zeros when dividing.
        divisor_override: what to divide by instead of the number of elements.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with, along each pooled axis, ``floor((size + 2 * padding - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.AvgPool3d(3, stride=2)
        >>> m(rsnn.randn(2, 16, 10, 20, 30)).shape
        rsnn.Size([2, 16, 4, 9, 14])
    """

    def __init__(
        self,
        kernel_size: _size_3_t,
        stride: _size_3_t | None = None,
        padding: _size_3_t = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        return F.avg_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.ceil_mode,
            self.count_include_pad,
            self.divisor_override,
        )


class _LPPoolNd(Module):
    """What pooling by powers of every rank shares."""

    norm_type: float
    kernel_size: _size_any_t
    stride: _size_any_t | None
    ceil_mode: bool

    def __init__(
        self,
        norm_type: float,
        kernel_size: _size_any_t,
        stride: _size_any_t | None = None,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"norm_type={self.norm_type}, kernel_size={self.kernel_size}, stride={self.stride}, "
            f"ceil_mode={self.ceil_mode}"
        )


class LPPool1d(_LPPoolNd):
    r"""Takes the :math:`p`-norm of each window along the last axis: :math:`y = (\sum_x x^p)^{1 / p}`.

    Args:
        norm_type: :math:`p`; 1 gives sums, large ones come near to maxima.
        kernel_size: the size of a window.
        stride: the distance of neighbouring windows; ``kernel_size`` if not given.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same with, along each pooled axis, ``floor((size - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.LPPool1d(2, 3, stride=2)
        >>> m(rsnn.randn(20, 16, 50)).shape
        rsnn.Size([20, 16, 24])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool1d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool2d(_LPPoolNd):
    r"""Takes the :math:`p`-norm of each window along the last two axes: :math:`y = (\sum_x x^p)^{1 / p}`.

    Args:
        norm_type: :math:`p`; 1 gives sums, large ones come near to maxima.
        kernel_size: the size of a window, or one number for all axes.
        stride: the distance of neighbouring windows; ``kernel_size`` if not given.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with, along each pooled axis, ``floor((size - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.LPPool2d(2, (3, 2), stride=(2, 1))
        >>> m(rsnn.randn(20, 16, 50, 32)).shape
        rsnn.Size([20, 16, 24, 31])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool2d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool3d(_LPPoolNd):
    r"""Takes the :math:`p`-norm of each window along the last three axes: :math:`y = (\sum_x x^p)^{1 / p}`.

    Args:
        norm_type: :math:`p`; 1 gives sums, large ones come near to maxima.
        kernel_size: the size of a window, or one number for all axes.
        stride: the distance of neighbouring windows; ``kernel_size`` if not given.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with, along each pooled axis, ``floor((size - kernel_size) / stride + 1)``

    Example:
        >>> m = nn.LPPool3d(2, 3, stride=2)
        >>> m(rsnn.randn(2, 16, 10, 20, 30)).shape
        rsnn.Size([2, 16, 4, 9, 14])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.lp_pool3d(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)
