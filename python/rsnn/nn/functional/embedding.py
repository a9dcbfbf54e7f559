"""Looking up rows of a table."""

from __future__ import annotations

import rsnn
from rsnn._C import Tensor
from rsnn._expected import check_tensors

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
    if padding_idx is not None:
        rows = weight.size(0)
        if not -rows <= padding_idx < rows:
            raise AssertionError(f"Padding_idx must be within num_embeddings ({rows}), got {padding_idx}")
        padding_idx %= rows
    if max_norm is not None:
        rsnn.embedding_renorm_(weight.detach(), input, max_norm, norm_type)
    return rsnn.embedding(weight, input, -1 if padding_idx is None else padding_idx, scale_grad_by_freq, sparse)


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
    check_tensors("one_hot", tensor=tensor)
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
