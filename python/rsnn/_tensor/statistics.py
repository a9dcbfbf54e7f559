"""Quantiles, covariances, and norms bounded."""

from __future__ import annotations

from typing import Any

from .. import _C
from ._attach import attach

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


def quantile(self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    """The values below which a share `q` of the elements lies.

    Args:
        q: the share, from 0 to 1, or a vector of shares, which makes a new first axis.
        dim: the axis to look along; without it all elements.
        keepdim: whether to keep the axis, with size 1.
        interpolation: what is returned between two elements: `"linear"`, `"lower"`, `"higher"`, `"midpoint"` or `"nearest"`.

    Raises:
        RuntimeError: for dtypes other than `float32` and `float64`, shares out of range, and empty tensors.

    Example:
        >>> rsnn.tensor([1.0, 2.0, 3.0, 4.0]).quantile(0.5)
        tensor(2.5000)
    """
    return _quantile("quantile", self, q, dim, keepdim, interpolation)


def nanquantile(self: Any, q: Any, dim: Any = None, keepdim: bool = False, *, interpolation: str = "linear") -> Any:
    """As `quantile`, of the elements that are not nan."""
    return _quantile("nanquantile", self, q, dim, keepdim, interpolation)


def _quantile(name: str, x: Any, q: Any, dim: Any, keepdim: bool, interpolation: str) -> Any:
    if not isinstance(q, _C.Tensor):
        q = _C.tensor(float(q), dtype=x.dtype if x.is_floating_point() else None)
    _check_quantile(name, x, q, interpolation)
    axis = 0 if dim is None else dim + x.dim() if dim < 0 else dim
    if dim is not None and not 0 <= axis < max(x.dim(), 1):
        x.size(dim)  # raises
    line = x.reshape(-1) if dim is None or x.dim() == 0 else x.movedim(axis, -1)
    values = line.sort(-1).values
    size, lead = values.size(-1), values.shape[:-1]
    share = q.detach().reshape(-1)
    counts = values.isnan().logical_not().sum(-1, keepdim=True)
    if name == "quantile":
        # A line that holds a nan has no quantile: its last element, a nan, stands for all.
        rank = (share * (size - 1)).expand(*lead, -1).masked_fill(counts != size, size - 1)
    else:
        rank = share * (counts - 1).clamp(min=0).to(x.dtype)
    if interpolation in ("lower", "higher", "nearest"):
        rank = {"lower": rank.floor, "higher": rank.ceil, "nearest": rank.round}[interpolation]()
    low = rank.floor().to(_C.int64)
    result = _along(values, low)
    if interpolation in ("linear", "midpoint"):
        weight = rank - rank.floor() if interpolation == "linear" else (rank.ceil() - rank.floor()) * 0.5
        result = result.lerp(_along(values, rank.ceil().to(_C.int64)), weight)
    # The shares come first; the axis may stay.
    result = result.movedim(-1, 0)
    if keepdim and x.dim():
        result = result.reshape(-1, *[1] * x.dim()) if dim is None else result.unsqueeze(axis + 1)
    return result if q.dim() else result.squeeze(0)


def _check_quantile(name: str, x: Any, q: Any, interpolation: str) -> None:
    if x.numel() == 0:
        raise RuntimeError(f"{name}() input tensor must be non-empty")
    if q.dim() > 1:
        raise RuntimeError(f"{name}() q must be a scalar or 1D tensor")
    if x.dtype not in (_C.float32, _C.float64):
        raise RuntimeError(f"{name}() input tensor must be either float or double dtype")
    if q.dtype != x.dtype:
        raise RuntimeError(f"{name}() q tensor must be same dtype as the input tensor")
    if interpolation not in _INTERPOLATIONS:
        raise RuntimeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise RuntimeError(f"{name}() q values must be in the range [0, 1]")


def _along(values: Any, places: Any) -> Any:
    """The elements of each line (the last axis) at places that each line has of its own."""
    rows = values.reshape(-1, values.size(-1))
    places = places.reshape(rows.size(0), -1)
    start = _C.arange(rows.size(0)).unsqueeze(1) * rows.size(1)
    return rows.reshape(-1)[start + places].reshape(*values.shape[:-1], -1)


def cov(self: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariances of variables (rows) over observations (columns).

    Args:
        correction: what is taken off the number of observations: 1 is Bessel's.
        fweights: how often each observation was made, as integers.
        aweights: the weight of each observation.

    Raises:
        RuntimeError: for more than two axes, `bool`, and weights that do not fit.

    Example:
        >>> rsnn.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]).cov()
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    if self.dim() > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {self.dim()} dimensions"
        )
    if self.dtype == _C.bool:
        raise RuntimeError("cov(): bool dtype is not supported for input")
    x = self if self.dim() == 2 else self.reshape(1, -1)
    count = x.size(1)
    weights = _weights("fweights", fweights, count, integer=True)
    other = _weights("aweights", aweights, count, integer=False)
    if other is not None:
        weights = other if weights is None else weights * other
    total = count if weights is None else weights.sum()
    if weights is not None and float(total) == 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    if not x.is_floating_point():
        x = x.to(_C.get_default_dtype())
    mean = x.mean(1, keepdim=True) if weights is None else (x * weights).sum(1, keepdim=True) / total
    freedom: Any
    if weights is None or aweights is None or correction == 0:
        freedom = total - correction
    else:
        freedom = total - correction * (weights * aweights).sum() / total
    freedom = max(float(freedom), 0.0) if not isinstance(freedom, _C.Tensor) else freedom.clamp(min=0)
    centred = x - mean
    result = centred @ (centred if weights is None else centred * weights).t() / freedom
    return result.squeeze() if self.dim() < 2 or x.size(0) == 1 else result


