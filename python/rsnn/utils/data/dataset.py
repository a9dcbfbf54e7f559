"""Datasets: by index (`Dataset`) or as a stream (`IterableDataset`), and what is built from them."""

from __future__ import annotations

import bisect
import itertools
import math
import warnings
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, TypeVar

import rsnn

__all__ = [
    "ChainDataset",
    "ConcatDataset",
    "Dataset",
    "IterableDataset",
    "StackDataset",
    "Subset",
    "TensorDataset",
    "random_split",
]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Samples by index. A subclass gives `__getitem__`, and `__len__` for the samplers.

    It may also give `__getitems__(indices)`, which returns a list of samples; loaders prefer it.

    Example:
        >>> class Squares(rsnn.utils.data.Dataset):
        ...     def __len__(self): return 3
        ...     def __getitem__(self, i): return i * i
        >>> list(Squares() + Squares())
        [0, 1, 4, 0, 1, 4]
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError(f"{type(self).__name__}: __getitem__ is not implemented")

    def __add__(self, other: Dataset[Any]) -> ConcatDataset:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Samples as a stream. A subclass gives `__iter__`.

    With worker processes each has a copy of the dataset: `get_worker_info()` tells which share of the stream to give.

    Example:
        >>> class Stream(rsnn.utils.data.IterableDataset):
        ...     def __iter__(self): return iter(range(4))
        >>> [batch.tolist() for batch in rsnn.utils.data.DataLoader(Stream(), batch_size=2)]
        [[0, 1], [2, 3]]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError(f"{type(self).__name__}: __iter__ is not implemented")

    def __add__(self, other: Dataset[Any]) -> ChainDataset:  # type: ignore[override]
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[rsnn.Tensor, ...]]):
    """Rows of tensors: sample `i` is the tuple of `tensor[i]`.

    Args:
        tensors: of one length in their first dimension.

    Raises:
        AssertionError: the lengths differ.

    Example:
        >>> rsnn.utils.data.TensorDataset(rsnn.arange(3), rsnn.arange(3) * 2)[1]
        (tensor(1), tensor(2))
    """

    def __init__(self, *tensors: rsnn.Tensor):
        lengths = [tensor.size(0) for tensor in tensors]
        if any(length != lengths[0] for length in lengths):
            raise AssertionError(f"TensorDataset: size mismatch between tensors: first dimensions are {lengths}")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[rsnn.Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return self.tensors[0].size(0)


class StackDataset(Dataset[Any]):
    """Several datasets side by side: sample `i` is the tuple, or the dict, of their samples `i`.

    Args:
        args: datasets of one length, for tuples; or
        kwargs: named ones, for dicts.

    Raises:
        ValueError: lengths differ, there are none, or both forms are mixed.

    Example:
        >>> rsnn.utils.data.StackDataset(x=range(3), y="abc")[1]
        {'x': 1, 'y': 'b'}
    """

    def __init__(self, *args: Any, **kwargs: Any):
        if args and kwargs:
            raise ValueError("StackDataset: expected datasets by position or by name, got both")
        if not args and not kwargs:
            raise ValueError("StackDataset: expected at least one dataset, got none")
        self.datasets: tuple[Any, ...] | dict[str, Any] = args or kwargs
        lengths = [len(dataset) for dataset in (args or kwargs.values())]
        if len(set(lengths)) > 1:
            raise ValueError(f"StackDataset: size mismatch between datasets: lengths are {lengths}")
        self._length = lengths[0]

    def _join(self, columns: list[Any]) -> Any:
        return dict(zip(self.datasets, columns, strict=True)) if isinstance(self.datasets, dict) else tuple(columns)

    def _parts(self) -> Iterable[Any]:
        return self.datasets.values() if isinstance(self.datasets, dict) else self.datasets

    def __getitem__(self, index: Any) -> Any:
        return self._join([dataset[index] for dataset in self._parts()])

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        columns = []
        for dataset in self._parts():
            items = get_items(dataset, indices)
            if len(items) != len(indices):
                raise ValueError(f"StackDataset: expected {len(indices)} samples of a dataset, got {len(items)}")
            columns.append(items)
        return [self._join(list(row)) for row in zip(*columns, strict=True)]

    def __len__(self) -> int:
        return self._length


class ConcatDataset(Dataset[T_co]):
    """Datasets one after the other.

    Args:
        datasets: at least one; none of them a stream.

    Raises:
        AssertionError: no datasets, or an `IterableDataset`.

    Example:
        >>> list(rsnn.utils.data.ConcatDataset(["ab", "c"]))
        ['a', 'b', 'c']
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("ConcatDataset: expected at least one dataset, got none")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset: an IterableDataset has no indices; ChainDataset takes it")
        self.cumulative_sizes = list(itertools.accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, idx: int) -> Any:
        if idx < 0:
            if -idx > len(self):
                raise ValueError(f"ConcatDataset: expected an index of at least {-len(self)}, got {idx}")
            idx += len(self)
        which = bisect.bisect_right(self.cumulative_sizes, idx)
        return self.datasets[which][idx - (self.cumulative_sizes[which - 1] if which else 0)]


class ChainDataset(IterableDataset[T_co]):
    """Streams one after the other.

    Args:
        datasets: each an `IterableDataset`.

    Raises:
        AssertionError: while iterating, at one that is not.
    """

    def __init__(self, datasets: Iterable[Any]):
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError(f"ChainDataset: expected IterableDatasets, got {type(dataset).__name__}")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset[T_co]):
    """Some of the samples of a dataset.

    Args:
        dataset: by index.
        indices: which samples, in which order.

    Raises:
        NotImplementedError: a subclass overrides `__getitem__` and leaves `__getitems__`, which loaders call.

    Example:
        >>> list(rsnn.utils.data.Subset("abc", [2, 0]))
        ['c', 'a']
    """

    def __init__(self, dataset: Any, indices: Sequence[int]):
        cls = type(self)
        if cls.__getitem__ is not Subset.__getitem__ and cls.__getitems__ is Subset.__getitems__:
            raise NotImplementedError(f"{cls.__name__} overrides __getitem__: it must override __getitems__ too")
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, list):
            return self.dataset[[self.indices[i] for i in idx]]
        return self.dataset[self.indices[idx]]

    def __getitems__(self, indices: list[int]) -> list[Any]:
        return get_items(self.dataset, [self.indices[i] for i in indices])

    def __len__(self) -> int:
        return len(self.indices)


def get_items(dataset: Any, indices: Sequence[Any]) -> list[Any]:
    """The samples at `indices`, at once if the dataset has `__getitems__`."""
    at_once = getattr(dataset, "__getitems__", None)
    return at_once(indices) if at_once else [dataset[i] for i in indices]


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: rsnn.Generator | None = None
) -> list[Subset[Any]]:
    """Shuffles a dataset and deals it out.

    Args:
        dataset: by index, with a length.
        lengths: of the parts; or fractions with sum 1, where what rounding down leaves over goes to the parts in turn.
        generator: shuffles; the default generator unless given.

    Raises:
        ValueError: the lengths do not add up to the length of the dataset, or a fraction is out of range.

    Example:
        >>> [len(part) for part in rsnn.utils.data.random_split(range(10), [0.75, 0.25])]
        [8, 2]
    """
    size = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        for i, fraction in enumerate(lengths):
            if not 0 <= fraction <= 1:
                raise ValueError(f"random_split: expected fractions between 0 and 1, got {fraction} at index {i}")
        counts = [math.floor(size * fraction) for fraction in lengths]
        for i in range(size - sum(counts)):
            counts[i % len(counts)] += 1
        for i, count in enumerate(counts):
            if count == 0:
                warnings.warn(f"random_split: part {i} is empty", UserWarning, stacklevel=2)
        lengths = counts
    if sum(lengths) != size:
        raise ValueError(f"random_split: expected lengths with sum {size}, got {list(lengths)} with sum {sum(lengths)}")
    indices = rsnn.randperm(size, generator=generator).tolist()
    ends = itertools.accumulate(lengths)
    return [Subset(dataset, indices[end - count : end]) for end, count in zip(ends, lengths, strict=True)]
