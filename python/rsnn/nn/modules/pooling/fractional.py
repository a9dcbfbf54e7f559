"""Maximum pooling with windows at random places."""

from __future__ import annotations

from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["FractionalMaxPool2d", "FractionalMaxPool3d"]


class _FractionalMaxPool(Module):
    """Checks and attributes for any number of axes."""

    __constants__ = ["kernel_size", "return_indices", "output_size", "output_ratio"]
    _rank: int

    def __init__(
        self,
        kernel_size: Any,
        output_size: Any = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        name = type(self).__name__
        self.kernel_size = self._each(kernel_size)
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else self._each(output_size)
        self.output_ratio = None if output_ratio is None else self._each(output_ratio)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < ratio < 1 for ratio in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def _each(self, value: Any) -> tuple[Any, ...]:
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * self._rank


class FractionalMaxPool2d(_FractionalMaxPool):
    r"""Maxima under windows of one size whose places are random, so that an output of any size comes out.

    Args:
        kernel_size: the size of the windows.
        output_size: the size of the output, or
        output_ratio: its ratio to the input's, between 0 and 1.
        return_indices: whether to return where in the flat plane each maximum was found, too.
        _random_samples: draws to use, ``(N, C, 2)``.

    Shape:
        - Input: ``(N, C, H, W)`` or without ``N``
        - Output: the same with the last sizes ``output_size``, or the input's times ``output_ratio``, rounded down

    Example:
        >>> nn.FractionalMaxPool2d(2, output_size=4)(rsnn.randn(1, 3, 9, 9)).shape
        rsnn.Size([1, 3, 4, 4])
    """

    _rank = 2

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool2d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )


class FractionalMaxPool3d(_FractionalMaxPool):
    r"""Maxima under windows of one size whose places are random, so that an output of any size comes out.

    Args:
        kernel_size: the size of the windows.
        output_size: the size of the output, or
        output_ratio: its ratio to the input's, between 0 and 1.
        return_indices: whether to return where in the flat plane each maximum was found, too.
        _random_samples: draws to use, ``(N, C, 3)``.

    Shape:
        - Input: ``(N, C, T, H, W)`` or without ``N``
        - Output: the same with the last sizes ``output_size``, or the input's times ``output_ratio``, rounded down

    Example:
        >>> nn.FractionalMaxPool3d(2, output_size=4)(rsnn.randn(1, 3, 9, 9, 9)).shape
        rsnn.Size([1, 3, 4, 4, 4])
    """

    _rank = 3

    def forward(self, input: Tensor) -> Any:
        return F.fractional_max_pool3d(
            input,
            self.kernel_size,
            self.output_size,
            self.output_ratio,
            self.return_indices,
            _random_samples=self._random_samples,
        )
