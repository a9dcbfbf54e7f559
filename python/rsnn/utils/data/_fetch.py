"""From indices to a batch: what a loader does for one batch, in its own process or in a worker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .collate import default_collate
from .dataset import Subset, TensorDataset, get_items


class MapFetcher:
    """Takes samples of a dataset by index.

    Args:
        dataset: by index.
        batched: whether `fetch` gets a list of indices; else one index.
        collate_fn: makes a batch of the samples.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any]):
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn

    def fetch(self, index: Any) -> Any:
        """The batch (or the sample) at `index`."""
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if self.collate_fn is default_collate and _is_tensor_rows(self.dataset):
            return _gather_rows(self.dataset, index)
        return self.collate_fn(get_items(self.dataset, index))


class IterableFetcher:
    """Takes samples of a stream.

    Args:
        dataset: a stream; it is started here.
        batched: whether `fetch` gets a list, whose length is that of the batch; else it takes one sample.
        collate_fn: makes a batch of the samples.
        drop_last: leaves out a last batch that is shorter.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool):
        self.samples = iter(dataset)
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last
        self.ended = False

    def fetch(self, index: Any) -> Any:
        """The next batch (or sample). Raises StopIteration when there is none."""
        if self.ended:
            raise StopIteration
        if not self.batched:
            return self.collate_fn(next(self.samples))
        samples = []
        for _ in index:
            try:
                samples.append(next(self.samples))
            except StopIteration:
                self.ended = True
                break
        if not samples or (self.drop_last and len(samples) < len(index)):
            raise StopIteration
        return self.collate_fn(samples)


def _is_tensor_rows(dataset: Any) -> bool:
    """Whether a batch of this dataset can be gathered row by row from whole tensors."""
    while type(dataset) is Subset:
        dataset = dataset.dataset
    return type(dataset) is TensorDataset and not any(tensor.requires_grad for tensor in dataset.tensors)


def _gather_rows(dataset: Any, indices: list[int]) -> list[Any]:
    """What stacking the samples of a `TensorDataset` one by one gives, in one operation a tensor."""
    while type(dataset) is Subset:
        indices = [dataset.indices[i] for i in indices]
        dataset = dataset.dataset
    return [tensor[indices] for tensor in dataset.tensors]
