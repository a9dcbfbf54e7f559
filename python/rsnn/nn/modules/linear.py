"""Affine maps."""

from __future__ import annotations

import math
from typing import Any

from rsnn._C import Tensor, _empty_parameter
from rsnn.nn import functional as F
from rsnn.nn import init
from rsnn.nn.modules.module import Module

__all__ = ["Bilinear", "Identity", "Linear"]


class Identity(Module):
    r"""Returns its input: :math:`y = x`. A stand-in where a network has an optional layer.

    Args:
        args: any; ignored.
        kwargs: any; ignored.

    Shape:
        - Input: any
        - Output: the input

    Example:
        >>> m = nn.Identity(54, unused_argument=True)
        >>> m(rsnn.randn(128, 20)).shape
        rsnn.Size([128, 20])
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()

    def forward(self, input: Tensor) -> Tensor:
        return input


class Linear(Module):
    r"""Applies an affine map to the last axis: :math:`y = x A^T + b`.

    Args:
        in_features: the size of the last axis of the input.
        out_features: the size of the last axis of the output.
        bias: whether to add a learned bias.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: :math:`A`, of shape ``(out_features, in_features)``.
        bias: :math:`b`, of shape ``(out_features,)``, or ``None``.

    Shape:
        - Input: ``(*, in_features)``
        - Output: ``(*, out_features)``

    Example:
        >>> m = nn.Linear(20, 30)
        >>> m(rsnn.randn(128, 20)).shape
        rsnn.Size([128, 30])
    """

    in_features: int
    out_features: int
    weight: Tensor
    bias: Any

    def __init__(
        self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        self.weight = _empty_parameter((out_features, in_features), device, dtype)
        if bias:
            self.bias = _empty_parameter((out_features,), device, dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias from the uniform distribution between plus and minus ``1 / sqrt(in_features)``."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            fan_in, _ = init._calculate_fan_in_and_fan_out(self.weight)
            bound = 1 / math.sqrt(fan_in) if fan_in > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Tensor) -> Tensor:
        return F.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class NonDynamicallyQuantizableLinear(Linear):
    """A :class:`Linear` under the name that checkpoints of attention layers know."""


class Bilinear(Module):
    r"""Applies a bilinear map to the last axes of two inputs: :math:`y_k = x_1^T A_k x_2 + b_k`.

    Args:
        in1_features: the size of the last axis of the first input.
        in2_features: the size of the last axis of the second input.
        out_features: the size of the last axis of the output.
        bias: whether to add a learned bias.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: :math:`A`, of shape ``(out_features, in1_features, in2_features)``.
        bias: :math:`b`, of shape ``(out_features,)``, or ``None``.

    Shape:
        - Input: ``(*, in1_features)`` and ``(*, in2_features)``, of which all but the last sizes are equal
        - Output: ``(*, out_features)``

    Example:
        >>> m = nn.Bilinear(20, 30, 40)
        >>> m(rsnn.randn(128, 20), rsnn.randn(128, 30)).shape
        rsnn.Size([128, 40])
    """

    in1_features: int
    in2_features: int
    out_features: int
    weight: Tensor
    bias: Any

    def __init__(
        self,
        in1_features: int,
        in2_features: int,
        out_features: int,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        if in1_features <= 0:
            raise ValueError(f"Bilinear: in1_features must be > 0, but got (in1_features={in1_features})")
        self.in1_features = in1_features
        self.in2_features = in2_features
        self.out_features = out_features
        self.weight = _empty_parameter((out_features, in1_features, in2_features), device, dtype)
        if bias:
            self.bias = _empty_parameter((out_features,), device, dtype)
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draws weight and bias from the uniform distribution between plus and minus ``1 / sqrt(in1_features)``."""
        bound = 1 / math.sqrt(self.weight.size(1))
        init.uniform_(self.weight, -bound, bound)
        if self.bias is not None:
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input1: Tensor, input2: Tensor) -> Tensor:
        return F.bilinear(input1, input2, self.weight, self.bias)

    def extra_repr(self) -> str:
        return (
            f"in1_features={self.in1_features}, in2_features={self.in2_features}, "
            f"out_features={self.out_features}, bias={self.bias is not None}"
        )
