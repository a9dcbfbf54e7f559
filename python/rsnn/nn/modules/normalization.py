"""Normalisation within a sample."""

from __future__ import annotations

import numbers
from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LocalResponseNorm(Module):
    r"""Normalises over neighbouring channels.

    .. math:: y_c = x_c \left(k + \frac{\alpha}{n} \sum_{|c' - c| \le n / 2} x_{c'}^2 \right)^{-\beta}

    Args:
        size: :math:`n`, how many channels take part.
        alpha: :math:`\alpha`.
        beta: :math:`\beta`.
        k: :math:`k`.

    Shape:
        - Input: ``(N, C, *)``
        - Output: the same

    Example:
        >>> nn.LocalResponseNorm(2)(rsnn.randn(32, 5, 24, 24)).shape
        rsnn.Size([32, 5, 24, 24])
    """

    size: int
    alpha: float
    beta: float
    k: float

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Tensor) -> Tensor:
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _as_shape(normalized_shape: Any) -> tuple[int, ...]:
    return (int(normalized_shape),) if isinstance(normalized_shape, numbers.Integral) else tuple(normalized_shape)


class LayerNorm(Module):
    r"""Normalises each sample to mean 0 and variance 1 over its last axes.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    Args:
        normalized_shape: the sizes of these axes; one number for the last one.
        eps: :math:`\epsilon`.
        elementwise_affine: whether to learn :math:`\gamma` and :math:`\beta`, one each for every element.
        bias: whether to learn :math:`\beta`, if ``elementwise_affine``.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Attributes:
        weight: :math:`\gamma`, initially 1; of ``normalized_shape``, or ``None``.
        bias: :math:`\beta`, initially 0; of ``normalized_shape``, or ``None``.

    Shape:
        - Input: ``(*, *normalized_shape)``
        - Output: the same

    Example:
        >>> nn.LayerNorm(10)(rsnn.randn(20, 5, 10)).shape
        rsnn.Size([20, 5, 10])
    """

    normalized_shape: tuple[int, ...]
    eps: float
    elementwise_affine: bool
    weight: Tensor
    bias: Any

    def __init__(
        self,
        normalized_shape: Any,
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, wanted in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            value = Parameter(rsnn.empty(self.normalized_shape, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )


class GroupNorm(Module):
    r"""Normalises each sample to mean 0 and variance 1 over groups of channels.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    Args:
        num_groups: the number of groups.
        num_channels: the number of channels :math:`C`; a multiple of ``num_groups``.
        eps: :math:`\epsilon`.
        affine: whether to learn :math:`\gamma` and :math:`\beta`, one each for every channel.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Attributes:
        weight: :math:`\gamma`, initially 1; ``(C,)`` or ``None``.
        bias: :math:`\beta`, initially 0; ``(C,)`` or ``None``.

    Shape:
        - Input: ``(N, C, *)``
        - Output: the same

    Example:
        >>> nn.GroupNorm(3, 6)(rsnn.randn(20, 6, 10, 10)).shape
        rsnn.Size([20, 6, 10, 10])
    """

    num_groups: int
    num_channels: int
    eps: float
    affine: bool
    weight: Tensor
    bias: Any

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if num_groups == 0:
            raise ZeroDivisionError("GroupNorm: num_groups must be a positive integer, got 0")
        if num_channels % num_groups != 0:
            raise ValueError(f"GroupNorm: num_channels ({num_channels}) must be divisible by num_groups ({num_groups})")
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(rsnn.empty(num_channels, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1 and the bias to 0."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class RMSNorm(Module):
    r"""Divides each sample by its root mean square over its last axes.

    .. math:: y = \frac{x}{\sqrt{\epsilon + \mathrm{mean}(x^2)}} \gamma

    Args:
        normalized_shape: the sizes of these axes; one number for the last one.
        eps: :math:`\epsilon`; the smallest step of the dtype from 1 if not given.
        elementwise_affine: whether to learn :math:`\gamma`, one for every element.
        device: only ``"cpu"``.
        dtype: the dtype of the parameter.

    Attributes:
        weight: :math:`\gamma`, initially 1; of ``normalized_shape``, or ``None``.

    Shape:
        - Input: ``(*, *normalized_shape)``
        - Output: the same

    Example:
        >>> nn.RMSNorm([2, 3])(rsnn.randn(2, 2, 3)).shape
        rsnn.Size([2, 2, 3])
    """

    normalized_shape: tuple[int, ...]
    eps: float | None
    elementwise_affine: bool
    weight: Tensor

    def __init__(
        self,
        normalized_shape: Any,
        eps: float | None = None,
        elementwise_affine: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.normalized_shape = _as_shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        if elementwise_affine:
            self.weight = Parameter(rsnn.empty(self.normalized_shape, device=device, dtype=dtype))
        else:
            self.register_parameter("weight", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Sets the weight to 1."""
        if self.weight is not None:
            init.ones_(self.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
