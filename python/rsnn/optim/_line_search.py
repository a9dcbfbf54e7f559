"""A line search for the strong Wolfe conditions, with cubic interpolation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import rsnn

# How much of the slope at the start a step must gain (Armijo), and to what share the slope must fall (curvature).
_ARMIJO = 1e-4
_CURVATURE = 0.9


class Point(NamedTuple):
    """What is known of a step length: the loss there, its gradient, and the slope along the direction."""

    t: float
    loss: float
    grad: rsnn.Tensor
    slope: float


def strong_wolfe(
    evaluate: Callable[[float], Point],
    t: float,
    start: Point,
    longest: float,
    tolerance_change: float,
    max_steps: int,
) -> Point:
    """Finds a step length at which the loss has fallen enough and the slope is flat enough.

    Args:
        evaluate: the point at a step length.
        t: the first trial.
        start: the point at 0; its slope is negative.
        longest: the largest component of the direction.
        tolerance_change: gives up when steps in the bracket differ by less.
        max_steps: evaluations after the first.

    Returns:
        the best point found, which need not satisfy the conditions when steps ran out.
    """
    bracket, steps, done = _bracket(evaluate, t, start, max_steps)
    if done:
        return bracket[0]
    return _zoom(evaluate, bracket, start, longest, tolerance_change, max_steps - steps)


def _too_high(point: Point, start: Point) -> bool:
    return point.loss > start.loss + _ARMIJO * point.t * start.slope


def _flat_enough(point: Point, start: Point) -> bool:
    return abs(point.slope) <= -_CURVATURE * start.slope


def _bracket(
    evaluate: Callable[[float], Point], t: float, start: Point, max_steps: int
) -> tuple[list[Point], int, bool]:
    """Two points with a good one between them, the steps taken, and whether the first point is good itself."""
    before, point = start, evaluate(t)
    for step in range(max_steps):
        if _too_high(point, start) or (step > 1 and point.loss >= before.loss):
            return [before, point], step, False
        if _flat_enough(point, start):
            return [point, point], step, True
        if point.slope >= 0:
            return [before, point], step, False
        bounds = (point.t + 0.01 * (point.t - before.t), point.t * 10)
        before, point = point, evaluate(_interpolate(before, point, bounds))
    return [start, point], max_steps, False


def _zoom(
    evaluate: Callable[[float], Point],
    bracket: list[Point],
    start: Point,
    longest: float,
    tolerance_change: float,
    max_steps: int,
) -> Point:
    """Narrows a bracket down; returns its lower end."""
    stalled = False
    low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
    for _ in range(max_steps):
        left, right = sorted(point.t for point in bracket)
        if (right - left) * longest < tolerance_change:
            break
        t = _interpolate(bracket[0], bracket[1], (left, right))
        # Twice close to an end of the bracket, or beyond it: step away from that end.
        margin = 0.1 * (right - left)
        close = min(right - t, t - left) < margin
        if close and (stalled or t >= right or t <= left):
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            close = False
        stalled = close
        point = evaluate(t)
        if _too_high(point, start) or point.loss >= bracket[low].loss:
            bracket[high] = point
            low, high = (0, 1) if bracket[0].loss <= bracket[1].loss else (1, 0)
            continue
        if _flat_enough(point, start):
            return point
        if point.slope * (bracket[high].t - bracket[low].t) >= 0:
            bracket[high] = bracket[low]
        bracket[low] = point
    return bracket[low]


def _interpolate(a: Point, b: Point, bounds: tuple[float, float]) -> float:
    """The minimum of the cubic through two points with their slopes, within bounds; their middle if there is none."""
    left, right = bounds
    if a.t == b.t:
        return (left + right) / 2.0
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2.0
    d2 = math.sqrt(square)
    near, far = (a, b) if a.t <= b.t else (b, a)
    denominator = far.slope - near.slope + 2 * d2
    if denominator == 0:
        return (left + right) / 2.0
    t = far.t - (far.t - near.t) * ((far.slope + d2 - d1) / denominator)
    return min(max(t, left), right)
