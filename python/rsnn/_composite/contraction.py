"""Sums of products over chosen axes, and products of several matrices."""

from __future__ import annotations

import math
import warnings
from typing import Any

from .._C import Tensor
from .._expected import check_elements
from ._out import returned


def tensordot(a: Any, b: Any, dims: Any = 2, out: Any = None) -> Tensor:
    """The sums of products over pairs of axes of two tensors.

    Args:
        a: the left tensor; its other axes come first in the result.
        b: the right tensor.
        dims: how many axes: the last ones of `a` with the first ones of `b`; or two lists of axes, which are paired.
        out: a tensor for the result.

    Raises:
        RuntimeError: for axes whose sizes differ, or a number of axes that the tensors have not.

    Example:
        >>> rsnn.tensordot(rsnn.ones(2, 3), rsnn.ones(3, 4), dims=1)
        tensor([[3., 3., 3., 3.],
                [3., 3., 3., 3.]])
    """
    if isinstance(dims, Tensor):
        dims = dims.item() if dims.numel() == 1 else dims.tolist()
    if isinstance(dims, (tuple, list)):
        axes_a, axes_b = ([int(i) for i in ([axes] if isinstance(axes, int) else axes)] for axes in dims)
    else:
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(a.dim(), b.dim()):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        axes_a, axes_b = list(range(a.dim() - dims, a.dim())), list(range(dims))
    return returned(_contract(a, b, axes_a, axes_b), out)


def _contract(a: Any, b: Any, axes_a: list[int], axes_b: list[int]) -> Any:
    if len(axes_a) != len(axes_b):
        raise RuntimeError(
            f"both dimension lists should have same length, got {len(axes_a)} and {len(axes_b)} dimensions"
        )
    for i, j in zip(axes_a, axes_b):
        m, n = a.size(i), b.size(j)
        # An axis of size 1 is broadcast: its partner is summed beforehand.
        if n == 1 != m:
            a = a.sum(i, keepdim=True)
        elif m == 1 != n:
            b = b.sum(j, keepdim=True)
        elif m != n:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {m} in dim {i} and second has size {n} in dim {j}"
            )
    axes_a, axes_b = [i % a.dim() for i in axes_a], [j % b.dim() for j in axes_b]
    free_a = [i for i in range(a.dim()) if i not in axes_a]
    free_b = [j for j in range(b.dim()) if j not in axes_b]
    inner = math.prod(a.size(i) for i in axes_a)
    rows, columns = [a.size(i) for i in free_a], [b.size(j) for j in free_b]
    left = a.permute(free_a + axes_a).reshape(math.prod(rows), inner)
    right = b.permute(axes_b + free_b).reshape(inner, math.prod(columns))
    return (left @ right).reshape(rows + columns)


def product_of(matrices: list[Any]) -> Any:
    """The product of matrices, in the order of multiplications that takes the fewest of them."""
    count = len(matrices)
    sizes = [matrices[0].size(0), *(m.size(1) for m in matrices)]
    # cost[i][j]: multiplications for the product of the matrices i to j; cut[i][j]: where to part them.
    cost = [[0] * count for _ in matrices]
    cut = [[0] * count for _ in matrices]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            cost[i][j], cut[i][j] = min(
                (cost[i][k] + cost[k + 1][j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )

    def product(i: int, j: int) -> Any:
        return matrices[i] if i == j else product(i, cut[i][j]) @ product(cut[i][j] + 1, j)

    return product(0, count - 1)


def chain_matmul(*matrices: Any, out: Any = None) -> Tensor:
    """The product of matrices, in the order that takes the fewest multiplications. Prefer `rsnn.linalg.multi_dot`.

    Raises:
        RuntimeError: for tensors that are no matrices, and for sizes that do not fit.
    """
    check_elements(matrices)
    warnings.warn(
        "rsnn.chain_matmul is deprecated. Use rsnn.linalg.multi_dot instead, which accepts a list of two or more tensors "
        "rather than multiple parameters.",
        stacklevel=2,
    )
    listed = list(matrices[0]) if len(matrices) == 1 and isinstance(matrices[0], (list, tuple)) else list(matrices)
    if not listed:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for m in listed:
        if m.dim() != 2:
            raise RuntimeError(f"Tensor dimension is {m.dim()}, expected 2 instead.")
    return returned(product_of(listed), out)
