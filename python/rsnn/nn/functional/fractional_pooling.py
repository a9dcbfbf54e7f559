"""Maxima under windows at random places."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn._expected import check_tensors

__all__ = [
    "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d",
    "fractional_max_pool3d_with_indices",
]


def _each(value: Any, rank: int) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * rank


def _first_places(samples: Tensor, size: int, window: int, count: int) -> Tensor:
    """Where windows begin along one axis, for each plane: `(planes, count)`."""
    last = rsnn.full((samples.size(0), 1), size - window, dtype=rsnn.int64)
    if count == 1:
        return last
    step = rsnn.tensor((size - window) / (count - 1), dtype=samples.dtype)
    steps = rsnn.arange(count - 1).to(samples.dtype)
    shifted = ((steps + samples.unsqueeze(1)) * step).to(rsnn.int64) - (samples * step).to(rsnn.int64).unsqueeze(1)
    return rsnn.cat([shifted, last], 1)


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
    if min(sizes) < 1 or min(windows) < 1:
        raise RuntimeError(f"{name}: expected positive sizes, got an output of {sizes} and a kernel of {windows}")
    for axis, (n, size, window) in enumerate(zip(spatial, sizes, windows, strict=True)):
        if size + window - 1 > n:
            what = ("time", "height", "width")[axis + 3 - rank]
            raise RuntimeError(f"{name}(): pool {what} {window} too large relative to input {what} {n}")
    batch = 1 if input.dim() == rank + 1 else input.size(0)
    if samples is None:
        samples = rsnn.rand(batch, channels, rank, dtype=input.dtype)
    if samples.dtype is not input.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if samples.dim() != 3 or samples.size(0) < batch or samples.size(1) < channels or samples.size(2) != rank:
        raise RuntimeError(
            f"{name}: Expect _random_samples of at least the sizes {[batch, channels, rank]}, got {list(samples.shape)}"
        )
    planes = batch * channels
    draws = samples[:batch, :channels].reshape(planes, rank)
    # Two axes have their draws in the opposite order.
    order = (1, 0) if rank == 2 else (0, 1, 2)
    places = rsnn.zeros(planes, *([1] * 2 * rank), dtype=rsnn.int64)
    for axis in range(rank):
        first = _first_places(draws[:, order[axis]], spatial[axis], windows[axis], sizes[axis])
        within = first.unsqueeze(2) + rsnn.arange(windows[axis])
        shape = [planes] + [1] * (2 * rank)
        shape[1 + axis], shape[1 + rank + axis] = sizes[axis], windows[axis]
        places = places * spatial[axis] + within.view(shape)
    places = places.reshape(planes, -1)
    flat = input.reshape(planes, -1)
    count = 1
    for n in sizes:
        count *= n
    # Gradients go to the chosen elements alone.
    best = flat.detach().gather(1, places).view(planes, count, -1).argmax(2, keepdim=True)
    chosen = places.view(planes, count, -1).gather(2, best).squeeze(2)
    shape = [*input.shape[:-rank], *sizes]
    return flat.gather(1, chosen).view(shape), chosen.view(shape)


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
