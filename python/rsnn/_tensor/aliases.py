"""Second names of tensor methods."""

from __future__ import annotations

from .._C import Tensor

#: A second name and the method that it stands for; methods with an in-place form have both second names.
ALIASES = {
    "absolute": "abs",
    "arccos": "acos",
    "arccosh": "acosh",
    "arcsin": "asin",
    "arcsinh": "asinh",
    "arctan": "atan",
    "arctan2": "atan2",
    "arctanh": "atanh",
    "clip": "clamp",
    "divide": "div",
    "fix": "trunc",
    "greater": "gt",
    "greater_equal": "ge",
    "less": "lt",
    "less_equal": "le",
    "multiply": "mul",
    "negative": "neg",
    "not_equal": "ne",
    "subtract": "sub",
    "true_divide": "div",
    "__div__": "__truediv__",
    "__rdiv__": "__rtruediv__",
    "__idiv__": "__itruediv__",
}

for alias, name in ALIASES.items():
    for suffix in ("", "_"):
        if hasattr(Tensor, name + suffix) and not name.startswith("__"):
            setattr(Tensor, alias + suffix, getattr(Tensor, name + suffix))
    if name.startswith("__"):
        setattr(Tensor, alias, getattr(Tensor, name))
