"""Borders of one value."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.common_types import _size_2_pad_t, _size_4_t, _size_6_t
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.utils import _ntuple, _pair, _quadruple

__all__ = ["ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"]

_sextuple = _ntuple(6, "_sextuple")


class _ConstantPadNd(Module):
    """What borders of one value share."""

    value: float
    padding: tuple[int, ...]

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    r"""Adds a border of one value along the last axis.

    Args:
        padding: the widths ``(left, right)``, or one number for all
            sides; negative ones cut off.
        value: what the border is made of.

    Shape:
        - Input: ``(N, C, W)`` or ``(C, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ConstantPad1d((1, 2), 0.5)(rsnn.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[0.5000, 1.0000, 2.0000, 3.0000, 0.5000, 0.5000]]])
    """

    def __init__(self, padding: _size_2_pad_t, value: float) -> None:
        super().__init__(value)
        self.padding = _pair(padding)


class ConstantPad2d(_ConstantPadNd):
    r"""Adds a border of one value along the last two axes.

    Args:
        padding: the widths ``(left, right, top, bottom)``, or one number for all
            sides; negative ones cut off.
        value: what the border is made of.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ConstantPad2d((2, 1, 2, 0), 0.5)(rsnn.randn(1, 2, 3, 4)).shape
        rsnn.Size([1, 2, 5, 7])
    """

    def __init__(self, padding: _size_4_t, value: float) -> None:
        super().__init__(value)
        self.padding = _quadruple(padding)


class ConstantPad3d(_ConstantPadNd):
    r"""Adds a border of one value along the last three axes.

    Args:
        padding: the widths ``(left, right, top, bottom, front, back)``, or one number for all
            sides; negative ones cut off.
        value: what the border is made of.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ConstantPad3d((2, 1, 2, 0, 1, 1), 0.5)(rsnn.randn(1, 2, 3, 4, 5)).shape
        rsnn.Size([1, 2, 5, 6, 8])
    """

    def __init__(self, padding: _size_6_t, value: float) -> None:
        super().__init__(value)
        self.padding = _sextuple(padding)


class ZeroPad1d(ConstantPad1d):
    r"""Adds a border of zeros along the last axis.

    Args:
        padding: the widths ``(left, right)``, or one number for all
            sides; negative ones cut off.

    Shape:
        - Input: ``(N, C, W)`` or ``(C, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ZeroPad1d((1, 2))(rsnn.tensor([[[1.0, 2.0, 3.0]]]))
        tensor([[[0., 1., 2., 3., 0., 0.]]])
    """

    padding: tuple[int, ...]

    def __init__(self, padding: _size_2_pad_t) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    r"""Adds a border of zeros along the last two axes.

    Args:
        padding: the widths ``(left, right, top, bottom)``, or one number for all
            sides; negative ones cut off.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ZeroPad2d((2, 1, 2, 0))(rsnn.randn(1, 2, 3, 4)).shape
        rsnn.Size([1, 2, 5, 7])
    """

    padding: tuple[int, ...]

    def __init__(self, padding: _size_4_t) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    r"""Adds a border of zeros along the last three axes.

    Args:
        padding: the widths ``(left, right, top, bottom, front, back)``, or one number for all
            sides; negative ones cut off.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same with each side longer by its widths

    Example:
        >>> nn.ZeroPad3d((2, 1, 2, 0, 1, 1))(rsnn.randn(1, 2, 3, 4, 5)).shape
        rsnn.Size([1, 2, 5, 6, 8])
    """

    padding: tuple[int, ...]

    def __init__(self, padding: _size_6_t) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"
