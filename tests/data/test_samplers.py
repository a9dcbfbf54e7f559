"""Samplers: the orders of PyTorch for the same seeds, from the golden file, and the rules of each sampler."""

import json
import pathlib

import pytest

import rsnn
from rsnn.utils import data

GOLDEN = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "sampling.json").read_text())
CASES = [(int(seed), kind, order) for seed, orders in GOLDEN.items() for kind, order in orders.items()]


def draw(kind, n, seed):
    source = range(n)
    rsnn.manual_seed(seed)
    if kind == "random":
        return [list(data.RandomSampler(source)) for _ in range(2)]
    if kind == "random with generator":
        sampler = data.RandomSampler(source, generator=rsnn.Generator().manual_seed(seed))
        return [list(sampler) for _ in range(2)]
    if kind == "replacement":
        return list(data.RandomSampler(source, replacement=True, num_samples=40))
    if kind == "more than there are":
        return list(data.RandomSampler(source, num_samples=2 * n + 1))
    if kind == "subset":
        return list(data.SubsetRandomSampler(range(100, 100 + n)))
    if kind == "weighted":
        return list(data.WeightedRandomSampler([i % 3 + 0.5 for i in source], 20))
    if kind == "split":
        return [list(part.indices) for part in data.random_split(source, [0.5, 0.5])] if n > 1 else []
    loader = data.DataLoader(source, batch_size=4, shuffle=True)
    return [[batch.tolist() for batch in loader] for _ in range(2)]


@pytest.mark.parametrize(("seed", "kind", "order"), CASES, ids=[f"{s} {k}" for s, k, _ in CASES])
def test_a_seed_gives_the_order_of_pytorch(seed, kind, order):
    name, _, n = kind.rpartition(" ")
    assert draw(name, int(n), seed) == order


def test_sequential_sampler():
    sampler = data.SequentialSampler("abc")
    assert list(sampler) == [0, 1, 2] and len(sampler) == 3


def test_lengths():
    assert len(data.RandomSampler(range(5))) == 5
    assert len(data.RandomSampler(range(5), num_samples=12)) == 12
    assert len(data.SubsetRandomSampler([7, 8])) == 2
    assert len(data.WeightedRandomSampler([1, 1], 9)) == 9


def test_weights_of_zero_are_never_drawn():
    drawn = list(data.WeightedRandomSampler([0.0, 1.0, 0.0, 3.0], 100))
    assert set(drawn) == {1, 3}
    assert sorted(data.WeightedRandomSampler([1.0, 1.0, 1.0], 3, replacement=False)) == [0, 1, 2]


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [0, 1, 5, 6])
def test_batch_sampler(n, drop_last):
    batches = list(data.BatchSampler(range(n), 3, drop_last))
    assert len(batches) == len(data.BatchSampler(range(n), 3, drop_last))
    assert [i for batch in batches for i in batch] == list(range(n - n % 3 if drop_last else n))
    assert all(len(batch) == 3 for batch in batches[:-1])


@pytest.mark.parametrize(
    ("build", "error"),
    [
        (lambda: data.RandomSampler(range(3), replacement=1), TypeError),
        (lambda: data.RandomSampler(range(3), num_samples=0), ValueError),
        (lambda: data.RandomSampler(range(3), num_samples=2.5), ValueError),
        (lambda: data.RandomSampler([]), ValueError),
        (lambda: data.BatchSampler(range(3), 0, False), ValueError),
        (lambda: data.BatchSampler(range(3), True, False), ValueError),
        (lambda: data.BatchSampler(range(3), 1, 0), ValueError),
        (lambda: data.WeightedRandomSampler([[1.0]], 1), ValueError),
        (lambda: data.WeightedRandomSampler([1.0], 0), ValueError),
        (lambda: data.WeightedRandomSampler([1.0], 1, replacement=1), ValueError),
        (lambda: list(data.Sampler()), NotImplementedError),
    ],
)
def test_bad_arguments(build, error):
    with pytest.raises(error):
        build()
