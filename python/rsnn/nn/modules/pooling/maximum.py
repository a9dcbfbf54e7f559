"""Maximum pooling, and its partial inverse."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_1_t, _size_2_t, _size_3_t, _size_any_t
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.utils import _pair, _single, _triple

__all__ = ["MaxPool1d", "MaxPool2d", "MaxPool3d", "MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxPoolNd(Module):
    """What maximum pooling of every rank shares."""

    kernel_size: _size_any_t
    stride: _size_any_t
    padding: _size_any_t
    dilation: _size_any_t
    return_indices: bool
    ceil_mode: bool

    def __init__(
        self,
        kernel_size: _size_any_t,
        stride: _size_any_t | None = None,
        padding: _size_any_t = 0,
        dilation: _size_any_t = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = stride if stride is not None else kernel_size
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, "
            f"dilation={self.dilation}, ceil_mode={self.ceil_mode}"
        )


class MaxPool1d(_MaxPoolNd):
    r"""Takes the maximum of each window along the last axis.

    .. math:: \mathrm{out}(n, c, i) = \max_k \mathrm{input}(n, c, s \cdot i + d \cdot k - p)

    Args:
        kernel_size: the length of a window.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many minus infinities :math:`p` are added on both sides; at most half of ``kernel_size``.
        dilation: the distance :math:`d` of neighbouring elements of a window.
        return_indices: also return where each maximum was found, for :class:`MaxUnpool1d`.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same with, along each pooled axis,
          ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.MaxPool1d(3, stride=2)
        >>> m(rsnn.randn(20, 16, 50)).shape
        rsnn.Size([20, 16, 24])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool1d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool2d(_MaxPoolNd):
    r"""Takes the maximum of each window along the last two axes.

    .. math:: \mathrm{out}(n, c, i) = \max_k \mathrm{input}(n, c, s \cdot i + d \cdot k - p)

    Args:
        kernel_size: height and width of a window, or one number for both; so for the next three.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many minus infinities :math:`p` are added on both sides; at most half of ``kernel_size``.
        dilation: the distance :math:`d` of neighbouring elements of a window.
        return_indices: also return where each maximum was found, for :class:`MaxUnpool2d`.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with, along each pooled axis,
          ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.MaxPool2d((3, 2), stride=(2, 1))
        >>> m(rsnn.randn(20, 16, 50, 32)).shape
        rsnn.Size([20, 16, 24, 31])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class MaxPool3d(_MaxPoolNd):
    r"""Takes the maximum of each window along the last three axes.

    .. math:: \mathrm{out}(n, c, i) = \max_k \mathrm{input}(n, c, s \cdot i + d \cdot k - p)

    Args:
        kernel_size: the size of a window along each axis, or one number; so for the next three.
        stride: the distance :math:`s` of neighbouring windows; ``kernel_size`` if not given.
        padding: how many minus infinities :math:`p` are added on both sides; at most half of ``kernel_size``.
        dilation: the distance :math:`d` of neighbouring elements of a window.
        return_indices: also return where each maximum was found, for :class:`MaxUnpool3d`.
        ceil_mode: also use a last window that reaches beyond the end.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with, along each pooled axis,
          ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.MaxPool3d(3, stride=2)
        >>> m(rsnn.randn(2, 16, 10, 20, 30)).shape
        rsnn.Size([2, 16, 4, 9, 14])
    """

    def forward(self, input: Tensor) -> Any:
        return F.max_pool3d(
            input,
            self.kernel_size,
            self.stride,
            self.padding,
            self.dilation,
            ceil_mode=self.ceil_mode,
            return_indices=self.return_indices,
        )


class _MaxUnpoolNd(Module):
    """What the inverses of every rank share."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]

    def extra_repr(self) -> str:
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"


