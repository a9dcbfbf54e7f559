"""Keeping gradients small."""

from __future__ import annotations

import math
import types
import warnings
from collections.abc import Iterable
from typing import TypeAlias

import rsnn
from rsnn.autograd import no_grad

__all__ = ["clip_grad_norm", "clip_grad_norm_", "clip_grad_value_", "clip_grads_with_norm_", "get_total_norm"]

Tensors: TypeAlias = "rsnn.Tensor | Iterable[rsnn.Tensor]"

# Added to the norm before dividing by it.
_EPSILON = 1e-6


def _listed(tensors: Tensors) -> list[rsnn.Tensor]:
    return [tensors] if isinstance(tensors, rsnn.Tensor) else list(tensors)


def _gradients(parameters: Iterable[rsnn.Tensor]) -> list[rsnn.Tensor]:
    return [p.grad for p in parameters if p.grad is not None]


def _norm(tensor: rsnn.Tensor, order: float) -> rsnn.Tensor:
    """The norm of a tensor taken as a vector."""
    if order == 2.0:
        return (tensor * tensor).sum().sqrt()
    magnitudes = tensor.abs()
    if order == 1.0:
        return magnitudes.sum()
    if math.isinf(order):
        return magnitudes.max() if order > 0 else magnitudes.min()
    if order == 0.0:
        return (magnitudes != 0).sum().to(tensor.dtype)
    return (magnitudes**order).sum() ** (1.0 / order)


@no_grad()
def get_total_norm(
    tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False, foreach: bool | None = None
) -> rsnn.Tensor:
    """The norm of tensors as if they were one vector.

    Args:
        tensors: usually gradients.
        norm_type: the order of the norm; `float("inf")` for the largest magnitude.
        error_if_nonfinite: raises instead of returning an infinite norm or nan.
        foreach: a hint about speed; it never changes the result.

    Returns:
        a 0-dimensional tensor; 0 for no tensors.

    Raises:
        RuntimeError: the norm is not finite and `error_if_nonfinite` is True.

    Example:
        >>> get_total_norm([rsnn.tensor([3.0]), rsnn.tensor([4.0])])
        tensor(5.)
    """
    order = float(norm_type)
    norms = [_norm(tensor, order) for tensor in _listed(tensors)]
    if not norms:
        return rsnn.tensor(0.0)
    total = _norm(rsnn.stack(norms), order)
    if error_if_nonfinite and not total.isfinite():
        raise RuntimeError(f"get_total_norm: expected a finite norm of order {order}, got {total.item()}")
    return total


@no_grad()
def clip_grads_with_norm_(
    parameters: Tensors, max_norm: float, total_norm: rsnn.Tensor, foreach: bool | None = None
) -> None:
    """Scales the gradients of parameters by `max_norm / total_norm` if that is below one.

    Args:
        parameters: with gradients; those without are skipped.
        max_norm: the norm to come down to.
        total_norm: of all gradients, from [`get_total_norm`].
        foreach: a hint about speed; it never changes the result.
    """
    factor = (float(max_norm) / (total_norm + _EPSILON)).clamp(max=1.0)
    for gradient in _gradients(_listed(parameters)):
        gradient.mul_(factor)


@no_grad()
def clip_grad_norm_(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> rsnn.Tensor:
    """Scales the gradients of parameters so that their common norm is at most `max_norm`.

    Args:
        parameters: with gradients; those without are skipped.
        max_norm: the largest norm.
        norm_type: the order of the norm; `float("inf")` for the largest magnitude.
        error_if_nonfinite: raises instead of scaling by an infinite norm or nan.
        foreach: a hint about speed; it never changes the result.

    Returns:
        the norm before, a 0-dimensional tensor.

    Raises:
        RuntimeError: the norm is not finite and `error_if_nonfinite` is True.

    Example:
        >>> w = rsnn.zeros(2, requires_grad=True)
        >>> (w * rsnn.tensor([3.0, 4.0])).sum().backward()
        >>> clip_grad_norm_(w, max_norm=1.0)
        tensor(5.)
        >>> w.grad
        tensor([0.6000, 0.8000])
    """
    listed = _listed(parameters)
    if not listed and isinstance(parameters, types.GeneratorType):
        warnings.warn("clip_grad_norm_: got an empty generator: nothing is clipped", UserWarning, stacklevel=3)
    total = get_total_norm(_gradients(listed), norm_type, error_if_nonfinite, foreach)
    clip_grads_with_norm_(listed, max_norm, total, foreach)
    return total


def clip_grad_norm(
    parameters: Tensors,
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> rsnn.Tensor:
    """The deprecated name of [`clip_grad_norm_`]."""
    warnings.warn("clip_grad_norm is deprecated: call clip_grad_norm_", FutureWarning, stacklevel=2)
    return clip_grad_norm_(parameters, max_norm, norm_type, error_if_nonfinite, foreach)


@no_grad()
def clip_grad_value_(parameters: Tensors, clip_value: float, foreach: bool | None = None) -> None:
    """Clamps each element of the gradients of parameters to `[-clip_value, clip_value]`.

    Args:
        parameters: with gradients; those without are skipped.
        clip_value: the largest magnitude.
        foreach: a hint about speed; it never changes the result.

    Example:
        >>> w = rsnn.zeros(2, requires_grad=True)
        >>> (w * rsnn.tensor([3.0, -0.5])).sum().backward()
        >>> clip_grad_value_([w], 1.0)
        >>> w.grad
        tensor([ 1.0000, -0.5000])
    """
    limit = float(clip_value)
    for gradient in _gradients(_listed(parameters)):
        gradient.clamp_(min=-limit, max=limit)
