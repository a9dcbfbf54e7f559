"""Draws whose width follows from the number of connections of a unit: Xavier and Kaiming."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

from rsnn._C import _draw_normal, _draw_uniform, _fans

if TYPE_CHECKING:
    from rsnn import Generator, Tensor

_MODES = ["fan_in", "fan_out"]
_NUMBERS = (int, float)
_GAINS = {
    "linear": 1,
    "conv1d": 1,
    "conv2d": 1,
    "conv3d": 1,
    "conv_transpose1d": 1,
    "conv_transpose2d": 1,
    "conv_transpose3d": 1,
    "sigmoid": 1,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 3.0 / 4,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance of activations through a nonlinearity.

    It is 1 for linear and convolution layers and for ``sigmoid``, ``5 / 3`` for ``tanh``, ``sqrt(2)`` for ``relu``,
    ``sqrt(2 / (1 + slope ** 2))`` for ``leaky_relu`` and ``3 / 4`` for ``selu``.

    Args:
        nonlinearity: the name of the function in ``nn.functional``.
        param: the negative slope, for ``leaky_relu`` only; ``None`` is 0.01.

    Raises:
        ValueError: for another name, or a slope that is not a number.

    Example:
        >>> nn.init.calculate_gain("leaky_relu", 1.0)
        1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, _NUMBERS):
            raise ValueError(f"calculate_gain: expected a number as negative slope, got {slope!r}")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}: expected leaky_relu, {', '.join(_GAINS)}")
    return _GAINS[nonlinearity]


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """How many inputs a unit has, and how many units an input reaches, for a weight ``(out, in, *kernel)``."""
    fans = _fans(tensor)
    if fans is None:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions, "
            f"got shape {tuple(tensor.shape)}"
        )
    return fans


def _calculate_correct_fan(tensor: Tensor, mode: str) -> int:
    """The fan that ``mode`` names."""
    # Layers ask in lower case, thousands of times: then without a copy of the text.
    if mode == "fan_in" or mode.lower() == "fan_in":
        return _calculate_fan_in_and_fan_out(tensor)[0]
    if mode.lower() == "fan_out":
        return _calculate_fan_in_and_fan_out(tensor)[1]
    mode = mode.lower()
    raise ValueError(f"Mode {mode} not supported, please use one of {_MODES}")


def _xavier_std(tensor: Tensor, gain: float) -> float:
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return gain * math.sqrt(2.0 / float(fan_in + fan_out))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` by Glorot and Bengio (2010), uniform on ``[-a, a)``, ``a = gain sqrt(6 / (fan_in + fan_out))``.

    Args:
        tensor: a weight of shape ``(out, in, *kernel)``.
        gain: a factor, see :func:`calculate_gain`.
        generator: where the random numbers come from; ``None`` for the default generator.

    Raises:
        ValueError: if the tensor has fewer than two dimensions.

    Example:
        >>> w = nn.init.xavier_uniform_(rsnn.empty(3, 5), gain=nn.init.calculate_gain("tanh"))
    """
    bound = math.sqrt(3.0) * _xavier_std(tensor, gain)
    return _draw_uniform(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` by Glorot and Bengio (2010), normal with ``std = gain sqrt(2 / (fan_in + fan_out))``.

    Args:
        tensor: a weight of shape ``(out, in, *kernel)``.
        gain: a factor, see :func:`calculate_gain`.
        generator: where the random numbers come from; ``None`` for the default generator.

    Raises:
        ValueError: if the tensor has fewer than two dimensions.

    Example:
        >>> w = nn.init.xavier_normal_(rsnn.empty(3, 5))
    """
    std = _xavier_std(tensor, gain)
    return _draw_normal(tensor, 0.0, std, generator)


def _kaiming_std(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    """The standard deviation, or ``None`` (and a warning) for a tensor without elements."""
    if tensor.numel() == 0:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    fan = _calculate_correct_fan(tensor, mode)
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fills ``tensor`` by He et al. (2015), uniform on ``[-b, b)`` with ``b = gain sqrt(3 / fan)``.

    Args:
        tensor: a weight of shape ``(out, in, *kernel)``; a weight used as ``x @ w`` is to be passed as ``w.T``.
        a: the negative slope of the rectifier that follows (for ``leaky_relu``).
        mode: ``"fan_in"`` keeps the variance of the forward pass, ``"fan_out"`` that of the backward pass.
        nonlinearity: the name of the function that follows, see :func:`calculate_gain`.
        generator: where the random numbers come from; ``None`` for the default generator.

    Raises:
        ValueError: if the tensor has fewer than two dimensions, or for an unknown mode or nonlinearity.

    Example:
        >>> w = nn.init.kaiming_uniform_(rsnn.empty(3, 5), mode="fan_in", nonlinearity="relu")
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    bound = math.sqrt(3.0) * std
    return _draw_uniform(tensor, -bound, bound, generator)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    generator: Generator | None = None,
) -> Tensor:
    """Fills ``tensor`` by He et al. (2015), normal with ``std = gain / sqrt(fan)``.

    Args:
        tensor: a weight of shape ``(out, in, *kernel)``; a weight used as ``x @ w`` is to be passed as ``w.T``.
        a: the negative slope of the rectifier that follows (for ``leaky_relu``).
        mode: ``"fan_in"`` keeps the variance of the forward pass, ``"fan_out"`` that of the backward pass.
        nonlinearity: the name of the function that follows, see :func:`calculate_gain`.
        generator: where the random numbers come from; ``None`` for the default generator.

    Raises:
        ValueError: if the tensor has fewer than two dimensions, or for an unknown mode or nonlinearity.

    Example:
        >>> w = nn.init.kaiming_normal_(rsnn.empty(8, 3, 5, 5), mode="fan_out", nonlinearity="relu")
    """
    std = _kaiming_std(tensor, a, mode, nonlinearity)
    if std is None:
        return tensor
    return _draw_normal(tensor, 0, std, generator)
