"""An affine map of unknown input size."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn.modules.lazy.mixin import LazyModuleMixin
from rsnn.nn.modules.linear import Linear
from rsnn.nn.parameter import UninitializedParameter

__all__ = ["LazyLinear"]


class LazyLinear(LazyModuleMixin, Linear):
    r"""A :class:`Linear` that takes ``in_features`` from the last size of its first input.

    Args:
        out_features: the size of the last axis of the output.
        bias: whether to add a learned bias.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(*, in_features)``
        - Output: ``(*, out_features)``

    Example:
        >>> nn.LazyLinear(3)(rsnn.zeros(2, 5)).shape
        rsnn.Size([2, 3])
    """

    cls_to_become = Linear

    weight: UninitializedParameter

    def __init__(self, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None) -> None:
        super().__init__(0, 0, False)
        self.weight = UninitializedParameter(device=device, dtype=dtype)
        self.out_features = out_features
        if bias:
            self.bias = UninitializedParameter(device=device, dtype=dtype)

    def reset_parameters(self) -> None:
        if not self.has_uninitialized_params() and self.in_features != 0:
            super().reset_parameters()

    def initialize_parameters(self, input: Any) -> None:
        if self.has_uninitialized_params():
            with rsnn.no_grad():
                self.in_features = input.shape[-1]
                self.weight.materialize((self.out_features, self.in_features))
                if self.bias is not None:
                    self.bias.materialize((self.out_features,))
                self.reset_parameters()
        if self.in_features == 0:
            # A loaded state has given the sizes.
            if input.shape[-1] != self.weight.shape[-1]:
                raise AssertionError(
                    f"The in_features inferred from input: {input.shape[-1]} is not equal to in_features from "
                    f"self.weight: {self.weight.shape[-1]}"
                )
            self.in_features = input.shape[-1]
