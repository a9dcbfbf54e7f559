"""Layers that switch off at random what they get, in training only."""

from __future__ import annotations

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"]


class _DropoutNd(Module):
    """What all kinds share: a probability."""

    p: float
    inplace: bool

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            name = type(self).__name__
            raise ValueError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    r"""Sets each element to zero with probability :math:`p`, and the others to :math:`x / (1 - p)`.

    In evaluation it returns its input.

    Args:
        p: :math:`p`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.Dropout(p=0.2)(rsnn.randn(20, 16)).shape
        rsnn.Size([20, 16])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    r"""Sets each channel of each sample to zero with probability :math:`p`, and multiplies others by :math:`1/(1-p)`.

    Args:
        p: :math:`p`.
        inplace: write the result into the input.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same

    Example:
        >>> nn.Dropout1d(p=0.2)(rsnn.randn(20, 16, 32)).shape
        rsnn.Size([20, 16, 32])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    r"""Sets each channel of each image to zero with probability :math:`p`, and multiplies others by :math:`1/(1-p)`.

    Args:
        p: :math:`p`.
        inplace: write the result into the input.

    Shape:
        - Input: ``(N, C, H, W)``
        - Output: the same

    Example:
        >>> nn.Dropout2d(p=0.2)(rsnn.randn(20, 16, 32, 32)).shape
        rsnn.Size([20, 16, 32, 32])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    r"""Sets each channel of each volume to zero with probability :math:`p`, and multiplies others by :math:`1/(1-p)`.

    Args:
        p: :math:`p`.
        inplace: write the result into the input.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same

    Example:
        >>> nn.Dropout3d(p=0.2)(rsnn.randn(2, 16, 4, 8, 8)).shape
        rsnn.Size([2, 16, 4, 8, 8])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    r"""Dropout that keeps mean 0 and variance 1, for networks of :class:`SELU`.

    Each element takes, with probability :math:`p`, the value :math:`\alpha'` to which that activation falls; then
    :math:`y = a x + b` restores mean and variance.

    Args:
        p: :math:`p`.
        inplace: write the result into the input.

    Shape:
        - Input: any
        - Output: the same

    Example:
        >>> nn.AlphaDropout(p=0.2)(rsnn.randn(20, 16)).shape
        rsnn.Size([20, 16])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.alpha_dropout(input, self.p, self.training)


class FeatureAlphaDropout(_DropoutNd):
    r""":class:`AlphaDropout` of whole channels.

    Args:
        p: the probability of a channel to be switched off.
        inplace: write the result into the input.

    Shape:
        - Input: ``(N, C, *)``
        - Output: the same

    Example:
        >>> nn.FeatureAlphaDropout(p=0.2)(rsnn.randn(2, 16, 4, 8, 8)).shape
        rsnn.Size([2, 16, 4, 8, 8])
    """

    def forward(self, input: Tensor) -> Tensor:
        return F.feature_alpha_dropout(input, self.p, self.training)
