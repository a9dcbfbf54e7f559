"""Batches of sequences of unequal length: padded to the longest, or packed without padding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import rsnn

__all__ = [
    "PackedSequence",
    "invert_permutation",
    "pack_padded_sequence",
    "pack_sequence",
    "pad_packed_sequence",
    "pad_sequence",
    "unpack_sequence",
    "unpad_sequence",
]


class _Fields(NamedTuple):
    data: Any
    batch_sizes: Any
    sorted_indices: Any
    unsorted_indices: Any


class PackedSequence(_Fields):
    """Sequences of unequal length, time step by time step: what [`pack_padded_sequence`] makes.

    Attributes:
        data: (sum of lengths, *), the first elements of all sequences, then the second ones, ...
        batch_sizes: how many sequences have an element at each time step.
        sorted_indices: where each sequence stood before they were sorted by length, or None.
        unsorted_indices: the inverse, or None.
    """

    __slots__ = ()

    def __new__(
        cls, data: Any, batch_sizes: Any = None, sorted_indices: Any = None, unsorted_indices: Any = None
    ) -> PackedSequence:
        if batch_sizes is None:
            if not (isinstance(data, (list, tuple)) and len(data) == 2):
                raise AssertionError("PackedSequence: expected data and batch_sizes, or a pair of both")
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Converts `data`, see `Tensor.to`; returns itself if that changes nothing."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else self._replace(data=data)

    def cpu(self) -> PackedSequence:
        """Itself: there is only the CPU."""
        return self.to("cpu")

    def double(self) -> PackedSequence:
        """With `data` in float64."""
        return self.to(rsnn.float64)

    def float(self) -> PackedSequence:
        """With `data` in float32."""
        return self.to(rsnn.float32)

    def half(self) -> PackedSequence:
        """With `data` in float16."""
        return self.to(rsnn.float16)

    def long(self) -> PackedSequence:
        """With `data` in int64."""
        return self.to(rsnn.int64)

    def int(self) -> PackedSequence:
        """With `data` in int32."""
        return self.to(rsnn.int32)

    def short(self) -> PackedSequence:
        """With `data` in int16."""
        return self.to(rsnn.int16)

    def char(self) -> PackedSequence:
        """With `data` in int8."""
        return self.to(rsnn.int8)

    def byte(self) -> PackedSequence:
        """With `data` in uint8."""
        return self.to(rsnn.uint8)


def invert_permutation(permutation: Any) -> Any:
    """The permutation that undoes this one; None for None.

    Example:
        >>> invert_permutation(rsnn.tensor([2, 0, 1]))
        tensor([1, 2, 0])
    """
    if permutation is None:
        return None
    inverse = rsnn.empty_like(permutation)
    inverse[permutation] = rsnn.arange(permutation.numel())
    return inverse


def pad_sequence(
    sequences: Iterable[rsnn.Tensor],
    batch_first: bool = False,
    padding_value: float = 0.0,
    padding_side: str = "right",
) -> rsnn.Tensor:
    """Stacks sequences, padded to the length of the longest.

    Args:
        sequences: tensors (L, *), at least one; the first decides on dtype and trailing shape.
        batch_first: (B, T, *) in place of (T, B, *).
        padding_value: fills the gaps.
        padding_side: `"right"` or `"left"`, where the gaps are.

    Raises:
        RuntimeError: not an iterable, no sequences, or another side.

    Example:
        >>> pad_sequence([rsnn.ones(2), rsnn.ones(1)], batch_first=True)
        tensor([[1., 1.],
                [1., 0.]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(f"pad_sequence: expected an iterable of tensors, got {type(sequences).__name__}")
    sequences = list(sequences)
    if not sequences:
        raise RuntimeError("pad_sequence: expected at least one sequence, got none")
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"pad_sequence: expected padding_side 'left' or 'right', got {padding_side!r}")
    first = sequences[0]
    lengths = rsnn.tensor([sequence.size(0) for sequence in sequences]).unsqueeze(1)
    longest = int(lengths.max())
    steps = rsnn.arange(longest)
    filled = steps < lengths if padding_side == "right" else steps >= longest - lengths
    padded = rsnn.full((len(sequences), longest, *first.shape[1:]), padding_value, dtype=first.dtype)
    padded[filled] = rsnn.cat(sequences).to(first.dtype)
    return padded if batch_first else padded.transpose(0, 1).contiguous()


def unpad_sequence(padded_sequences: rsnn.Tensor, lengths: Any, batch_first: bool = False) -> list[rsnn.Tensor]:
    """The sequences that [`pad_sequence`] stacked.

    Args:
        padded_sequences: (T, B, *), or (B, T, *) with `batch_first`; padded on the right.
        lengths: of the sequences.
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(length)] for row, length in zip(rows, lengths, strict=True)]


def pack_padded_sequence(
    input: rsnn.Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Takes the padding out of a batch of sequences.

    Args:
        input: (T, B, *), or (B, T, *) with `batch_first`; padded on the right.
        lengths: of the sequences, a tensor or a list of integers.
        batch_first: see `input`.
        enforce_sorted: expects falling lengths; False sorts the sequences and remembers their order.

    Raises:
        RuntimeError: another number of lengths than sequences, a length below one or above T, or lengths that rise.

    Example:
        >>> packed = pack_padded_sequence(rsnn.tensor([[1, 3], [2, 0]]), [2, 1])
        >>> packed.data, packed.batch_sizes
        (tensor([1, 3, 2]), tensor([2, 1]))
    """
    lengths = rsnn.as_tensor(lengths, dtype=rsnn.int64)
    sorted_indices = None
    if not enforce_sorted:
        lengths, sorted_indices = rsnn.sort(lengths, descending=True)
        input = input.index_select(0 if batch_first else 1, sorted_indices)
    steps_first = input.transpose(0, 1) if batch_first else input
    _check_lengths(steps_first, lengths)
    filled = rsnn.arange(int(lengths[0])).unsqueeze(1) < lengths
    return PackedSequence(steps_first[: len(filled)][filled], filled.sum(1), sorted_indices)


def _check_lengths(steps_first: rsnn.Tensor, lengths: rsnn.Tensor) -> None:
    steps, batch = steps_first.shape[:2]
    if lengths.shape != (batch,):
        raise RuntimeError(f"pack_padded_sequence: expected {batch} lengths, got shape {list(lengths.shape)}")
    values: Sequence[int] = lengths.tolist()
    if min(values, default=0) <= 0 or max(values) > steps:
        raise RuntimeError(f"pack_padded_sequence: expected lengths from 1 to {steps}, got {values}")
    if any(a < b for a, b in zip(values, values[1:], strict=False)):
        raise RuntimeError(f"pack_padded_sequence: enforce_sorted=True expects falling lengths, got {values}")


def pad_packed_sequence(
    sequence: PackedSequence, batch_first: bool = False, padding_value: float = 0.0, total_length: int | None = None
) -> tuple[rsnn.Tensor, rsnn.Tensor]:
    """Undoes [`pack_padded_sequence`].

    Args:
        sequence: packed.
        batch_first: (B, T, *) in place of (T, B, *).
        padding_value: fills the gaps.
        total_length: T; the longest length unless given.

    Returns:
        the padded batch and the lengths of the sequences.

    Raises:
        ValueError: `total_length` is less than the longest length.
    """
    sizes = sequence.batch_sizes
    steps, batch = len(sizes), int(sizes[0])
    total = steps if total_length is None else total_length
    if total < steps:
        raise ValueError(f"pad_packed_sequence: expected total_length >= {steps}, got {total_length}")
    filled = rsnn.arange(batch) < sizes.unsqueeze(1)
    data = sequence.data
    padded = rsnn.full((total, batch, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded[:steps][filled] = data
    lengths = filled.sum(0)
    if batch_first:
        padded = padded.transpose(0, 1)
    if sequence.unsorted_indices is not None:
        padded = padded.index_select(0 if batch_first else 1, sequence.unsorted_indices)
        lengths = lengths[sequence.unsorted_indices]
    return padded, lengths


def pack_sequence(sequences: Sequence[rsnn.Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Packs sequences.

    Args:
        sequences: tensors (L, *).
        enforce_sorted: see [`pack_padded_sequence`].

    Example:
        >>> pack_sequence([rsnn.tensor([1, 2]), rsnn.tensor([3])]).data
        tensor([1, 3, 2])
    """
    lengths = [sequence.size(0) for sequence in sequences]
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[rsnn.Tensor]:
    """Undoes [`pack_sequence`]."""
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
