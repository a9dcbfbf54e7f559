"""Normalisation over a batch."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn.nn import functional as F
from rsnn.nn import init
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _NormBase(Module):
    """What batch and instance normalisation share: parameters, running statistics, and their loading."""

    _version = 2

    num_features: int
    eps: float
    momentum: float | None
    affine: bool
    track_running_stats: bool
    weight: Tensor
    bias: Any
    running_mean: Any
    running_var: Any
    num_batches_tracked: Any

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, wanted in (("weight", affine), ("bias", affine and bias)):
            value = Parameter(rsnn.empty(num_features, device=device, dtype=dtype)) if wanted else None
            self.register_parameter(name, value)
        if track_running_stats:
            self.register_buffer("running_mean", rsnn.zeros(num_features, device=device, dtype=dtype))
            self.register_buffer("running_var", rsnn.ones(num_features, device=device, dtype=dtype))
            self.register_buffer("num_batches_tracked", rsnn.tensor(0, dtype=rsnn.int64, device=device))
        else:
            self.register_buffer("running_mean", None)
            self.register_buffer("running_var", None)
            self.register_buffer("num_batches_tracked", None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forgets what was seen: mean 0, variance 1, no batches."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Forgets what was seen, and sets the weight to 1 and the bias to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Any) -> None:
        raise NotImplementedError(f"{type(self).__name__} does not define _check_input_dim")

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
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
        version = local_metadata.get("version", None)
        if (version is None or version < 2) and self.track_running_stats:
            # States of version 1 do not count batches.
            key = prefix + "num_batches_tracked"
            if key not in state_dict:
                mine = self.num_batches_tracked
                state_dict[key] = rsnn.tensor(0, dtype=rsnn.int64) if mine is None else mine
        super()._load_from_state_dict(
            state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs
        )


class _BatchNorm(_NormBase):
    """Batch normalisation of any rank."""

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.track_running_stats and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        from_batch = self.training or (self.running_mean is None and self.running_var is None)
        tracked = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if tracked else None,
            self.running_var if tracked else None,
            self.weight,
            self.bias,
            from_batch,
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over the batch (and the length).

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    In training the statistics are those of the batch (the variance divided by the count) and running averages of them
    are kept (there the variance is divided by the count less one). In evaluation the averages are used.

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages; ``None`` averages all batches evenly.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages; without them every batch is normalised by itself.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Attributes:
        weight: :math:`\gamma`, initially 1; ``(C,)`` or ``None``. So is ``bias``, :math:`\beta`, initially 0.
        running_mean, running_var: the running averages, ``(C,)`` or ``None``.
        num_batches_tracked: how many batches they have seen.

    Shape:
        - Input: ``(N, C)`` or ``(N, C, L)``
        - Output: the same

    Example:
        >>> m = nn.BatchNorm1d(100)
        >>> m(rsnn.randn(20, 100)).shape
        rsnn.Size([20, 100])
    """

    def _check_input_dim(self, input: Any) -> None:
        if input.dim() not in (2, 3):
            raise ValueError(f"BatchNorm1d: expected 2D or 3D input (got {input.dim()}D input)")


class BatchNorm2d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over the batch and the places of the images.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    In training the statistics are those of the batch (the variance divided by the count) and running averages of them
    are kept (there the variance is divided by the count less one). In evaluation the averages are used.

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages; ``None`` averages all batches evenly.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages; without them every batch is normalised by itself.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Attributes:
        weight: :math:`\gamma`, initially 1; ``(C,)`` or ``None``. So is ``bias``, :math:`\beta`, initially 0.
        running_mean, running_var: the running averages, ``(C,)`` or ``None``.
        num_batches_tracked: how many batches they have seen.

    Shape:
        - Input: ``(N, C, H, W)``
        - Output: the same

    Example:
        >>> m = nn.BatchNorm2d(100)
        >>> m(rsnn.randn(20, 100, 35, 45)).shape
        rsnn.Size([20, 100, 35, 45])
    """

    def _check_input_dim(self, input: Any) -> None:
        if input.dim() != 4:
            raise ValueError(f"BatchNorm2d: expected 4D input (got {input.dim()}D input)")


class BatchNorm3d(_BatchNorm):
    r"""Normalises each channel to mean 0 and variance 1 over the batch and the places of the volumes.

    .. math:: y = \frac{x - \mathrm{E}[x]}{\sqrt{\mathrm{Var}[x] + \epsilon}} \gamma + \beta

    In training the statistics are those of the batch (the variance divided by the count) and running averages of them
    are kept (there the variance is divided by the count less one). In evaluation the averages are used.

    Args:
        num_features: the number of channels :math:`C`.
        eps: :math:`\epsilon`.
        momentum: the weight of a new batch in the running averages; ``None`` averages all batches evenly.
        affine: whether to learn :math:`\gamma` and :math:`\beta`.
        track_running_stats: whether to keep running averages; without them every batch is normalised by itself.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether to learn :math:`\beta`, if ``affine``.

    Attributes:
        weight: :math:`\gamma`, initially 1; ``(C,)`` or ``None``. So is ``bias``, :math:`\beta`, initially 0.
        running_mean, running_var: the running averages, ``(C,)`` or ``None``.
        num_batches_tracked: how many batches they have seen.

    Shape:
        - Input: ``(N, C, D, H, W)``
        - Output: the same

    Example:
        >>> m = nn.BatchNorm3d(10)
        >>> m(rsnn.randn(2, 10, 5, 6, 7)).shape
        rsnn.Size([2, 10, 5, 6, 7])
    """

    def _check_input_dim(self, input: Any) -> None:
        if input.dim() != 5:
            raise ValueError(f"BatchNorm3d: expected 5D input (got {input.dim()}D input)")
