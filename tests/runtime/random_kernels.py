"""Kernels against their definitions, for random shapes, memory layouts and parameters. Run as a script: checks everything,
on other cases each time when it is told how many (`python tests/runtime/random_kernels.py 1000`).

`test_instruction_sets.py` runs it once for each instruction set, which a process chooses when it starts.
"""

from __future__ import annotations

import math
import sys
from typing import Any

import numpy as np
from definitions import Windows, conv, normalised, normalised_gradient, pools, softmax
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rsnn
import rsnn.nn.functional as F

#: Relative errors of single operations, and of sums (times the root of how many numbers they have).
STEP = {"float32": 2.0**-23, "float64": 2.0**-52}

#: Sizes: small ones with every remainder by a register's width, and some around the borders of blocks.
SIZES = st.one_of(st.integers(0, 20), st.sampled_from([31, 33, 48, 63, 64, 65, 97, 130]))
DTYPES = st.sampled_from(["float32", "float64"])


def values(draw: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Draws from the normal distribution, that are numbers of every dtype."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    return rng.standard_normal(shape).astype(np.float32).astype(np.float64)


def tensor(draw: Any, x: np.ndarray, dtype: str, grad: bool = False) -> Any:
    """A tensor of these numbers that lies in memory in some order, with gaps and an offset."""
    order = draw(st.permutations(range(x.ndim)))
    steps = [draw(st.sampled_from([1, 1, 2, 3])) for _ in order]
    starts = [draw(st.integers(0, 2)) for _ in order]
    # Who reads the gaps gets numbers that spoil everything.
    memory = np.full([start + step * x.shape[axis] for axis, step, start in zip(order, steps, starts)], np.nan, dtype)
    places = tuple(slice(start, start + step * x.shape[axis], step) for axis, step, start in zip(order, steps, starts))
    memory[places] = x.transpose(order)
    t = rsnn.from_numpy(memory)[places].permute([order.index(axis) for axis in range(x.ndim)])
    return t.requires_grad_() if grad else t


def assert_close(found: Any, expected: np.ndarray, dtype: str, count: float, what: str = "") -> None:
    """Asserts that a tensor has these numbers, up to the rounding of sums of `count` numbers of size one."""
    found = found.detach().numpy()
    assert found.shape == expected.shape and found.dtype == dtype, (what, found.shape, expected.shape, found.dtype)
    bound = 16 * STEP[dtype] * math.sqrt(count + 1)
    np.testing.assert_allclose(found, expected, rtol=bound, atol=bound, err_msg=what)


@st.composite
def products(draw: Any) -> Any:
    m, k, n = draw(SIZES), draw(SIZES), draw(SIZES)
    batch = draw(st.sampled_from([(), (), (1,), (3,), (2, 2), (0,)]))
    dtype = draw(DTYPES)
    a, b, c = values(draw, (*batch, m, k)), values(draw, (*batch, k, n)), values(draw, (n,))
    return dtype, (a, b, c), [tensor(draw, x, dtype) for x in (a, b, c)]


@given(products())
def check_products(case: Any) -> None:
    dtype, (a, b, bias), (ta, tb, tbias) = case
    k = a.shape[-1]
    assert_close(ta @ tb, a @ b, dtype, k)
    assert_close(
        F.linear(ta, tb.transpose(-1, -2), tbias) if tb.dim() == 2 else ta @ tb + tbias, a @ b + bias, dtype, k
    )


@given(st.sampled_from([np.inf, -np.inf, np.nan]), SIZES, st.integers(1, 70), SIZES)
def check_products_of_infinities(value: float, m: int, k: int, n: int) -> None:
    a, b = np.ones((m + 1, k), np.float32), np.ones((k, n + 1), np.float32)
    a[m, k // 2] = value
    y = (rsnn.from_numpy(a) @ rsnn.from_numpy(b)).numpy()
    assert (y[:m] == k).all()
    np.testing.assert_array_equal(y[m], np.full(n + 1, value, np.float32))


@st.composite
def convolutions(draw: Any) -> Any:
    rank = draw(st.integers(1, 3))
    axes = lambda low, high: [draw(st.integers(low, high)) for _ in range(rank)]  # noqa: E731
    groups = draw(st.sampled_from([1, 1, 1, 2, 3, 8]))
    inputs = groups * draw(st.sampled_from([1, 1, 2, 3, 5, 16]))
    outputs = groups * draw(st.sampled_from([1, 1, 2, 3, 7, 17, 32]))
    kernel, stride, dilation = axes(1, 3 if rank == 3 else 5), axes(1, 3), axes(1, 2)
    if draw(st.booleans()):
        stride, dilation = [1] * rank, [1] * rank
    padding = [draw(st.integers(0, k)) for k in kernel]
    more = {1: 70, 2: 17, 3: 5}[rank]
    sizes = [max(1, d * (k - 1) + 1 - 2 * p) + m for k, d, p, m in zip(kernel, dilation, padding, axes(0, more))]
    batch, dtype = draw(st.integers(0, 3)), draw(DTYPES)
    windows = Windows(kernel, stride, padding, dilation)
    x, w = values(draw, (batch, inputs, *sizes)), values(draw, (outputs, inputs // groups, *kernel))
    g = values(draw, (batch, outputs, *windows.positions(sizes)))
    return dtype, windows, groups, (x, w, g), [tensor(draw, t, dtype, grad=t is not g) for t in (x, w, g)]


@given(convolutions())
def check_convolutions(case: Any) -> None:
    dtype, windows, groups, (x, w, g), (tx, tw, tg) = case
    f = [F.conv1d, F.conv2d, F.conv3d][len(windows.kernel) - 1]
    y = f(tx, tw, None, windows.stride, windows.padding, windows.dilation, groups)
    y.backward(tg)
    expected = conv(x, w, g, windows, groups)
    counts = [w[0].size, w[:, 0].size, g.size / max(1, g.shape[1])]
    for name, found, want, count in zip(["output", "d input", "d weight"], [y, tx.grad, tw.grad], expected, counts):
        assert_close(found, want, dtype, count, name)


#: Operations of one number, with the numbers that they take.
UNARY = {
    "exp": (np.exp, -80, 80), "tanh": (np.tanh, -20, 20), "sqrt": (np.sqrt, 0, 1e6), "log": (np.log, 1e-6, 1e6),
    "sin": (np.sin, -9, 9), "relu": (lambda x: np.maximum(x, 0), -3, 3), "abs": (np.abs, -3, 3),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), -80, 80), "square": (np.square, -3, 3), "neg": (np.negative, -3, 3),
    "erf": (np.vectorize(math.erf, otypes=[float]), -5, 5), "expm1": (np.expm1, -20, 20), "log1p": (np.log1p, -0.99, 1e3),
}  # fmt: skip
BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "maximum": np.maximum}


@st.composite
def shapes(draw: Any, least: int = 0) -> tuple[int, ...]:
    rank = draw(st.integers(least, 4))
    limit = {0: 1, 1: 5000, 2: 90, 3: 20, 4: 9}[rank]
    return tuple(draw(st.one_of(st.integers(0, limit), st.integers(1, 3))) for _ in range(rank))


@given(st.data(), st.sampled_from(sorted(UNARY)), shapes(), DTYPES)
def check_functions_of_one_number(data: Any, name: str, shape: tuple[int, ...], dtype: str) -> None:
    f, low, high = UNARY[name]
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = rng.uniform(low, high, shape).astype(np.float32).astype(np.float64)
    y = getattr(rsnn, name)(tensor(data.draw, x, dtype)).numpy()
    bound = 8 * STEP[dtype]
    np.testing.assert_allclose(y, f(x), rtol=bound, atol=bound if name == "sin" else 1e-38, err_msg=name)


@given(st.data(), st.sampled_from(sorted(BINARY)), shapes(), DTYPES)
def check_functions_of_two_numbers(data: Any, name: str, shape: tuple[int, ...], dtype: str) -> None:
    # Each input lacks some axes in front, and has one element along others.
    sides = []
    for _ in range(2):
        kept = shape[data.draw(st.integers(0, len(shape))) :]
        sides.append(values(data.draw, tuple(1 if data.draw(st.booleans()) else n for n in kept)))
    a, b = (tensor(data.draw, x, dtype) for x in sides)
    with np.errstate(all="ignore"):
        expected = BINARY[name](*(x.astype(dtype) for x in sides))
    np.testing.assert_array_equal(getattr(rsnn, name)(a, b).numpy(), expected, err_msg=name)


@given(st.data(), shapes(1), DTYPES)
def check_reductions(data: Any, shape: tuple[int, ...], dtype: str) -> None:
    x = values(data.draw, shape)
    t = tensor(data.draw, x, dtype)
    axes = tuple(sorted(data.draw(st.sets(st.integers(0, x.ndim - 1), min_size=1))))
    count = math.prod(shape[axis] for axis in axes)
    assert_close(t.sum(axes), x.sum(axes), dtype, count, "sum")
    if count:
        assert_close(t.mean(axes), x.mean(axes), dtype, 1, "mean")
        assert_close(t.var(axes, correction=0), x.var(axes), dtype, 4, "var")
        assert_close(rsnn.linalg.vector_norm(t, 2, axes), np.sqrt(np.square(x).sum(axes)), dtype, 4, "norm")
        np.testing.assert_array_equal(t.amax(axes).numpy(), x.max(axes).astype(dtype))
        np.testing.assert_array_equal(t.argmin(axes[0]).numpy(), x.argmin(axes[0]))
        np.testing.assert_array_equal(t.copysign(t).contiguous().numpy(), x.astype(dtype))
    assert_close(t.cumsum(axes[0]), x.cumsum(axes[0]), dtype, shape[axes[0]] + 1, "cumsum")


@given(st.data(), st.integers(0, 3), st.integers(1, 5), DTYPES)
def check_poolings(data: Any, batch: int, channels: int, dtype: str) -> None:
    axes = lambda low, high: [data.draw(st.integers(low, high)) for _ in range(2)]  # noqa: E731
    kernel, stride = axes(1, 4), axes(1, 3)
    padding = [data.draw(st.integers(0, k // 2)) for k in kernel]
    sizes = [k + more for k, more in zip(kernel, axes(0, 30))]
    x = values(data.draw, (batch, channels, *sizes))
    t = tensor(data.draw, x, dtype)
    largest, average = pools(x, Windows(kernel, stride, padding))
    found, places = F.max_pool2d(t, kernel, stride, padding, return_indices=True)
    np.testing.assert_array_equal(found.numpy(), largest.astype(dtype))
    np.testing.assert_array_equal(t.flatten(2).gather(2, places.flatten(2)).numpy(), found.flatten(2).numpy())
    assert_close(F.avg_pool2d(t, kernel, stride, padding), average, dtype, 1, "average")


@given(st.data(), st.integers(0, 4), st.integers(1, 9), st.integers(2, 90), DTYPES)
def check_normalisations(data: Any, batch: int, channels: int, places: int, dtype: str) -> None:
    x, g = (values(data.draw, (batch, channels, places)) for _ in range(2))
    w, b = values(data.draw, (channels,)), values(data.draw, (channels,))
    ways = {"group": (2,), "layer": (2,)} | ({"batch": (0, 2)} if batch else {})
    for way, axes in ways.items():
        tx, tg = tensor(data.draw, x, dtype, grad=True), tensor(data.draw, g, dtype)
        tw, tb = (tensor(data.draw, t, dtype, grad=True) for t in (w, b))
        # The weights of a layer normalisation belong to places, those of others to channels.
        scale, shift = (1.0, 0.0) if way == "layer" else (w[:, None], b[:, None])
        if way == "batch":
            y = F.batch_norm(tx, None, None, tw, tb, training=True)
        elif way == "group":
            y = F.group_norm(tx, channels, tw, tb)
        else:
            y = F.layer_norm(tx, (places,))
        y.backward(tg)
        flat, _ = normalised(x, axes, 1e-5)
        # Few places may lie close to each other, which magnifies rounding.
        magnified = 400 / math.prod(x.shape[axis] for axis in axes)
        assert_close(y, flat * scale + shift, dtype, 4 + magnified**2, way)
        gradient = normalised_gradient(x, g * scale, axes, 1e-5)
        np.testing.assert_allclose(
            tx.grad.numpy(),
            gradient,
            rtol=0,
            atol=2e4 * STEP[dtype] * max(1.0, abs(gradient).max(initial=0.0)),
            err_msg=way,
        )
        if way != "layer":
            assert_close(tw.grad, (g * flat).sum((0, 2)), dtype, (batch * places + 1) * (4 + magnified**2), way)
            assert_close(tb.grad, g.sum((0, 2)), dtype, batch * places, way)


@given(st.data(), shapes(1), DTYPES)
def check_softmax(data: Any, shape: tuple[int, ...], dtype: str) -> None:
    shape = tuple(max(1, n) for n in shape)
    axis = data.draw(st.integers(0, len(shape) - 1))
    x, g = 5 * values(data.draw, shape), values(data.draw, shape)
    p = softmax(x, axis)
    for log in (False, True):
        tx, tg = tensor(data.draw, x, dtype, grad=True), tensor(data.draw, g, dtype)
        y = F.log_softmax(tx, axis) if log else F.softmax(tx, axis)
        y.backward(tg)
        assert_close(y, np.log(p) if log else p, dtype, 40, "softmax")
        total = (g if log else g * p).sum(axis, keepdims=True)
        expected = g - p * total if log else p * (g - total)
        assert_close(tx.grad, expected, dtype, 16 * shape[axis], "gradient")


@given(st.data(), shapes(1), st.sampled_from(["bool", "uint8", "int16", "int64", "float32", "float64"]))
def check_copies(data: Any, shape: tuple[int, ...], dtype: str) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    x = rng.integers(0, 2 if dtype == "bool" else 120, shape).astype(dtype)
    order = data.draw(st.permutations(range(x.ndim)))
    t = rsnn.from_numpy(np.repeat(x, 2, axis=-1))[..., ::2]
    np.testing.assert_array_equal(t.permute(order).contiguous().numpy(), x.transpose(order))
    np.testing.assert_array_equal(rsnn.cat([t, t.flip(0)], x.ndim - 1).numpy(), np.concatenate([x, x[::-1]], -1))
    np.testing.assert_array_equal(t.to(rsnn.float32).numpy(), x.astype(np.float32))


CHECKS = [check for name, check in dict(globals()).items() if name.startswith("check_")]

if __name__ == "__main__":
    many = settings(
        max_examples=int(sys.argv[1]) if sys.argv[1:] else 60,
        derandomize=not sys.argv[1:],
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    # Pieces of a call are shared between threads even where there is one processor.
    rsnn.set_num_threads(2)
    for check in CHECKS:
        many(check)()
        print(check.__name__)
