"""What PyTorch has for complex numbers, and second ways to take parts: for real tensors most of it is the tensor itself."""

from __future__ import annotations

from typing import Any

from .. import _C
from .._size import Size
from ._attach import attach


def conj(self: Any) -> _C.Tensor:
    """The tensor itself: real numbers are their own conjugates."""
    return self


def conj_physical(self: Any) -> Any:
    """The tensor itself: real numbers are their own conjugates."""
    return self


def conj_physical_(self: Any) -> Any:
    """The tensor itself, unchanged: real numbers are their own conjugates."""
    return self


def resolve_conj(self: Any) -> Any:
    """The tensor itself."""
    return self


def resolve_neg(self: Any) -> Any:
    """The tensor itself."""
    return self


def _imaginary(self: Any) -> _C.Tensor:
    raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")


def narrow_copy(self: Any, dim: int, start: int, length: int) -> Any:
    """As `narrow`, as a copy."""
    return self.narrow(dim, start, length).clone()


def unsafe_chunk(self: Any, chunks: int, dim: int = 0) -> tuple[_C.Tensor, ...]:
    """As `chunk`."""
    return self.chunk(chunks, dim)


def unsafe_split(self: Any, split_size: int, dim: int = 0) -> tuple[_C.Tensor, ...]:
    """As `split`."""
    return self.split(split_size, dim)


def unsafe_split_with_sizes(self: Any, split_sizes: Any, dim: int = 0) -> tuple[_C.Tensor, ...]:
    """As `split_with_sizes`."""
    return self.split_with_sizes(split_sizes, dim)


def is_set_to(self: Any, tensor: Any) -> bool:
    """Whether another tensor has the same memory, sizes and strides."""
    return (
        self.data_ptr() == tensor.data_ptr()
        and self.shape == tensor.shape
        and self.stride() == tensor.stride()
        and self.dtype == tensor.dtype
    )


def dim_order(self: Any, *, ambiguity_check: bool = False) -> tuple[int, ...]:
    """The axes from the slowest in memory to the fastest.

    Args:
        ambiguity_check: must be False.

    Raises:
        NotImplementedError: for an ambiguity check.

    Example:
        >>> rsnn.zeros(2, 3).t().dim_order()
        (1, 0)
    """
    if ambiguity_check is not False:
        raise NotImplementedError("dim_order: ambiguity_check is not supported")
    strides = self.stride()
    return tuple(sorted(range(self.dim()), key=lambda axis: -strides[axis]))


def new(self: Any, *args: Any, device: Any = None) -> Any:
    """A tensor of the same dtype: of given sizes with undefined elements, or of given data. Prefer the `new_...` methods.

    Raises:
        TypeError: for a tensor of another dtype, and for a float.

    Example:
        >>> rsnn.zeros(1, dtype=rsnn.int64).new([1.5, 2.5])
        tensor([1, 2])
    """
    return of_sizes_or_data(self.dtype, args, device)


def of_sizes_or_data(dtype: Any, args: tuple[Any, ...], device: Any) -> Any:
    """What the old constructors make of their arguments."""
    if len(args) != 1 or isinstance(args[0], (int, Size)):
        return _C.empty(*args, dtype=dtype, device=device) if args else _C.empty(0, dtype=dtype, device=device)
    (data,) = args
    if isinstance(data, float):
        raise TypeError("new(): data must be a sequence (got float)")
    if isinstance(data, _C.Tensor):
        if data.dtype != dtype:
            raise TypeError(f"new(): expected a tensor of {dtype}, got one of {data.dtype}")
        return data.detach()
    return _C.tensor(data, dtype=dtype, device=device)


def is_shared(self: Any) -> bool:
    """Whether other processes can see the memory: never."""
    return False


def share_memory_(self: Any) -> Any:
    """Not supported: raises NotImplementedError."""
    raise NotImplementedError("share_memory_: memory shared between processes is not supported")


attach(
    conj,
    conj_physical,
    conj_physical_,
    resolve_conj,
    resolve_neg,
    narrow_copy,
    unsafe_chunk,
    unsafe_split,
    unsafe_split_with_sizes,
    is_set_to,
    dim_order,
    new,
    is_shared,
    share_memory_,
)
for _name, _property in (
    ("real", property(conj, doc="The tensor itself.")),
    ("imag", property(_imaginary, doc="Raises RuntimeError: a real tensor has no imaginary part.")),
):
    setattr(_C.Tensor, _name, _property)
