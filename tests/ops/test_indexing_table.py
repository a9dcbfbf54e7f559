"""`x[...]` and `x[...] = value`: tables of special cases, dtypes, sources that overlap, and mistakes, against live PyTorch."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, attempt, tensor

try:
    import torch
except ImportError:
    torch = None

LIBS = (rsnn,) if torch is None else (rsnn, torch)
needs_torch = pytest.mark.skipif(torch is None, reason="compares with live PyTorch")

pytestmark = pytest.mark.filterwarnings("ignore")


TABLE = [
    lambda lib: 0,
    lambda lib: -1,
    lambda lib: 2,
    lambda lib: -3,
    lambda lib: (0, 0, 0),
    lambda lib: (0, 0, 0, 0),
    lambda lib: slice(None, None, 2),
    lambda lib: slice(None, None, -1),
    lambda lib: slice(None, None, 0),
    lambda lib: slice(1.5),
    lambda lib: slice("a"),
    lambda lib: (Ellipsis, Ellipsis),
    lambda lib: (Ellipsis, Ellipsis, 0),
    lambda lib: (0, Ellipsis, 0, Ellipsis, 0),
    lambda lib: (),
    lambda lib: None,
    lambda lib: True,
    lambda lib: False,
    lambda lib: (0, True, None),
    lambda lib: (None, True, lib.tensor([0, 1])),
    lambda lib: lib.tensor(1),
    lambda lib: lib.tensor(5),
    lambda lib: lib.tensor(0.5),
    lambda lib: lib.tensor(True),
    lambda lib: lib.tensor(False),
    lambda lib: lib.tensor([0, 1], dtype=lib.int16),
    lambda lib: lib.tensor([0, 2]),
    lambda lib: lib.tensor([-3]),
    lambda lib: lib.tensor([True, False, True]),
    lambda lib: [0, 1],
    lambda lib: [True, False],
    lambda lib: [[0, 1], [1, 0]],
    lambda lib: [0, [1]],
    lambda lib: [0.5],
    lambda lib: [],
    lambda lib: [slice(None), 0],
    lambda lib: [None, 0],
    lambda lib: [lib.tensor(0), lib.tensor(1)],
    lambda lib: range(2),
    lambda lib: np.array([0, 1]),
    lambda lib: np.array([True, False]),
    lambda lib: np.array(1),
    lambda lib: np.int64(1),
    lambda lib: np.array([0.5]),
    lambda lib: np.bool_(True),
    lambda lib: np.array([0, 1], dtype=np.int32),
    lambda lib: (lib.tensor([0, 1]), slice(None), lib.tensor([0, 1])),
    lambda lib: (lib.tensor([0, 1]), None, lib.tensor([0, 1])),
    lambda lib: (0, slice(None), lib.tensor([0, 1])),
    lambda lib: (lib.tensor([0]), 0),
    lambda lib: (slice(None), 0, lib.tensor([0, 1])),
    lambda lib: (lib.tensor([0, 1]), lib.tensor([0, 1, 2])),
    lambda lib: (lib.tensor([True, False]), lib.tensor([0, 1])),
    lambda lib: (lib.tensor([True, True]), slice(None), lib.tensor([True, False, True, True])),
    lambda lib: (lib.tensor([True, False]), lib.tensor([True, False, True])),
    lambda lib: (slice(0, 1), lib.tensor([], dtype=lib.int64)),
    lambda lib: (lib.tensor([], dtype=lib.int64), lib.tensor([], dtype=lib.int64)),
    lambda lib: 1.5,
    lambda lib: {},
    lambda lib: (slice(None), 1.0),
    lambda lib: (lib.tensor(True), lib.tensor([0, 1])),
    lambda lib: 2**70,
    lambda lib: (slice(2**70),),
    lambda lib: slice(lib.tensor(0), lib.tensor(1)),
    lambda lib: slice(np.int64(0), np.int32(2)),
    lambda lib: lib.zeros(2, 3, 4, 5, dtype=lib.bool),
    lambda lib: lib.zeros(2, 0, dtype=lib.bool),
    lambda lib: (lib.tensor([0, 1]), True),
]


def compared(run):
    """Asserts that both libraries give the same result or the same class of error."""
    ours, theirs = attempt(lambda: run(rsnn)), attempt(lambda: run(torch))
    if isinstance(theirs, Exception):
        assert type(ours) is type(theirs), f"got {ours!r}, expected {theirs!r}"
    else:
        assert not isinstance(ours, Exception), ours
        assert_same(ours, theirs)


def written(lib, x, index, value):
    x = x.clone()
    x[index] = value
    return x


WORDS = [lambda lib: ["a"], lambda lib: "a", lambda lib: (0, "a")]


@needs_torch
@pytest.mark.parametrize("index", WORDS)
def test_words_are_no_indices(index):
    compared(lambda lib: lib.ones(2, 3)[index(lib)])
    compared(lambda lib: written(lib, lib.ones(2, 3), index(lib), 7))


@needs_torch
@pytest.mark.parametrize("shape", [(2, 3, 4), (), (0, 3)])
@pytest.mark.parametrize("index", TABLE)
def test_table(index, shape):
    def base(lib):
        return lib.arange(int(np.prod(shape))).reshape(shape)

    compared(lambda lib: base(lib)[index(lib)])
    compared(lambda lib: written(lib, base(lib), index(lib), 7))


VALUES = [
    lambda lib: 1.5,
    lambda lib: True,
    lambda lib: 2**40,
    lambda lib: 2**70,
    lambda lib: "a",
    lambda lib: None,
    lambda lib: [1, 2],
    lambda lib: np.array([1, 2, 3, 4]),
    lambda lib: np.float64(2.5),
    lambda lib: lib.tensor(2.5),
    lambda lib: lib.tensor([1.0, 2, 3, 4]),
    lambda lib: lib.tensor([1, 2, 3]),
    lambda lib: lib.ones(3, 4),
    lambda lib: lib.ones(1, 1, 3, 4),
    lambda lib: lib.ones(3, 1),
    lambda lib: lib.tensor([]),
    lambda lib: float("nan"),
    lambda lib: float("inf"),
]


@needs_torch
@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("dtype", ["float32", "int64", "uint8", "bool", "float16"])
def test_values(value, dtype):
    indices = (
        lambda lib: 0,
        lambda lib: (0, 0),
        lambda lib: (0, 0, 0),
        lambda lib: slice(None),
        lambda lib: lib.tensor([0]),
        lambda lib: lib.ones(2, 3, 4, dtype=lib.bool),
        lambda lib: True,
        lambda lib: False,
        lambda lib: (slice(None), [0, 1]),
    )
    for index in indices:
        compared(lambda lib: written(lib, lib.ones(2, 3, 4).to(getattr(lib, dtype)), index(lib), value(lib)))  # noqa: B023


@needs_torch
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(dtype):
    values = np.random.default_rng(0).integers(0, 2 if dtype == "bool" else 90, (4, 5, 6))

    def results(lib):
        x, i = tensor(lib, values, dtype), lib.tensor([3, 0, 3])
        y = x.clone()
        y[i, 1:3] = x[0, 3:]
        z = x.clone().transpose(0, 2)
        z[:, [1, 0]] = x[0, 0, 0]
        return x[i], x[:, i, ::2], x[x > 0], y, z

    assert_same(results(rsnn), results(torch), where=dtype)


@needs_torch
def test_deprecated_masks_of_bytes():
    for lib in LIBS:
        x = lib.arange(6).reshape(2, 3)
        with pytest.warns(UserWarning, match="uint8 is now deprecated"):
            assert x[lib.tensor([1, 0], dtype=lib.uint8)].tolist() == [[0, 1, 2]]


def test_a_part_may_be_the_source():
    x = rsnn.arange(6)
    x[1:] = x[:-1]
    assert x.tolist() == [0, 0, 1, 2, 3, 4]
    x[rsnn.tensor([0, 1])] = x[4:]
    assert x.tolist() == [3, 4, 1, 2, 3, 4]
    y = rsnn.arange(4).reshape(2, 2)
    y[:] = y.T
    assert y.tolist() == [[0, 2], [1, 3]]


def test_the_last_of_repeated_indices_stays():
    x = rsnn.zeros(3)
    x[rsnn.tensor([1, 1, 1])] = rsnn.tensor([1.0, 2.0, 3.0])
    assert x.tolist() == [0, 3, 0]


def test_large_reads_and_writes():
    rng = np.random.default_rng(0)
    values = rng.standard_normal((300, 400)).astype("float32")
    rows, columns = rng.integers(-300, 300, 5000), rng.integers(-400, 400, 5000)
    mask = rng.random((300, 400)) > 0.5
    x = rsnn.from_numpy(values.copy())
    np.testing.assert_array_equal(x[rsnn.from_numpy(rows), rsnn.from_numpy(columns)].numpy(), values[rows, columns])
    np.testing.assert_array_equal(x[:, rsnn.from_numpy(columns)].numpy(), values[:, columns])
    np.testing.assert_array_equal(x[rsnn.from_numpy(mask)].numpy(), values[mask])
    x[rsnn.from_numpy(mask)] = 0.0
    values[mask] = 0
    np.testing.assert_array_equal(x.numpy(), values)
    x[rsnn.from_numpy(rows)] = rsnn.arange(400.0)
    values[rows] = np.arange(400)
    np.testing.assert_array_equal(x.numpy(), values)


@needs_torch
def test_errors_of_writing():
    def leaf(lib):
        x = lib.ones(3, requires_grad=True)
        x[0] = 1

    def expanded(lib):
        x = lib.ones(1).expand(3)
        x[:] = lib.arange(3.0)

    def many(lib):
        x = lib.ones(2, 2, requires_grad=True) * 1
        x.unbind()[0][0] = 2

    def inference(lib):
        with lib.inference_mode():
            x = lib.ones(3)
        x[0] = 2

    for run in (leaf, expanded, many, inference):
        compared(run)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        array = np.ones(3)
        array.flags.writeable = False
        with pytest.raises(RuntimeError, match="read-only"):
            rsnn.from_numpy(array)[0] = 2


@needs_torch
def test_names_of_steps():
    def names(lib):
        x = lib.ones(3, 4, requires_grad=True)
        found = [x[0], x[1:], x[None], x[..., 0], x[lib.tensor([0])], x[x > 0], x[:, ::2], x[0, lib.tensor([0])]]
        y = x * 1
        y[0] = 1.0
        z = x * 1
        z[lib.tensor([0])] = 1.0
        return [type(t.grad_fn).__name__ if lib is torch else t.grad_fn.name() for t in (*found, y, z)]

    assert names(rsnn) == names(torch)
