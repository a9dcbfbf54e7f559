"""The class of `tensor.shape`."""

from __future__ import annotations

import math
from typing import SupportsIndex, overload


class Size(tuple[int, ...]):  # noqa: SLOT001
    """The sizes of a tensor: a tuple of integers that knows their product.

    Example:
        >>> rsnn.zeros(2, 3).shape
        rsnn.Size([2, 3])
        >>> rsnn.zeros(2, 3).shape.numel()
        6
    """

    def numel(self) -> int:
        """The number of elements of a tensor of these sizes."""
        return math.prod(self)

    @overload
    def __getitem__(self, index: SupportsIndex) -> int: ...
    @overload
    def __getitem__(self, index: slice) -> Size: ...
    def __getitem__(self, index: SupportsIndex | slice) -> int | Size:
        item = tuple.__getitem__(self, index)
        return Size(item) if isinstance(item, tuple) else item

    def __add__(self, other: tuple[int, ...]) -> Size:  # type: ignore[override]
        return Size(tuple.__add__(self, tuple(other)))

    def __mul__(self, times: SupportsIndex) -> Size:
        return Size(tuple.__mul__(self, times))

    __rmul__ = __mul__

    def __repr__(self) -> str:
        return f"rsnn.Size([{', '.join(map(str, self))}])"

    def __reduce__(self) -> tuple[type, tuple[tuple[int, ...]]]:
        return Size, (tuple(self),)
