"""Kernels run without the interpreter lock, several Python threads share a model, and forked children go on."""

import os
import threading
import time

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


def test_many_threads_share_one_model():
    rsnn.manual_seed(0)
    model = nn.Sequential(nn.Linear(32, 64), nn.ReLU(), nn.Linear(64, 8))
    inputs = [rsnn.randn(16, 32) for _ in range(16)]
    expected = [model(x).detach().numpy().copy() for x in inputs]
    wrong = []

    def work(i: int) -> None:
        for _ in range(20):
            y = model(inputs[i])
            y.sum().backward()
            if not (y.detach().numpy() == expected[i]).all():
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(inputs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong and not any(thread.is_alive() for thread in threads)


def test_grad_mode_belongs_to_a_thread():
    seen = []
    with rsnn.no_grad():
        thread = threading.Thread(target=lambda: seen.append(rsnn.is_grad_enabled()))
        thread.start()
        thread.join()
        assert not rsnn.is_grad_enabled()
    assert seen == [True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="fork exists on Unix only")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_computes():
    a = rsnn.randn(700, 700)
    expected = rsnn.mm(a, a).numpy()
    child = os.fork()
    if child == 0:
        ok = (rsnn.mm(a, a).numpy() == expected).all()
        os._exit(0 if ok else 1)
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
