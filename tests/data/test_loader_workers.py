"""The loader with worker processes: order, randomness, failures, endings."""

import gc
import os
import pathlib
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import rsnn
from rsnn.utils import data

METHODS = ["fork", "spawn"] if sys.platform == "linux" else ["spawn"]


class Numbers(data.Dataset):
    """Sample i; a function of it if one is given."""

    def __init__(self, n, function=None):
        self.n = n
        self.function = function

    def __len__(self):
        return self.n

    def __getitem__(self, i):
        return i if self.function is None else self.function(i)


class Shares(data.IterableDataset):
    """A stream of which each worker gives its share."""

    def __init__(self, n):
        self.n = n

    def __iter__(self):
        info = data.get_worker_info()
        start, step = (0, 1) if info is None else (info.id, info.num_workers)
        return iter(range(start, self.n, step))


def big(i):
    return rsnn.full((300, 200), float(i)), np.full(50_000, i)


def mixed(i):
    return {"half": rsnn.ones(2, dtype=rsnn.bfloat16), "text": str(i), "flag": rsnn.tensor(True), "id": i}


def noise(i):
    return rsnn.rand(2), random.random(), np.random.rand(), rsnn.initial_seed()


def listed(loader):
    return [batch.tolist() for batch in loader]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("persistent", [False, True])
def test_batches_come_in_order(method, persistent):
    loader = data.DataLoader(
        Numbers(20), batch_size=3, num_workers=2, multiprocessing_context=method, persistent_workers=persistent
    )
    expected = [list(range(i, min(i + 3, 20))) for i in range(0, 20, 3)]
    assert listed(loader) == expected
    assert listed(loader) == expected


@pytest.mark.parametrize("method", METHODS)
def test_large_tensors_and_arrays_arrive_whole(method):
    loader = data.DataLoader(Numbers(5, big), batch_size=2, num_workers=2, multiprocessing_context=method)
    for k, (x, y) in enumerate(loader):
        first = np.array([2 * k, 2 * k + 1][: len(x)])
        assert (x.numpy() == first[:, None, None]).all() and x.shape[1:] == (300, 200)
        assert (y.numpy() == first[:, None]).all() and y.dtype == rsnn.int64
        x.numpy()[:] += 1  # a batch is ordinary memory


def test_other_samples_arrive_as_they_are():
    (batch,) = data.DataLoader(Numbers(2, mixed), batch_size=2, num_workers=1)
    assert batch["half"].dtype == rsnn.bfloat16 and batch["text"] == ["0", "1"] and batch["id"].tolist() == [0, 1]
    assert batch["flag"].dtype == rsnn.bool
    (raw,) = data.DataLoader(Numbers(1, big), batch_size=None, num_workers=1, collate_fn=lambda sample: sample)
    assert isinstance(raw[1], np.ndarray) and raw[1].flags.writeable


@pytest.mark.parametrize("persistent", [False, True])
def test_randomness_follows_the_seed_as_in_pytorch(persistent):
    torch = pytest.importorskip("torch")

    class Theirs(torch.utils.data.Dataset):
        def __len__(self):
            return 8

        def __getitem__(self, i):
            return torch.rand(2), random.random(), np.random.rand(), torch.initial_seed()

    results = []
    for lib, dataset in ((rsnn, Numbers(8, noise)), (torch, Theirs())):
        lib.manual_seed(5)
        loader = lib.utils.data.DataLoader(
            dataset, batch_size=3, shuffle=True, num_workers=2, persistent_workers=persistent
        )
        results.append([[part.tolist() for part in batch] for _ in range(2) for batch in loader] + [lib.rand(1).item()])
    assert results[0] == results[1]


def test_a_generator_seeds_the_workers():
    def once():
        generator = rsnn.Generator().manual_seed(7)
        return [b[1].item() for b in data.DataLoader(Numbers(3, noise), num_workers=2, generator=generator)]

    assert once() == once()


def test_each_worker_knows_itself():
    def who(i):
        info = data.get_worker_info()
        return info.id, info.num_workers, info.seed - info.id, len(info.dataset), rsnn.get_num_threads()

    assert data.get_worker_info() is None
    rows = list(data.DataLoader(Numbers(4, who), batch_size=None, num_workers=2))
    assert [row[0] for row in rows] == [0, 1, 0, 1]
    assert {row[1] for row in rows} == {2} and len({row[2] for row in rows}) == 1
    assert {row[3] for row in rows} == {4} and {row[4] for row in rows} == {1}


@pytest.mark.parametrize("persistent", [False, True])
def test_streams_are_shared_out(persistent):
    loader = data.DataLoader(Shares(11), batch_size=2, num_workers=2, persistent_workers=persistent)
    for _ in range(2):
        assert sorted(i for batch in loader for i in batch.tolist()) == list(range(11))


def test_a_stream_of_unequal_shares():
    class Uneven(data.IterableDataset):
        def __iter__(self):
            return iter(range([1, 5][data.get_worker_info().id]))

    assert listed(data.DataLoader(Uneven(), num_workers=2)) == [[0], [0], [1], [2], [3], [4]]


def test_worker_init_fn():
    def init(worker):
        np.random.seed(worker + 100)

    loader = data.DataLoader(Numbers(2, lambda i: np.random.rand()), num_workers=2, worker_init_fn=init)
    assert [b.item() for b in loader] == [np.random.RandomState(100).rand(), np.random.RandomState(101).rand()]


