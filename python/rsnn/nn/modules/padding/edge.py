"""Borders that are made of the input."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_2_pad_t, _size_4_t, _size_6_t
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.utils import _ntuple, _pair, _quadruple

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
]

_sextuple = _ntuple(6, "_sextuple")


class _PadNd(Module):
    """What borders that are made of the input itself share."""

    _mode: str
    padding: tuple[int, ...]

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_PadNd):
    r"""Adds a border that mirrors the input along the last axis, without repeating the edge.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(|i|)

    Args:
        padding: the widths ``(left, right)``, or one number for all
            sides; each less than the size of its axis.

    Shape:
        - Input: ``(N, C, W)`` or ``(C, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReflectionPad1d((1, 2))(rsnn.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[2., 1., 2., 3., 2., 1.]]])
    """

    _mode = "reflect"

    def __init__(self, padding: _size_2_pad_t) -> None:
        super().__init__()
        self.padding = _pair(padding)


class ReflectionPad2d(_PadNd):
    r"""Adds a border that mirrors the input along the last two axes, without repeating the edge.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(|i|)

    Args:
        padding: the widths ``(left, right, top, bottom)``, or one number for all
            sides; each less than the size of its axis.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReflectionPad2d((2, 1, 2, 0))(rsnn.randn(1, 2, 3, 4)).shape
        rsnn.Size([1, 2, 5, 7])
    """

    _mode = "reflect"

    def __init__(self, padding: _size_4_t) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class ReflectionPad3d(_PadNd):
    r"""Adds a border that mirrors the input along the last three axes, without repeating the edge.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(|i|)

    Args:
        padding: the widths ``(left, right, top, bottom, front, back)``, or one number for all
            sides; each less than the size of its axis.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReflectionPad3d((2, 1, 2, 0, 1, 1))(rsnn.randn(1, 2, 3, 4, 5)).shape
        rsnn.Size([1, 2, 5, 6, 8])
    """

    _mode = "reflect"

    def __init__(self, padding: _size_6_t) -> None:
        super().__init__()
        self.padding = _sextuple(padding)


class ReplicationPad1d(_PadNd):
    r"""Adds a border that repeats the edge along the last axis.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(\min(\max(i, 0), n - 1))

    Args:
        padding: the widths ``(left, right)``, or one number for all
            sides.

    Shape:
        - Input: ``(N, C, W)`` or ``(C, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReplicationPad1d((1, 2))(rsnn.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[1., 1., 2., 3., 3., 3.]]])
    """

    _mode = "replicate"

    def __init__(self, padding: _size_2_pad_t) -> None:
        super().__init__()
        self.padding = _pair(padding)


class ReplicationPad2d(_PadNd):
    r"""Adds a border that repeats the edge along the last two axes.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(\min(\max(i, 0), n - 1))

    Args:
        padding: the widths ``(left, right, top, bottom)``, or one number for all
            sides.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReplicationPad2d((2, 1, 2, 0))(rsnn.randn(1, 2, 3, 4)).shape
        rsnn.Size([1, 2, 5, 7])
    """

    _mode = "replicate"

    def __init__(self, padding: _size_4_t) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class ReplicationPad3d(_PadNd):
    r"""Adds a border that repeats the edge along the last three axes.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(\min(\max(i, 0), n - 1))

    Args:
        padding: the widths ``(left, right, top, bottom, front, back)``, or one number for all
            sides.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ReplicationPad3d((2, 1, 2, 0, 1, 1))(rsnn.randn(1, 2, 3, 4, 5)).shape
        rsnn.Size([1, 2, 5, 6, 8])
    """

    _mode = "replicate"

    def __init__(self, padding: _size_6_t) -> None:
        super().__init__()
        self.padding = _sextuple(padding)


class CircularPad1d(_PadNd):
    r"""Adds a border that continues from the other side along the last axis.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(i \bmod n)

    Args:
        padding: the widths ``(left, right)``, or one number for all
            sides; each at most the size of its axis.

    Shape:
        - Input: ``(N, C, W)`` or ``(C, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.CircularPad1d((1, 2))(rsnn.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[3., 1., 2., 3., 1., 2.]]])
    """

    _mode = "circular"

    def __init__(self, padding: _size_2_pad_t) -> None:
        super().__init__()
        self.padding = _pair(padding)


class CircularPad2d(_PadNd):
    r"""Adds a border that continues from the other side along the last two axes.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(i \bmod n)

    Args:
        padding: the widths ``(left, right, top, bottom)``, or one number for all
            sides; each at most the size of its axis.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.CircularPad2d((2, 1, 2, 0))(rsnn.randn(1, 2, 3, 4)).shape
        rsnn.Size([1, 2, 5, 7])
    """

    _mode = "circular"

    def __init__(self, padding: _size_4_t) -> None:
        super().__init__()
        self.padding = _quadruple(padding)


class CircularPad3d(_PadNd):
    r"""Adds a border that continues from the other side along the last three axes.

    .. math:: \mathrm{out}(p + i) = \mathrm{input}(i \bmod n)

    Args:
        padding: the widths ``(left, right, top, bottom, front, back)``, or one number for all
            sides; each at most the size of its axis.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.CircularPad3d((2, 1, 2, 0, 1, 1))(rsnn.randn(1, 2, 3, 4, 5)).shape
        rsnn.Size([1, 2, 5, 6, 8])
    """

    _mode = "circular"

    def __init__(self, padding: _size_6_t) -> None:
        super().__init__()
        self.padding = _sextuple(padding)
