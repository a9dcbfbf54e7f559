"""What numpy asks of objects that meet its arrays."""

from __future__ import annotations

from typing import Any

from .. import _C

#: Arithmetic between numpy's arrays or numbers and tensors is left to tensors.
_C.Tensor.__array_priority__ = 1000


def __array_wrap__(self: Any, array: Any, context: Any = None, return_scalar: bool = False) -> Any:  # noqa: N807
    """The result of one of numpy's elementwise functions as a tensor; of `bool` as `uint8`, as in PyTorch."""
    return _C.from_numpy(array.astype("uint8") if array.dtype == bool else array)


_C.Tensor.__array_wrap__ = __array_wrap__  # type: ignore[method-assign]
