"""Numbers, and second names of dtypes."""

from __future__ import annotations

from math import e, inf, nan, pi

from ._C import float16 as half
from ._C import float32 as float  # noqa: A004
from ._C import float64 as double
from ._C import int16 as short
from ._C import int32 as int  # noqa: A004
from ._C import int64 as long

#: A new axis, in an index.
newaxis = None

__all__ = ["double", "e", "float", "half", "inf", "int", "long", "nan", "newaxis", "pi", "short"]