def test_out_of_order():
    def slow(i):
        time.sleep(0.3 if i == 0 else 0)
        return i

    batches = listed(data.DataLoader(Numbers(8, slow), num_workers=2, in_order=False))
    assert sorted(batches) == [[i] for i in range(8)] and batches[0] != [0]


def test_workers_load_ahead_but_not_further(tmp_path):
    def mark(i):
        (tmp_path / str(i)).touch()
        return i

    iterator = iter(data.DataLoader(Numbers(50, mark), num_workers=2, prefetch_factor=3))
    next(iterator)
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) == 2 * 3 + 1


def raising(error):
    def function(i):
        if i == 2:
            raise error
        return i

    return function


class TwoArguments(Exception):
    def __init__(self, a, b):
        super().__init__(a, b)


def test_an_exception_comes_home_with_its_class_and_traceback():
    iterator = iter(data.DataLoader(Numbers(4, raising(KeyError("that one"))), num_workers=2))
    assert next(iterator).item() == 0 and next(iterator).item() == 1
    with pytest.raises(KeyError) as caught:
        next(iterator)
    text = str(caught.value)
    assert "worker process 0" in text and "in function" in text and "KeyError: 'that one'" in text and "\n" in text
    assert next(iterator).item() == 3  # the other samples are still there


def test_an_exception_that_cannot_be_rebuilt_becomes_a_runtime_error():
    with pytest.raises(RuntimeError, match="TwoArguments"):
        list(data.DataLoader(Numbers(4, raising(TwoArguments(1, 2))), num_workers=1))


def test_failures_before_and_after_loading():
    with pytest.raises(ZeroDivisionError, match="worker process"):
        list(data.DataLoader(Numbers(2), num_workers=1, worker_init_fn=lambda worker: 1 // 0))
    with pytest.raises((AttributeError, TypeError), match="pickle"):
        list(data.DataLoader(Numbers(2, lambda i: lambda: i), batch_size=None, num_workers=1))


@pytest.mark.parametrize(
    ("end", "text"), [(lambda: os.kill(os.getpid(), signal.SIGKILL), "signal 9"), (lambda: os._exit(3), "code 3")]
)
def test_a_worker_that_dies_is_noticed(end, text):
    started = time.monotonic()
    iterator = iter(data.DataLoader(Numbers(10, lambda i: end() if i == 5 else i), num_workers=2))
    with pytest.raises(RuntimeError, match=text):
        list(iterator)
    assert time.monotonic() - started < 10
    with pytest.raises(RuntimeError, match="gone"):
        next(iterator)


def test_persistent_workers_are_replaced_after_a_death(tmp_path):
    def once(i):
        if i == 1 and not (tmp_path / "died").exists():
            (tmp_path / "died").touch()
            os._exit(1)
        return i

    loader = data.DataLoader(Numbers(4, once), num_workers=1, persistent_workers=True)
    with pytest.raises(RuntimeError, match="exited"):
        list(loader)
    assert listed(loader) == [[0], [1], [2], [3]]


def test_timeout():
    loader = data.DataLoader(Numbers(2, lambda i: time.sleep(1.5)), num_workers=1, timeout=0.2)
    with pytest.raises(RuntimeError, match="0.2 seconds"):
        next(iter(loader))


def children():
    return [p for p in pathlib.Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_nothing_is_left_behind():
    list(data.DataLoader(Numbers(1), num_workers=1))  # what multiprocessing keeps for itself
    gc.collect()  # passes that other tests broke off
    before, descriptors = children(), len(os.listdir("/proc/self/fd"))
    for _batch in data.DataLoader(Numbers(50, big), num_workers=2):
        break
    batches = list(data.DataLoader(Numbers(4, big), num_workers=2))
    del _batch
    # Workers of other tests may end meanwhile.
    assert set(children()) <= set(before)
    assert len(os.listdir("/proc/self/fd")) <= descriptors, "batches must not hold descriptors"
    assert len(batches) == 4


def test_a_persistent_pass_that_was_broken_off():
    loader = data.DataLoader(Numbers(20, big), num_workers=2, persistent_workers=True)
    first = iter(loader)
    next(first)
    assert [int(x[0, 0, 0]) for x, _ in loader] == list(range(20))
    assert iter(loader) is first


def test_many_indices_do_not_block():
    batches = data.DataLoader(Numbers(10, lambda i: 1), num_workers=1, batch_sampler=[[0] * 100_000] * 6)
    assert [len(batch) for batch in batches] == [100_000] * 6


SCRIPT = """
import sys, time
from rsnn.utils import data
class Slow(data.Dataset):
    def __len__(self): return 4
    def __getitem__(self, i): time.sleep({seconds})
iterator = iter(data.DataLoader(Slow(), num_workers=2))
print(*(p.pid for p in iterator._pool.processes), flush=True)
{then}
"""


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def gone(pids, seconds=5.0):
    deadline = time.monotonic() + seconds
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def start(then):
    script = SCRIPT.format(seconds=60, then=then)
    # Whoever runs the tests in the background may have told them to ignore interrupts, which children inherit.
    script = f"import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n{script}"
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    return process, [int(pid) for pid in process.stdout.readline().split()]


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_the_interpreter_exits_while_workers_are_busy():
    process, pids = start("")
    with process:
        assert process.wait(10) == 0 and process.stderr.read() == ""
    assert len(pids) == 2 and gone(pids)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_loaders_process(number):
    process, pids = start("next(iterator)")
    with process:
        process.send_signal(number)
        process.wait(15)
    assert len(pids) == 2 and gone(pids)
