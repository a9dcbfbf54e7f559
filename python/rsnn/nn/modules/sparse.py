"""Tables of vectors, looked up by index."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = ["Embedding", "EmbeddingBag"]


def _padding_row(padding_idx: int | None, num_embeddings: int) -> int | None:
    """The number of the padding row, counted from the start."""
    if padding_idx is None:
        return None
    if not -num_embeddings <= padding_idx < num_embeddings:
        raise AssertionError(f"Padding_idx must be within num_embeddings ({num_embeddings}), got {padding_idx}")
    return padding_idx % num_embeddings


class _Table(Module):
    """A table, its initial values, and the row that stays zero."""

    num_embeddings: int
    embedding_dim: int
    padding_idx: int | None
    max_norm: float | None
    norm_type: float
    scale_grad_by_freq: bool
    sparse: bool
    weight: Tensor

    def _fill(self, weight: Any, freeze: bool, device: Any, dtype: Any) -> None:
        shape = (self.num_embeddings, self.embedding_dim)
        if weight is None:
            self.weight = Parameter(rsnn.empty(shape, device=device, dtype=dtype), requires_grad=not freeze)
            self.reset_parameters()
            return
        if tuple(weight.shape) != shape:
            raise AssertionError(
                f"Shape of weight does not match num_embeddings and embedding_dim: expected {shape}, "
                f"got {tuple(weight.shape)}"
            )
        self.weight = Parameter(weight, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draws the table from the standard normal distribution; the padding row is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with rsnn.no_grad():
                self.weight[self.padding_idx].fill_(0)


def _check_pretrained(embeddings: Any) -> tuple[int, int]:
    if embeddings.dim() != 2:
        raise AssertionError(f"Embeddings parameter is expected to be 2-dimensional, got {embeddings.dim()} axes")
    rows, cols = embeddings.shape
    return rows, cols


class Embedding(_Table):
    r"""Looks up rows of a learned table: :math:`y = W_{i}`.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the length of a row.
        padding_idx: a row that starts at zero and gets no gradient.
        max_norm: rows of a larger norm are scaled down to it, in place, when they are looked up.
        norm_type: the :math:`p` of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it occurs in the batch.
        sparse: must be ``False``: sparse gradients are not supported.
        device: only ``"cpu"``.
        dtype: the dtype of the table.

    Attributes:
        weight: the table :math:`W`, ``(num_embeddings, embedding_dim)``, initially standard normal.

    Shape:
        - Input: ``(*)``, of an integer dtype
        - Output: ``(*, embedding_dim)``

    Example:
        >>> nn.Embedding(10, 3)(rsnn.tensor([[1, 2, 4, 5], [4, 3, 2, 9]])).shape
        rsnn.Size([2, 4, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Any = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = _padding_row(padding_idx, num_embeddings)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self._fill(_weight, _freeze, device, dtype)
        self.sparse = sparse

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        if self.sparse:
            text += ", sparse=True"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Embedding:
        """A layer around a table that exists.

        Args:
            embeddings: the table, ``(num_embeddings, embedding_dim)``; its memory is shared.
            freeze: whether the table is not to be trained.

        The other arguments are those of the class.

        Example:
            >>> m = nn.Embedding.from_pretrained(rsnn.tensor([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]]))
            >>> m(rsnn.tensor([1]))
            tensor([[4.0000, 5.1000, 6.3000]])
        """
        rows, cols = _check_pretrained(embeddings)
        return cls(
            num_embeddings=rows,
            embedding_dim=cols,
            _weight=embeddings,
            _freeze=freeze,
            padding_idx=padding_idx,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            sparse=sparse,
        )


class EmbeddingBag(_Table):
    r"""Looks up rows of a learned table and reduces them bag by bag: :math:`y_b = \sum_{i \in b} W_i`, their mean or maximum.

    Args:
        num_embeddings: the number of rows.
        embedding_dim: the length of a row.
        max_norm: rows of a larger norm are scaled down to it, in place, when they are looked up.
        norm_type: the :math:`p` of that norm.
        scale_grad_by_freq: divide the gradient of a row by how often it occurs in the batch; not for ``"max"``.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: must be ``False``: sparse gradients are not supported.
        include_last_offset: whether offsets end with the end of the last bag.
        padding_idx: a row that starts at zero, does not count and gets no gradient.
        device: only ``"cpu"``.
        dtype: the dtype of the table.

    Attributes:
        weight: the table :math:`W`, ``(num_embeddings, embedding_dim)``, initially standard normal.

    Shape:
        - Input: ``(B, N)``, or ``(N)`` with offsets ``(B)``, of an integer dtype
        - Output: ``(B, embedding_dim)``; zero for an empty bag

    Example:
        >>> m = nn.EmbeddingBag(10, 3, mode="sum")
        >>> m(rsnn.tensor([1, 2, 4, 5, 4, 3]), rsnn.tensor([0, 4])).shape
        rsnn.Size([2, 3])
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Any = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise AssertionError(f"padding_idx must be within num_embeddings ({num_embeddings}), got {padding_idx}")
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self._fill(_weight, False, device, dtype)
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def forward(self, input: Any, offsets: Any = None, per_sample_weights: Any = None) -> Any:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        text = f"{self.num_embeddings}, {self.embedding_dim}"
        if self.max_norm is not None:
            text += f", max_norm={self.max_norm}"
        if self.norm_type != 2:
            text += f", norm_type={self.norm_type}"
        if self.scale_grad_by_freq:
            text += f", scale_grad_by_freq={self.scale_grad_by_freq}"
        text += f", mode={self.mode!r}"
        if self.padding_idx is not None:
            text += f", padding_idx={self.padding_idx}"
        return text

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Any,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> EmbeddingBag:
        """A layer around a table that exists.

        Args:
            embeddings: the table, ``(num_embeddings, embedding_dim)``; its memory is shared.
            freeze: whether the table is not to be trained.

        The other arguments are those of the class.

        Example:
            >>> m = nn.EmbeddingBag.from_pretrained(rsnn.tensor([[1.0, 2.3, 3.0], [4.0, 5.1, 6.3]]))
            >>> m(rsnn.tensor([[1, 0]]))
            tensor([[2.5000, 3.7000, 4.6500]])
        """
        rows, cols = _check_pretrained(embeddings)
        bag = cls(
            num_embeddings=rows,
            embedding_dim=cols,
            _weight=embeddings,
            max_norm=max_norm,
            norm_type=norm_type,
            scale_grad_by_freq=scale_grad_by_freq,
            mode=mode,
            sparse=sparse,
            include_last_offset=include_last_offset,
            padding_idx=padding_idx,
        )
        bag.weight.requires_grad = not freeze
        return bag
