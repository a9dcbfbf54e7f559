"""Activations that are linear on one side."""

from __future__ import annotations

import warnings
from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = [
    "CELU",
    "ELU",
    "Hardtanh",
    "LeakyReLU",
    "PReLU",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "Threshold",
]


class Threshold(Module):
    r"""Replaces what does not exceed a threshold: :math:`y = x` if :math:`x > t`, else :math:`v`.

    Args:
        threshold: :math:`t`.
        value: :math:`v`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Threshold(0.1, 20)(rsnn.tensor([0.0, 1.0]))
        tensor([20.,  1.])
    """

    threshold: float
    value: float
    inplace: bool

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__()
        self.threshold = threshold
        self.value = value
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.threshold(input, self.threshold, self.value, self.inplace)

    def extra_repr(self) -> str:
        return f"threshold={self.threshold}, value={self.value}" + (", inplace=True" if self.inplace else "")


class ReLU(Module):
    r"""The rectifier: :math:`y = \max(x, 0)`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.ReLU()(rsnn.tensor([-1.0, 2.0]))
        tensor([0., 2.])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.relu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class RReLU(Module):
    r"""A leaky rectifier whose slope is random: :math:`y = x` if :math:`x \ge 0`, else :math:`a x`.

    In training :math:`a` is drawn for each element from the uniform distribution between ``lower`` and ``upper``; in
    evaluation it is their mean.

    Args:
        lower: the least slope.
        upper: the greatest slope.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.RReLU(0.1, 0.3).eval()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.2000,  2.0000])
    """

    lower: float
    upper: float
    inplace: bool

    def __init__(self, lower: float = 1.0 / 8, upper: float = 1.0 / 3, inplace: bool = False) -> None:
        super().__init__()
        self.lower = lower
        self.upper = upper
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"lower={self.lower}, upper={self.upper}" + (", inplace=True" if self.inplace else "")


class Hardtanh(Module):
    r"""Cuts values off at two bounds: :math:`y = \min(\max(x, \mathrm{min\_val}), \mathrm{max\_val})`.

    Args:
        min_val: the lower bound.
        max_val: the upper bound, greater than the lower one.
        inplace: write the result into the input.
        min_value: a deprecated name of ``min_val``.
        max_value: a deprecated name of ``max_val``.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Hardtanh(-2, 2)(rsnn.tensor([-3.0, 1.0]))
        tensor([-2.,  1.])
    """

    min_val: float
    max_val: float
    inplace: bool

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__()
        if min_value is not None:
            _renamed("min_value", "min_val")
            min_val = min_value
        if max_value is not None:
            _renamed("max_value", "max_val")
            max_val = max_value
        self.min_val = min_val
        self.max_val = max_val
        self.inplace = inplace
        if not max_val > min_val:
            raise AssertionError(f"Hardtanh: max_val ({max_val}) must be greater than min_val ({min_val})")

    def forward(self, input: Tensor) -> Tensor:
        return F.hardtanh(input, self.min_val, self.max_val, self.inplace)

    def extra_repr(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}" + (", inplace=True" if self.inplace else "")


def _renamed(old: str, new: str) -> None:
    text = f"keyword argument `{old}` is deprecated and renamed to `{new}`"
    warnings.warn(text, FutureWarning, stacklevel=3)


class ReLU6(Hardtanh):
    r"""The rectifier cut off at 6: :math:`y = \min(\max(x, 0), 6)`.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.ReLU6()(rsnn.tensor([-1.0, 2.0, 8.0]))
        tensor([0., 2., 6.])
    """

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class LeakyReLU(Module):
    r"""A rectifier with a slope below zero: :math:`y = \max(x, 0) + a \min(x, 0)`.

    Args:
        negative_slope: :math:`a`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.LeakyReLU(0.1)(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.1000,  2.0000])
    """

    negative_slope: float
    inplace: bool

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False) -> None:
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}" + (", inplace=True" if self.inplace else "")


class PReLU(Module):
    r"""A rectifier with a learned slope below zero: :math:`y = \max(x, 0) + a \min(x, 0)`.

    Args:
        num_parameters: 1 for one slope, or the number of channels (the second axis) for one each.
        init: the initial slope.
        device: only ``"cpu"``.
        dtype: the dtype of the parameter.

    Attributes:
        weight: :math:`a`, of shape ``(num_parameters,)``.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.PReLU()(rsnn.tensor([-1.0, 2.0])).detach()
        tensor([-0.2500,  2.0000])
    """

    num_parameters: int
    weight: Tensor

    def __init__(self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Any = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(rsnn.empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the slopes to their initial value."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class ELU(Module):
    r"""The exponential linear unit: :math:`y = x` if :math:`x > 0`, else :math:`\alpha (e^x - 1)`.

    Args:
        alpha: :math:`\alpha`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.ELU()(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.6321,  2.0000])
    """

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.elu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class CELU(Module):
    r"""An exponential linear unit without a kink: :math:`y = \max(x, 0) + \min(0, \alpha (e^{x / \alpha} - 1))`.

    Args:
        alpha: :math:`\alpha`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.CELU(2.0)(rsnn.tensor([-1.0, 2.0]))
        tensor([-0.7869,  2.0000])
    """

    alpha: float
    inplace: bool

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__()
        self.alpha = alpha
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.celu(input, self.alpha, self.inplace)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}" + (", inplace=True" if self.inplace else "")


class SELU(Module):
    r"""The self-normalising unit: :math:`y = s (\max(x, 0) + \min(0, \alpha (e^x - 1)))`.

    :math:`\alpha \approx 1.6733` and :math:`s \approx 1.0507` keep mean 0 and variance 1 from layer to layer.

    Args:
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.SELU()(rsnn.tensor([-1.0, 2.0]))
        tensor([-1.1113,  2.1014])
    """

    inplace: bool

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return F.selu(input, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""
