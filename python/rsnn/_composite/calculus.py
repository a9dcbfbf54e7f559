"""Integrals and derivatives of sampled functions."""

from __future__ import annotations

from typing import Any

from .._C import Tensor, bool, cat
from .._C import get_default_dtype as _default
from .._expected import check_tensors


def _areas(name: str, y: Any, x: Any, dx: Any, dim: int) -> Any:
    """Twice the areas between neighbouring samples, with `dim` still there."""
    if y.dtype == bool:
        raise RuntimeError(f"{name}: received a bool input for `y`, but bool is not supported")
    if x is not None and dx is not None:
        raise TypeError(f"{name}(): expected one of x and dx, got both")
    count = y.size(dim)
    sums = y.narrow(dim, 1, count - 1) + y.narrow(dim, 0, count - 1)
    if x is None:
        return sums * (1 if dx is None else dx)
    if x.dtype == bool:
        raise RuntimeError(f"{name}: received a bool input for `x`, but bool is not supported")
    if x.dim() == 1:
        if x.numel() != count:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = x.reshape([-1 if i == dim % y.dim() else 1 for i in range(y.dim())])
    else:
        x = x.reshape([1] * (y.dim() - x.dim()) + list(x.shape))
    points = x.size(dim)
    return sums * (x.narrow(dim, 1, points - 1) - x.narrow(dim, 0, points - 1))


def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integral along an axis, by the rule of trapezoids.

    Args:
        y: the samples.
        x: where they were taken; evenly spaced if not given.
        dx: the distance of evenly spaced samples; 1 if not given.
        dim: the axis.

    Raises:
        RuntimeError: for `bool`, and for an `x` that does not fit.
        TypeError: for both `x` and `dx`.

    Example:
        >>> rsnn.trapezoid(rsnn.tensor([1.0, 5.0, 10.0]))
        tensor(10.5000)
    """
    check_tensors("trapezoid", y=y)
    if y.size(dim) == 0:
        return y.sum(dim)
    return _areas("trapezoid", y, x, dx, dim).sum(dim) / 2


def trapz(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """As `trapezoid`."""
    return trapezoid(y, x, dx=dx, dim=dim)


def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Tensor:
    """The integrals from the first sample to each later one, by the rule of trapezoids.

    Arguments and errors are those of `trapezoid`.

    Example:
        >>> rsnn.cumulative_trapezoid(rsnn.tensor([1.0, 5.0, 10.0]))
        tensor([ 3.0000, 10.5000])
    """
    check_tensors("cumulative_trapezoid", y=y)
    return _areas("cumulative_trapezoid", y, x, dx, dim).cumsum(dim) / 2


def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1) -> tuple[Tensor, ...]:
    """The derivatives of a sampled function along axes, by central differences of second order.

    Args:
        input: the samples.
        spacing: the distance of neighbours: a number for all axes, a list of one number for each axis, or a list of one
            vector of coordinates for each axis.
        dim: the axis or axes; all if not given.
        edge_order: the order of the differences at both ends: 1 or 2.

    Returns:
        One tensor for each axis.

    Raises:
        RuntimeError: for too few samples, and for spacings that do not fit the axes.

    Example:
        >>> rsnn.gradient(rsnn.tensor([1.0, 4.0, 9.0, 16.0]))
        (tensor([3., 4., 6., 7.]),)
    """
    check_tensors("gradient", input=input)
    axes = list(range(input.dim())) if dim is None else [dim] if isinstance(dim, int) else list(dim)
    for axis in axes:
        if input.size(axis) < edge_order + 1:
            raise RuntimeError("rsnn.gradient expected each dimension size to be at least edge_order+1")
    if edge_order not in (1, 2):
        raise RuntimeError("rsnn.gradient only supports edge_order=1 and edge_order=2.")
    if len({axis % input.dim() for axis in axes}) != len(axes):
        raise RuntimeError("rsnn.gradient: dim appears multiple times in the list of dims")
    if isinstance(spacing, (list, tuple)):
        if len(spacing) != len(axes):
            raise RuntimeError(
                f"rsnn.gradient expected spacing to be unspecified, a scalar, or it's expected to have a length equal to "
                f"'self.dim() - 1', got {len(spacing)} spacings for {len(axes)} dimensions"
            )
        spacings = list(spacing)
    elif isinstance(spacing, Tensor) and spacing.dim() == 1:
        spacings = [spacing]
    else:
        spacings = [spacing] * len(axes)
    x = input if input.is_floating_point() else input.to(_default())
    return tuple(_derivative(x, axis, step, edge_order) for axis, step in zip(axes, spacings))


def _derivative(x: Any, axis: int, step: Any, edge_order: int) -> Any:
    x = x.movedim(axis, -1)
    count = x.size(-1)
    if isinstance(step, Tensor) and step.dim() == 1:
        if step.numel() != count:
            raise RuntimeError(f"rsnn.gradient expected as many coordinates as samples, got {step.numel()} and {count}")
        h = (step[1:] - step[:-1]).to(x.dtype)
    else:
        h = x.new_ones(count - 1) * step
    slope = (x[..., 1:] - x[..., :-1]) / h
    left, right = h[:-1], h[1:]
    inner = (slope[..., 1:] * left + slope[..., :-1] * right) / (left + right)
    first, last = slope[..., :1], slope[..., -1:]
    if edge_order == 2:
        bend = (slope[..., 1:] - slope[..., :-1]) / (left + right)
        first, last = first - bend[..., :1] * h[:1], last + bend[..., -1:] * h[-1:]
    return cat([first, inner, last], -1).movedim(-1, axis)
