"""Joining axes and parting them."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn.modules.module import Module

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    r"""Joins neighbouring axes to one: :math:`(*, S_a, \dots, S_b, *) \to (*, S_a \cdots S_b, *)`.

    Args:
        start_dim: the first of them, :math:`a`.
        end_dim: the last of them, :math:`b`.

    Shape:
        - Input: ``(*, S_a, ..., S_b, *)``
        - Output: ``(*, S_a * ... * S_b, *)``

    Example:
        >>> nn.Flatten()(rsnn.randn(32, 1, 5, 5)).shape
        rsnn.Size([32, 25])
    """

    start_dim: int
    end_dim: int

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    r"""Parts an axis into several: :math:`(*, S, *) \to (*, U_1, \dots, U_n, *)` with :math:`\prod U_i = S`.

    Args:
        dim: the axis.
        unflattened_size: the sizes; one of them may be -1.

    Shape:
        - Input: ``(*, S, *)``
        - Output: ``(*, U_1, ..., U_n, *)``

    Example:
        >>> nn.Unflatten(1, (2, 5, 5))(rsnn.randn(2, 50)).shape
        rsnn.Size([2, 2, 5, 5])
    """

    dim: int
    unflattened_size: tuple[int, ...] | list[int]

    def __init__(self, dim: int, unflattened_size: tuple[int, ...] | list[int]) -> None:
        super().__init__()
        if isinstance(dim, str):
            raise NotImplementedError("Unflatten: named axes are not supported, dim must be an int")
        if not isinstance(unflattened_size, (tuple, list)):
            kind = type(unflattened_size).__name__
            raise TypeError(f"Unflatten: unflattened_size must be a tuple of ints, but found type {kind}")
        for place, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "Unflatten: unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {place}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        return input.unflatten(self.dim, self.unflattened_size)

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
