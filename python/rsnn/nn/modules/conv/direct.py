"""Convolutions over one, two and three axes."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_1_t, _size_2_t, _size_3_t
from rsnn.nn.modules.conv.base import _ConvNd
from rsnn.nn.modules.utils import _pair, _single, _triple

__all__ = ["Conv1d", "Conv2d", "Conv3d"]


class Conv1d(_ConvNd):
    r"""Slides kernels along the last axis and sums over the input channels.

    .. math:: \mathrm{out}(n, o) = \mathrm{bias}(o) + \sum_c \mathrm{weight}(o, c) \star \mathrm{input}(n, c)

    where :math:`\star` is cross-correlation.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output; the number of kernels.
        kernel_size: the length of a kernel.
        stride: the distance of neighbouring windows.
        padding: what is added at both ends; ``"valid"`` (nothing) or ``"same"`` (so that the length stays; stride 1).
        dilation: the distance of neighbouring kernel elements.
        groups: splits channels into groups that do not see each other; must divide both numbers of channels.
        bias: whether to add a learned bias.
        padding_mode: what is added: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, kernel_size)``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, L)`` or ``(in_channels, L)``
        - Output: the same with ``out_channels`` and
          ``floor((L + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.Conv1d(16, 33, 3, stride=2)
        >>> m(rsnn.randn(20, 16, 50)).shape
        rsnn.Size([20, 33, 24])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_1_t,
        stride: _size_1_t = 1,
        padding: str | _size_1_t = 0,
        dilation: _size_1_t = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _single(kernel_size),
            _single(stride),
            padding if isinstance(padding, str) else _single(padding),
            _single(dilation),
            False,
            _single(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return F.conv1d(input, weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv1d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)


class Conv2d(_ConvNd):
    r"""Slides kernels over the last two axes and sums over the input channels.

    .. math:: \mathrm{out}(n, o) = \mathrm{bias}(o) + \sum_c \mathrm{weight}(o, c) \star \mathrm{input}(n, c)

    where :math:`\star` is cross-correlation.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output; the number of kernels.
        kernel_size: height and width of a kernel, or one number for both; so for the next three.
        stride: the distance of neighbouring windows.
        padding: what is added on both sides; ``"valid"`` (nothing) or ``"same"`` (so that the size stays; stride 1).
        dilation: the distance of neighbouring kernel elements.
        groups: splits channels into groups that do not see each other; must divide both numbers of channels. With
            ``groups == in_channels`` each channel has kernels of its own ("depthwise").
        bias: whether to add a learned bias.
        padding_mode: what is added: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, kernel_size[0], kernel_size[1])``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, H, W)`` or ``(in_channels, H, W)``
        - Output: the same with ``out_channels`` and, along each axis,
          ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.Conv2d(16, 33, (3, 5), stride=(2, 1), padding=(4, 2))
        >>> m(rsnn.randn(20, 16, 50, 100)).shape
        rsnn.Size([20, 33, 28, 100])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_2_t,
        stride: _size_2_t = 1,
        padding: str | _size_2_t = 0,
        dilation: _size_2_t = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _pair(kernel_size),
            _pair(stride),
            padding if isinstance(padding, str) else _pair(padding),
            _pair(dilation),
            False,
            _pair(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return F.conv2d(input, weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv2d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)


class Conv3d(_ConvNd):
    r"""Slides kernels over the last three axes and sums over the input channels.

    .. math:: \mathrm{out}(n, o) = \mathrm{bias}(o) + \sum_c \mathrm{weight}(o, c) \star \mathrm{input}(n, c)

    where :math:`\star` is cross-correlation.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output; the number of kernels.
        kernel_size: depth, height and width of a kernel, or one number for all; so for the next three.
        stride: the distance of neighbouring windows.
        padding: what is added on both sides; ``"valid"`` (nothing) or ``"same"`` (so that the size stays; stride 1).
        dilation: the distance of neighbouring kernel elements.
        groups: splits channels into groups that do not see each other; must divide both numbers of channels.
        bias: whether to add a learned bias.
        padding_mode: what is added: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(out_channels, in_channels / groups, *kernel_size)``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)``
        - Output: the same with ``out_channels`` and, along each axis,
          ``floor((size + 2 * padding - dilation * (kernel_size - 1) - 1) / stride + 1)``

    Example:
        >>> m = nn.Conv3d(16, 33, (3, 5, 2), stride=(2, 1, 1), padding=(4, 2, 0))
        >>> m(rsnn.randn(2, 16, 10, 20, 30)).shape
        rsnn.Size([2, 33, 8, 20, 29])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_3_t,
        stride: _size_3_t = 1,
        padding: str | _size_3_t = 0,
        dilation: _size_3_t = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _triple(kernel_size),
            _triple(stride),
            padding if isinstance(padding, str) else _triple(padding),
            _triple(dilation),
            False,
            _triple(0),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        if self.padding_mode != "zeros":
            input = F.pad(input, self._reversed_padding_repeated_twice, mode=self.padding_mode)
            return F.conv3d(input, weight, bias, self.stride, 0, self.dilation, self.groups)
        return F.conv3d(input, weight, bias, self.stride, self.padding, self.dilation, self.groups)

    def forward(self, input: Tensor) -> Tensor:
        return self._conv_forward(input, self.weight, self.bias)
