"""The loss of connectionist temporal classification."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn import _C
from rsnn._C import Tensor
from rsnn._expected import check_tensors
from rsnn.nn.functional._reduction import check

__all__ = ["ctc_loss"]


def _lengths(name: str, given: Any, batch: int, most: int | None) -> list[int]:
    """Lengths as integers."""
    if isinstance(given, Tensor):
        if given.is_floating_point() or given.dtype is rsnn.bool:
            raise RuntimeError(f"{name} must be integral")
        given = given.reshape(-1).tolist()
    lengths = [int(n) for n in ([given] if isinstance(given, int) else given)]
    if len(lengths) != batch:
        raise RuntimeError(f"{name} must be of size batch_size ({batch}), got {len(lengths)}")
    for length in lengths:
        if length < 0:
            raise RuntimeError(f"Expected {name} to have value at least 0, but got value {length}")
        if most is not None and length > most:
            raise RuntimeError(f"Expected {name} to have value at most {most}, but got value {length}")
    return lengths


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log likelihood of sequences of labels. See :class:`rsnn.nn.CTCLoss`.

    Its gradient is that of scores whose log-softmax ``log_probs`` is, and has no derivative.

    Args:
        log_probs: ``(T, N, C)`` or ``(T, C)``.
        targets: labels, ``(N, S)``, or those of all sequences one after the other.
        input_lengths: the steps of each sequence, ``(N,)`` or ``()``.
        target_lengths: the labels of each sequence, ``(N,)`` or ``()``.
        blank: the class that stands for no label.
        reduction: ``"mean"`` (of losses over numbers of labels), ``"sum"``, or ``"none"``.
        zero_infinity: whether impossible sequences count for nothing.

    Raises:
        RuntimeError: where sizes, lengths or classes do not fit.
        ValueError: for another ``reduction``.

    Example:
        >>> log_probs = rsnn.zeros(4, 1, 3).log_softmax(-1)
        >>> F.ctc_loss(log_probs, rsnn.tensor([[1, 2]]), (4,), (2,))
        tensor(0.8432)
    """
    check_tensors("ctc_loss", log_probs=log_probs, targets=targets)
    check("ctc_loss", reduction)
    if log_probs.dim() not in (2, 3):
        raise RuntimeError(f"ctc_loss: expected log_probs of shape (T, N, C) or (T, C), got {list(log_probs.shape)}")
    if log_probs.numel() == 0:
        raise RuntimeError("log_probs tensor must not be empty")
    batched = log_probs.dim() == 3
    scores = log_probs if batched else log_probs.unsqueeze(1)
    time, batch, classes = scores.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    lengths = _lengths("input_lengths", input_lengths, batch, time)
    counts = _lengths("target_lengths", target_lengths, batch, None)
    if targets.dim() not in (1, 2):
        raise RuntimeError(f"ctc_loss: expected targets of 1 or 2 dimensions, got {list(targets.shape)}")
    rows = targets.to(rsnn.int64).tolist()
    if targets.dim() == 1:
        if len(rows) != sum(counts):
            raise RuntimeError(f"ctc_loss: Expected tensor to have size {sum(counts)} at dimension 0, got {len(rows)}")
        ends = [sum(counts[: i + 1]) for i in range(batch)]
        labels = [rows[end - count : end] for end, count in zip(ends, counts, strict=True)]
    else:
        if len(rows) != batch or targets.size(1) < max(counts):
            raise RuntimeError(
                f"ctc_loss: Expected targets to have size {batch} at dimension 0 and at least {max(counts)} at "
                f"dimension 1, got {list(targets.shape)}"
            )
        labels = [row[:count] for row, count in zip(rows, counts, strict=True)]
    losses = _C._ctc_loss(scores, labels, lengths, blank, zero_infinity)
    if zero_infinity:
        losses = losses.masked_fill(losses == float("inf"), 0.0)
    if reduction == "mean":
        return (losses / rsnn.tensor(counts, dtype=losses.dtype).clamp(min=1)).mean()
    if reduction == "sum":
        return losses.sum()
    return losses if batched else losses.squeeze(0)
