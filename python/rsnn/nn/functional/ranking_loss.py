"""Losses of margins, similarities and distances."""

from __future__ import annotations

from collections.abc import Callable

import rsnn
from rsnn._C import Tensor
from rsnn._expected import check_tensors

from ._reduction import check, legacy
from ._reduction import reduce as apply_reduction
from .distance import pairwise_distance


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`x` where the target is 1, `max(0, margin - x)` where it is -1."""
    check_tensors("hinge_embedding_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    far = (margin - input).clamp(min=0)
    losses = far.masked_fill(target == 1, 0) + input.masked_fill(target == -1, 0)
    return apply_reduction("hinge_embedding_loss", losses, reduction)


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, -t (x1 - x2) + margin)`.

    Raises:
        RuntimeError: if the tensors are not of the same rank.
    """
    check_tensors("margin_ranking_loss", input1=input1, input2=input2, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return apply_reduction("margin_ranking_loss", (-target * (input1 - input2) + margin).clamp(min=0), reduction)


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`log(1 + exp(-t x))` for targets of -1 and 1."""
    check_tensors("soft_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    return apply_reduction("soft_margin_loss", (-target * input).exp().log1p(), reduction)


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of the binary cross-entropy of scores: `(N, C)` to `(N)`."""
    check_tensors("multilabel_soft_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    losses = -(target * _logsigmoid(input) + (1 - target) * _logsigmoid(-input))
    if weight is not None:
        losses = losses * weight
    return apply_reduction("multilabel_soft_margin_loss", losses.sum(-1) / input.shape[-1], reduction)


def _logsigmoid(x: Tensor) -> Tensor:
    return x.clamp(max=0) - (-x.abs()).exp().log1p()


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`sum_i max(0, w[t] (margin - x[t] + x[i]))^p / C` over the classes `i` but the right one.

    Args:
        input: scores, `(N, C)` or `(C)`.
        target: class indices, `(N)` or a scalar.
        p: 1 or 2.

    Raises:
        ValueError: for another `p`, or a weight that is no vector of the classes.
    """
    check_tensors("multi_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    check("multi_margin_loss", reduction)
    if p not in (1, 2):
        raise ValueError(f"only p == 1 and p == 2 supported, got p={p}")
    classes = input.shape[-1]
    if weight is not None and weight.shape != (classes,):
        raise ValueError(f"weight must be one-dimensional with {classes} elements, got {tuple(weight.shape)}")
    index = target.unsqueeze(-1) if input.ndim > 1 else target.reshape(1)
    gap = (margin - input.gather(-1, index) + input).clamp(min=0)
    losses = gap if p == 1 else gap.square()
    if weight is not None:
        losses = losses * weight[index]
    right = rsnn.zeros_like(losses, dtype=rsnn.bool).scatter(-1, index, True)
    return apply_reduction("multi_margin_loss", losses.masked_fill(right, 0).sum(-1) / classes, reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`sum_ij max(0, 1 - (x[t_j] - x[i])) / C` over the right classes `t_j` and the wrong ones `i`.

    Args:
        input: scores, `(N, C)` or `(C)`.
        target: right classes in the same shape, ended by -1.
    """
    check_tensors("multilabel_margin_loss", input=input, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if input.shape != target.shape:
        raise RuntimeError(
            f"multilabel_margin_loss: inconsistent target size: {tuple(target.shape)} for input of size: {tuple(input.shape)}"
        )
    listed = (target < 0).to(rsnn.int64).cumsum(-1) == 0
    index = target.masked_fill(~listed, 0)
    right = rsnn.zeros_like(input, dtype=rsnn.int64).scatter_add(-1, index, listed.to(rsnn.int64)) > 0
    gaps = (1 - input.gather(-1, index).unsqueeze(-1) + input.unsqueeze(-2)).clamp(min=0)
    counts = listed.unsqueeze(-1) & ~right.unsqueeze(-2)
    losses = gaps.masked_fill(~counts, 0).sum((-2, -1)) / input.shape[-1]
    return apply_reduction("multilabel_margin_loss", losses, reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`1 - cos(x1, x2)` where the target is 1, `max(0, cos(x1, x2) - margin)` where it is -1.

    Args:
        input1: `(N, D)` or `(D)`.
        input2: the same shape.
        target: `(N)` or a scalar.
    """
    check_tensors("cosine_embedding_loss", input1=input1, input2=input2, target=target)
    reduction = legacy(size_average, reduce, reduction)
    if target.dim() > 1:
        raise RuntimeError(
            "cosine_embedding_loss: 0D or 1D target tensor expected, multi-target not supported, "
            f"got a target of shape {list(target.shape)}"
        )
    # PyTorch adds a small number under the root here instead of cutting the lengths.
    tiny = 1e-12
    product = (input1 * input2).sum(-1)
    lengths = ((input1.square().sum(-1) + tiny) * (input2.square().sum(-1) + tiny)).sqrt()
    cosine = product / lengths
    near, far = 1 - cosine, (cosine - margin).clamp(min=0)
    losses = near.masked_fill(target != 1, 0) + far.masked_fill(target != -1, 0)
    return apply_reduction("cosine_embedding_loss", losses, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, d(a, p) - d(a, n) + margin)` for the p-norm distance `d` along the last axis.

    Args:
        swap: use `d(p, n)` where that is less than `d(a, n)`.

    Raises:
        ValueError: unless `margin` is positive.
    """
    check_tensors("triplet_margin_loss", anchor=anchor, positive=positive, negative=negative)
    reduction = legacy(size_average, reduce, reduction)

    def distance(x: Tensor, y: Tensor) -> Tensor:
        return pairwise_distance(x, y, p, eps)

    return triplet_margin_with_distance_loss(
        anchor, positive, negative, distance_function=distance, margin=margin, swap=swap, reduction=reduction
    )


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """`max(0, d(a, p) - d(a, n) + margin)` for any distance `d`; the Euclidean one by default.

    Raises:
        ValueError: unless `margin` is positive.
        RuntimeError: if the tensors are not of the same rank.
    """
    check("triplet_margin_with_distance_loss", reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = rsnn.minimum(far, distance(positive, negative))
    return apply_reduction("triplet_margin_with_distance_loss", (margin + near - far).clamp(min=0), reduction)
