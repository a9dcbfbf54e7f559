"""Normalisation of each channel of each sample."""

from __future__ import annotations

import warnings
from typing import Any

from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn.modules.batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    """Instance normalisation of any rank."""

    #: The number of axes of an input without a batch; the channels come first.
    _unbatched_dim: int

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def _check_input_dim(self, input: Any) -> None:
        least = self._unbatched_dim
        if input.dim() not in (least, least + 1):
            name = type(self).__name__
            raise ValueError(f"{name}: expected {least}D or {least + 1}D input (got {input.dim()}D input)")

    def _check_channels(self, input: Any) -> None:
        axis = input.dim() - self._unbatched_dim
        if input.size(axis) == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"{type(self).__name__}: expected input's size at dim={axis} to match num_features "
                f"({self.num_features}), but got: {input.size(axis)}."
            )
        warnings.warn(
            f"input's size at dim={axis} does not match num_features. You can silence this warning by not passing in "
            "num_features, which is not used because affine=False",
            stacklevel=3,
        )

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        if local_metadata.get("version", None) is None and not self.track_running_stats:
            names = ("running_mean", "running_var")
            for key in [prefix + name for name in names if prefix + name in state_dict]:
                error_msgs.append(
                    f'Unexpected running stats buffer "{key}" for {type(self).__name__} with '
                    "track_running_stats=False. If the state is of an old model, remove these keys before loading "
                    "it, or set track_running_stats=True."
                )
                state_dict.pop(key)
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        self._check_channels(input)
        if input.dim() == self._unbatched_dim:
            return self._normalize(input.unsqueeze(0)).squeeze(0)
        return self._normalize(input)

    def _normalize(self, input: Any) -> Any:
        return F.instance_norm(
            input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum if self.momentum is not None else 0.0,
            self.eps,
        )


class InstanceNorm1d(_InstanceNorm):
    r"""Normalises each channel of each sample to mean 0 and variance 1 over its length.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages, which then are used in evaluation.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Shape:
        - Input: ``(N, C, L)`` or ``(C, L)``
        - Output: the same

    Example:
        >>> nn.InstanceNorm1d(100)(rsnn.randn(20, 100, 40)).shape
        rsnn.Size([20, 100, 40])
    """

    _unbatched_dim = 2


class InstanceNorm2d(_InstanceNorm):
    r"""Normalises each channel of each image to mean 0 and variance 1.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages, which then are used in evaluation.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Shape:
        - Input: ``(N, C, H, W)`` or ``(C, H, W)``
        - Output: the same

    Example:
        >>> nn.InstanceNorm2d(10)(rsnn.randn(2, 10, 35, 45)).shape
        rsnn.Size([2, 10, 35, 45])
    """

    _unbatched_dim = 3


class InstanceNorm3d(_InstanceNorm):
    r"""Normalises each channel of each volume to mean 0 and variance 1.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages, which then are used in evaluation.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Shape:
        - Input: ``(N, C, D, H, W)`` or ``(C, D, H, W)``
        - Output: the same

    Example:
        >>> nn.InstanceNorm3d(10)(rsnn.randn(2, 10, 5, 6, 7)).shape
        rsnn.Size([2, 10, 5, 6, 7])
    """

    _unbatched_dim = 4
