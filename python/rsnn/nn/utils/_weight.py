"""What normalisations of weights share."""

from __future__ import annotations

from typing import Any

from rsnn.nn.modules.conv import ConvTranspose1d, ConvTranspose2d, ConvTranspose3d


def norm_except_dim(weight: Any, dim: int) -> Any:
    """The 2-norms over all axes but one, or over all (-1)."""
    if dim == -1:
        return weight.norm(2)
    axes = [axis for axis in range(weight.dim()) if axis != dim % weight.dim()]
    return weight.norm(2, axes, keepdim=True) if axes else weight.abs()


def scaled(v: Any, g: Any, dim: int) -> Any:
    """Directions `v` with norms `g`."""
    return v * (g / norm_except_dim(v, dim))


def matrix(weight: Any, dim: int) -> Any:
    """A weight as a matrix with the axis `dim` as its rows."""
    if dim != 0:
        weight = weight.permute(dim, *(axis for axis in range(weight.dim()) if axis != dim))
    return weight.reshape(weight.size(0), -1)


def output_axis(module: Any) -> int:
    """The axis of a module's weight that belongs to its outputs."""
    return 1 if isinstance(module, (ConvTranspose1d, ConvTranspose2d, ConvTranspose3d)) else 0
