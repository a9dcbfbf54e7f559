"""What runs in a worker process of a loader, and the exceptions it sends home."""

from __future__ import annotations

import os
import pickle
import queue
import random
import signal
import threading
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

import rsnn

from . import _transport

__all__ = ["WorkerInfo", "get_worker_info"]


@dataclass(frozen=True)
class WorkerInfo:
    """A worker process, as it sees itself.

    Attributes:
        id: from 0 to `num_workers - 1`.
        num_workers: how many there are.
        seed: of this worker's random numbers.
        dataset: this worker's copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None


def get_worker_info() -> WorkerInfo | None:
    """In a worker process of a loader, who it is; elsewhere None."""
    return _info


@dataclass(frozen=True)
class WorkerPlan:
    """What every worker of a loader is told at its start."""

    dataset: Any
    make_fetcher: Callable[[], Any]
    init_fn: Callable[[int], None] | None
    base_seed: int
    num_workers: int
    is_stream: bool


class Exhausted:
    """The answer of a worker whose stream has ended."""


class Restart:
    """The order to start the next epoch."""


class Stop:
    """The order to finish."""


class RemoteError:
    """An exception of a worker, on its way to the loader."""

    def __init__(self, error: BaseException, worker: int):
        self.worker = worker
        self.kind: type[BaseException] = type(error)
        self.text = "".join(traceback.format_exception(error))
        try:
            pickle.dumps(self.kind)
        except Exception:
            self.kind = RuntimeError

    def throw(self) -> None:
        """Raises an exception of the same class, whose message holds the worker's traceback."""
        text = f"{self.kind.__name__} in DataLoader worker process {self.worker}. {self.text}"
        try:
            # A KeyError shows the repr of its argument: line breaks must survive it.
            error = self.kind(_Verbatim(text) if self.kind is KeyError else text)
        except Exception:
            error = RuntimeError(text)
        raise error from None


class _Verbatim(str):
    """A string that is its own repr."""

    def __repr__(self) -> str:
        return str(self)


def run(plan: WorkerPlan, worker: int, home: Connection, inherited: Sequence[Connection]) -> None:
    """The main function of a worker: answers each task with one message, until told to stop or left alone.

    Args:
        plan: what to do.
        worker: the number of this worker.
        home: the connection to the loader.
        inherited: the loader's ends of connections, which a forked process holds too; closed here, so that workers
            notice when the loader's process is gone.
    """
    for connection in inherited:
        connection.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the loader's process decides what an interrupt means
    rsnn.set_num_threads(1)
    _seed(plan, worker)
    tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
    answers: queue.SimpleQueue[_transport.Message] = queue.SimpleQueue()
    stopping = threading.Event()
    threading.Thread(target=_listen, args=(home, tasks, stopping), daemon=True).start()
    threading.Thread(target=_speak, args=(home, answers, stopping), daemon=True).start()
    fetch = _Fetching(plan, worker)
    while not stopping.is_set():
        task = tasks.get()
        if isinstance(task, Restart):
            fetch.restart()
        elif not isinstance(task, Stop):
            answers.put(_pack(fetch(task), worker))


def _listen(home: Connection, tasks: queue.SimpleQueue[Any], stopping: threading.Event) -> None:
    """Takes orders at once, so that the loader never waits for a busy worker, and Stop overtakes waiting tasks."""
    order: Any = None
    while not isinstance(order, Stop):
        try:
            order = _transport.receive(home)
        except (EOFError, OSError):  # the loader's process died: nobody waits for what this one is doing
            os._exit(1)
        if isinstance(order, Stop):
            stopping.set()
        tasks.put(order)


def _speak(home: Connection, answers: queue.SimpleQueue[_transport.Message], stopping: threading.Event) -> None:
    """Sends answers while the worker is busy with the next task."""
    while True:
        try:
            _transport.send(home, answers.get())
        except OSError:
            stopping.set()
            return


def _pack(answer: Any, worker: int) -> _transport.Message:
    try:
        return _transport.pack(answer)
    except Exception as error:  # a batch that cannot be pickled
        return _transport.pack(RemoteError(error, worker))


def _seed(plan: WorkerPlan, worker: int) -> None:
    global _info
    seed = plan.base_seed + worker
    _info = WorkerInfo(worker, plan.num_workers, seed, plan.dataset)
    random.seed(seed)
    rsnn.manual_seed(seed)
    entropy = [worker, plan.base_seed & 0xFFFFFFFF, plan.base_seed >> 32, 0]
    np.random.seed(np.random.SeedSequence(entropy).generate_state(4))


class _Fetching:
    """Answers tasks; whatever goes wrong is an answer too."""

    def __init__(self, plan: WorkerPlan, worker: int):
        self.plan = plan
        self.worker = worker
        self.fetcher: Any = None
        self.error: RemoteError | None = None
        try:
            if plan.init_fn is not None:
                plan.init_fn(worker)
        except Exception as error:
            self.error = RemoteError(error, worker)
        else:
            self.restart()

    def restart(self) -> None:
        """Begins an epoch."""
        if self.plan.init_fn is not None and self.error is not None:
            return
        try:
            self.fetcher = self.plan.make_fetcher()
        except Exception as error:
            self.error = RemoteError(error, self.worker)

    def __call__(self, task: Any) -> Any:
        if self.error is not None:
            return self.error
        try:
            return self.fetcher.fetch(task)
        except StopIteration as error:
            return Exhausted() if self.plan.is_stream else RemoteError(error, self.worker)
        except Exception as error:
            return RemoteError(error, self.worker)
