"""Batch and instance normalisation of unknown channels."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn.modules.batchnorm import BatchNorm1d, BatchNorm2d, BatchNorm3d, _NormBase
from rsnn.nn.modules.instancenorm import InstanceNorm1d, InstanceNorm2d, InstanceNorm3d
from rsnn.nn.modules.lazy.mixin import LazyModuleMixin
from rsnn.nn.parameter import UninitializedBuffer, UninitializedParameter

__all__ = [
    "LazyBatchNorm1d",
    "LazyBatchNorm2d",
    "LazyBatchNorm3d",
    "LazyInstanceNorm1d",
    "LazyInstanceNorm2d",
    "LazyInstanceNorm3d",
]


class _LazyNormBase(LazyModuleMixin, _NormBase):
    """What they share: parameters and statistics that wait, and their sizes."""

    weight: UninitializedParameter

    def __init__(
        self,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        options = {"device": device, "dtype": dtype}
        super().__init__(0, eps, momentum, False, False, **options, bias=False)
        self.affine = affine
        self.track_running_stats = track_running_stats
        if affine:
            self.weight = UninitializedParameter(**options)
            if bias:
                self.bias = UninitializedParameter(**options)
        if track_running_stats:
            self.running_mean = UninitializedBuffer(**options)
            self.running_var = UninitializedBuffer(**options)
            self.num_batches_tracked = rsnn.tensor(0, dtype=rsnn.int64, device=device)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.num_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        if not self.has_uninitialized_params():
            return
        self.num_features = input.shape[1]
        for value in (self.weight, self.bias, self.running_mean, self.running_var):
            if value is not None:
                value.materialize((self.num_features,))
        self.reset_parameters()


class LazyBatchNorm1d(_LazyNormBase, BatchNorm1d):
    r"""A :class:`BatchNorm1d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C)`` or ``(N, C, L)``

    Example:
        >>> nn.LazyBatchNorm1d()(rsnn.zeros(2, 3, 5)).shape
        rsnn.Size([2, 3, 5])
    """

    cls_to_become = BatchNorm1d


class LazyBatchNorm2d(_LazyNormBase, BatchNorm2d):
    r"""A :class:`BatchNorm2d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C, H, W)``

    Example:
        >>> nn.LazyBatchNorm2d()(rsnn.zeros(2, 3, 5, 5)).shape
        rsnn.Size([2, 3, 5, 5])
    """

    cls_to_become = BatchNorm2d


class LazyBatchNorm3d(_LazyNormBase, BatchNorm3d):
    r"""A :class:`BatchNorm3d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C, D, H, W)``

    Example:
        >>> nn.LazyBatchNorm3d()(rsnn.zeros(2, 3, 5, 5, 5)).shape
        rsnn.Size([2, 3, 5, 5, 5])
    """

    cls_to_become = BatchNorm3d


class LazyInstanceNorm1d(_LazyNormBase, InstanceNorm1d):
    r"""An :class:`InstanceNorm1d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C, L)``

    Example:
        >>> nn.LazyInstanceNorm1d()(rsnn.zeros(2, 3, 5)).shape
        rsnn.Size([2, 3, 5])
    """

    cls_to_become = InstanceNorm1d


class LazyInstanceNorm2d(_LazyNormBase, InstanceNorm2d):
    r"""An :class:`InstanceNorm2d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C, H, W)``

    Example:
        >>> nn.LazyInstanceNorm2d()(rsnn.zeros(2, 3, 5, 5)).shape
        rsnn.Size([2, 3, 5, 5])
    """

    cls_to_become = InstanceNorm2d


class LazyInstanceNorm3d(_LazyNormBase, InstanceNorm3d):
    r"""An :class:`InstanceNorm3d` that takes ``num_features`` from its first input.

    Args:
        eps: added to variances.
        momentum: how far running statistics move; ``None`` for a plain average.
        affine: whether every channel has a factor and a term.
        track_running_stats: whether to keep running statistics.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.
        bias: whether there is a term with the factor.

    Shape:
        - Input, output: ``(N, C, D, H, W)``

    Example:
        >>> nn.LazyInstanceNorm3d()(rsnn.zeros(2, 3, 5, 5, 5)).shape
        rsnn.Size([2, 3, 5, 5, 5])
    """

    cls_to_become = InstanceNorm3d
