"""Adding a border."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import rsnn
from rsnn import _C
from rsnn._C import Tensor
from rsnn._expected import check_tensors

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
    check_tensors("pad", input=input)
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
    if mode != "circular" and 0 in input.shape[input.dim() == len(sides) + 2 :]:
        raise RuntimeError(
            f"pad: mode {mode!r}: expected an input of which only the batch may be empty, got {list(input.shape)}"
        )
    if sides and all(0 <= before < _WIDEST and 0 <= after < _WIDEST for _, before, after in sides):
        for axis, before, after in sides:
            _CHECKS[mode](input.size(axis), before, after, input.shape, axis)
        sides.reverse()
        widths_before, widths_after = [side[1] for side in sides], [side[2] for side in sides]
        return _C._edge_pad(input, widths_before, widths_after, _MODES.index(mode))
    # Widths that memory cannot hold are refused before any place is listed.
    _grown(input, sides, allocate=True)
    for axis, before, after in sides:
        if before or after:
            input = input.index_select(axis, _INDICES[mode](input.size(axis), before, after, input.shape, axis))
    return input


def _grown(input: Tensor, sides: list[tuple[int, int, int]], allocate: bool = False) -> list[int]:
    """The sizes of the result.

    Raises:
        RuntimeError: if one is negative; with `allocate`, if memory cannot hold the result.
    """
    grown = list(input.shape)
    for axis, before, after in sides:
        grown[axis] += before + after
        if grown[axis] < 0:
            raise RuntimeError(
                f"The input size {input.size(axis)}, plus negative padding {before} and {after} resulted in a negative "
                f"output size, which is invalid. Check dimension {axis} of your input."
            )
    if allocate:
        rsnn.empty(grown, dtype=input.dtype)
    return grown


def _constant(input: Tensor, sides: list[tuple[int, int, int]], value: float) -> Any:
    _grown(input, sides)
    for axis, before, after in sides:
        start, stop = max(-before, 0), input.size(axis) - max(-after, 0)
        if (start, stop) != (0, input.size(axis)):
            input = input.narrow(axis, start, stop - start)
    if any(before > 0 or after > 0 for _, before, after in sides):
        first, last = [0] * input.dim(), [0] * input.dim()
        for axis, before, after in sides:
            first[axis], last[axis] = max(before, 0), max(after, 0)
        return _C._constant_pad(input, first, last, value)
    # A border of nothing gives a copy, too: callers may write into the result.
    return input.clone()


def _check_reflect(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> None:
    if max(before, after) >= n:
        raise RuntimeError(
            "pad: Padding size should be less than the corresponding input dimension, but got: padding "
            f"({before}, {after}) at dimension {axis} of input {list(shape)}"
        )


def _reflect(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> Tensor:
    _check_reflect(n, before, after, shape, axis)
    return n - 1 - (n - 1 - rsnn.arange(-before, n + after).abs()).abs()


def _check_replicate(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> None:
    if n == 0:
        raise RuntimeError(f"pad: cannot replicate the edge of an empty axis, dimension {axis} of {list(shape)}")


def _replicate(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> Tensor:
    _check_replicate(n, before, after, shape, axis)
    return rsnn.arange(-before, n + after).clamp(0, n - 1)


def _check_circular(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> None:
    # What negative widths cut off is not there to be wrapped around either.
    left = n + min(before, 0) + min(after, 0)
    if max(before, after) > n or max(before, after) > max(left, 0):
        raise RuntimeError(
            "pad: Padding value causes wrapping around more than once: padding "
            f"({before}, {after}) at dimension {axis} of input {list(shape)}"
        )


def _circular(n: int, before: int, after: int, shape: Sequence[int], axis: int) -> Tensor:
    _check_circular(n, before, after, shape, axis)
    start, left = max(-before, 0), n + min(before, 0) + min(after, 0)
    return start + rsnn.arange(-max(before, 0), left + max(after, 0)).remainder(max(left, 1))


_INDICES = {"reflect": _reflect, "replicate": _replicate, "circular": _circular}
_CHECKS = {"reflect": _check_reflect, "replicate": _check_replicate, "circular": _check_circular}
_MODES = ["reflect", "replicate", "circular"]  # in the order of the native function's numbers
_WIDEST = 1 << 24