class MaxUnpool1d(_MaxUnpoolNd):
    r"""Puts the maxima that :class:`MaxPool1d` found back in their places, and zeros everywhere else.

    .. math:: \mathrm{out}(n, c, \mathrm{indices}(n, c, i)) = \mathrm{input}(n, c, i)

    Args:
        kernel_size: that of the pooling.
        stride: that of the pooling; ``kernel_size`` if not given.
        padding: that of the pooling.

    ``forward(input, indices, output_size=None)`` takes the two results of the pooling and, where several sizes are
    possible, the one that is wanted.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``, and indices of the same shape
        - Output: the same with, along each axis, ``(size - 1) * stride - 2 * padding + kernel_size`` or ``output_size``

    Example:
        >>> pool, unpool = nn.MaxPool1d(2, return_indices=True), nn.MaxUnpool1d(2)
        >>> unpool(*pool(rsnn.tensor([[[1.0, 2, 3, 4, 5, 6, 7, 8]]])))
        tensor([[[0., 2., 0., 4., 0., 6., 0., 8.]]])
    """

    def __init__(self, kernel_size: _size_1_t, stride: _size_1_t | None = None, padding: _size_1_t = 0) -> None:
        super().__init__()
        self.kernel_size = _single(kernel_size)
        self.stride = _single(stride if stride is not None else kernel_size)
        self.padding = _single(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool1d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool2d(_MaxUnpoolNd):
    r"""Puts the maxima that :class:`MaxPool2d` found back in their places, and zeros everywhere else.

    .. math:: \mathrm{out}(n, c, \mathrm{indices}(n, c, i)) = \mathrm{input}(n, c, i)

    Args:
        kernel_size: that of the pooling.
        stride: that of the pooling; ``kernel_size`` if not given.
        padding: that of the pooling.

    ``forward(input, indices, output_size=None)`` takes the two results of the pooling and, where several sizes are
    possible, the one that is wanted.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``, and indices of the same shape
        - Output: the same with, along each axis, ``(size - 1) * stride - 2 * padding + kernel_size`` or ``output_size``

    Example:
        >>> pool, unpool = nn.MaxPool2d(2, return_indices=True), nn.MaxUnpool2d(2)
        >>> unpool(*pool(rsnn.randn(1, 1, 4, 4))).shape
        rsnn.Size([1, 1, 4, 4])
    """

    def __init__(self, kernel_size: _size_2_t, stride: _size_2_t | None = None, padding: _size_2_t = 0) -> None:
        super().__init__()
        self.kernel_size = _pair(kernel_size)
        self.stride = _pair(stride if stride is not None else kernel_size)
        self.padding = _pair(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool2d(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool3d(_MaxUnpoolNd):
    r"""Puts the maxima that :class:`MaxPool3d` found back in their places, and zeros everywhere else.

    .. math:: \mathrm{out}(n, c, \mathrm{indices}(n, c, i)) = \mathrm{input}(n, c, i)

    Args:
        kernel_size: that of the pooling.
        stride: that of the pooling; ``kernel_size`` if not given.
        padding: that of the pooling.

    ``forward(input, indices, output_size=None)`` takes the two results of the pooling and, where several sizes are
    possible, the one that is wanted.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``, and indices of the same shape
        - Output: the same with, along each axis, ``(size - 1) * stride - 2 * padding + kernel_size`` or ``output_size``

    Example:
        >>> pool, unpool = nn.MaxPool3d(2, return_indices=True), nn.MaxUnpool3d(2)
        >>> unpool(*pool(rsnn.randn(1, 1, 4, 4, 4))).shape
        rsnn.Size([1, 1, 4, 4, 4])
    """

    def __init__(self, kernel_size: _size_3_t, stride: _size_3_t | None = None, padding: _size_3_t = 0) -> None:
        super().__init__()
        self.kernel_size = _triple(kernel_size)
        self.stride = _triple(stride if stride is not None else kernel_size)
        self.padding = _triple(padding)

    def forward(self, input: Tensor, indices: Tensor, output_size: Any = None) -> Tensor:
        return F.max_unpool3d(input, indices, self.kernel_size, self.stride, self.padding, output_size)
