"""`finfo` and `iinfo`: the limits of element types."""

from __future__ import annotations

from . import _C

#: (bits, digits of precision in decimal, max, eps, smallest normal) of the float types.
_FLOATS = {
    _C.float16: (16, 3, 65504.0, 2.0**-10, 2.0**-14),
    _C.bfloat16: (16, 2, (2 - 2.0**-7) * 2.0**127, 2.0**-7, 2.0**-126),
    _C.float32: (32, 6, (2 - 2.0**-23) * 2.0**127, 2.0**-23, 2.0**-126),
    _C.float64: (64, 15, (2 - 2.0**-52) * 2.0**1023, 2.0**-52, 2.0**-1022),
}

_INTEGERS = {
    _C.uint8: (8, 0, 2**8 - 1),
    _C.int8: (8, -(2**7), 2**7 - 1),
    _C.int16: (16, -(2**15), 2**15 - 1),
    _C.int32: (32, -(2**31), 2**31 - 1),
    _C.int64: (64, -(2**63), 2**63 - 1),
}


class finfo:  # noqa: N801
    """The limits of a floating-point dtype.

    Args:
        dtype: the dtype; the default float type if not given.

    Attributes:
        bits: bits of an element.
        eps: the distance of 1 and the next larger number.
        max: the largest number.
        min: the smallest number, `-max`.
        tiny: the smallest positive number of full precision.
        smallest_normal: the same as `tiny`.
        resolution: 10 to the power of minus the number of decimal digits that are always right.
        dtype: the name of the dtype.

    Raises:
        TypeError: for a dtype that is not a floating-point type.

    Example:
        >>> rsnn.finfo(rsnn.float16).max
        65504.0
    """

    def __init__(self, dtype: _C.dtype | None = None) -> None:
        dtype = _C.get_default_dtype() if dtype is None else dtype
        if dtype not in _FLOATS:
            raise TypeError(f"finfo() requires a floating point dtype, got {dtype}. Use rsnn.iinfo for integers.")
        self.bits, digits, self.max, self.eps, self.tiny = _FLOATS[dtype]
        self.min = -self.max
        self.smallest_normal = self.tiny
        self.resolution = 10.0**-digits
        self.dtype = str(dtype).removeprefix("rsnn.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        values = ", ".join(f"{name}={getattr(self, name):g}" for name in names)
        return f"finfo({values}, dtype={self.dtype})"


class iinfo:  # noqa: N801
    """The limits of an integer dtype.

    Args:
        dtype: the dtype.

    Attributes:
        bits: bits of an element.
        max: the largest number.
        min: the smallest number.
        dtype: the name of the dtype.

    Raises:
        TypeError: for a dtype that is not an integer type.

    Example:
        >>> rsnn.iinfo(rsnn.int8).max
        127
    """

    def __init__(self, dtype: _C.dtype) -> None:
        if dtype not in _INTEGERS:
            hint = "" if dtype is _C.bool else " Use rsnn.finfo for floating point dtypes."
            raise TypeError(f"iinfo() requires an integer dtype, got {dtype}.{hint}")
        self.bits, self.min, self.max = _INTEGERS[dtype]
        self.dtype = str(dtype).removeprefix("rsnn.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
