"""Methods that reverse, turn, fill or fold axes, by way of a few others."""

from __future__ import annotations

from typing import Any

from ._attach import attach


def fliplr(self: Any) -> Any:
    """A copy with the second axis reversed.

    Raises:
        RuntimeError: for fewer than two axes.

    Example:
        >>> rsnn.tensor([[1, 2], [3, 4]]).fliplr()
        tensor([[2, 1],
                [4, 3]])
    """
    if self.dim() < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return self.flip(1)


def flipud(self: Any) -> Any:
    """A copy with the first axis reversed.

    Raises:
        RuntimeError: for a tensor without axes.

    Example:
        >>> rsnn.tensor([[1, 2], [3, 4]]).flipud()
        tensor([[3, 4],
                [1, 2]])
    """
    if self.dim() < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return self.flip(0)


def rot90(self: Any, k: int = 1, dims: Any = (0, 1)) -> Any:
    """A copy turned in the plane of two axes.

    Args:
        k: how many quarters of a turn, from the first of the axes to the second; negative ones go the other way.
        dims: the two axes.

    Raises:
        RuntimeError: unless there are two different axes.
        IndexError: for axes out of range.

    Example:
        >>> rsnn.tensor([[1, 2], [3, 4]]).rot90()
        tensor([[2, 4],
                [1, 3]])
    """
    dims, ndim = list(dims), self.dim()
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    for place, dim in enumerate(dims):
        if not -ndim <= dim < ndim:
            raise IndexError(f"Rotation dim{place} out of range, dim{place} = {dim}")
    a, b = (dim % ndim for dim in dims)
    if a == b:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    if k % 4 == 0:
        return self.clone()
    if k % 4 == 2:
        return self.flip(a, b)
    return self.flip(b if k % 4 == 1 else a).transpose(a, b)


def fill_diagonal_(self: Any, fill_value: Any, wrap: bool = False) -> Any:
    """Sets the main diagonal to a number.

    Args:
        fill_value: the number.
        wrap: whether the diagonal of a matrix with more rows than columns starts anew below, one row further down.

    Raises:
        RuntimeError: for fewer than two axes, and for more than two that are not all of one size.

    Example:
        >>> rsnn.zeros(2, 2).fill_diagonal_(5)
        tensor([[5., 0.],
                [0., 5.]])
    """
    ndim = self.dim()
    if ndim < 2:
        raise RuntimeError("dimensions must larger than 1")
    if ndim > 2:
        if len(set(self.shape)) > 1:
            raise RuntimeError("all dimensions of input must be of equal length")
        self.as_strided((self.size(0),), (sum(self.stride()),), self.storage_offset()).fill_(fill_value)
        return self
    rows, columns = self.shape
    starts = range(0, rows, columns + 1) if wrap else (0,)
    for start in starts:
        self[start:].diagonal().fill_(fill_value)
    return self


def sum_to_size(self: Any, *size: Any) -> Any:
    """The sum over the axes in which the tensor is larger than a shape that it could be broadcast from.

    Args:
        size: the sizes of the result, one by one or as one sequence.

    Raises:
        RuntimeError: for a shape that does not broadcast to the tensor's.

    Example:
        >>> rsnn.ones(2, 3).sum_to_size(1, 3)
        tensor([[2., 2., 2.]])
    """
    sizes = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    lead = self.dim() - len(sizes)
    fits = lead >= 0 and all(n in (1, old) for n, old in zip(sizes, self.shape[max(lead, 0) :]))
    if not fits:
        raise RuntimeError(f"size {{{list(sizes)}}} is not expandable to size {{{list(self.shape)}}}.")
    gone = [*range(lead), *(lead + i for i, n in enumerate(sizes) if n == 1 and self.size(lead + i) != 1)]
    return (self.sum(gone, keepdim=True) if gone else self).reshape(sizes)


def is_same_size(self: Any, other: Any) -> bool:
    """Whether another tensor has the same sizes."""
    return self.shape == other.shape


def __reversed__(self: Any) -> Any:  # noqa: N807
    """A copy with the first axis reversed; a tensor without axes is its own reverse."""
    return self if self.dim() == 0 else self.flip(0)


attach(fliplr, flipud, rot90, fill_diagonal_, sum_to_size, is_same_size, __reversed__)
