"""What becomes of the losses of single elements."""

from __future__ import annotations

import warnings

from rsnn import _C
from rsnn._C import Tensor
from rsnn._expected import check_tensors


def check(name: str, reduction: str) -> None:
    """Refuses anything but `"none"`, `"mean"` and `"sum"`.

    Raises:
        ValueError: naming the function and the value.
    """
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{name}: {reduction} is not a valid value for reduction; expected 'none', 'mean' or 'sum'")


def reduce(name: str, losses: Tensor, reduction: str) -> Tensor:
    """The losses as they are, their mean, or their sum."""
    check(name, reduction)
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()


def direct(kind: str, input: Tensor, target: Tensor, reduction: str, edge: float = 0.0) -> Tensor | None:
    """A sum or mean in one pass over both, where these are of one kind; else None."""
    dtype = input.dtype
    if reduction not in ("mean", "sum") or dtype != target.dtype or not dtype.is_floating_point or dtype.itemsize < 4:
        return None
    if input.shape != target.shape:
        return None
    return _C._pointwise_loss(kind, input, target, edge, reduction == "mean")


def legacy(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """`reduction` as the deprecated arguments say, with PyTorch's warning where they are used."""
    if size_average is None and reduce is None:
        return reduction
    if reduce is False:
        chosen = "none"
    else:
        chosen = "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{chosen}' instead.", stacklevel=3
    )
    return chosen


def warn_sizes(name: str, input: Tensor, target: Tensor) -> None:
    """Refuses what is no tensor, and warns where broadcasting makes more losses than there are predictions."""
    if not (isinstance(input, Tensor) and isinstance(target, Tensor)):
        check_tensors(name, input=input, target=target)
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) in {name}. This "
            "will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
