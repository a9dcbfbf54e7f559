"""The truncated normal distribution."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING

import rsnn

if TYPE_CHECKING:
    from rsnn import Generator, Tensor

# Above this share of the normal distribution within the bounds, drawing normals again until they fit is the faster way.
_REDRAW_MIN_SHARE = 0.3


def trunc_normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    a: float = -2.0,
    b: float = 2.0,
    generator: Generator | None = None,
) -> Tensor:
    """Fills ``tensor`` with draws from a normal distribution, limited to ``[a, b]``.

    If the bounds hold most of the distribution, normals outside are drawn again; else uniforms between the bounds are
    kept or rejected by their density. Works best if the mean lies between the bounds.

    Args:
        tensor: any shape, a floating-point dtype.
        mean: the mean of the distribution before the limits.
        std: its standard deviation.
        a: the least value.
        b: the largest value.
        generator: where the random numbers come from; ``None`` for the default generator.

    Example:
        >>> w = nn.init.trunc_normal_(rsnn.empty(100), std=0.02, a=-0.04, b=0.04)
        >>> bool(w.abs().max() <= 0.04)
        True
    """
    if mean < a - 2 * std or mean > b + 2 * std:
        warnings.warn(
            "mean is more than 2 std from [a, b] in nn.init.trunc_normal_. "
            "The distribution of values may be incorrect.",
            stacklevel=2,
        )
    share = _normal_below((b - mean) / std) - _normal_below((a - mean) / std)
    fill = _redraw_normals if share > _REDRAW_MIN_SHARE else _reject_uniforms
    with rsnn.no_grad():
        fill(tensor, mean, std, a, b, generator)
    return tensor


def _normal_below(x: float) -> float:
    """The probability that a standard normal is below ``x``."""
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _redraw_normals(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> None:
    """Normals; as long as some lie outside, a whole tensor of new ones is drawn to take their places."""
    least, largest = (rsnn.tensor(bound, dtype=tensor.dtype).item() for bound in (a, b))
    tensor.normal_(mean, std, generator=generator)
    while (outside := (tensor < least) | (tensor > largest)).any():
        tensor[outside] = rsnn.empty_like(tensor).normal_(mean, std, generator=generator)[outside]


def _reject_uniforms(tensor: Tensor, mean: float, std: float, a: float, b: float, generator: Generator | None) -> None:
    """Uniforms, each kept with a probability in proportion to its density; the rest is drawn again."""
    peak = max(a, min(mean, b))
    log_peak = -0.5 * ((peak - mean) / std) ** 2

    def rejected(candidates: Tensor) -> Tensor:
        log_density = candidates.clone().sub_(mean).div_(std).pow_(2).mul_(-0.5).sub_(log_peak)
        return rsnn.empty_like(candidates).uniform_(generator=generator).log_() > log_density

    pending = rejected(tensor.uniform_(a, b, generator=generator))
    while pending.any():
        candidates = rsnn.empty_like(tensor).uniform_(a, b, generator=generator)
        tensor[pending] = candidates[pending]
        pending = pending & rejected(candidates)
