"""Activations that are smooth, or stand in for smooth ones."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = [
    "GELU",
    "GLU",
    "Hardsigmoid",
    "Hardswish",
    "LogSigmoid",
    "Mish",
    "SiLU",
    "Sigmoid",
    "Softplus",
    "Softsign",
    "Tanh",
]


class Sigmoid(Module):
    r"""The logistic function: :math:`y = \sigma(x) = 1 / (1 + e^{-x})`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Sigmoid()(rsnn.tensor([0.0, 2.0]))
        tensor([0.5000, 0.8808])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.sigmoid(input)


class Tanh(Module):
    r"""The hyperbolic tangent: :math:`y = \tanh(x)`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Tanh()(rsnn.tensor([0.0, 2.0]))
        tensor([0.0000, 0.9640])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.tanh(input)


class Hardsigmoid(Module):
    r"""A sigmoid of straight lines: :math:`y = \min(\max(x + 3, 0), 6) / 6`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Hardsigmoid()(rsnn.tensor([0.0, 2.0, 5.0]))
        tensor([0.5000, 0.8333, 1.0000])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardsigmoid(input, self.inplace)


class Hardswish(Module):
    r"""A :class:`SiLU` of simpler pieces: :math:`y = x \min(\max(x + 3, 0), 6) / 6`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Hardswish()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.3333,  1.6667])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.hardswish(input, self.inplace)


class SiLU(Module):
    r"""The sigmoid linear unit, or swish: :math:`y = x \, \sigma(x)`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.SiLU()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.2689,  1.7616])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.silu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Mish(Module):
    r"""A unit that regularises itself: :math:`y = x \tanh(\log(1 + e^x))`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Mish()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.3034,  1.9440])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.mish(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class GELU(Module):
    r"""The Gaussian error linear unit: :math:`y = x \, \Phi(x)`, with :math:`\Phi` the normal distribution function.

    Args:
        approximate: ``"none"``, or ``"tanh"`` for
            :math:`y = \frac{x}{2} (1 + \tanh(\sqrt{2 / \pi} \, (x + 0.044715 x^3)))`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.GELU()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.1587,  1.9545])
    """

    approximate: str

    def __init__(self, approximate: str = "none") -> None:
        super().__init__()
        self.approximate = approximate

    def forward(self, input: Tensor) -> Tensor:
        return F.gelu(input, approximate=self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class GLU(Module):
    r"""The gated linear unit: :math:`y = a \, \sigma(b)`, with :math:`a` and :math:`b` the halves of the input.

    Args:
        dim: the axis that is halved.

    Shape:
        - Input: ``(*, N, *)`` with an even ``N``
        - Output: ``(*, N / 2, *)``

    Example:
        >>> nn.GLU()(rsnn.randn(4, 2)).shape
        rsnn.Size([4, 1])
    """

    dim: int

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def forward(self, input: Tensor) -> Tensor:
        return F.glu(input, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSigmoid(Module):
    r"""The logarithm of the sigmoid: :math:`y = \log \sigma(x)`, without overflow.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.LogSigmoid()(rsnn.tensor([0.0, 2.0]))
        tensor([-0.6931, -0.1269])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.logsigmoid(input)


class Softplus(Module):
    r"""A smooth rectifier: :math:`y = \frac{1}{\beta} \log(1 + e^{\beta x})`.

    Args:
        beta: :math:`\beta`.
        threshold: where :math:`\beta x` exceeds it, :math:`y = x`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Softplus()(rsnn.tensor([0.0, 2.0]))
        tensor([0.6931, 2.1269])
    """

    beta: float
    threshold: float

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Tensor) -> Tensor:
        return F.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module):
    r"""A sigmoid without exponentials: :math:`y = x / (1 + |x|)`.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Softsign()(rsnn.tensor([-1.0, 3.0]))
        tensor([-0.5000,  0.7500])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.softsign(input)
