"""Distances of the rows of matrices."""

from __future__ import annotations

from typing import Any

from .._C import Tensor
from .._expected import check_tensors

#: Rows above which Euclidean distances come from one matrix product rather than from all differences.
_MANY = 25


def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """The distances of each pair of rows of two batches of matrices.

    Args:
        x1: `(..., P, M)`.
        x2: `(..., R, M)`.
        p: the `p` of the norm.
        compute_mode: whether Euclidean distances may come from a matrix product, which is faster and less exact:
            `"use_mm_for_euclid_dist"`, `"donot_use_mm_for_euclid_dist"`, or by default for more than 25 rows.

    Shape:
        The result is `(..., P, R)`.

    Raises:
        RuntimeError: for integers, vectors, and sizes that do not fit.
        ValueError: for another `compute_mode`.

    Example:
        >>> rsnn.cdist(rsnn.tensor([[0.0, 0.0]]), rsnn.tensor([[3.0, 4.0], [0.0, 1.0]]))
        tensor([[5., 1.]])
    """
    check_tensors("cdist", x1=x1, x2=x2)
    modes = (None, "use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
    if compute_mode not in modes:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    for name, x in (("X1", x1), ("X2", x2)):
        if not x.is_floating_point():
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {x.dtype}")
        if x.dim() < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {x.dim()}D")
    if x1.size(-1) != x2.size(-1):
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {x1.size(-1)} X2: {x2.size(-1)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    mode = modes.index(compute_mode)
    many = x1.size(-2) > _MANY or x2.size(-2) > _MANY
    if p == 2 and (mode == 2 or (mode < 2 and many)):
        return _euclidean(x1, x2)
    return (x1.unsqueeze(-2) - x2.unsqueeze(-3)).norm(p, -1)


def _euclidean(x1: Any, x2: Any) -> Any:
    squares = (x1 * x1).sum(-1, keepdim=True) + (x2 * x2).sum(-1).unsqueeze(-2) - 2 * (x1 @ x2.transpose(-2, -1))
    # Where points coincide the root has no slope; their distance is taken as constant.
    same = squares <= 0
    return squares.masked_fill(same, 1).sqrt().masked_fill(same, 0)
