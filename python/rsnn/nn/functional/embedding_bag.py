"""Rows of a table, looked up and reduced bag by bag."""

from __future__ import annotations

import warnings
from typing import Any

import rsnn

__all__ = ["embedding_bag"]


def embedding_bag(
    input: Any,
    weight: Any,
    offsets: Any = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Any = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Any:
    """Sums, means or maxima of bags of rows of a table. See :class:`rsnn.nn.EmbeddingBag`.

    Args:
        input: indices, of dtype int64 or int32: ``(B, N)`` for bags of one size, ``(N)`` with ``offsets``.
        weight: the table, ``(num_embeddings, embedding_dim)``.
        offsets: where each bag starts, ``(B)``; for one-dimensional ``input`` only.
        max_norm: rows of a larger norm are scaled down to it, in place.
        norm_type: the ``p`` of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it occurs; not for ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: must be ``False``.
        per_sample_weights: a factor for each index; for ``"sum"`` only.
        include_last_offset: whether ``offsets`` ends with the end of the last bag.
        padding_idx: a row that does not count and gets no gradient.

    Raises:
        ValueError: for another mode, and shapes of input, offsets or weights that do not fit.
        RuntimeError: for indices or offsets out of range, and dtypes that do not fit.
        NotImplementedError: for ``sparse=True``, and for weights with another mode than ``"sum"``.

    Example:
        >>> table = rsnn.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
        >>> F.embedding_bag(rsnn.tensor([0, 1, 2]), table, rsnn.tensor([0, 2]), mode="sum")
        tensor([[4., 6.],
                [5., 6.]])
    """
    if weight.dtype == rsnn.int64 and input.is_floating_point():
        warnings.warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is "
            "deprecated, and should now be `embedding_bag(input, weight, ...)`.",
            stacklevel=2,
        )
        weight, input = input, weight
    _check_options(mode, sparse, scale_grad_by_freq, input, per_sample_weights)
    input, offsets, factors = _flattened(input, offsets, per_sample_weights)
    if max_norm is not None:
        rsnn.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    rows = weight.size(0)
    padding = _padding(padding_idx, rows)
    if input.numel() and not 0 <= int(input.min()) <= int(input.max()) < rows:
        raise RuntimeError(
            f"embedding_bag: index out of range, expected 0 to {rows - 1}, got {int(input.min())} to {int(input.max())}"
        )
    if factors is not None and factors.dtype != weight.dtype:
        raise RuntimeError(
            f"embedding_bag: expected per_sample_weights of dtype {weight.dtype} as the table, got {factors.dtype}"
        )
    input, bags, count, factors = _in_bags(input, offsets, factors, include_last_offset, padding)
    found = rsnn.embedding(weight, input, padding, scale_grad_by_freq)
    if mode == "max":
        return _largest(found, bags, count)
    if factors is not None:
        found = found * factors.unsqueeze(1)
    sums = rsnn.zeros(count, weight.size(1), dtype=weight.dtype).index_add(0, bags, found)
    if mode == "sum":
        return sums
    sizes = rsnn.bincount(bags, minlength=count).clamp(min=1)
    return sums / sizes.unsqueeze(1).to(weight.dtype)


def _check_options(mode: str, sparse: bool, scale_grad_by_freq: bool, input: Any, factors: Any) -> None:
    if factors is not None and input.size() != factors.size():
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({factors.shape}) is not None, then it must have the same shape as the "
            f"input ({input.shape})"
        )
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
    if factors is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}')."
        )
    if sparse:
        raise NotImplementedError("embedding_bag: sparse=True is not supported")
    if input.dtype not in (rsnn.int64, rsnn.int32):
        raise RuntimeError(f"embedding_bag: expected indices of dtype int64 or int32, got {input.dtype}")


def _flattened(input: Any, offsets: Any, factors: Any) -> tuple[Any, Any, Any]:
    """Indices as a vector, with the start of each bag."""
    if input.dim() == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        offsets = rsnn.arange(input.size(0)) * input.size(1)
        return input.reshape(-1), offsets, None if factors is None else factors.reshape(-1)
    if input.dim() != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.dim()}")
    if not isinstance(offsets, rsnn.Tensor):
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if offsets.dim() != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if offsets.numel():
        if int(offsets[0]) != 0:
            raise RuntimeError(
                "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. However, "
                f"got {int(offsets[0])}"
            )
        if int(offsets[-1]) > input.numel():
            raise RuntimeError(
                f"offsets[-1] can not be greater than input's length {input.numel()} but got offsets[-1] of "
                f"{int(offsets[-1])}"
            )
        if bool((offsets[1:] < offsets[:-1]).any()):
            raise RuntimeError("embedding_bag: offsets must not decrease")
    return input, offsets, factors


def _padding(padding_idx: int | None, rows: int) -> int:
    """The row that does not count, or -1."""
    if padding_idx is None:
        return -1
    if not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got {padding_idx}"
        )
    return padding_idx % rows


def _in_bags(input: Any, offsets: Any, factors: Any, ends: bool, padding: int) -> tuple[Any, Any, int, Any]:
    """Indices that count, the bag of each, the number of bags, and the factor of each."""
    kept = rsnn.ones(input.numel(), dtype=rsnn.bool) if padding < 0 else input != padding
    if ends and offsets.numel():
        kept = kept & (rsnn.arange(input.numel()) < offsets[-1])
        offsets = offsets[:-1]
    bags = rsnn.searchsorted(offsets, rsnn.arange(input.numel()), right=True) - 1
    kept = kept & (bags >= 0)
    return input[kept], bags[kept], offsets.numel(), None if factors is None else factors[kept]


def _largest(found: Any, bags: Any, count: int) -> Any:
    """The largest elements of each bag; the gradient goes to the first of equals."""
    number, width = found.shape
    if number == 0:
        return rsnn.zeros(count, width, dtype=found.dtype)
    with rsnn.no_grad():
        top = rsnn.zeros(count, width, dtype=found.dtype)
        top.index_reduce_(0, bags, found.detach(), "amax", include_self=False)
        at = rsnn.arange(number).unsqueeze(1).expand(number, width)
        places = rsnn.where(found == top[bags], at, number)
        first = rsnn.full((count, width), number).index_reduce_(0, bags, places, "amin")
    return found.gather(0, first.clamp(max=number - 1)).masked_fill(first == number, 0)
