"""Convolutions of unknown input channels."""

from __future__ import annotations

from typing import Any

from rsnn.nn.modules.conv import Conv1d, Conv2d, Conv3d, ConvTranspose1d, ConvTranspose2d, ConvTranspose3d
from rsnn.nn.modules.conv.base import _ConvNd
from rsnn.nn.modules.lazy.mixin import LazyModuleMixin
from rsnn.nn.parameter import UninitializedParameter

__all__ = [
    "LazyConv1d",
    "LazyConv2d",
    "LazyConv3d",
    "LazyConvTranspose1d",
    "LazyConvTranspose2d",
    "LazyConvTranspose3d",
]


class _LazyConv(LazyModuleMixin, _ConvNd):
    """What they share: parameters that wait, and their sizes."""

    weight: UninitializedParameter

    def _wait(self, out_channels: int, bias: bool, device: Any, dtype: Any) -> None:
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_channels = out_channels
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_channels != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any, *args: Any, **kwargs: Any) -> None:
        if not self.has_uninitialized_params():
            return
        rank = len(self.kernel_size)
        if input.dim() not in (rank + 1, rank + 2):
            raise RuntimeError(
                f"Expected {rank + 1}D (unbatched) or {rank + 2}D (batched) input to {type(self).__name__}, "
                f"but got input of size: {input.shape}"
            )
        self.in_channels = input.shape[-rank - 1]
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        if self.transposed:
            channels = (self.in_channels, self.out_channels // self.groups)
        else:
            channels = (self.out_channels, self.in_channels // self.groups)
        self.weight.materialize((*channels, *self.kernel_size))
        if self.bias is not None:
            self.bias.materialize((self.out_channels,))
        self.reset_parameters()


class _LazyDirect(_LazyConv):
    """The arguments of convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0, 0, kernel_size, stride, padding, dilation, groups, False, padding_mode, device=device, dtype=dtype
        )
        self._wait(out_channels, bias, device, dtype)


class _LazyTransposed(_LazyConv):
    """The arguments of transposed convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Any = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(
            0,
            0,
            kernel_size,
            stride,
            padding,
            output_padding,
            groups,
            False,
            dilation,
            padding_mode,
            device=device,
            dtype=dtype,
        )
        self._wait(out_channels, bias, device, dtype)


class LazyConv1d(_LazyDirect, Conv1d):
    r"""A :class:`Conv1d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is added to both sides.
        dilation: the distance of the kernel's elements.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, L)`` or without ``N``
        - Output: as of :class:`Conv1d`

    Example:
        >>> nn.LazyConv1d(4, 3)(rsnn.zeros(2, 3, 5)).shape
        rsnn.Size([2, 4, 3])
    """

    cls_to_become = Conv1d


class LazyConv2d(_LazyDirect, Conv2d):
    r"""A :class:`Conv2d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is added to both sides.
        dilation: the distance of the kernel's elements.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, H, W)`` or without ``N``
        - Output: as of :class:`Conv2d`

    Example:
        >>> nn.LazyConv2d(4, 3)(rsnn.zeros(2, 3, 5, 5)).shape
        rsnn.Size([2, 4, 3, 3])
    """

    cls_to_become = Conv2d


class LazyConv3d(_LazyDirect, Conv3d):
    r"""A :class:`Conv3d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is added to both sides.
        dilation: the distance of the kernel's elements.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, D, H, W)`` or without ``N``
        - Output: as of :class:`Conv3d`

    Example:
        >>> nn.LazyConv3d(4, 3)(rsnn.zeros(2, 3, 5, 5, 5)).shape
        rsnn.Size([2, 4, 3, 3, 3])
    """

    cls_to_become = Conv3d


class LazyConvTranspose1d(_LazyTransposed, ConvTranspose1d):
    r"""A :class:`ConvTranspose1d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is taken off both sides.
        output_padding: how much to add to one side of the output.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        dilation: the distance of the kernel's elements.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, L)`` or without ``N``
        - Output: as of :class:`ConvTranspose1d`

    Example:
        >>> nn.LazyConvTranspose1d(4, 3)(rsnn.zeros(2, 3, 5)).shape
        rsnn.Size([2, 4, 7])
    """

    cls_to_become = ConvTranspose1d


class LazyConvTranspose2d(_LazyTransposed, ConvTranspose2d):
    r"""A :class:`ConvTranspose2d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is taken off both sides.
        output_padding: how much to add to one side of the output.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        dilation: the distance of the kernel's elements.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, H, W)`` or without ``N``
        - Output: as of :class:`ConvTranspose2d`

    Example:
        >>> nn.LazyConvTranspose2d(4, 3)(rsnn.zeros(2, 3, 5, 5)).shape
        rsnn.Size([2, 4, 7, 7])
    """

    cls_to_become = ConvTranspose2d


class LazyConvTranspose3d(_LazyTransposed, ConvTranspose3d):
    r"""A :class:`ConvTranspose3d` that takes ``in_channels`` from its first input.

    Args:
        out_channels: the number of channels of the output.
        kernel_size: the size of the kernel.
        stride: the distance of its places.
        padding: how much is taken off both sides.
        output_padding: how much to add to one side of the output.
        groups: the number of groups of channels.
        bias: whether to add a learned bias.
        dilation: the distance of the kernel's elements.
        padding_mode: what padding consists of.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(N, C, D, H, W)`` or without ``N``
        - Output: as of :class:`ConvTranspose3d`

    Example:
        >>> nn.LazyConvTranspose3d(4, 3)(rsnn.zeros(2, 3, 5, 5, 5)).shape
        rsnn.Size([2, 4, 7, 7, 7])
    """

    cls_to_become = ConvTranspose3d
