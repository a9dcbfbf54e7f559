"""One pass of a loader over its dataset, in the loader's process or with workers."""

from __future__ import annotations

import multiprocessing
import warnings
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ._pool import WorkerPool
from ._worker import Exhausted, RemoteError, Restart, WorkerPlan
from .sampler import draw_seed

if TYPE_CHECKING:
    from .loader import DataLoader


class LoaderIterator:
    """What passes with and without workers share; a subclass gives `_next_batch`."""

    def __init__(self, loader: DataLoader):
        if loader.pin_memory:
            warnings.warn(
                "DataLoader: pin_memory=True has no effect: there is no accelerator", UserWarning, stacklevel=4
            )
        self._loader = loader
        self._indices = iter(loader._index_sampler)
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self._loader._index_sampler)  # type: ignore[arg-type]

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        announced = self._loader._announced_length
        if announced is not None and self._yielded > announced:
            text = f"DataLoader: the IterableDataset announced {announced} samples, but gave {self._yielded} batches"
            if self._loader.num_workers:
                text += "; each worker must give its share only"
            warnings.warn(text, UserWarning, stacklevel=2)
        return batch

    def __reduce__(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} cannot be pickled")

    def _next_batch(self) -> Any:
        raise NotImplementedError


class SingleProcessIterator(LoaderIterator):
    """Loads each batch when it is asked for."""

    def __init__(self, loader: DataLoader):
        if loader.timeout:
            raise AssertionError(f"DataLoader: timeout={loader.timeout} expects num_workers > 0, got 0")
        super().__init__(loader)
        self._fetcher = loader._make_fetcher()

    def _next_batch(self) -> Any:
        return self._fetcher.fetch(next(self._indices))


class WorkersIterator(LoaderIterator):
    """Has worker processes load batches ahead.

    Tasks go to the workers in turn. Each task gets exactly one answer, and a worker answers in order, so the answer
    to the oldest task is always the next one from the worker that has it.
    """

    def __init__(self, loader: DataLoader):
        super().__init__(loader)
        plan = WorkerPlan(
            dataset=loader.dataset,
            make_fetcher=loader._make_fetcher,
            init_fn=loader.worker_init_fn,
            base_seed=self._base_seed,
            num_workers=loader.num_workers,
            is_stream=loader._is_stream,
        )
        context = loader.multiprocessing_context or multiprocessing.get_context()
        self._pool = WorkerPool(context, plan, loader.timeout)
        self._begin()

    def _begin(self) -> None:
        self._waiting: deque[int] = deque()  # the workers of tasks given and not answered, oldest first
        self._active = list(range(self._loader.num_workers))
        self._turn = 0
        for _ in range(self._loader.prefetch_factor * self._loader.num_workers):  # type: ignore[operator]
            self._give_task()

    def restart(self) -> None:
        """Begins another pass with the same workers."""
        for worker in self._waiting:  # answers of a pass that was broken off
            self._pool.receive([worker])
        self._indices = iter(self._loader._index_sampler)
        self._yielded = 0
        for worker in range(self._loader.num_workers):
            self._pool.send(worker, Restart())
        self._begin()

    @property
    def broken(self) -> bool:
        """Whether the workers are gone."""
        return self._pool.closed

    def _give_task(self) -> None:
        if not self._active:
            return
        try:
            task = next(self._indices)
        except StopIteration:
            return
        worker = self._choose_worker()
        self._pool.send(worker, task)
        self._waiting.append(worker)

    def _choose_worker(self) -> int:
        if not self._loader.in_order:
            return min(self._active, key=self._waiting.count)
        count = self._loader.num_workers
        worker = next(w % count for w in range(self._turn, self._turn + count) if w % count in self._active)
        self._turn = worker + 1
        return worker

    def _next_batch(self) -> Any:
        while self._waiting:
            candidates = [self._waiting[0]] if self._loader.in_order else list(dict.fromkeys(self._waiting))
            worker, answer = self._pool.receive(candidates)
            self._waiting.remove(worker)
            if isinstance(answer, Exhausted):
                if worker in self._active:
                    self._active.remove(worker)
                self._give_task()
                continue
            self._give_task()
            if isinstance(answer, RemoteError):
                answer.throw()
            return answer
        if not self._loader.persistent_workers:
            self._pool.close()
        raise StopIteration
