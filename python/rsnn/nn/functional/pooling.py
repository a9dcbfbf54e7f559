"""Pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rsnn
from rsnn import _C
from rsnn._C import Tensor, adaptive_avg_pool1d, avg_pool1d, avg_pool2d, avg_pool3d
from rsnn._expected import check_tensors

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "avg_pool1d", "avg_pool2d", "avg_pool3d", "lp_pool1d",
    "lp_pool2d", "lp_pool3d",
    "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d",
    "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d",
]  # fmt: skip

# Native as they stand: avg_pool2d(input, kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True,
# divisor_override=None), without the last for one axis; adaptive_avg_pool1d(input, output_size).


def max_pool1d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window along the last axis. See :class:`rsnn.nn.MaxPool1d`.

    Raises:
        RuntimeError: for an input of another rank, sizes that are not positive, a padding of more than half a window,
            or an empty output.

    Example:
        >>> F.max_pool1d(rsnn.tensor([[1.0, 3.0, 2.0, 0.0]]), 2)
        tensor([[3., 2.]])
    """
    pool = _C.max_pool1d_with_indices if return_indices else _C.max_pool1d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window along the last two axes. See :class:`rsnn.nn.MaxPool2d`.

    Errors are those of :func:`max_pool1d`.
    """
    pool = _C.max_pool2d_with_indices if return_indices else _C.max_pool2d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The maximum of each window along the last three axes. See :class:`rsnn.nn.MaxPool3d`.

    Errors are those of :func:`max_pool1d`.
    """
    pool = _C.max_pool3d_with_indices if return_indices else _C.max_pool3d
    return pool(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool1d`, and where each maximum was found; whatever ``return_indices`` is."""
    return _C.max_pool1d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool2d`, and where each maximum was found; whatever ``return_indices`` is."""
    return _C.max_pool2d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """:func:`max_pool3d`, and where each maximum was found; whatever ``return_indices`` is."""
    return _C.max_pool3d_with_indices(input, kernel_size, stride, padding, dilation, ceil_mode)


def _filled(input: Tensor, output_size: Any, rank: int) -> Any:
    """Output sizes for each axis, with ``None`` replaced by the input's."""
    if isinstance(output_size, int):
        return (output_size,) * rank
    sizes = (None,) * rank if output_size is None else tuple(output_size)
    if len(sizes) != rank:
        raise RuntimeError(f"adaptive pooling over {rank} axes: expected {rank} output sizes, got {len(sizes)}")
    if input.dim() < rank:
        raise ValueError(f"Input dimension should be at least {rank + 1}, got {input.dim()}")
    return tuple(n if size is None else size for size, n in zip(sizes, input.shape[-rank:], strict=True))


def adaptive_avg_pool2d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that give an output of the wanted size. See :class:`rsnn.nn.AdaptiveAvgPool2d`.

    Raises:
        RuntimeError: for an input of another rank or negative sizes.

    Example:
        >>> F.adaptive_avg_pool2d(rsnn.ones(1, 3, 4), (1, None))
        tensor([[[1., 1., 1., 1.]]])
    """
    return _C.adaptive_avg_pool2d(input, _filled(input, output_size, 2))


def adaptive_avg_pool3d(input: Tensor, output_size: Any) -> Tensor:
    """Means over windows that give an output of the wanted size. See :class:`rsnn.nn.AdaptiveAvgPool3d`."""
    return _C.adaptive_avg_pool3d(input, _filled(input, output_size, 3))


def adaptive_max_pool1d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over windows that give an output of the wanted size. See :class:`rsnn.nn.AdaptiveMaxPool1d`."""
    both = adaptive_max_pool1d_with_indices(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool2d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over windows that give an output of the wanted size. See :class:`rsnn.nn.AdaptiveMaxPool2d`."""
    both = adaptive_max_pool2d_with_indices(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool3d(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """Maxima over windows that give an output of the wanted size. See :class:`rsnn.nn.AdaptiveMaxPool3d`."""
    both = adaptive_max_pool3d_with_indices(input, output_size)
    return both if return_indices else both[0]


def adaptive_max_pool1d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """:func:`adaptive_max_pool1d`, and where each maximum was found."""
    return _C.adaptive_max_pool1d(input, _filled(input, output_size, 1))


def adaptive_max_pool2d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """:func:`adaptive_max_pool2d`, and where each maximum was found."""
    return _C.adaptive_max_pool2d(input, _filled(input, output_size, 2))


def adaptive_max_pool3d_with_indices(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
    """:func:`adaptive_max_pool3d`, and where each maximum was found."""
    return _C.adaptive_max_pool3d(input, _filled(input, output_size, 3))


def _lp_pool(
    input: Tensor, p: float, kernel: Any, stride: int | Sequence[int] | None, ceil_mode: bool, rank: int
) -> Any:
    sizes = (kernel,) * rank if isinstance(kernel, int) else tuple(kernel)
    count = 1
    for size in sizes:
        count *= size
    pool = {1: avg_pool1d, 2: avg_pool2d, 3: avg_pool3d}[rank]
    mean = pool(input.pow(p), kernel, stride, 0, ceil_mode)
    return (mean.sign() * mean.abs().relu()).mul(count).pow(1.0 / p)


def lp_pool1d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The norm of each window along the last axis. See :class:`rsnn.nn.LPPool1d`."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 1)


def lp_pool2d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The norm of each window along the last two axes. See :class:`rsnn.nn.LPPool2d`."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 2)


def lp_pool3d(
    input: Tensor,
    norm_type: float,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    ceil_mode: bool = False,
) -> Tensor:
    """The norm of each window along the last three axes. See :class:`rsnn.nn.LPPool3d`."""
    return _lp_pool(input, norm_type, kernel_size, stride, ceil_mode, 3)


def _each(value: Any, rank: int) -> tuple[int, ...]:
    return (value,) * rank if isinstance(value, int) else tuple(value)


def _max_unpool(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None,
    padding: int | Sequence[int],
    output_size: Any,
    rank: int,
) -> Any:
    check_tensors(f"max_unpool{rank}d", input=input, indices=indices)
    kernel, padding = _each(kernel_size, rank), _each(padding, rank)
    stride = kernel if stride is None else _each(stride, rank)
    if tuple(input.shape) != tuple(indices.shape):
        raise RuntimeError(
            f"max_unpool{rank}d: Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    sizes = zip(input.shape[-rank:], kernel, stride, padding, strict=True)
    default = [(n - 1) * s + k - 2 * p for n, k, s, p in sizes]
    size = default
    if output_size is not None:
        size = list(output_size)[-rank:] if len(output_size) in (rank + 1, rank + 2) else list(output_size)
        if len(size) != rank:
            raise ValueError(
                f"max_unpool{rank}d: output_size should be a sequence containing {rank} or {rank + 2} elements, "
                f"but it has a length of '{len(output_size)}'"
            )
        for d, (wanted, usual, step) in enumerate(zip(size, default, stride, strict=True)):
            if not usual - step < wanted < usual + step:
                raise ValueError(
                    f"invalid output_size {size!r} (dim {d} must be between {usual - step} and {usual + step})"
                )
    lead = list(input.shape[:-rank])
    plane = 1
    for n in size:
        plane *= n
    flat = input.flatten(-rank)
    if indices.numel() and not 0 <= int(indices.min()) <= int(indices.max()) < plane:
        raise RuntimeError(f"max_unpool{rank}d: expected indices from 0 to {plane - 1}, got others")
    return rsnn.zeros(*lead, plane, dtype=input.dtype).scatter(-1, indices.flatten(-rank), flat).reshape(*lead, *size)


def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts maxima back in their places. See :class:`rsnn.nn.MaxUnpool1d`."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 1)


def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts maxima back in their places. See :class:`rsnn.nn.MaxUnpool2d`."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 2)


def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: int | Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    output_size: Any = None,
) -> Tensor:
    """Puts maxima back in their places. See :class:`rsnn.nn.MaxUnpool3d`."""
    return _max_unpool(input, indices, kernel_size, stride, padding, output_size, 3)
