"""From samples to batches."""

import collections
import random

import numpy as np
import pytest

import rsnn
from rsnn.utils import data
from rsnn.utils.data.collate import collate

Point = collections.namedtuple("Point", "x y")


def plain(value):
    """Tensors as (dtype, list), so that batches of both libraries compare."""
    if isinstance(value, np.ndarray):
        return ("array", value.tolist())
    if hasattr(value, "numpy") and hasattr(value, "dtype"):
        return (str(value.dtype).split(".")[1], value.tolist())
    if isinstance(value, dict):
        return type(value), {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), [plain(v) for v in value]
    return type(value), value


BATCHES = [
    [1, 2, 3],
    [True, False],
    [1.5, 2.5],
    ["a", "b"],
    [b"a", b"b"],
    [(1, "a"), (2, "b")],
    [[1, 2.0], [3, 4.0]],
    [{"x": 1, "y": [1.0, "s"]}, {"x": 2, "y": [2.0, "t"]}],
    [collections.OrderedDict(a=1), collections.OrderedDict(a=2)],
    [Point(1, 2.0), Point(3, 4.0)],
    [np.float32(1), np.float32(2)],
    [np.int16(1), np.int16(2)],
    [np.bool_(True), np.bool_(False)],
    [np.arange(3), np.arange(3) + 1],
    [np.ones((2, 2), np.float64), np.zeros((2, 2), np.float64)],
    [(np.float64(1), (2, [3.0])), (np.float64(4), (5, [6.0]))],
]


@pytest.mark.parametrize("batch", BATCHES, ids=range(len(BATCHES)))
def test_default_collate_does_what_pytorch_does(batch):
    oracle = pytest.importorskip("torch").utils.data.default_collate
    assert plain(data.default_collate(batch)) == plain(oracle(batch))


CONVERTED = [
    1,
    "a",
    np.float32(1),
    np.str_("a"),
    np.arange(3),
    np.array(["a"]),
    (1, np.arange(2)),
    [np.arange(2), "a"],
    {"a": np.arange(2), "b": {"c": np.int8(1)}},
    Point(np.arange(2), 1),
]


@pytest.mark.parametrize("value", CONVERTED, ids=range(len(CONVERTED)))
def test_default_convert_does_what_pytorch_does(value):
    oracle = pytest.importorskip("torch").utils.data.default_convert
    assert plain(data.default_convert(value)) == plain(oracle(value))


def test_tensors_are_stacked():
    batch = data.default_collate([rsnn.ones(2, 3), rsnn.zeros(2, 3)])
    assert batch.tolist() == [[[1.0] * 3] * 2, [[0.0] * 3] * 2]
    x, y = data.default_collate([(rsnn.tensor(1), 0.5), (rsnn.tensor(2), 1.5)])
    assert x.tolist() == [1, 2] and y.dtype == rsnn.float64


def test_containers_that_cannot_be_rebuilt_become_plain():
    class Odd(collections.abc.Mapping):
        def __init__(self, a, b):
            self.data = {"a": a, "b": b}

        def __getitem__(self, key):
            return self.data[key]

        def __iter__(self):
            return iter(self.data)

        def __len__(self):
            return 2

    batch = data.default_collate([Odd(1, 2), Odd(3, 4)])
    assert type(batch) is dict and batch["b"].tolist() == [2, 4]
    assert data.default_collate([range(2), range(2)])[1].tolist() == [1, 1]


def test_samples_stay_as_they_were():
    samples = [{"x": 1}, {"x": 2}]
    data.default_collate(samples)
    assert samples == [{"x": 1}, {"x": 2}]


@pytest.mark.parametrize(
    ("batch", "error"),
    [
        ([object()], TypeError),
        ([None, None], TypeError),
        ([[1, 2], [3]], RuntimeError),
        ([np.array(["a"])], TypeError),
    ],
)
def test_what_cannot_be_joined(batch, error):
    with pytest.raises(error):
        data.default_collate(batch)


def test_a_map_of_ones_own():
    def longest(batch, *, collate_fn_map=None):
        return max(batch, key=len)

    assert collate([("a", 1), ("bcd", 2)], collate_fn_map={str: longest, int: longest_int}) == ["bcd", 2]


def longest_int(batch, *, collate_fn_map=None):
    return max(batch)


def test_random_structures_equal_pytorch():
    oracle = pytest.importorskip("torch").utils.data.default_collate

    def build(rng, depth):
        kind = rng.randrange(7 if depth else 4)
        if kind < 4:
            return [lambda r: r.random(), lambda r: r.randrange(9), lambda r: "s", lambda r: np.full(2, r.random())][
                kind
            ]
        parts = [build(rng, depth - 1) for _ in range(rng.randint(1, 3))]
        if kind == 4:
            return lambda r: tuple(part(r) for part in parts)
        if kind == 5:
            return lambda r: [part(r) for part in parts]
        return lambda r: {str(i): part(r) for i, part in enumerate(parts)}

    for seed in range(100):
        rng = random.Random(seed)
        sample = build(rng, 3)
        batch = [sample(rng) for _ in range(3)]
        assert plain(data.default_collate(batch)) == plain(oracle(batch))
