"""How tensors lie in memory, by name: `rsnn.strided`, `rsnn.contiguous_format`."""

from __future__ import annotations


class layout:  # noqa: N801
    """The kind of storage of a tensor. All tensors of rsnn are `rsnn.strided`."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"rsnn.{self._name}"

    def __reduce__(self) -> str:
        return self._name


class memory_format:  # noqa: N801
    """The order of the axes in memory that a new tensor is to have.

    `contiguous_format` is row-major, `preserve_format` that of the tensor it is made from, `channels_last` (four axes) and
    `channels_last_3d` (five) have the second axis last. `to`, `contiguous` and `clone` take all of them; functions that
    make new tensors (`empty`, `zeros_like`, ...) refuse the last two.
    """

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return f"rsnn.{self._name}"

    def __reduce__(self) -> str:
        return self._name


strided = layout("strided")
sparse_coo = layout("sparse_coo")
contiguous_format = memory_format("contiguous_format")
legacy_contiguous_format = contiguous_format
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")