def _weights(name: str, weights: Any, count: int, integer: bool) -> Any:
    if weights is None:
        return None
    if weights.dim() > 1:
        raise RuntimeError(f"cov(): expected {name} to have one or fewer dimensions but got {weights.dim()}")
    if integer == weights.is_floating_point():
        kind = "integral" if integer else "floating point"
        raise RuntimeError(f"cov(): expected {name} to have {kind} dtype but got {name} with {weights.dtype} dtype")
    if weights.numel() != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{weights.numel()} != {count}"
        )
    if bool((weights < 0).any()):
        raise RuntimeError(f"cov(): {name} cannot be negative")
    return weights


def corrcoef(self: Any) -> Any:
    """The correlations of variables (rows) over observations (columns).

    Raises:
        RuntimeError: for more than two axes.

    Example:
        >>> rsnn.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]).corrcoef()
        tensor([[ 1., -1.],
                [-1.,  1.]])
    """
    if self.dim() > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {self.dim()} dimensions"
        )
    covariance = cov(self)
    if covariance.dim() == 0:
        return covariance / covariance
    deviation = covariance.diagonal().sqrt()
    return (covariance / deviation.unsqueeze(1) / deviation).clamp(-1, 1)


def renorm(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """The tensor with each part along an axis scaled down to a norm of at most `maxnorm`.

    Args:
        p: the `p` of the norm.
        dim: the axis; the norm of a part is taken over all others.
        maxnorm: the largest norm.

    Raises:
        RuntimeError: for fewer than two axes, a `p` that is not positive, or a negative `maxnorm`.

    Example:
        >>> rsnn.tensor([[3.0, 4.0], [0.0, 1.0]]).renorm(2, 0, 1.0)
        tensor([[0.6000, 0.8000],
                [0.0000, 1.0000]])
    """
    if self.dim() < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {self.dim()} dimensions")
    if not p > 0:
        raise RuntimeError("renorm: non-positive norm degree")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    self.size(dim)  # raises for an axis out of range
    norm = self.norm(p, [i for i in range(self.dim()) if i != dim % self.dim()], keepdim=True)
    return self * (maxnorm / (norm + 1e-7)).masked_fill(norm <= maxnorm, 1)


def renorm_(self: Any, p: float, dim: int, maxnorm: float) -> Any:
    """`renorm` in place."""
    return self.copy_(renorm(self, p, dim, maxnorm))


attach(quantile, nanquantile, cov, corrcoef, renorm, renorm_)
