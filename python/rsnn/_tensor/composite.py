"""Elementwise methods that combine a few others, with their in-place forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import _C
from ._attach import attach


def fill_(self: Any, value: Any) -> Any:
    """Sets every element to a number, or to the only element of a tensor."""
    return self.copy_(_C.scalar_tensor(value, dtype=self.dtype) if not isinstance(value, _C.Tensor) else value)


def zero_(self: Any) -> Any:
    """Sets every element to zero."""
    return fill_(self, 0)


def masked_fill_(self: Any, mask: Any, value: Any) -> Any:
    """Sets the elements where `mask` holds to `value`. The mask broadcasts to the tensor."""
    self[mask.expand(self.shape)] = value
    return self


def masked_fill(self: Any, mask: Any, value: Any) -> Any:
    """A copy with the elements where `mask` holds set to `value`. Mask and tensor broadcast."""
    return masked_fill_(self.expand(np.broadcast_shapes(self.shape, mask.shape)).clone(), mask, value)


def lerp(self: Any, end: Any, weight: Any) -> Any:
    r"""Linear interpolation: $x + w (y - x)$.

    Args:
        end: $y$.
        weight: $w$, a number or a tensor.

    Example:
        >>> rsnn.zeros(2).lerp(rsnn.ones(2), 0.25)
        tensor([0.2500, 0.2500])
    """
    distance = end - self
    if isinstance(weight, _C.Tensor):
        return self + weight * distance
    return self.add(distance, alpha=weight) if weight < 0.5 else end.sub(distance, alpha=1 - weight)


def lerp_(self: Any, end: Any, weight: Any) -> Any:
    """`lerp` in place."""
    if not isinstance(weight, _C.Tensor) and weight < 0.5:
        return self.add_(end - self, alpha=weight)
    return self.copy_(lerp(self, end, weight))


def addcmul(self: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    r"""$x + \mathrm{value} \cdot a \cdot b$."""
    return self + (tensor1 if value == 1 else tensor1 * value) * tensor2


def addcmul_(self: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """`addcmul` in place."""
    return self.add_((tensor1 if value == 1 else tensor1 * value) * tensor2)


def addcdiv(self: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    r"""$x + \mathrm{value} \cdot a / b$."""
    return self + (tensor1 if value == 1 else tensor1 * value) / tensor2


def addcdiv_(self: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """`addcdiv` in place."""
    return self.add_((tensor1 if value == 1 else tensor1 * value) / tensor2)


def clamp(self: Any, min: Any = None, max: Any = None) -> Any:
    r"""$\min(\max(x, \mathrm{min}), \mathrm{max})$; the gradient is that of $x$ within the bounds and zero outside.

    Args:
        min, max: numbers or tensors; at least one.

    Raises:
        RuntimeError: neither is given.

    Example:
        >>> rsnn.tensor([-2.0, 0.5, 2.0]).clamp(-1, 1)
        tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise RuntimeError("clamp: expected min or max, got neither")
    result = self
    if min is not None:
        below = result < min
        result = masked_fill(result, below, min) if not isinstance(min, _C.Tensor) else result.maximum(min)
    if max is not None:
        above = result > max
        result = masked_fill(result, above, max) if not isinstance(max, _C.Tensor) else result.minimum(max)
    return result


def clamp_(self: Any, min: Any = None, max: Any = None) -> Any:
    """`clamp` in place."""
    return self.copy_(clamp(self, min, max))


attach(fill_, zero_, masked_fill_, masked_fill, lerp, lerp_, addcmul, addcmul_, addcdiv, addcdiv_, clamp, clamp_)


def clip(self: _C.Tensor, min: Any = None, max: Any = None) -> _C.Tensor:
    """As `clamp`."""
    return clamp(self, min, max)


def clip_(self: _C.Tensor, min: Any = None, max: Any = None) -> _C.Tensor:
    """As `clamp_`."""
    return clamp_(self, min, max)


attach(clip, name="clip")
attach(clip_, name="clip_")
