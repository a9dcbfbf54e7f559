"""Weights with a structure: identities, orthogonal and sparse matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import rsnn

if TYPE_CHECKING:
    from rsnn import Generator, Tensor


def eye_(tensor: Tensor) -> Tensor:
    """Fills a matrix with the identity, as far as its shape goes.

    Raises:
        ValueError: if the tensor has not two dimensions.

    Example:
        >>> nn.init.eye_(rsnn.empty(2, 3))
        tensor([[1., 0., 0.],
                [0., 1., 0.]])
    """
    _require_matrix("eye_", tensor)
    with rsnn.no_grad():
        tensor.copy_(rsnn.eye(*tensor.shape, dtype=tensor.dtype))
    return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Tensor:
    """Fills a convolution's weight so that its output is its input, as far as the channels go.

    Args:
        tensor: a weight of shape ``(out, in, *kernel)`` with one to three kernel dimensions.
        groups: the groups of the convolution; each of them passes on its own channels.

    Raises:
        ValueError: for another number of dimensions, or if ``groups`` does not divide ``out``.

    Example:
        >>> nn.init.dirac_(rsnn.empty(1, 1, 3))
        tensor([[[0., 1., 0.]]])
    """
    if tensor.dim() not in (3, 4, 5):
        raise ValueError(f"Only tensors with 3, 4, or 5 dimensions are supported, got shape {tuple(tensor.shape)}")
    outputs, inputs, *kernel = tensor.shape
    if outputs % groups != 0:
        raise ValueError(f"dim 0 must be divisible by groups, got {outputs} channels and groups={groups}")
    centre = [size // 2 for size in kernel]
    width = outputs // groups
    with rsnn.no_grad():
        tensor.zero_()
        for group in range(groups):
            for channel in range(min(width, inputs)):
                place = (group * width + channel, channel, *centre)
                tensor[place] = 1
    return tensor


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Generator | None = None) -> Tensor:
    """Fills ``tensor`` with an orthogonal matrix, or rows or columns of one, by Saxe et al. (2013).

    The matrix is the ``Q`` of the QR factorisation of a matrix of normals, with signs that make it uniform. The draws
    are those of PyTorch; the factorisation is numpy's in float64, so that values agree to rounding, not to the bit.

    Args:
        tensor: at least two dimensions, float32 or float64; those after the first are taken as one.
        gain: a factor.
        generator: where the random numbers come from; ``None`` for the default generator.

    Raises:
        ValueError: if the tensor has fewer than two dimensions.
        NotImplementedError: for a 16-bit dtype.

    Example:
        >>> w = nn.init.orthogonal_(rsnn.empty(3, 5))
        >>> bool((w @ w.T - rsnn.eye(3)).abs().max() < 1e-5)
        True
    """
    import numpy as np

    if tensor.dim() < 2:
        raise ValueError(f"Only tensors with 2 or more dimensions are supported, got shape {tuple(tensor.shape)}")
    if tensor.numel() == 0:
        return tensor
    if tensor.dtype not in (rsnn.float32, rsnn.float64):
        raise NotImplementedError(f"orthogonal_: expected float32 or float64, got {tensor.dtype}")
    rows = tensor.shape[0]
    columns = tensor.numel() // rows
    normals = tensor.new_empty((rows, columns)).normal_(0, 1, generator=generator).numpy()
    q, r = np.linalg.qr(normals.T if rows < columns else normals)
    q = q * np.sign(np.diag(r))
    with rsnn.no_grad():
        tensor.view(rows, columns).copy_(rsnn.from_numpy(np.ascontiguousarray(q.T if rows < columns else q)))
        tensor.mul_(gain)
    return tensor


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Generator | None = None) -> Tensor:
    """Fills a matrix with normals and sets a fraction of each column to zero, by Martens (2010).

    Args:
        tensor: a matrix.
        sparsity: the fraction of zeros in a column.
        std: the standard deviation of the other elements.
        generator: where the normals come from. The places of the zeros always come from the default generator, as in
            PyTorch.

    Raises:
        ValueError: if the tensor has not two dimensions.

    Example:
        >>> w = nn.init.sparse_(rsnn.empty(10, 4), sparsity=0.3)
        >>> (w == 0).sum(0)
        tensor([3, 3, 3, 3])
    """
    _require_matrix("sparse_", tensor)
    rows, columns = tensor.shape
    zeros = math.ceil(sparsity * rows)
    with rsnn.no_grad():
        tensor.normal_(0, std, generator=generator)
        for column in range(columns):
            tensor[rsnn.randperm(rows)[:zeros], column] = 0
    return tensor


def _require_matrix(name: str, tensor: Tensor) -> None:
    if tensor.dim() != 2:
        raise ValueError(f"Only tensors with 2 dimensions are supported, {name} got shape {tuple(tensor.shape)}")
