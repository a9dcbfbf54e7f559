"""Memory is used again: warm steps ask the system for nothing, and the cache is given back on demand."""

import os
import threading

import pytest

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F

MEGABYTE = 1 << 20


def stat(name: str) -> int:
    return rsnn.memory_stats()[name]


@pytest.fixture(autouse=True)
def _nothing_cached():
    """A block that others have left may be larger than what is asked for."""
    rsnn.empty_cache()


def test_stats_have_the_names_of_torch_cuda():
    stats = rsnn.memory_stats()
    levels = [
        f"{name}.all.{what}"
        for name in ("allocated_bytes", "allocation", "reserved_bytes", "segment")
        for what in ("current", "peak", "allocated", "freed")
    ]
    assert set(stats) == {*levels, "num_alloc_retries", "num_device_alloc", "num_device_free", "num_ooms"}
    assert all(type(value) is int and value >= 0 for value in stats.values())
    for name in ("allocated_bytes", "allocation", "reserved_bytes", "segment"):
        current, peak = stats[f"{name}.all.current"], stats[f"{name}.all.peak"]
        assert current == stats[f"{name}.all.allocated"] - stats[f"{name}.all.freed"] and current <= peak


def test_current_and_peak_follow_tensors():
    before = stat("allocated_bytes.all.current")
    x = rsnn.empty(3 * MEGABYTE, dtype=rsnn.uint8)
    assert stat("allocated_bytes.all.current") == before + 3 * MEGABYTE
    rsnn.reset_peak_memory_stats()
    del x
    assert stat("allocated_bytes.all.current") == before
    assert stat("allocated_bytes.all.peak") == before + 3 * MEGABYTE
    rsnn.reset_peak_memory_stats()
    assert stat("allocated_bytes.all.peak") == before


def test_empty_cache_gives_memory_back():
    x = rsnn.ones(5, MEGABYTE)
    held = stat("reserved_bytes.all.current")
    del x
    assert stat("reserved_bytes.all.current") == held
    rsnn.empty_cache()
    assert stat("reserved_bytes.all.current") <= held - 20 * MEGABYTE
    # What is left is in use, or in the caches of other threads.
    assert stat("reserved_bytes.all.current") - stat("allocated_bytes.all.current") < 4 * MEGABYTE


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
def test_warm_steps_ask_the_system_for_nothing(optimizer):
    rsnn.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 225, 10)
    )
    step = getattr(rsnn.optim, optimizer)(model.parameters(), lr=0.01)
    x, t = rsnn.randn(32, 3, 32, 32), rsnn.zeros(32, dtype=rsnn.int64)

    def train() -> None:
        step.zero_grad()
        F.cross_entropy(model(x), t).backward()
        step.step()

    threads = rsnn.get_num_threads()
    # Which of several threads takes a piece of work, and so needs working memory for it, changes from step to step.
    rsnn.set_num_threads(1)
    try:
        # Blocks are joined and cut until each request has its place.
        for _ in range(12):
            train()
        before = stat("num_device_alloc")
        for _ in range(5):
            train()
        assert stat("num_device_alloc") == before
    finally:
        rsnn.set_num_threads(threads)
    before = stat("reserved_bytes.all.allocated")
    for _ in range(5):
        train()
    assert stat("reserved_bytes.all.allocated") - before < MEGABYTE


def test_the_cache_is_bounded_by_what_was_needed():
    rsnn.empty_cache()
    base = stat("reserved_bytes.all.current")
    for megabytes in range(64, 4, -1):
        rsnn.empty(megabytes * MEGABYTE, dtype=rsnn.uint8)
    # Sixty sizes, of which none fits the next: kept would be two gigabytes.
    # Half more than was in use at once, and 32 MB.
    assert stat("reserved_bytes.all.current") - base <= (64 + 32 + 32 + 8) * MEGABYTE


def test_zeros_are_zero_in_used_memory():
    for size in (10, 1000, 100_000, 3_000_000):
        for _ in range(3):
            x = rsnn.zeros(size)
            assert not x.any()
            x.fill_(7)
            del x


def test_threads_allocate_and_free_each_others_memory():
    wrong: list[float] = []
    shared: list[rsnn.Tensor] = []

    def work(value: int) -> None:
        for round in range(200):
            size = (round * 37 % 50 + 1) * 100
            shared.append(rsnn.full((size,), float(value)))
            taken = shared.pop(0)
            if not (taken == taken[0]).all():
                wrong.append(value)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork exists on Unix only")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_children_forked_while_threads_allocate_go_on():
    stop = threading.Event()

    def allocate() -> None:
        while not stop.is_set():
            rsnn.empty(300_000)

    threads = [threading.Thread(target=allocate) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(20):
            child = os.fork()
            if child == 0:
                x = [rsnn.ones(200_000) for _ in range(4)]
                rsnn.empty_cache()
                os._exit(0 if all(y.sum().item() == 200_000 for y in x) else 1)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_repeated_steps_of_many_threads_hold_no_more_memory():
    model = nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3, padding=1, groups=32)
    )
    x = rsnn.randn(4, 3, 16, 16)

    def work() -> None:
        for _ in range(10):
            rsnn.autograd.grad(model(x).square().sum(), list(model.parameters()))

    def run() -> int:
        threads = [threading.Thread(target=work) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return stat("reserved_bytes.all.current")

    first = max(run() for _ in range(3))
    in_use = stat("allocated_bytes.all.current")
    assert max(run() for _ in range(5)) <= first + 8 * MEGABYTE
    assert stat("allocated_bytes.all.current") <= in_use + MEGABYTE
