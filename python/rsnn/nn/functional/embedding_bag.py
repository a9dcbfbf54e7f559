"""Sums, means and maxima of rows of a table."""

from __future__ import annotations

import warnings

import rsnn
from rsnn import _C
from rsnn._C import Tensor

__all__ = ["embedding_bag"]


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of rows of a table, bag by bag. See :class:`rsnn.nn.EmbeddingBag`.

    Args:
        input: indices, ``(B, N)``: ``B`` bags, or ``(N,)`` with ``offsets``.
        weight: the table, ``(num_embeddings, embedding_dim)``.
        offsets: where each bag begins, ``(B,)``.
        max_norm: rows of a larger norm are scaled down to it, in place.
        norm_type: the ``p`` of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it occurs.
        mode: ``"sum"``, ``"mean"`` or ``"max"``; an empty bag gives zeros.
        sparse: must be ``False``.
        per_sample_weights: a factor for each index; only for sums.
        include_last_offset: whether ``offsets`` also says where the last bag ends.
        padding_idx: a row that does not count.

    Returns:
        ``(B, embedding_dim)``.

    Raises:
        ValueError: where ranks, sizes or the mode do not fit.
        RuntimeError: for indices or offsets out of range or of another dtype.
        NotImplementedError: for ``sparse=True``, and for factors with another mode than ``"sum"``.

    Example:
        >>> F.embedding_bag(rsnn.tensor([0, 1, 1]), rsnn.tensor([[1.0], [2.0]]), rsnn.tensor([0, 1]), mode="sum")
        tensor([[1.],
                [4.]])
    """
    if weight.dtype is rsnn.int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        weight, input = input, weight
    if per_sample_weights is not None and input.shape != per_sample_weights.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({per_sample_weights.shape}) is not None, "
            f"then it must have the same shape as the input ({input.shape})"
        )
    if weight.dim() != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.dim()}")
    if input.dim() not in (1, 2):
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if input.dim() == 2 and offsets is not None:
        raise ValueError(
            "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
            f"sequences. However, found offsets of type {type(offsets)}"
        )
    if input.dim() == 1 and (offsets is None or offsets.dim() != 1):
        raise ValueError("offsets has to be a 1D Tensor" + (" but got None" if offsets is None else ""))
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if sparse:
        if mode == "max":
            raise ValueError("max mode does not support sparse weights")
        raise NotImplementedError("embedding_bag: sparse=True is not supported")
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}')."
        )
    if per_sample_weights is not None and per_sample_weights.dtype is not weight.dtype:
        raise RuntimeError(
            f"embedding_bag: expected per_sample_weights of dtype {weight.dtype}, got {per_sample_weights.dtype}"
        )
    rows = weight.size(0)
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise RuntimeError(
                f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, "
                f"but got {padding_idx}"
            )
        padding_idx %= rows
    for name, indices in (("indices", input), ("offsets", offsets)):
        if indices is not None and indices.dtype not in (rsnn.int64, rsnn.int32):
            raise RuntimeError(f"embedding_bag: expected {name} of dtype int64 or int32, got {indices.dtype}")
    starts = _starts(input, offsets, include_last_offset)
    flat = input.reshape(-1).to(rsnn.int64)
    low, high = (int(flat.min()), int(flat.max())) if flat.numel() else (0, rows - 1)
    if low < 0 or high >= rows:
        raise RuntimeError(f"embedding_bag: expected indices from 0 to {rows - 1}, got {low} to {high}")
    if max_norm is not None:
        rsnn.embedding_renorm_(weight.detach(), flat, max_norm, norm_type)
    used = starts[-1]
    factors = None if per_sample_weights is None else per_sample_weights.reshape(-1)[:used]
    return _C._embedding_bag(weight, flat[:used], starts, mode, factors, padding_idx, scale_grad_by_freq)


def _starts(input: Tensor, offsets: Tensor | None, include_last_offset: bool) -> list[int]:
    """Where bags begin, and where the last one ends."""
    count = input.numel()
    if offsets is None:
        bags, size = input.shape
        return [bag * size for bag in range(bags + 1)]
    starts = offsets.tolist()
    if include_last_offset and not starts:
        raise RuntimeError("include_last_offset: number of offset should be at least 1")
    if starts and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if starts and starts[-1] > count:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of {starts[-1]}"
        )
    if any(after < before for before, after in zip(starts, starts[1:])):
        raise RuntimeError(f"embedding_bag: expected offsets that never fall, got {starts}")
    if not starts:
        if count:
            raise RuntimeError("embedding_bag: expected offsets for the indices, got none")
        return [0]
    # What lies behind the last offset is then no bag's, or the last bag's.
    return starts if include_last_offset else [*starts, count]
