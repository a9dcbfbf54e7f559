"""Adding a border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rsnn
from rsnn._C import Tensor

__all__ = ["pad"]


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Adds a border to the last axes, or cuts it off where a width is negative.

    Args:
        input: any shape.
        pad: two widths (before, after) for each axis, the last axis first.
        mode: ``"constant"``, or for the axes behind batch and channels ``"reflect"`` (without the edge),
            ``"replicate"`` (the edge) or ``"circular"`` (from the other side).
        value: what a constant border is made of; 0 if not given.

    Raises:
        RuntimeError: for an odd number of widths, for more than axes, for a border that the input is too small for.
        ValueError: for ``value`` with another mode than ``"constant"``.
        NotImplementedError: for an unknown mode.

    Example:
        >>> F.pad(rsnn.tensor([[1.0, 2.0]]), (1, 2))
        tensor([[0., 1., 2., 0., 0.]])
    """
    widths = [int(n) for n in pad]
    if len(widths) % 2:
        raise RuntimeError(f"pad: Padding length must be divisible by 2, got {len(widths)} widths")
    if len(widths) // 2 > input.dim():
        raise RuntimeError(
            "pad: Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(widths)} and input of dimension {input.dim()}"
        )
    sides = [(input.dim() - 1 - i, widths[2 * i], widths[2 * i + 1]) for i in range(len(widths) // 2)]
    if mode == "constant":
        return _constant(input, sides, 0.0 if value is None else value)
    if mode not in _INDICES:
        raise NotImplementedError(f"Unrecognised padding mode {mode!r}, expected constant or {', '.join(_INDICES)}")
    if value is not None and value != 0:
        raise ValueError(f"Padding mode {mode!r} doesn't take in value argument")
    if input.dim() not in (len(sides) + 1, len(sides) + 2):
        raise NotImplementedError(
            f"pad: mode {mode!r} is for the axes behind batch and channels: expected an input of "
            f"{len(sides) + 1} or {len(sides) + 2} axes for {len(widths)} widths, got {input.dim()}"
        )
    for axis, before, after in sides:
        if before or after:
            places = _INDICES[mode](input.size(axis), before, after, input.shape, axis)
            input = input.index_select(axis, rsnn.tensor(places, dtype=rsnn.int64))
    return input


def _constant(input: Tensor, sides: list[tuple[int, int, int]], value: float) -> Any:
    grown = list(input.shape)
    for axis, before, after in sides:
        grown[axis] += before + after
        if grown[axis] < 0:
            raise RuntimeError(
                f"The input size {input.size(axis)}, plus negative padding {before} and {after} resulted in a negative "
                f"output size, which is invalid. Check dimension {axis} of your input."
            )
    for axis, before, after in sides:
        start, stop = max(-before, 0), input.size(axis) - max(-after, 0)
        if (start, stop) != (0, input.size(axis)):
            input = input.narrow(axis, min(start, input.size(axis)), max(stop - start, 0))
    for axis, before, after in sides:
        parts = [_border(input, axis, before, value), input, _border(input, axis, after, value)]
        parts = [part for part in parts if part is not None]
        if len(parts) > 1:
            input = rsnn.cat(parts, axis)
    # A border of nothing gives a copy, too: callers may write into the result.
    return input if any(before > 0 or after > 0 for _, before, after in sides) else input.clone()


def _border(input: Tensor, axis: int, width: int, value: float) -> Any:
    if width <= 0:
        return None
    shape = list(input.shape)
    shape[axis] = width
    return input.detach().new_full(shape, value)


def _reflect(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> list[int]:
    if max(before, after) >= n:
        raise RuntimeError(
            "pad: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at dimension {axis} of input {list(shape)}"
        )
    return [n - 1 - abs(n - 1 - abs(i)) for i in range(-before, n + after)]


def _replicate(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> list[int]:
    if n == 0:
        raise RuntimeError(f"pad: cannot replicate the edge of an empty axis, dimension {axis} of {list(shape)}")
    return [min(max(i, 0), n - 1) for i in range(-before, n + after)]


def _circular(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> list[int]:
    if max(before, after) > n:
        raise RuntimeError(
            "pad: Padding value causes wrapping around more than once: padding "
            f"({before}, {after}) at dimension {axis} of input {list(shape)}"
        )
    return [i % n for i in range(-before, n + after)]


_INDICES = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
