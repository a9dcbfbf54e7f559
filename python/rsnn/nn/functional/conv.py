"""Convolutions, and the blocks that they see."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rsnn
from rsnn._C import Tensor, conv1d, conv2d, conv3d, conv_transpose1d, conv_transpose2d, conv_transpose3d
from rsnn._expected import check_tensors
from rsnn.autograd import Function, enable_grad, grad

__all__ = [
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "conv_transpose3d",
    "fold",
    "unfold",
]

# Native as they stand: conv2d(input, weight, bias=None, stride=1, padding=0, dilation=1, groups=1) and
# conv_transpose2d(input, weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1).


def _pair(name: str, value: Any, least: int) -> tuple[int, int]:
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) == 1:
        both = both * 2
    if len(both) != 2:
        raise RuntimeError(f"It is expected {name} equals to 2, but got {len(both)} numbers")
    if min(both) < least:
        raise RuntimeError(f"{name} should be at least {least}, but got {both}")
    return both[0], both[1]


def unfold(
    input: Tensor,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor:
    """Cuts images into blocks, which become the columns of matrices. See :class:`rsnn.nn.Unfold`.

    Raises:
        RuntimeError: for an input that is no image, sizes that are not positive, blocks larger than the image.

    Example:
        >>> F.unfold(rsnn.randn(2, 5, 3, 4), (2, 3)).shape
        rsnn.Size([2, 30, 4])
    """
    check_tensors("unfold", input=input)
    kernel, dilation = _pair("kernel_size", kernel_size, 1), _pair("dilation", dilation, 1)
    padding, stride = _pair("padding", padding, 0), _pair("stride", stride, 1)
    if input.dim() not in (3, 4):
        raise RuntimeError(f"unfold: expected a 3-D or 4-D input (C, H, W or N, C, H, W), got {list(input.shape)}")
    if input.dim() == 3:
        return unfold(input.unsqueeze(0), kernel, dilation, padding, stride).squeeze(0)
    spans = [step * (k - 1) + 1 for k, step in zip(kernel, dilation, strict=True)]
    sizes = [n + 2 * p for n, p in zip(input.shape[2:], padding, strict=True)]
    if any(n < span for n, span in zip(sizes, spans, strict=True)):
        raise RuntimeError(
            f"unfold: expected blocks to fit into the padded image, got spans {spans} for {sizes} (input of "
            f"{list(input.shape)}, kernel_size {kernel}, dilation {dilation}, padding {padding})"
        )
    if any(padding):
        input = rsnn.nn.functional.pad(input, (padding[1], padding[1], padding[0], padding[0]))
    windows = input.unfold(2, spans[0], stride[0]).unfold(3, spans[1], stride[1])
    windows = windows[..., :: dilation[0], :: dilation[1]]
    batch, channels, rows, cols = windows.shape[:4]
    blocks = windows.permute(0, 1, 4, 5, 2, 3)
    return blocks.reshape(batch, channels * kernel[0] * kernel[1], rows * cols)


def fold(
    input: Tensor,
    output_size: Any,
    kernel_size: int | Sequence[int],
    dilation: int | Sequence[int] = 1,
    padding: int | Sequence[int] = 0,
    stride: int | Sequence[int] = 1,
) -> Tensor:
    """Adds blocks, the columns of matrices, up to images. See :class:`rsnn.nn.Fold`.

    Raises:
        RuntimeError: for sizes that are not positive, or an input that has not the shape of such blocks.

    Example:
        >>> F.fold(rsnn.ones(1, 4, 4), (3, 3), (2, 2))
        tensor([[[[1., 2., 1.],
                  [2., 4., 2.],
                  [1., 2., 1.]]]])
    """
    check_tensors("fold", input=input)
    size, kernel = _pair("output_size", output_size, 1), _pair("kernel_size", kernel_size, 1)
    dilation, padding = _pair("dilation", dilation, 1), _pair("padding", padding, 0)
    stride = _pair("stride", stride, 1)
    if input.dim() not in (2, 3):
        raise RuntimeError(f"fold: expected a 2-D or 3-D input, got {list(input.shape)}")
    if input.dim() == 2:
        return fold(input.unsqueeze(0), size, kernel, dilation, padding, stride).squeeze(0)
    places = kernel[0] * kernel[1]
    if input.size(1) % places:
        raise RuntimeError(
            "Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={input.size(1)} and kernel_size={kernel}."
        )
    counts = [
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    ]
    if min(counts) < 1 or input.size(2) != counts[0] * counts[1]:
        raise RuntimeError(
            f"fold: for output_size={size}, kernel_size={kernel}, {dilation=}, {padding=}, {stride=}, expected size of "
            f"input's dimension 2 to match the number of blocks {counts[0]} * {counts[1]}, but got {input.size(2)}."
        )
    return _Fold.apply(input, size, kernel, dilation, padding, stride)


class _Fold(Function):
    """Folding is the gradient of unfolding, and the other way round."""

    @staticmethod
    def forward(ctx: Any, input: Any, size: tuple[int, int], kernel: tuple[int, int], *geometry: Any) -> Any:
        ctx.geometry = (kernel, *geometry)
        channels = input.size(1) // (kernel[0] * kernel[1])
        with enable_grad():
            image = rsnn.zeros(input.size(0), channels, *size, dtype=input.dtype, requires_grad=True)
            blocks = unfold(image, *ctx.geometry)
        return grad(blocks, image, input.detach())[0]

    @staticmethod
    def backward(ctx: Any, grad_output: Any) -> Any:
        return unfold(grad_output, *ctx.geometry), None, None, None, None, None
