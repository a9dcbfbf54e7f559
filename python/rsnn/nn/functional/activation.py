"""Activations. Those with ``inplace=True`` write the result into the input and return it."""

from __future__ import annotations

import warnings
from typing import Any

import rsnn
from rsnn import _C, _functions
from rsnn._C import (
    Tensor,
    celu,
    elu,
    gelu,
    glu,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    logsigmoid,
    mish,
    relu6,
    rrelu,
    selu,
    silu,
    softplus,
    softshrink,
    softsign,
    tanhshrink,
    threshold,
)
from rsnn._expected import check_tensors
from rsnn._functions import hardshrink, prelu

__all__ = [
    "celu", "celu_", "elu", "elu_", "gelu", "glu", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish",
    "hardtanh", "hardtanh_", "leaky_relu", "leaky_relu_", "log_softmax", "logsigmoid", "mish", "prelu", "relu", "relu6",
    "relu_", "rrelu", "rrelu_", "selu", "selu_", "sigmoid", "silu", "softmax", "softmin", "softplus", "softshrink",
    "softsign", "tanh", "tanhshrink", "threshold", "threshold_",
]  # fmt: skip

# Native as they stand, with ``inplace=False`` as the last argument of most: celu(input, alpha=1.0), elu(input, alpha=1.0),
# gelu(input, *, approximate="none"), glu(input, dim=-1), hardshrink(input, lambd=0.5), hardsigmoid(input), hardswish(input),
# hardtanh(input, min_val=-1.0, max_val=1.0), leaky_relu(input, negative_slope=0.01), logsigmoid(input), mish(input),
# prelu(input, weight), relu6(input), rrelu(input, lower=1/8, upper=1/3, training=False), selu(input), silu(input),
# softplus(input, beta=1, threshold=20), softshrink(input, lambd=0.5), softsign(input), tanhshrink(input) and
# threshold(input, threshold, value).


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """``max(input, 0)``. See :class:`rsnn.nn.ReLU`.

    Example:
        >>> F.relu(rsnn.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """
    return _functions.relu_(input) if inplace else _functions.relu(input)


def relu_(input: Tensor) -> Tensor:
    """:func:`relu`, written into the input."""
    return _functions.relu_(input)


def threshold_(input: Tensor, threshold: float, value: float) -> Tensor:
    """:func:`threshold`, written into the input."""
    return _C.threshold(input, threshold, value, True)


def hardtanh_(input: Tensor, min_val: float = -1.0, max_val: float = 1.0) -> Tensor:
    """:func:`hardtanh`, written into the input."""
    return hardtanh(input, min_val, max_val, True)


def elu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """:func:`elu`, written into the input."""
    return elu(input, alpha, True)


def selu_(input: Tensor) -> Tensor:
    """:func:`selu`, written into the input."""
    return selu(input, True)


def celu_(input: Tensor, alpha: float = 1.0) -> Tensor:
    """:func:`celu`, written into the input."""
    return celu(input, alpha, True)


def leaky_relu_(input: Tensor, negative_slope: float = 0.01) -> Tensor:
    """:func:`leaky_relu`, written into the input."""
    return leaky_relu(input, negative_slope, True)


def rrelu_(input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False) -> Tensor:
    """:func:`rrelu`, written into the input."""
    return rrelu(input, lower, upper, training, True)


def sigmoid(input: Tensor) -> Tensor:
    """``1 / (1 + exp(-input))``."""
    return _functions.sigmoid(input)


def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return _functions.tanh(input)


def _implicit_dim(name: str, ndim: int, stacklevel: int) -> int:
    text = f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument."
    warnings.warn(text, stacklevel=stacklevel + 1)
    return 0 if ndim in (0, 1, 3) else 1


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """``exp(input)`` divided by its sum along ``dim``.

    Args:
        input: any shape.
        dim: the axis along which the result adds up to 1.
        dtype: a dtype to which the input is converted first.

    Example:
        >>> F.softmax(rsnn.tensor([0.0, 1.0]), dim=0)
        tensor([0.2689, 0.7311])
    """
    if dim is None:
        dim = _implicit_dim("softmax", input.dim(), _stacklevel)
    return (input if dtype is None else input.to(dtype)).softmax(dim)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The softmax of ``-input``; arguments as for :func:`softmax`."""
    if dim is None:
        dim = _implicit_dim("softmin", input.dim(), _stacklevel)
    return (-input if dtype is None else (-input).to(dtype)).softmax(dim)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Tensor:
    """The logarithm of the softmax, without overflow; arguments as for :func:`softmax`."""
    if dim is None:
        dim = _implicit_dim("log_softmax", input.dim(), _stacklevel)
    return (input if dtype is None else input.to(dtype)).log_softmax(dim)


def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draws from the Gumbel-softmax distribution: a smooth stand-in for drawing a class.

    Args:
        logits: unnormalised log-probabilities.
        tau: the temperature: small ones come near to one-hot vectors.
        hard: return one-hot vectors, with the gradient of the smooth draw.
        eps: deprecated; must be left at its default.
        dim: the axis along which the result adds up to 1.

    Example:
        >>> F.gumbel_softmax(rsnn.randn(20, 32), tau=1, hard=True).sum().item()
        20.0
    """
    check_tensors("gumbel_softmax", logits=logits)
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    gumbels = -rsnn.empty_like(logits.detach()).exponential_().log()
    soft = ((logits + gumbels) / tau).softmax(dim)
    if not hard:
        return soft
    index = soft.max(dim, keepdim=True)[1]
    one_hot = rsnn.zeros_like(logits.detach()).scatter_(dim, index, 1.0)
    return one_hot - soft.detach() + soft
