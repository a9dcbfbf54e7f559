"""Datasets and what is built from them."""

import pytest

import rsnn
from rsnn.utils import data


class Squares(data.Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i * i


class AtOnce(Squares):
    def __getitems__(self, indices):
        return [i * i + 1000 for i in indices]


class Stream(data.IterableDataset):
    def __init__(self, *items):
        self.items = items

    def __iter__(self):
        return iter(self.items)

    def __len__(self):
        return len(self.items)


def test_a_dataset_needs_getitem():
    with pytest.raises(NotImplementedError):
        data.Dataset()[0]
    with pytest.raises(NotImplementedError):
        iter(data.IterableDataset())
    assert data.Dataset[int] and data.DataLoader[int]


def test_tensor_dataset():
    dataset = data.TensorDataset(rsnn.arange(6).view(3, 2), rsnn.arange(3))
    assert len(dataset) == 3
    x, y = dataset[2]
    assert x.tolist() == [4, 5] and y.item() == 2
    with pytest.raises(AssertionError, match=r"\[3, 2\]"):
        data.TensorDataset(rsnn.zeros(3), rsnn.zeros(2))


def test_stack_dataset():
    pairs = data.StackDataset(Squares(3), AtOnce(3))
    assert len(pairs) == 3 and pairs[2] == (4, 4)
    assert pairs.__getitems__([0, 2]) == [(0, 1000), (4, 1004)]
    named = data.StackDataset(a=Squares(3), b=Squares(3))
    assert named[1] == {"a": 1, "b": 1} and named.__getitems__([2]) == [{"a": 4, "b": 4}]
    for build in (
        lambda: data.StackDataset(),
        lambda: data.StackDataset(Squares(1), Squares(2)),
        lambda: data.StackDataset(Squares(1), a=Squares(1)),
    ):
        with pytest.raises(ValueError):
            build()


def test_concat_dataset():
    joined = Squares(3) + Squares(2)
    assert len(joined) == 5 and list(joined) == [0, 1, 4, 0, 1]
    assert joined[-1] == 1 and joined[-5] == 0 and joined.cumulative_sizes == [3, 5]
    with pytest.raises(ValueError):
        joined[-6]
    with pytest.raises(IndexError):
        joined[5]
    for bad in ([], [Stream(1)]):
        with pytest.raises(AssertionError):
            data.ConcatDataset(bad)


def test_chain_dataset():
    chain = Stream(1, 2) + Stream(3)
    assert list(chain) == [1, 2, 3] and len(chain) == 3
    with pytest.raises(AssertionError):
        list(data.ChainDataset([Squares(2)]))


def test_subset():
    subset = data.Subset(Squares(10), [9, 3])
    assert len(subset) == 2 and subset[0] == 81 and subset.__getitems__([1, 0]) == [9, 81]
    assert data.Subset(AtOnce(10), [9, 3]).__getitems__([1]) == [1009]

    class Shifted(data.Subset):
        def __getitem__(self, i):
            return super().__getitem__(i) + 1

    with pytest.raises(NotImplementedError, match="__getitems__"):
        Shifted(Squares(3), [0])


def test_random_split():
    parts = data.random_split(range(10), [7, 3], generator=rsnn.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [7, 3]
    assert sorted(i for part in parts for i in part) == list(range(10))
    assert [len(part) for part in data.random_split(range(10), [1 / 3, 1 / 3, 1 / 3])] == [4, 3, 3]
    with pytest.warns(UserWarning, match="empty"):
        data.random_split(range(1), [0.5, 0.5])
    for lengths in ([7, 2], [0.5, 0.4], [1.5, -0.5]):
        with pytest.raises(ValueError):
            data.random_split(range(10), lengths)
