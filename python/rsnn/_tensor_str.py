"""How a tensor prints: `repr(tensor)` and `set_printoptions`.

The text has three layers. [`_Formatter`] decides once for all elements between integers, fixed point and
scientific notation and how wide a column is; [`_rows`] lays nested lists out in brackets and breaks long rows;
[`tensor_repr`] adds what stands around the numbers (`tensor(`, `dtype=`, `grad_fn=`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import rsnn

__all__ = ["set_printoptions"]


class _PrintOptions(NamedTuple):
    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES = {
    "default": _PrintOptions(),
    "short": _PrintOptions(precision=2, edgeitems=2),
    "full": _PrintOptions(threshold=math.inf),
}
_options = _PROFILES["default"]


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Changes how tensors print from now on.

    Args:
        precision: digits after the point (4).
        threshold: tensors of more elements than this print only their edges (1000).
        edgeitems: how many items of each edge such a tensor shows in each dimension (3).
        linewidth: where rows are broken (80).
        profile: `"default"`, `"short"` or `"full"`; sets the four above first, the others then override it.
        sci_mode: `True` or `False` forces scientific notation on or off; `None` lets the values decide. Each call
            sets it, so leaving it out goes back to the values' choice.

    Raises:
        ValueError: the profile is not one of the three.

    Example:
        >>> rsnn.set_printoptions(precision=2)
        >>> rsnn.tensor([1.12345])
        tensor([1.12])
        >>> rsnn.set_printoptions(profile="default")
    """
    global _options
    options = _options
    if profile is not None:
        if profile not in _PROFILES:
            raise ValueError(f"set_printoptions: expected profile 'default', 'short' or 'full', got {profile!r}")
        options = _PROFILES[profile]
    given: dict[str, Any] = {
        "precision": precision,
        "threshold": threshold,
        "edgeitems": edgeitems,
        "linewidth": linewidth,
    }
    _options = options._replace(sci_mode=sci_mode, **{k: v for k, v in given.items() if v is not None})


class _Formatter:
    """Turns each element of one tensor into text of one width."""

    def __init__(self, values: list, floating: bool):
        self.floating = floating
        self.spec = ""
        self.suffix = ""
        if floating:
            self._choose_notation(values)
        else:
            self.width = max((len(str(v)) for v in values), default=1)

    def _choose_notation(self, values: list[float]) -> None:
        # Zeros, infinities and nans have no say, neither in the notation nor in the width.
        finite = [v for v in values if v and math.isfinite(v)]
        magnitudes = [abs(v) for v in finite]
        low, high = min(magnitudes, default=1.0), max(magnitudes, default=1.0)
        integral = all(v.is_integer() for v in magnitudes)
        scientific = high / low > 1000.0 or high > 1e8 or (not integral and low < 1e-4)
        if finite and _options.sci_mode is not None:
            scientific = _options.sci_mode
        if scientific:
            self.spec = f".{_options.precision}e"
        elif integral:
            self.spec, self.suffix = ".0f", "."
        else:
            self.spec = f".{_options.precision}f"
        self.width = max((len(format(v, self.spec)) for v in finite), default=1) + len(self.suffix if finite else "")

    def __call__(self, value: Any) -> str:
        if not self.floating:
            return str(value).rjust(self.width)
        text = format(value, self.spec)
        if self.suffix and math.isfinite(value):
            text += self.suffix
        return text.rjust(self.width)


def _edges(tensor: rsnn.Tensor) -> list:
    """The items that a summary shows, as nested lists: both ends of every dimension."""
    n, size = _options.edgeitems, tensor.shape[0]
    picked = [*range(size)] if size <= 2 * n else [*range(n), *range(size - n, size)]
    if tensor.ndim > 1:
        return [_edges(tensor[i]) for i in picked]
    if size <= 2 * n:
        return tensor.tolist()
    return tensor[:n].tolist() + tensor[size - n :].tolist()


def _flatten(values: Any, depth: int) -> list:
    """The elements of lists nested `depth` deep."""
    if depth == 0:
        return [values]
    for _ in range(depth - 1):
        values = [item for inner in values for item in inner]
    return values


def _rows(values: list, shape: tuple[int, ...], indent: int, summarize: bool, fmt: _Formatter) -> str:
    """The bracketed text of `values`, the (perhaps summarised) contents of a tensor of this shape."""
    n = _options.edgeitems
    cut = summarize and shape[0] > 2 * n
    if len(shape) == 1:
        items = [fmt(v) for v in values]
        if cut:
            items = items[:n] + [" ..."] + items[n:]
        in_line = max(1, (_options.linewidth - indent) // (fmt.width + 2))
        lines = [", ".join(items[i : i + in_line]) for i in range(0, len(items), in_line)]
        return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
    items = [_rows(v, shape[1:], indent + 1, summarize, fmt) for v in values]
    if cut:
        items = items[:n] + ["..."] + items[n:]
    return "[" + ("," + "\n" * (len(shape) - 1) + " " * (indent + 1)).join(items) + "]"


def _contents(tensor: rsnn.Tensor, indent: int) -> str:
    """The numbers of a tensor, without what stands around them."""
    shape = tuple(tensor.shape)
    if tensor.numel() == 0:
        return "[]"
    summarize = bool(shape) and tensor.numel() > _options.threshold
    if summarize and not _options.edgeitems:
        return "[...]"
    values = _edges(tensor) if summarize else tensor.tolist()
    fmt = _Formatter(_flatten(values, len(shape)), tensor.is_floating_point())
    return _rows(values, shape, indent, summarize, fmt) if shape else fmt(values)


def _suffixes(tensor: rsnn.Tensor) -> list[str]:
    """What follows the numbers: `size=`, `dtype=`, and how the tensor stands to autograd."""
    parts = []
    empty = tensor.numel() == 0
    # Where summaries show no elements, every tensor that has some shows its size.
    if tensor.ndim != 1 if empty else not _options.edgeitems:
        parts.append(f"size={tuple(tensor.shape)}")
    # The reader of `tensor([1])` knows int64, of `tensor([])` only the default dtype.
    obvious = (rsnn.get_default_dtype(),) if empty else (rsnn.get_default_dtype(), rsnn.int64, rsnn.bool)
    if tensor.dtype not in obvious:
        parts.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        parts.append(f"grad_fn=<{tensor.grad_fn.name().rsplit('::', 1)[-1]}>")
    elif tensor.requires_grad:
        parts.append("requires_grad=True")
    return parts


def tensor_repr(tensor: rsnn.Tensor, prefix: str = "tensor(") -> str:
    """The text of `repr(tensor)`.

    Args:
        tensor: any tensor.
        prefix: what opens the text; continuation lines are indented by its length.

    Example:
        >>> rsnn.tensor([[1.0, 2.5], [3.0, 4.0]], dtype=rsnn.float64)
        tensor([[1.0000, 2.5000],
                [3.0000, 4.0000]], dtype=rsnn.float64)
    """
    indent = len(prefix)
    text = prefix + _contents(tensor, indent)
    line_length = len(text) - text.rfind("\n") + 1
    for part in _suffixes(tensor):
        if line_length + len(part) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + part
            line_length = indent + len(part)
        else:
            text += ", " + part
            line_length += len(part) + 2
    return text + ")"


def parameter_repr(parameter: rsnn.Tensor) -> str:
    """The text of `repr(parameter)`: the tensor's, under a line that says what it is."""
    return "Parameter containing:\n" + tensor_repr(parameter)
