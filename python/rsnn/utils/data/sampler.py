"""Samplers: in which order a loader takes the samples of a dataset."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence, Sized
from typing import Any, Generic, TypeVar

import rsnn

__all__ = [
    "BatchSampler",
    "RandomSampler",
    "Sampler",
    "SequentialSampler",
    "SubsetRandomSampler",
    "WeightedRandomSampler",
]

T_co = TypeVar("T_co", covariant=True)

# Draws with replacement come in blocks of this length, which decides what a seed gives.
_BLOCK = 32


def draw_seed(generator: rsnn.Generator | None = None) -> int:
    """A 63-bit seed from a generator, the default one unless given."""
    return int(rsnn.empty((), dtype=rsnn.int64).random_(generator=generator).item())


def _check_count(name: str, value: Any) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"expected {name} to be a positive integer, got {value!r}")


class Sampler(Generic[T_co]):
    """An iterable of indices, or of lists of them. A subclass gives `__iter__`, and may give `__len__`."""

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__}: __iter__ is not implemented")


class SequentialSampler(Sampler[int]):
    """All indices in order.

    Args:
        data_source: has a length.
    """

    def __init__(self, data_source: Sized):
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """Indices in random order.

    Args:
        data_source: has a length.
        replacement: whether an index may come again before all have come.
        num_samples: how many; as many as there are unless given.
        generator: draws them. Without one, each iteration draws a seed from the default generator.

    Raises:
        TypeError: `replacement` is not a bool.
        ValueError: `num_samples` is not a positive integer.

    Example:
        >>> sorted(rsnn.utils.data.RandomSampler(range(4)))
        [0, 1, 2, 3]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: rsnn.Generator | None = None,
    ):
        if not isinstance(replacement, bool):
            raise TypeError(f"RandomSampler: expected replacement to be a bool, got {replacement!r}")
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(self.num_samples, int) or self.num_samples <= 0:
            raise ValueError(f"RandomSampler: expected num_samples to be a positive integer, got {self.num_samples!r}")

    @property
    def num_samples(self) -> int:
        """How many indices an iteration gives."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        n = len(self.data_source)
        generator = self.generator
        if generator is None:
            generator = rsnn.Generator()
            generator.manual_seed(draw_seed())
        count = self.num_samples
        if self.replacement:
            for start in range(0, count, _BLOCK):
                size = (min(_BLOCK, count - start),)
                yield from rsnn.randint(n, size, dtype=rsnn.int64, generator=generator).tolist()
        else:
            for _ in range(count // n):
                yield from rsnn.randperm(n, generator=generator).tolist()
            # Drawn even when nothing is left, so that a generator given goes on as PyTorch's would.
            yield from rsnn.randperm(n, generator=generator).tolist()[: count % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order.

    Args:
        indices: which.
        generator: draws; the default generator unless given.
    """

    def __init__(self, indices: Sequence[int], generator: rsnn.Generator | None = None):
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for i in rsnn.randperm(len(self.indices), generator=self.generator).tolist():
            yield self.indices[i]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn with given weights.

    Args:
        weights: one for each index; they need not sum to one.
        num_samples: how many to draw.
        replacement: whether an index may come twice.
        generator: draws; the default generator unless given.

    Raises:
        ValueError: `num_samples` is not a positive integer, `replacement` not a bool, or `weights` not one row.

    Example:
        >>> list(rsnn.utils.data.WeightedRandomSampler([0.0, 1.0], 3))
        [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: rsnn.Generator | None = None,
    ):
        _check_count("num_samples", num_samples)
        if not isinstance(replacement, bool):
            raise ValueError(f"expected replacement to be a bool, got {replacement!r}")
        self.weights = rsnn.as_tensor(weights, dtype=rsnn.float64)
        if self.weights.ndim != 1:
            raise ValueError(f"expected weights in one row, got shape {tuple(self.weights.shape)}")
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        drawn = rsnn.multinomial(self.weights, self.num_samples, self.replacement, generator=self.generator)
        yield from drawn.tolist()

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """The indices of another sampler in lists.

    Args:
        sampler: or any iterable of indices.
        batch_size: the length of the lists.
        drop_last: leaves out a last list that is shorter.

    Raises:
        ValueError: `batch_size` is not a positive integer, or `drop_last` not a bool.

    Example:
        >>> list(rsnn.utils.data.BatchSampler(range(5), batch_size=2, drop_last=False))
        [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Sampler[int] | Iterable[int], batch_size: int, drop_last: bool):
        _check_count("batch_size", batch_size)
        if not isinstance(drop_last, bool):
            raise ValueError(f"expected drop_last to be a bool, got {drop_last!r}")
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(itertools.islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)  # type: ignore[arg-type]
        return full + (rest > 0 and not self.drop_last)
