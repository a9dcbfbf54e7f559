"""Constants, and draws whose bounds are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import rsnn
from rsnn._C import _draw_normal, _draw_uniform

if TYPE_CHECKING:
    from rsnn import Generator, Tensor


def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` with draws from the uniform distribution on ``[a, b)``.

    Args:
        tensor: any shape, a floating-point dtype.
        a: the lower bound.
        b: the upper bound.
        generator: where the random numbers come from; ``None`` for the default generator.

    Example:
        >>> w = nn.init.uniform_(rsnn.empty(3, 5), -1.0, 1.0)
    """
    return _draw_uniform(tensor, a, b, generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` with draws from the normal distribution of this mean and standard deviation.

    Args:
        tensor: any shape, a floating-point dtype.
        mean: the mean.
        std: the standard deviation, not negative.
        generator: where the random numbers come from; ``None`` for the default generator.

    Example:
        >>> w = nn.init.normal_(rsnn.empty(3, 5), std=0.02)
    """
    return _draw_normal(tensor, mean, std, generator)


def constant_(tensor: Tensor, val: float) -> Tensor:
    """Fills ``tensor``, of any shape and dtype, with one value.

    Example:
        >>> nn.init.constant_(rsnn.empty(2), 0.25)
        tensor([0.2500, 0.2500])
    """
    with rsnn.no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Tensor:
    """Fills ``tensor``, of any shape and dtype, with ones.

    Example:
        >>> nn.init.ones_(rsnn.empty(2))
        tensor([1., 1.])
    """
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Tensor:
    """Fills ``tensor``, of any shape and dtype, with zeros.

    Example:
        >>> nn.init.zeros_(rsnn.empty(2))
        tensor([0., 0.])
    """
    with rsnn.no_grad():
        return tensor.zero_()
