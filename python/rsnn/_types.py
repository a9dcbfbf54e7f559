"""`rsnn.FloatTensor` and its like: the old names for tensors of one dtype."""

from __future__ import annotations

from typing import Any

from . import _C
from ._tensor.kind import TYPE_NAMES
from ._tensor.real import of_sizes_or_data


class tensortype(type):  # noqa: N801
    """The class of the types: an object is an instance of one if it is a tensor of that dtype."""

    dtype: Any
    is_cuda = False

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, _C.Tensor) and instance.dtype == cls.dtype

    def __subclasscheck__(cls, subclass: type) -> bool:
        return subclass is cls

    def __call__(cls, *args: Any, device: Any = None) -> Any:
        return of_sizes_or_data(cls.dtype, args, device)

    def __repr__(cls) -> str:
        return f"<class 'rsnn.{cls.__name__}'>"


def _type(name: str, dtype: Any) -> tensortype:
    documentation = (
        f"""Tensors of `{dtype}`: called, a tensor of given sizes with undefined elements, or of given data."""
    )
    return tensortype(name, (), {"dtype": dtype, "__doc__": documentation, "__module__": "rsnn", "__slots__": ()})


globals().update({name: _type(name, dtype) for dtype, name in TYPE_NAMES.items()})

__all__ = list(TYPE_NAMES.values())
