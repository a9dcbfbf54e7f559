"""Pooling to a given size."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_any_opt_t
from rsnn.nn.modules.module import Module

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


class _AdaptiveAvgPoolNd(Module):
    """What adaptive average pooling of every rank shares."""

    output_size: _size_any_opt_t

    def __init__(self, output_size: _size_any_opt_t) -> None:
        super().__init__()
        self.output_size = output_size

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    r"""Takes means along the last axis over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \mathrm{mean} \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: the length of the output.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveAvgPool1d(5)(rsnn.randn(1, 64, 8)).shape
        rsnn.Size([1, 64, 5])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool1d(input, self.output_size)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    r"""Takes means along the last two axes over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \mathrm{mean} \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: height and width of the output, or one number for both; ``None`` leaves a size as it is.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveAvgPool2d((5, None))(rsnn.randn(1, 64, 8, 9)).shape
        rsnn.Size([1, 64, 5, 9])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(input, self.output_size)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    r"""Takes means along the last three axes over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \mathrm{mean} \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: the size of the output along each axis, or one number for all; ``None`` leaves a size as it is.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveAvgPool3d((5, 7, None))(rsnn.randn(1, 64, 8, 9, 10)).shape
        rsnn.Size([1, 64, 5, 7, 10])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.adaptive_avg_pool3d(input, self.output_size)


class _AdaptiveMaxPoolNd(Module):
    """What adaptive maximum pooling of every rank shares."""

    output_size: _size_any_opt_t
    return_indices: bool

    def __init__(self, output_size: _size_any_opt_t, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    r"""Takes maxima along the last axis over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \max \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: the length of the output.
        return_indices: also return where each maximum was found.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveMaxPool1d(5)(rsnn.randn(1, 64, 8)).shape
        rsnn.Size([1, 64, 5])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool1d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    r"""Takes maxima along the last two axes over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \max \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: height and width of the output, or one number for both; ``None`` leaves a size as it is.
        return_indices: also return where each maximum was found.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveMaxPool2d((5, None))(rsnn.randn(1, 64, 8, 9)).shape
        rsnn.Size([1, 64, 5, 9])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool2d(input, self.output_size, self.return_indices)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    r"""Takes maxima along the last three axes over windows that give an output of the wanted size.

    .. math:: \mathrm{out}(i) = \max \{ \mathrm{input}(j) : \lfloor i n / m \rfloor \le j <
        \lceil (i + 1) n / m \rceil \}

    for :math:`n` elements along an axis and :math:`m` in the output.

    Args:
        output_size: the size of the output along each axis, or one number for all; ``None`` leaves a size as it is.
        return_indices: also return where each maximum was found.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with ``output_size``

    Example:
        >>> nn.AdaptiveMaxPool3d((5, 7, None))(rsnn.randn(1, 64, 8, 9, 10)).shape
        rsnn.Size([1, 64, 5, 7, 10])
    """

    def forward(self, input: Tensor) -> Any:
        return F.adaptive_max_pool3d(input, self.output_size, self.return_indices)
