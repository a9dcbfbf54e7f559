"""What kernels compute, written out with numpy in double precision: loops over the taps of a window, and plain formulas."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np


class Windows:
    """Windows that slide over the last axes of an array; one number for each of these axes."""

    def __init__(
        self,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int] | None = None,
    ):
        self.kernel, self.stride, self.padding = kernel, stride, padding
        self.dilation = dilation or [1] * len(kernel)

    def padded(self, x: np.ndarray, value: float) -> np.ndarray:
        """The array with its padding."""
        lead = x.ndim - len(self.kernel)
        return np.pad(x, [(0, 0)] * lead + [(p, p) for p in self.padding], constant_values=value)

    def unpadded(self, x: np.ndarray) -> np.ndarray:
        """A padded array without its padding."""
        return x[(..., *(slice(p, n - p) for p, n in zip(self.padding, x.shape[-len(self.padding) :])))]

    def positions(self, sizes: Sequence[int]) -> list[int]:
        """How many windows there are along each axis of an array of these sizes, without padding."""
        axes = zip(sizes, self.kernel, self.stride, self.padding, self.dilation)
        return [(n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, s, p, d in axes]

    def taps(self, positions: Sequence[int]) -> Iterator[tuple[tuple[int, ...], tuple]]:
        """For each place in a window, the index of the elements of the padded array that lie under it."""
        for tap in itertools.product(*map(range, self.kernel)):
            axes = zip(tap, self.dilation, self.stride, positions)
            yield tap, (..., *(slice(t * d, t * d + s * (n - 1) + 1, s) for t, d, s, n in axes))


def conv(x: np.ndarray, w: np.ndarray, g: np.ndarray, windows: Windows, groups: int) -> list[np.ndarray]:
    """A convolution, and its gradients for input and weight when `g` is the gradient of its result."""
    padded = windows.padded(x, 0.0)
    positions = windows.positions(x.shape[2:])
    (batch, channels), outputs = x.shape[:2], w.shape[0]
    y = np.zeros((batch, groups, outputs // groups, math.prod(positions)))
    dx, dw = np.zeros_like(padded), np.zeros_like(w)
    w = w.reshape(groups, outputs // groups, *w.shape[1:])
    g = g.reshape(batch, groups, outputs // groups, math.prod(positions))
    for tap, under in windows.taps(positions):
        at = (..., *tap)
        part = padded[under].reshape(batch, groups, channels // groups, math.prod(positions))
        y += np.einsum("bgcp,goc->bgop", part, w[at])
        dw[at] = np.einsum("bgcp,bgop->goc", part, g).reshape(dw[at].shape)
        dx[under] += np.einsum("bgop,goc->bgcp", g, w[at]).reshape(padded[under].shape)
    return [y.reshape(batch, outputs, *positions), windows.unpadded(dx), dw]


def pools(x: np.ndarray, windows: Windows) -> tuple[np.ndarray, np.ndarray]:
    """Maximum and average (padding counted) of each window."""
    positions = windows.positions(x.shape[2:])
    low, zero = windows.padded(x, -np.inf), windows.padded(x, 0.0)
    parts = [(low[under], zero[under]) for _, under in windows.taps(positions)]
    return np.max([a for a, _ in parts], axis=0), np.mean([b for _, b in parts], axis=0)


def normalised(x: np.ndarray, axes: tuple[int, ...], eps: float) -> tuple[np.ndarray, np.ndarray]:
    """`x` with mean zero and variance one along axes, and what it was divided by."""
    scale = np.sqrt(x.var(axis=axes, keepdims=True) + eps)
    return (x - x.mean(axis=axes, keepdims=True)) / scale, scale


def normalised_gradient(x: np.ndarray, g: np.ndarray, axes: tuple[int, ...], eps: float) -> np.ndarray:
    """The gradient for `x` of `normalised`, when `g` is that of its result."""
    y, scale = normalised(x, axes, eps)
    return (g - g.mean(axis=axes, keepdims=True) - y * (g * y).mean(axis=axes, keepdims=True)) / scale


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    """Exponentials that sum to one along an axis."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)
