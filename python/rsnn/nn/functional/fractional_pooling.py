"""Maxima under windows at random places."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor, _fractional_max_pool
from rsnn._expected import check_tensors

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]


def _each(value: Any, rank: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


def _pool(
    name: str, input: Tensor, kernel_size: Any, output_size: Any, output_ratio: Any, samples: Any, rank: int
) -> tuple[Tensor, Tensor]:
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    check_tensors(name, input=input)
    spatial = [input.size(axis) for axis in range(-rank, 0)]
    channels = input.size(-rank - 1)
    if input.dim() not in (rank + 1, rank + 2):
        raise RuntimeError(f"{name}: Expected {rank + 1}D or {rank + 2}D tensor, but got: {list(input.shape)}")
    if output_size is None:
        output_size = [int(n * ratio) for n, ratio in zip(spatial, _each(output_ratio, rank), strict=True)]
    sizes, windows = _each(output_size, rank), _each(kernel_size, rank)
    if len(sizes) != rank or len(windows) != rank:
        raise RuntimeError(f"{name}: expected {rank} output sizes and kernel sizes, got {sizes} and {windows}")
    batch = 1 if input.dim() == rank + 1 else input.size(0)
    if samples is None:
        samples = rsnn.rand(batch, channels, rank, dtype=input.dtype)
    if samples.dim() != 3 or samples.size(0) < batch or samples.size(1) < channels or samples.size(2) != rank:
        raise RuntimeError(
            f"{name}: Expect _random_samples of at least the sizes {[batch, channels, rank]}, got {list(samples.shape)}"
        )
    return _fractional_max_pool(input, windows, sizes, samples[:batch, :channels])


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`fractional_max_pool2d`, and where in the flat plane each maximum was found."""
    return _pool("fractional_max_pool2d", input, kernel_size, output_size, output_ratio, _random_samples, 2)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima under windows at random places. See :class:`rsnn.nn.FractionalMaxPool2d`.

    Args:
        input: ``(N, C, H, W)`` or ``(C, H, W)``.
        kernel_size: the size of the windows.
        output_size: the size of the output, or
        output_ratio: its ratio to the input's.
        return_indices: whether to return where each maximum was found, too.
        _random_samples: ``(N, C, 2)`` draws from 0 to 1 to use.

    Raises:
        ValueError: where neither size nor ratio is given.
        RuntimeError: where sizes do not fit.

    Example:
        >>> F.fractional_max_pool2d(rsnn.randn(1, 3, 9, 9), 2, output_size=(4, 5)).shape
        rsnn.Size([1, 3, 4, 5])
    """
    both = fractional_max_pool2d_with_indices(
        input, kernel_size, output_size, output_ratio, True, _random_samples=_random_samples
    )
    return both if return_indices else both[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """:func:`fractional_max_pool3d`, and where in the flat volume each maximum was found."""
    return _pool("fractional_max_pool3d", input, kernel_size, output_size, output_ratio, _random_samples, 3)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Any,
    output_size: Any = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """Maxima under windows at random places, of ``(N, C, T, H, W)`` or ``(C, T, H, W)``.

    For arguments and errors see :func:`fractional_max_pool2d`.
    """
    both = fractional_max_pool3d_with_indices(
        input, kernel_size, output_size, output_ratio, True, _random_samples=_random_samples
    )
    return both if return_indices else both[0]
