"""The results of functions that return several tensors: tuples whose parts have names."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._C import Tensor


class _Result(tuple["Tensor", ...]):
    """A tuple of tensors that can also be read by name."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __init_subclass__(cls) -> None:
        cls._fields = tuple(name for name, value in vars(cls).items() if isinstance(value, property))

    def __repr__(self) -> str:
        fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
        return f"rsnn.return_types.{type(self).__name__}(\n{fields})"

    def __reduce__(self) -> tuple[type, tuple[tuple[Any, ...]]]:
        return type(self), (tuple(self),)


def _field(index: int) -> Tensor:
    """The property of a part; for a type checker what it gives."""
    return property(itemgetter(index))  # type: ignore[return-value]


class max(_Result):  # noqa: A001
    """What `Tensor.max(dim)` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class min(_Result):  # noqa: A001
    """What `Tensor.min(dim)` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class aminmax(_Result):
    """What `Tensor.aminmax` returns."""

    __slots__ = ()
    min = _field(0)
    max = _field(1)


class median(_Result):
    """What `Tensor.median(dim)` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class nanmedian(_Result):
    """What `Tensor.nanmedian(dim)` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class mode(_Result):
    """What `Tensor.mode` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class kthvalue(_Result):
    """What `Tensor.kthvalue` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class sort(_Result):
    """What `Tensor.sort` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class topk(_Result):
    """What `Tensor.topk` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class cummax(_Result):
    """What `Tensor.cummax` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class cummin(_Result):
    """What `Tensor.cummin` returns."""

    __slots__ = ()
    values = _field(0)
    indices = _field(1)


class histogram(_Result):
    """What `Tensor.histogram` returns."""

    __slots__ = ()
    hist = _field(0)
    bin_edges = _field(1)


class slogdet(_Result):
    """What `Tensor.slogdet` returns."""

    __slots__ = ()
    sign = _field(0)
    logabsdet = _field(1)


class linalg_slogdet(_Result):
    """What `linalg.slogdet` returns."""

    __slots__ = ()
    sign = _field(0)
    logabsdet = _field(1)


class qr(_Result):
    """What `Tensor.qr` returns."""

    __slots__ = ()
    Q = _field(0)
    R = _field(1)


class linalg_qr(_Result):
    """What `linalg.qr` returns."""

    __slots__ = ()
    Q = _field(0)
    R = _field(1)


class svd(_Result):
    """What `Tensor.svd` returns."""

    __slots__ = ()
    U = _field(0)
    S = _field(1)
    V = _field(2)


class linalg_svd(_Result):
    """What `linalg.svd` returns."""

    __slots__ = ()
    U = _field(0)
    S = _field(1)
    Vh = _field(2)


class linalg_eigh(_Result):
    """What `linalg.eigh` returns."""

    __slots__ = ()
    eigenvalues = _field(0)
    eigenvectors = _field(1)
