"""Kernels run without the interpreter lock, several Python threads share a model, and forked children go on."""

import os
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

import rsnn
import rsnn.nn as nn


def test_another_thread_runs_during_a_kernel():
    a = rsnn.randn(1500, 1500)
    rsnn.mm(a, a)  # the pool is up
    ticks = []
    done = threading.Event()

    def count() -> None:
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.0005)

    counter = threading.Thread(target=count)
    counter.start()
    try:
        start = time.perf_counter()
        rsnn.mm(a, a)
        end = time.perf_counter()
    finally:
        done.set()
        counter.join()
    # With the lock held, the counter would not tick between start and end at all.
    assert any(start < tick < end for tick in ticks)


def run_threads(count: int, work: Callable[[int], None], limit: float = 60.0) -> None:
    """Runs `work(0)`, ... in threads of their own. Fails if one raises or if they take longer than `limit` seconds."""
    errors: list[BaseException] = []

    def guarded(i: int) -> None:
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,), daemon=True) for i in range(count)]
    end = time.monotonic() + limit
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    assert not any(thread.is_alive() for thread in threads), f"not done after {limit} s"
    if errors:
        raise errors[0]


def system_threads() -> int:
    """How many threads the system counts in this process."""
    return len(os.listdir("/proc/self/task"))


def model_of_everything() -> nn.Module:
    """A small network of convolutions of all kinds, normalisations and linear layers."""
    rsnn.manual_seed(0)
    return nn.Sequential(
        *(nn.Conv2d(3, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU()),
        *(nn.Conv2d(32, 32, 3, padding=1, groups=32), nn.Conv2d(32, 64, 1), nn.GELU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.LayerNorm(64 * 8 * 8), nn.Linear(64 * 8 * 8, 32), nn.Softmax(1)),
    ).eval()


def test_64_threads_share_one_model():
    model = model_of_everything()
    inputs = [rsnn.randn(4, 3, 16, 16) for _ in range(64)]

    def infer(i: int) -> np.ndarray:
        with rsnn.no_grad():
            return model(inputs[i]).numpy()

    start = time.monotonic()
    expected = [infer(i) for i in range(64)]
    alone = time.monotonic() - start
    repeats = 4

    def work(i: int) -> None:
        for _ in range(repeats):
            assert (infer(i) == expected[i]).all()

    before = rsnn.get_num_threads()
    try:
        for count in (1, 2, 8):
            rsnn.set_num_threads(count)
            # Twenty times what one thread takes is far from a deadlock's forever, and from threads that spin in turn.
            run_threads(64, work, limit=10.0 + 20 * repeats * alone)
    finally:
        rsnn.set_num_threads(before)


def test_64_threads_differentiate_one_model():
    model = model_of_everything()
    inputs = [rsnn.randn(2, 3, 16, 16) for _ in range(64)]

    def gradients(i: int) -> list[np.ndarray]:
        loss = model(inputs[i])[:, 0].sum()
        return [g.numpy() for g in rsnn.autograd.grad(loss, list(model.parameters()))]

    expected = [gradients(i) for i in range(64)]

    def work(i: int) -> None:
        for a, b in zip(gradients(i), expected[i], strict=True):
            assert (a == b).all()

    run_threads(64, work)


@pytest.mark.skipif(not os.path.isdir("/proc/self/task"), reason="needs Linux's list of a process's threads")
def test_callers_share_one_pool():
    a = rsnn.randn(200, 200)
    expected = rsnn.mm(a, a).numpy()
    run_threads(4, lambda i: rsnn.mm(a, a))
    quiet, most = system_threads(), []

    def work(i: int) -> None:
        for _ in range(5):
            assert (rsnn.mm(a, a).numpy() == expected).all()
            most.append(system_threads())

    run_threads(32, work)
    # The callers themselves, and no thread besides.
    assert max(most) <= quiet + 32


def test_the_thread_count_may_change_under_way():
    a = rsnn.randn(120, 150)
    expected = rsnn.mm(a, a.t()).numpy()
    before = rsnn.get_num_threads()

    def work(i: int) -> None:
        for step in range(30):
            if i == 0:
                rsnn.set_num_threads(step % 4 + 1)
            assert (rsnn.mm(a, a.t()).numpy() == expected).all()

    try:
        run_threads(8, work)
    finally:
        rsnn.set_num_threads(before)


def test_backward_of_many_threads_adds_to_one_gradient():
    x = rsnn.ones(8, 60)
    # Unguarded, every second round loses an addition.
    for _ in range(20):
        weight = nn.Parameter(rsnn.zeros(50, 60))
        run_threads(16, lambda i, weight=weight: [(x @ weight.t()).sum().backward() for _ in range(10)] and None)
        assert (weight.grad == 8 * 16 * 10).all()


def test_grad_mode_belongs_to_a_thread():
    seen = []
    with rsnn.no_grad():
        thread = threading.Thread(target=lambda: seen.append(rsnn.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not rsnn.is_grad_enabled()
    assert seen == [True]


def forked(work: Callable[[], bool]) -> None:
    """Runs `work` in a forked child; fails if the child says no, crashes or hangs."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(0 if work() else 1)
        finally:
            os._exit(2)
    for _ in range(600):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            break
        time.sleep(0.05)
    else:
        os.kill(child, 9)
        os.waitpid(child, 0)
        pytest.fail("the child hangs")
    assert status == 0


fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="fork exists on Unix only")
no_warning = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@fork
@no_warning
def test_a_forked_child_computes():
    a = rsnn.randn(700, 700)
    expected = rsnn.mm(a, a).numpy()
    forked(lambda: (rsnn.mm(a, a).numpy() == expected).all())
    # The child's own child, and the parent, go on as well.
    forked(lambda: (rsnn.mm(a, a).numpy() == expected).all() and forked(lambda: rsnn.mm(a, a).isfinite().all()) is None)
    assert (rsnn.mm(a, a).numpy() == expected).all()


@fork
@no_warning
def test_a_child_forked_while_other_threads_compute_trains():
    model = model_of_everything()
    x = rsnn.randn(4, 3, 16, 16)
    stop = threading.Event()

    def busy() -> None:
        while not stop.is_set():
            with rsnn.no_grad():
                model(x)

    def train() -> bool:
        optimizer = rsnn.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(2):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
        return all(p.isfinite().all() for p in model.parameters())

    threads = [threading.Thread(target=busy) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(5):
            forked(train)
    finally:
        stop.set()
        for thread in threads:
            thread.join(60)
