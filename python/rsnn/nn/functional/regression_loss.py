"""Losses of predicted numbers."""

from __future__ import annotations

import math

from rsnn._C import Tensor
from rsnn._expected import check_tensors

from ._reduction import check, direct, legacy, warn_sizes
from ._reduction import reduce as apply_reduction


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The squared error `(x - t)^2`.

    Args:
        input: predictions of any shape.
        target: what they should be, in the same shape (else they are broadcast, with a warning).
        reduction: `"none"`, `"mean"` (weighted, with `weight`) or `"sum"`.
        weight: a factor for each loss.
    """
    reduction = legacy(size_average, reduce, reduction)
    warn_sizes("mse_loss", input, target)
    if weight is None and (loss := direct("mse", input, target, reduction)) is not None:
        return loss
    return _weighted("mse_loss", (input - target).square(), weight, reduction)


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """The absolute error `|x - t|`; arguments as for `mse_loss`."""
    reduction = legacy(size_average, reduce, reduction)
    warn_sizes("l1_loss", input, target)
    return _weighted("l1_loss", (input - target).abs(), weight, reduction)


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """`(x - t)^2 / (2 beta)` where `|x - t| < beta`, `|x - t| - beta / 2` elsewhere.

    Raises:
        RuntimeError: for a negative `beta`.
    """
    reduction = legacy(size_average, reduce, reduction)
    warn_sizes("smooth_l1_loss", input, target)
    if beta < 0:
        raise RuntimeError(f"smooth_l1_loss does not support negative values for beta, got {beta}")
    if beta == 0:
        return l1_loss(input, target, reduction=reduction)
    if (loss := direct("smooth_l1", input, target, reduction, beta)) is not None:
        return loss
    error = (input - target).abs()
    losses = (error.square() * (0.5 / beta)).where(error < beta, error - 0.5 * beta)
    return apply_reduction("smooth_l1_loss", losses, reduction)


def huber_loss(
    input: Tensor,
    target: Tensor,
    reduction: str = "mean",
    delta: float = 1.0,
    weight: Tensor | None = None,
) -> Tensor:
    """`(x - t)^2 / 2` where `|x - t| <= delta`, `delta (|x - t| - delta / 2)` elsewhere.

    Raises:
        RuntimeError: unless `delta` is positive.
    """
    warn_sizes("huber_loss", input, target)
    if delta <= 0:
        raise RuntimeError(f"huber_loss does not support non-positive values for delta, got {delta}")
    if weight is None and (loss := direct("huber", input, target, reduction, delta)) is not None:
        return loss
    error = (input - target).abs()
    losses = (error.square() * 0.5).where(error <= delta, (error - 0.5 * delta) * delta)
    return _weighted("huber_loss", losses, weight, reduction)


def _weighted(name: str, losses: Tensor, weight: Tensor | None, reduction: str) -> Tensor:
    check(name, reduction)
    if weight is None:
        return apply_reduction(name, losses, reduction)
    if weight.shape != losses.shape:
        raise ValueError(f"{name}: Weights and input must have the same size, got {weight.shape} and {losses.shape}")
    losses = losses * weight
    return losses.sum() / weight.sum() if reduction == "mean" else apply_reduction(name, losses, reduction)


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of counts under a Poisson distribution of the predicted rate.

    Args:
        input: the rate, or its logarithm with `log_input`.
        target: counts.
        full: add Stirling's approximation of `log(t!)`.
        eps: added to the rate before its logarithm is taken.
    """
    check_tensors("poisson_nll_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    losses = input.exp() - target * input if log_input else input - target * (input + eps).log()
    if full:
        stirling = target * target.log() - target + 0.5 * (2 * math.pi * target).log()
        losses = losses + stirling.masked_fill(target <= 1, 0)
    return apply_reduction("poisson_nll_loss", losses, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood of numbers under normal distributions of predicted mean and variance.

    Args:
        input: means.
        target: numbers.
        var: variances: one number, or a tensor in the shape of `input`, without its last axis, or with that axis 1.
        full: add the constant `log(2 pi) / 2`.
        eps: the least variance.

    Raises:
        ValueError: for negative variances or a shape that does not fit.
    """
    check("gaussian_nll_loss", reduction)
    if isinstance(var, (int, float)):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = input.new_full(tuple(input.shape), float(var))
    elif bool((var < 0).any()):
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif not (input.shape[:-1] == var.shape[:-1] and var.shape[-1] == 1):
            raise ValueError(f"var is of incorrect size: {tuple(var.shape)} for an input of {tuple(input.shape)}")
    # The floor is no part of the gradient.
    floor = var.detach().clamp(min=eps)
    var = var + (floor - var.detach())
    losses = 0.5 * (var.log() + (input - target).square() / var)
    if full:
        losses = losses + 0.5 * math.log(2 * math.pi)
    return apply_reduction("gaussian_nll_loss", losses, reduction)
