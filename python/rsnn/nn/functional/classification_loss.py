"""Losses of class predictions."""

from __future__ import annotations

from rsnn import _C
from rsnn._C import Tensor
from rsnn._expected import check_options, check_tensors

from ._reduction import check, direct, legacy
from ._reduction import reduce as apply_reduction


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log likelihood `-w[t] * x[n, t]` of class indices.

    Args:
        input: log-probabilities, `(N, C)`, `(N, C, d1, ...)` or `(C)`.
        target: class indices, `(N)`, `(N, d1, ...)` or a scalar.
        weight: a factor for each class, `(C)`; the mean is weighted by it too.
        ignore_index: rows with this target do not count.
        reduction: `"none"`, `"mean"` or `"sum"`.

    Raises:
        ValueError, RuntimeError: where shapes or dtypes do not fit.
        IndexError: for a class out of range.
    """
    reduction = legacy(size_average, reduce, reduction)
    return _C._nll_loss(input, target, weight, ignore_index, reduction)


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The cross-entropy between scores and classes: `nll_loss(log_softmax(input), target)`.

    Args:
        input: scores, `(N, C)`, `(N, C, d1, ...)` or `(C)`.
        target: class indices, `(N)`, `(N, d1, ...)` or a scalar; or probabilities in the shape of `input`.
        weight: a factor for each class, `(C)`.
        ignore_index: rows with this target do not count; only for class indices.
        reduction: `"none"`, `"mean"` or `"sum"`.
        label_smoothing: how much of each target is spread over all classes, from 0 to 1.

    Raises:
        RuntimeError, ValueError: where shapes, dtypes or options do not fit.
        IndexError: for a class out of range.
    """
    check_tensors("cross_entropy_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    check("cross_entropy", reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.ndim == 0:
        raise RuntimeError("cross_entropy: expected an input of at least 1 dimension, got a scalar")
    axis = 0 if input.ndim == 1 else 1
    scores = input.log_softmax(axis)
    if input.shape == target.shape and target.is_floating_point():
        return _soft_targets(scores, target, weight, ignore_index, reduction, label_smoothing, axis)
    likelihood = _C._nll_loss(scores, target, weight, ignore_index, reduction)
    if label_smoothing == 0.0:
        return likelihood
    classes = input.shape[axis]
    smooth = _uniform_targets(scores, target, weight, ignore_index, reduction, axis)
    return likelihood * (1.0 - label_smoothing) + smooth * (label_smoothing / classes)


def _along(weight: Tensor, ndim: int, axis: int) -> Tensor:
    """The class weights, ready to be broadcast along the class axis."""
    return weight.reshape([-1 if i == axis else 1 for i in range(ndim)])


def _uniform_targets(
    scores: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int, reduction: str, axis: int
) -> Tensor:
    """The loss against a target that is 1 for every class."""
    weighted = scores if weight is None else scores * _along(weight, scores.ndim, axis)
    ignored = target.reshape(weighted.select(axis, 0).shape) == ignore_index
    losses = (-weighted.sum(axis)).masked_fill(ignored, 0.0)
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if weight is None:
        return losses.sum() / (~ignored).sum().to(losses.dtype)
    counted = weight[target.reshape(ignored.shape).masked_fill(ignored, 0)].masked_fill(ignored, 0.0)
    return losses.sum() / counted.sum()


def _soft_targets(
    scores: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    axis: int,
) -> Tensor:
    if ignore_index >= 0:
        raise RuntimeError(f"ignore_index is not supported for floating point target (got {ignore_index})")
    classes = scores.shape[axis]
    if label_smoothing > 0.0:
        target = target * (1.0 - label_smoothing) + label_smoothing / classes
    weighted = scores * target if weight is None else scores * target * _along(weight, scores.ndim, axis)
    losses = -weighted.sum(axis)
    if reduction == "none":
        return losses
    total = losses.sum()
    return total if reduction == "sum" else total / max(scores.numel() // max(classes, 1), 1)


def _like_input(name: str, input: Tensor, target: Tensor) -> None:
    check_tensors(name, input=input, target=target)
    if input.shape != target.shape:
        raise ValueError(f"{name}: Target size ({target.shape}) must be the same as input size ({input.shape})")


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`-(t log x + (1 - t) log(1 - x))` for probabilities; logarithms are cut at -100.

    Raises:
        ValueError: if the shapes differ.
        RuntimeError: for an input outside of 0 to 1.
    """
    reduction = legacy(size_average, reduce, reduction)
    _like_input("binary_cross_entropy", input, target)
    check_options("binary_cross_entropy", weight=(3, weight))
    outside = ~((input >= 0) & (input <= 1))
    if bool(outside.any()):
        raise RuntimeError("binary_cross_entropy: all elements of input should be between 0 and 1")
    losses = -(target * input.log().clamp(min=-100.0) + (1 - target) * (-input).log1p().clamp(min=-100.0))
    return apply_reduction("binary_cross_entropy", losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`-(p t log s(x) + (1 - t) log(1 - s(x)))` for scores `x` before the sigmoid `s`, computed stably.

    Args:
        input: scores of any shape.
        target: numbers from 0 to 1, in the same shape.
        weight: a factor for each loss; broadcast.
        reduction: `"none"`, `"mean"` or `"sum"`.
        pos_weight: the factor `p` of positive examples; broadcast.

    Raises:
        ValueError: if the shapes differ.
    """
    reduction = legacy(size_average, reduce, reduction)
    _like_input("binary_cross_entropy_with_logits", input, target)
    check_options("binary_cross_entropy_with_logits", weight=(3, weight), pos_weight=(4, pos_weight))
    if weight is None and pos_weight is None and (loss := direct("logits", input, target, reduction)) is not None:
        return loss
    # log s(x) = -softplus(-x), with softplus(-x) = log(1 + exp(-|x|)) + max(-x, 0).
    tail = (-input.abs()).exp().log1p() + (-input).clamp(min=0)
    factor = 1 if pos_weight is None else (pos_weight - 1) * target + 1
    losses = (1 - target) * input + factor * tail
    return apply_reduction("binary_cross_entropy_with_logits", losses if weight is None else losses * weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """The Kullback-Leibler divergence `t (log t - x)` of log-probabilities `x` from a target.

    Args:
        input: log-probabilities.
        target: probabilities, or their logarithms with `log_target`.
        reduction: `"none"`, `"mean"`, `"sum"` or `"batchmean"`, the sum divided by the first size.
    """
    check_tensors("kl_div", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    losses = target.exp() * (target - input) if log_target else target.xlogy(target) - target * input
    if reduction == "batchmean":
        return losses.sum() / input.shape[0] if input.ndim else losses.sum()
    return apply_reduction("kl_div", losses, reduction)
