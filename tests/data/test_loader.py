"""The loader in one process: batches, order, options."""

import pytest

import rsnn
from rsnn.utils import data


class Numbers(data.Dataset):
    def __init__(self, n):
        self.n = n

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i


class Stream(data.IterableDataset):
    def __init__(self, n, announced=None):
        self.n = n
        self.announced = n if announced is None else announced

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.announced


def listed(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("dataset", [Numbers, Stream])
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("n", [0, 1, 5, 6])
def test_batches(dataset, n, drop_last):
    loader = data.DataLoader(dataset(n), batch_size=3, drop_last=drop_last)
    batches = listed(loader)
    assert len(batches) == len(loader)
    assert [i for batch in batches for i in batch] == list(range(n - n % 3 if drop_last else n))
    assert listed(loader) == batches


def test_the_default_batch_holds_one_sample():
    assert listed(data.DataLoader(Numbers(2))) == [[0], [1]]


def test_without_batches():
    assert list(data.DataLoader(Numbers(3), batch_size=None)) == [0, 1, 2]
    assert list(data.DataLoader(Stream(3), batch_size=None)) == [0, 1, 2]
    dataset = data.TensorDataset(rsnn.arange(4))
    loader = data.DataLoader(dataset, batch_size=None, sampler=[[0, 1], [2, 3]])
    assert [x.tolist() for (x,) in loader] == [[0, 1], [2, 3]]


def test_shuffling_is_new_in_each_pass_and_follows_the_seed():
    loader = data.DataLoader(Numbers(50), batch_size=50, shuffle=True)
    rsnn.manual_seed(0)
    first, second = listed(loader), listed(loader)
    assert sorted(first[0]) == list(range(50)) and first != second
    rsnn.manual_seed(0)
    assert listed(loader) == first


def test_samplers():
    assert listed(data.DataLoader(Numbers(9), sampler=[3, 1], batch_size=2)) == [[3, 1]]
    assert listed(data.DataLoader(Numbers(9), batch_sampler=[[3, 1], [8]])) == [[3, 1], [8]]
    assert len(data.DataLoader(Numbers(9), batch_sampler=[[3, 1], [8]])) == 2


def test_collate_fn():
    assert list(data.DataLoader(Numbers(4), batch_size=2, collate_fn=sum)) == [1, 5]


def test_rows_of_tensors_give_the_same_batches_as_single_samples():
    x, y = rsnn.arange(24.0).view(6, 2, 2), rsnn.arange(6)
    dataset = data.Subset(data.TensorDataset(x, y), [5, 0, 3])
    for (a, b), (c, d) in zip(
        data.DataLoader(dataset, batch_size=2),
        data.DataLoader(dataset, batch_size=2, collate_fn=lambda samples: data.default_collate(samples)),
        strict=True,
    ):
        assert a.tolist() == c.tolist() and b.tolist() == d.tolist() and a.dtype == c.dtype and type(b) is type(d)
    rows = data.DataLoader(data.TensorDataset(x), batch_size=6)
    (batch,) = next(iter(rows))
    batch.numpy().fill(0)
    assert x[0, 0, 1].item() == 1, "a batch must not share memory with the dataset"


def test_gradients_flow_through_batches():
    w = rsnn.ones(4, requires_grad=True)
    for (batch,) in data.DataLoader(data.TensorDataset(w), batch_size=2):
        batch.backward(rsnn.full((2,), 3.0))
    assert w.grad.tolist() == [3.0] * 4


def test_getitems_is_preferred():
    class AtOnce(Numbers):
        def __getitems__(self, indices):
            return [i + 100 for i in indices]

    assert listed(data.DataLoader(AtOnce(3), batch_size=2)) == [[100, 101], [102]]


def test_a_stream_longer_than_announced_warns():
    loader = data.DataLoader(Stream(4, announced=2))
    assert len(loader) == 2
    with pytest.warns(UserWarning, match="announced 2"):
        assert len(list(loader)) == 4


def test_pinning_memory_says_that_it_does_nothing():
    with pytest.warns(UserWarning, match="pin_memory"):
        list(data.DataLoader(Numbers(1), pin_memory=True))


def test_fixed_attributes():
    loader = data.DataLoader(Numbers(3))
    for name in ("batch_size", "sampler", "batch_sampler", "drop_last", "dataset", "persistent_workers"):
        with pytest.raises(ValueError, match=name):
            setattr(loader, name, None)
    loader.collate_fn = len
    assert list(loader) == [1, 1, 1]


def test_iterators():
    loader = data.DataLoader(Numbers(3))
    iterator = iter(loader)
    assert iter(iterator) is iterator and len(iterator) == 3
    next(iterator)
    assert len(list(iterator)) == 2
    with pytest.raises(NotImplementedError):
        iterator.__reduce__()


BAD = [
    {"num_workers": -1},
    {"timeout": -1},
    {"prefetch_factor": 2},
    {"num_workers": 1, "prefetch_factor": 0},
    {"persistent_workers": True},
    {"shuffle": True, "sampler": [0]},
    {"batch_sampler": [[0]], "batch_size": 2},
    {"batch_sampler": [[0]], "shuffle": True},
    {"batch_sampler": [[0]], "drop_last": True},
    {"batch_size": None, "drop_last": True},
    {"batch_size": 0},
    {"multiprocessing_context": "fork"},
    {"num_workers": 1, "multiprocessing_context": "teleport"},
]


@pytest.mark.parametrize("options", BAD, ids=str)
def test_options_that_do_not_fit(options):
    with pytest.raises(ValueError):
        data.DataLoader(Numbers(3), **options)


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [0]}, {"batch_sampler": [[0]]}], ids=str)
def test_options_that_do_not_fit_a_stream(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        data.DataLoader(Stream(3), **options)


def test_other_bad_options():
    with pytest.raises(TypeError, match="multiprocessing_context"):
        data.DataLoader(Numbers(3), num_workers=1, multiprocessing_context=3)
    with pytest.raises(NotImplementedError, match="pin_memory_device"):
        data.DataLoader(Numbers(3), pin_memory_device="cuda")
    with pytest.raises(AssertionError, match="timeout"):
        iter(data.DataLoader(Numbers(3), timeout=1))


def test_many_workers_warn():
    with pytest.warns(UserWarning, match="worker processes"):
        data.DataLoader(Numbers(3), num_workers=4096)
