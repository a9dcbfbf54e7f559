"""Activations that take something off."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["Hardshrink", "Softshrink", "Tanhshrink"]


class Hardshrink(Module):
    r"""Sets small values to zero: :math:`y = x` if :math:`|x| > \lambda`, else 0.

    Args:
        lambd: :math:`\lambda`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Hardshrink()(rsnn.tensor([-1.0, 0.3]))
        tensor([-1.,  0.])
    """

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.hardshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Softshrink(Module):
    r"""Moves values towards zero: :math:`y = x - \lambda` above :math:`\lambda`, :math:`x + \lambda` below
    :math:`-\lambda`, 0 between.

    Args:
        lambd: :math:`\lambda`, not negative.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Softshrink()(rsnn.tensor([-1.0, 0.3]))
        tensor([-0.5000,  0.0000])
    """

    lambd: float

    def __init__(self, lambd: float = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def forward(self, input: Tensor) -> Tensor:
        return F.softshrink(input, self.lambd)

    def extra_repr(self) -> str:
        return str(self.lambd)


class Tanhshrink(Module):
    r"""What the hyperbolic tangent leaves: :math:`y = x - \tanh(x)`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Tanhshrink()(rsnn.tensor([0.0, 2.0]))
        tensor([0.0000, 1.0360])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanhshrink(input)
