"""Looking up rows of a table."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.autograd import Function

__all__ = ["embedding", "one_hot"]


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Rows of a table. See :class:`rsnn.nn.Embedding`.

    Args:
        input: indices, ``(*)``, of dtype int64 or int32.
        weight: the table, ``(num_embeddings, embedding_dim)``.
        padding_idx: a row that gets no gradient.
        max_norm: rows of a larger norm are scaled down to it, in place.
        norm_type: the ``p`` of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it occurs.
        sparse: must be ``False``.

    Raises:
        IndexError: for an index outside of the table.
        RuntimeError: for indices of another dtype, or a table that is not 2-D.
        NotImplementedError: for ``sparse=True``.

    Example:
        >>> F.embedding(rsnn.tensor([1, 0]), rsnn.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([[3., 4.],
                [1., 2.]])
    """
    if sparse:
        raise NotImplementedError("embedding: sparse=True is not supported")
    if weight.dim() != 2:
        raise RuntimeError(f"embedding: 'weight' must be 2-D, got {list(weight.shape)}")
    if input.dtype not in (rsnn.int64, rsnn.int32):
        raise RuntimeError(f"embedding: expected indices of dtype int64 or int32, got {input.dtype}")
    rows, width = weight.shape
    if padding_idx is not None:
        if not -rows <= padding_idx < rows:
            raise AssertionError(f"Padding_idx must be within num_embeddings ({rows}), got {padding_idx}")
        padding_idx %= rows
    index = input.reshape(-1).to(rsnn.int64)
    if index.numel() and not 0 <= int(index.min()) <= int(index.max()) < rows:
        raise IndexError(
            f"embedding: index out of range, expected 0 to {rows - 1}, got {int(index.min())} to {int(index.max())}"
        )
    if max_norm is not None:
        _limit_norms(weight, index, max_norm, norm_type)
    found = weight.index_select(0, index)
    if found.requires_grad and (padding_idx is not None or scale_grad_by_freq):
        factor = rsnn.ones(index.numel(), 1, dtype=weight.dtype)
        if scale_grad_by_freq:
            counts = rsnn.zeros(rows, dtype=weight.dtype).index_add_(0, index, factor.reshape(-1))
            factor = factor / counts.index_select(0, index).unsqueeze(1)
        if padding_idx is not None:
            factor = factor * (index != padding_idx).unsqueeze(1).to(weight.dtype)
        found = _WithScaledGradient.apply(found, factor)
    return found.reshape(*input.shape, width)


class _WithScaledGradient(Function):
    """Returns a value; its gradient is multiplied by a factor."""

    @staticmethod
    def forward(ctx: Any, value: Any, factor: Any) -> Any:
        ctx.factor = factor
        return value

    @staticmethod
    def backward(ctx: Any, grad: Any) -> Any:
        return grad * ctx.factor, None


def _limit_norms(weight: Tensor, index: Any, max_norm: float, norm_type: float) -> None:
    """Scales the rows that are looked up down to a norm, as they lie."""
    with rsnn.no_grad():
        norms = weight.norm(norm_type, 1)
        looked_up = rsnn.zeros(weight.size(0), dtype=rsnn.bool)
        looked_up[index] = True
        factor = rsnn.where(looked_up & (norms > max_norm), max_norm / (norms + 1e-7), rsnn.ones_like(norms))
        weight.mul_(factor.unsqueeze(1))


def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """Vectors with a one at the place of each index, of dtype int64.

    Args:
        tensor: indices, ``(*)``, of dtype int64.
        num_classes: the length of the vectors; one more than the largest index if -1.

    Raises:
        RuntimeError: for another dtype, indices that are negative or too large, and where the length cannot be told.

    Example:
        >>> F.one_hot(rsnn.tensor([0, 2]))
        tensor([[1, 0, 0],
                [0, 0, 1]])
    """
    if tensor.dtype is not rsnn.int64:
        raise RuntimeError(f"one_hot is only applicable to index tensor of type LongTensor, got {tensor.dtype}")
    if tensor.numel() == 0 and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if tensor.numel() and int(tensor.min()) < 0:
        raise RuntimeError(f"one_hot: Class values must be non-negative, got {int(tensor.min())}")
    if num_classes == -1:
        num_classes = int(tensor.max()) + 1
    if num_classes < 1:
        raise RuntimeError(f"one_hot: num_classes should be positive, got {num_classes}")
    if tensor.numel() and int(tensor.max()) >= num_classes:
        raise RuntimeError(
            f"one_hot: Class values must be smaller than num_classes ({num_classes}), got {int(tensor.max())}"
        )
    return rsnn.zeros(*tensor.shape, num_classes, dtype=rsnn.int64).scatter_(-1, tensor.unsqueeze(-1), 1)
