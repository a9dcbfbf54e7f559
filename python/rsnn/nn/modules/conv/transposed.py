"""Transposed convolutions over one, two and three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_1_t, _size_2_t, _size_3_t
from rsnn.nn.modules.conv.base import _ConvNd
from rsnn.nn.modules.utils import _pair, _single, _triple

__all__ = ["ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]


class _ConvTransposeNd(_ConvNd):
    """What transposed convolutions of every rank share: the choice of an output size."""

    padding: tuple[int, ...]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: tuple[int, ...],
        dilation: tuple[int, ...],
        transposed: bool,
        output_padding: tuple[int, ...],
        groups: int,
        bias: bool,
        padding_mode: str,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}, got {padding_mode!r}')
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            transposed,
            output_padding,
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def _output_padding(self, input: Any, output_size: Sequence[int] | None) -> tuple[int, ...]:
        """What must be added to one side of the smallest output to get one of ``output_size``."""
        if output_size is None:
            return self.output_padding
        name, rank = type(self).__name__, len(self.kernel_size)
        whole = rank + (2 if input.dim() == rank + 2 else 1)
        wanted = list(output_size)
        if len(wanted) == whole:
            wanted = wanted[-rank:]
        if len(wanted) != rank:
            raise ValueError(
                f"{name}: for {input.dim()}D input, output_size must have {rank} or {whole} elements "
                f"(got {len(output_size)})"
            )
        sizes = list(input.shape)[-rank:]
        smallest = [
            (size - 1) * self.stride[d] - 2 * self.padding[d] + self.dilation[d] * (self.kernel_size[d] - 1) + 1
            for d, size in enumerate(sizes)
        ]
        extra = tuple(want - least for want, least in zip(wanted, smallest, strict=True))
        if any(not 0 <= e < step for e, step in zip(extra, self.stride, strict=True)):
            largest = [least + step - 1 for least, step in zip(smallest, self.stride, strict=True)]
            raise ValueError(
                f"{name}: requested an output size of {tuple(wanted)}, but valid sizes range from {smallest} to "
                f"{largest} (for an input of {sizes})"
            )
        return extra


class ConvTranspose1d(_ConvTransposeNd):
    r"""The gradient of :class:`~rsnn.nn.Conv1d` with respect to its input, as a layer: a learned upsampling.

    Each input element adds its multiple of a kernel to the output,

    .. math:: \mathrm{out}(o, s \cdot i + d \cdot k - p) \mathrel{+}= \mathrm{weight}(c, o, k) \, \mathrm{input}(c, i)

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the length of a kernel.
        stride: the distance of neighbouring windows in the output.
        padding: what is cut off both ends of the output.
        output_padding: what is added to one end of the output; less than ``stride`` or ``dilation``.
        groups: splits channels into groups that do not see each other.
        bias: whether to add a learned bias.
        dilation: the distance of neighbouring kernel elements.
        padding_mode: only ``"zeros"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(in_channels, out_channels / groups, kernel_size)``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, L)`` or ``(in_channels, L)``
        - Output: the same with ``out_channels`` and
          ``(L - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``

    Example:
        >>> m = nn.ConvTranspose1d(16, 33, 3, stride=2)
        >>> m(rsnn.randn(20, 16, 50)).shape
        rsnn.Size([20, 33, 101])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_1_t,
        stride: _size_1_t = 1,
        padding: _size_1_t = 0,
        output_padding: _size_1_t = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _size_1_t = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _single(kernel_size),
            _single(stride),
            _single(padding),
            _single(dilation),
            True,
            _single(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose1d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose2d(_ConvTransposeNd):
    r"""The gradient of :class:`~rsnn.nn.Conv2d` with respect to its input, as a layer: a learned upsampling.

    Each input element adds its multiple of a kernel to the output: along each axis,

    .. math:: \mathrm{out}(o, s \cdot i + d \cdot k - p) \mathrel{+}= \mathrm{weight}(c, o, k) \, \mathrm{input}(c, i)

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: height and width of a kernel, or one number for both; so for the next three and for ``dilation``.
        stride: the distance of neighbouring windows in the output.
        padding: what is cut off both sides of the output.
        output_padding: what is added to one side of the output; less than ``stride`` or ``dilation``.
        groups: splits channels into groups that do not see each other.
        bias: whether to add a learned bias.
        dilation: the distance of neighbouring kernel elements.
        padding_mode: only ``"zeros"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(in_channels, out_channels / groups, kernel_size[0], kernel_size[1])``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, H, W)`` or ``(in_channels, H, W)``
        - Output: the same with ``out_channels`` and, along each axis,
          ``(size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``

    ``forward`` also takes ``output_size``, which must be one of the sizes that such a convolution of stride ``stride``
    maps to the input's, and overrides ``output_padding``.

    Example:
        >>> down = nn.Conv2d(16, 16, 3, stride=2, padding=1)
        >>> up = nn.ConvTranspose2d(16, 16, 3, stride=2, padding=1)
        >>> x = rsnn.randn(1, 16, 12, 12)
        >>> h = down(x)
        >>> h.shape, up(h).shape, up(h, output_size=x.shape).shape
        (rsnn.Size([1, 16, 6, 6]), rsnn.Size([1, 16, 11, 11]), rsnn.Size([1, 16, 12, 12]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_2_t,
        stride: _size_2_t = 1,
        padding: _size_2_t = 0,
        output_padding: _size_2_t = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _size_2_t = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _pair(kernel_size),
            _pair(stride),
            _pair(padding),
            _pair(dilation),
            True,
            _pair(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose2d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )


class ConvTranspose3d(_ConvTransposeNd):
    r"""The gradient of :class:`~rsnn.nn.Conv3d` with respect to its input, as a layer: a learned upsampling.

    Each input element adds its multiple of a kernel to the output: along each axis,

    .. math:: \mathrm{out}(o, s \cdot i + d \cdot k - p) \mathrel{+}= \mathrm{weight}(c, o, k) \, \mathrm{input}(c, i)

    with stride :math:`s`, dilation :math:`d` and padding :math:`p`.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the output.
        kernel_size: the size of a kernel along each axis, or one number; so for the next three and for ``dilation``.
        stride: the distance of neighbouring windows in the output.
        padding: what is cut off both sides of the output.
        output_padding: what is added to one side of the output; less than ``stride`` or ``dilation``.
        groups: splits channels into groups that do not see each other.
        bias: whether to add a learned bias.
        dilation: the distance of neighbouring kernel elements.
        padding_mode: only ``"zeros"``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: ``(in_channels, out_channels / groups, *kernel_size)``.
        bias: ``(out_channels,)`` or ``None``.

    Shape:
        - Input: ``(N, in_channels, D, H, W)`` or ``(in_channels, D, H, W)``
        - Output: the same with ``out_channels`` and, along each axis,
          ``(size - 1) * stride - 2 * padding + dilation * (kernel_size - 1) + output_padding + 1``

    Example:
        >>> m = nn.ConvTranspose3d(4, 6, (3, 5, 2), stride=(2, 1, 1), padding=(0, 4, 2))
        >>> m(rsnn.randn(2, 4, 10, 20, 30)).shape
        rsnn.Size([2, 6, 21, 16, 27])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: _size_3_t,
        stride: _size_3_t = 1,
        padding: _size_3_t = 0,
        output_padding: _size_3_t = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: _size_3_t = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            in_channels,
            out_channels,
            _triple(kernel_size),
            _triple(stride),
            _triple(padding),
            _triple(dilation),
            True,
            _triple(output_padding),
            groups,
            bias,
            padding_mode,
            device,
            dtype,
        )

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        extra = self._output_padding(input, output_size)
        return F.conv_transpose3d(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups, self.dilation
        )
