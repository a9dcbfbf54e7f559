"""`DataLoader`: batches of a dataset, in order or shuffled, loaded here or by worker processes."""

from __future__ import annotations

import functools
import itertools
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.context import BaseContext
from typing import Any, Generic, TypeVar

import rsnn

from ._fetch import IterableFetcher, MapFetcher
from ._iterators import LoaderIterator, SingleProcessIterator, WorkersIterator
from .collate import default_collate, default_convert
from .dataset import Dataset, IterableDataset
from .sampler import BatchSampler, RandomSampler, Sampler, SequentialSampler

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")


class _Endless(Sampler[None]):
    """The indices of a stream: it needs none."""

    def __iter__(self) -> Iterator[None]:
        return itertools.repeat(None)


class DataLoader(Generic[T_co]):
    """An iterable of batches.

    Args:
        dataset: by index, or an [`IterableDataset`].
        batch_size: samples a batch; None loads single samples (or whatever the sampler's indices give).
        shuffle: a new random order in each pass.
        sampler: gives the indices; in place of `shuffle`.
        batch_sampler: gives lists of indices; in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
        num_workers: worker processes; 0 loads in this one.
        collate_fn: makes a batch from a list of samples; [`default_collate`] unless given.
        pin_memory: accepted; without an accelerator it does nothing, and says so.
        drop_last: leaves out a last batch that is shorter.
        timeout: seconds that a batch may take with workers; 0 for any time.
        worker_init_fn: called with its number in each worker, after seeding.
        multiprocessing_context: how workers start: `"fork"`, `"spawn"`, `"forkserver"` or a context.
        generator: shuffles, and seeds the workers.
        prefetch_factor: batches that each worker loads ahead (2).
        persistent_workers: keeps the workers for the next pass.
        pin_memory_device: must be empty.
        in_order: gives batches in the order of their indices; False gives them as workers finish.

    Raises:
        ValueError: options that exclude each other or are out of range.
        TypeError: `multiprocessing_context` is neither a string nor a context.

    While iterating, an exception in a worker is raised here, with its class and the worker's traceback; a worker that
    dies and a batch that takes too long are RuntimeErrors.

    Example:
        >>> dataset = rsnn.utils.data.TensorDataset(rsnn.arange(4), rsnn.arange(4) * 10)
        >>> for x, y in rsnn.utils.data.DataLoader(dataset, batch_size=2):
        ...     print(x, y)
        tensor([0, 1]) tensor([ 0, 10])
        tensor([2, 3]) tensor([20, 30])
    """

    _initialized = False

    def __init__(
        self,
        dataset: Dataset[T_co] | Sequence[T_co],
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Sampler[Any] | Iterable[Any] | None = None,
        batch_sampler: Sampler[list[Any]] | Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[list[Any]], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: str | BaseContext | None = None,
        generator: rsnn.Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ):
        if pin_memory_device:
            raise NotImplementedError(f"DataLoader: pin_memory_device={pin_memory_device!r}: there is only the CPU")
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers > 0 and prefetch_factor is None else prefetch_factor
        self.timeout = timeout
        self.persistent_workers = persistent_workers
        self._check_workers()
        self.multiprocessing_context = multiprocessing_context
        self.dataset: Any = dataset
        self._is_stream = isinstance(dataset, IterableDataset)
        _check_sampling(self._is_stream, batch_size, shuffle, sampler, batch_sampler, drop_last)
        if batch_sampler is not None:
            batch_size = None
        if sampler is None:
            sampler = self._default_sampler(shuffle, generator)
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler
        self.collate_fn = collate_fn or (default_convert if batch_sampler is None else default_collate)
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.worker_init_fn = worker_init_fn
        self.generator = generator
        self.in_order = in_order
        self._announced_length: int | None = None
        self._iterator: WorkersIterator | None = None
        self._initialized = True

    def _default_sampler(self, shuffle: bool | None, generator: rsnn.Generator | None) -> Sampler[Any]:
        if self._is_stream:
            return _Endless()
        if shuffle:
            return RandomSampler(self.dataset, generator=generator)
        return SequentialSampler(self.dataset)

    def _check_workers(self) -> None:
        workers, ahead = self.num_workers, self.prefetch_factor
        if workers < 0:
            raise ValueError(f"DataLoader: expected num_workers >= 0, got {workers}")
        if self.timeout < 0:
            raise ValueError(f"DataLoader: expected timeout >= 0, got {self.timeout}")
        if workers == 0 and ahead is not None:
            raise ValueError(f"DataLoader: prefetch_factor={ahead} expects num_workers > 0, got 0")
        if ahead is not None and ahead < 1:
            raise ValueError(f"DataLoader: expected prefetch_factor >= 1, got {ahead}")
        if workers == 0 and self.persistent_workers:
            raise ValueError("DataLoader: persistent_workers=True expects num_workers > 0, got 0")
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        if workers > (cores or 1):
            warnings.warn(
                f"DataLoader: {workers} worker processes on {cores} cores: fewer may be faster",
                UserWarning,
                stacklevel=3,
            )

    @property
    def multiprocessing_context(self) -> BaseContext | None:
        """How workers start; None for the system's way."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: str | BaseContext | None) -> None:
        if context is not None:
            if self.num_workers == 0:
                raise ValueError("DataLoader: multiprocessing_context expects num_workers > 0, got 0")
            if isinstance(context, str):
                methods = multiprocessing.get_all_start_methods()
                if context not in methods:
                    raise ValueError(f"DataLoader: expected a multiprocessing_context of {methods}, got {context!r}")
                context = multiprocessing.get_context(context)
            if not isinstance(context, BaseContext):
                raise TypeError(
                    f"DataLoader: expected multiprocessing_context to be a string or a context, got {context!r}"
                )
        self._context = context

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"DataLoader: {name} cannot be changed after the loader was made")
        super().__setattr__(name, value)

    @property
    def _index_sampler(self) -> Iterable[Any]:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    @property
    def _make_fetcher(self) -> Callable[[], Any]:
        """Makes what loads the batches of one pass; workers get a pickle of it where they are not forked."""
        batched = self.batch_sampler is not None
        if self._is_stream:
            return functools.partial(IterableFetcher, self.dataset, batched, self.collate_fn, self.drop_last)
        return functools.partial(MapFetcher, self.dataset, batched, self.collate_fn)

    def __iter__(self) -> LoaderIterator:
        if self.num_workers == 0:
            return SingleProcessIterator(self)
        if not self.persistent_workers:
            return WorkersIterator(self)
        if self._iterator is None or self._iterator.broken:
            self._iterator = WorkersIterator(self)
        else:
            self._iterator.restart()
        return self._iterator

    def __len__(self) -> int:
        if not self._is_stream:
            return len(self._index_sampler)  # type: ignore[arg-type]
        length = len(self.dataset)
        self._announced_length = length
        if self.batch_size is None:
            return length
        full, rest = divmod(length, self.batch_size)
        return full + (rest > 0 and not self.drop_last)


def _check_sampling(
    is_stream: bool, batch_size: int | None, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool
) -> None:
    """Raises ValueError for ways of choosing samples that exclude each other."""
    if is_stream:
        given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
        for name, value in given.items():
            if value is not None:
                raise ValueError(f"DataLoader: an IterableDataset has its own order: {name} must not be given")
    if sampler is not None and shuffle:
        raise ValueError("DataLoader: sampler and shuffle=True exclude each other")
    if batch_sampler is not None:
        if batch_size != 1 or shuffle or sampler is not None or drop_last:
            raise ValueError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last")
    elif batch_size is None and drop_last:
        raise ValueError("DataLoader: batch_size=None makes no batches: drop_last=True must not be given")
