"""Normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rsnn import _C
from rsnn._C import Tensor, layer_norm, rms_norm
from rsnn._expected import check_tensors
from rsnn.nn.functional.padding import pad
from rsnn.nn.functional.pooling import avg_pool2d, avg_pool3d

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
]

# Native as they stand: layer_norm(input, normalized_shape, weight=None, bias=None, eps=1e-05) and
# rms_norm(input, normalized_shape, weight=None, eps=None).


def _verify_batch_size(name: str, sizes: Sequence[int]) -> None:
    """Refuses batches with one value per channel, which have no variance."""
    count = sizes[0]
    for n in sizes[2:]:
        count *= n
    if count == 1:
        raise ValueError(f"{name}: Expected more than 1 value per channel when training, got input size {list(sizes)}")


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises each channel over the batch. See :class:`rsnn.nn.BatchNorm2d`.

    Args:
        input: ``(N, C, *)``.
        running_mean: ``(C,)`` or ``None``; in training, updated in place.
        running_var: as ``running_mean``.
        weight: ``(C,)`` or ``None``.
        bias: ``(C,)`` or ``None``.
        training: whether to use the statistics of the batch.
        momentum: the weight of the batch in the running averages.
        eps: what is added to the variance.

    Raises:
        ValueError: in training, for one value per channel.
        RuntimeError: for shapes that do not fit.
    """
    if training:
        _verify_batch_size("batch_norm", input.shape)
    return _C.batch_norm(
        input,
        weight=weight,
        bias=bias,
        running_mean=running_mean,
        running_var=running_var,
        training=training,
        momentum=momentum,
        eps=eps,
    )


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalises each channel of each sample. See :class:`rsnn.nn.InstanceNorm2d`.

    Arguments are those of :func:`batch_norm`, with ``use_input_stats`` for ``training``.

    Raises:
        ValueError: with the input's statistics, for one place per channel.
        RuntimeError: if neither the input's statistics nor running ones are to be used; for shapes that do not fit.
    """
    if input.dim() < 2:
        raise RuntimeError(f"instance_norm: expected an input of at least 2 axes, got {list(input.shape)}")
    if use_input_stats:
        count = 1
        for n in input.shape[2:]:
            count *= n
        if count == 1:
            raise ValueError(
                f"instance_norm: Expected more than 1 spatial element when training, got input size {input.shape}"
            )
    elif running_mean is None or running_var is None:
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    batch, channels = input.shape[:2]
    # Every channel of every sample is a channel of one large sample.
    per_sample: list[Any] = [None if t is None else t.repeat(batch) for t in (running_mean, running_var, weight, bias)]
    mean, var, scale, shift = per_sample
    flat = input.reshape(1, batch * channels, *input.shape[2:])
    output = batch_norm(flat, mean, var, scale, shift, use_input_stats, momentum, eps)
    if use_input_stats:
        for running, updated in ((running_mean, mean), (running_var, var)):
            if running is not None:
                running.copy_(updated.reshape(batch, channels).mean(0))
    return output.reshape(input.shape)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """Normalises each sample over groups of channels. See :class:`rsnn.nn.GroupNorm`.

    Raises:
        ValueError: for one value per group.
        RuntimeError: for shapes that do not fit.

    Example:
        >>> F.group_norm(rsnn.randn(2, 6, 4), 3).shape
        rsnn.Size([2, 6, 4])
    """
    check_tensors("group_norm", input=input)
    if input.dim() < 2:
        raise RuntimeError(f"group_norm: Expected at least 2 dimensions for input tensor but received {input.dim()}")
    if num_groups <= 0 or input.size(1) % num_groups:
        raise RuntimeError(
            "group_norm: Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{list(input.shape)} and num_groups={num_groups}"
        )
    sizes = [input.size(0) * input.size(1) // num_groups, num_groups, *input.shape[2:]]
    _verify_batch_size("group_norm", sizes)
    return _C.group_norm(input, num_groups, weight, bias, eps)


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Normalises over neighbouring channels. See :class:`rsnn.nn.LocalResponseNorm`.

    Raises:
        ValueError: for an input of less than three axes.
    """
    if input.dim() < 3:
        raise ValueError(
            f"local_response_norm: Expected 3D or higher dimensionality input (got {input.dim()} dimensions)"
        )
    if input.numel() == 0:
        return input
    squares = input * input
    before, after = size // 2, (size - 1) // 2
    if input.dim() == 3:
        mean = avg_pool2d(pad(squares.unsqueeze(1), (0, 0, before, after)), (size, 1), stride=1).squeeze(1)
    else:
        batch, channels, rows = input.shape[:3]
        planes = squares.reshape(batch, 1, channels, rows, -1)
        mean = avg_pool3d(pad(planes, (0, 0, 0, 0, before, after)), (size, 1, 1), stride=1).reshape(input.shape)
    return input / (mean * alpha + k).pow(beta)


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> Tensor:
    """Divides by the ``p``-norm along ``dim``, or by ``eps`` where that is larger.

    Raises:
        NotImplementedError: for ``out``.

    Example:
        >>> F.normalize(rsnn.tensor([3.0, 4.0]), dim=0)
        tensor([0.6000, 0.8000])
    """
    if out is not None:
        raise NotImplementedError("normalize: out is not supported")
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)
