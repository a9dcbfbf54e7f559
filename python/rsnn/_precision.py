"""How exact matrix products of `float32` have to be."""

from __future__ import annotations

import warnings

from . import _C

_LEVELS = ("highest", "high", "medium")
_level = "highest"


def get_float32_matmul_precision() -> str:
    """How exact matrix products of ``float32`` have to be: ``"highest"``, ``"high"`` or ``"medium"``.

    Example:
        >>> import rsnn
        >>> rsnn.get_float32_matmul_precision()
        'highest'
    """
    return _level


def set_float32_matmul_precision(precision: str) -> None:
    """Sets how exact matrix products of ``float32`` have to be, for the whole process.

    It permits, it does not demand: where a faster way of the permitted accuracy is missing, products are computed more
    exactly. It matters on processors with AMX, whose unit multiplies ``bfloat16`` numbers: large products then are sums of
    six, three or one of its products. On others all three levels compute in ``float32`` and give the same bits.

    Args:
        precision: ``"highest"`` (the default): 24 bits of each factor count. ``"high"``: some 16 bits may do. ``"medium"``:
            8 bits, those of ``bfloat16``, may do. Sums are of ``float32`` in any case. Another text warns and changes nothing.

    Raises:
        RuntimeError: for what is no text.

    Example:
        >>> import rsnn
        >>> rsnn.set_float32_matmul_precision("high")
        >>> rsnn.get_float32_matmul_precision()
        'high'
        >>> rsnn.set_float32_matmul_precision("highest")
    """
    global _level
    if not isinstance(precision, str):
        kind = type(precision).__name__
        raise RuntimeError(f"set_float32_matmul_precision expects a str, but got {kind}")
    if precision in _LEVELS:
        _level = precision
        _C._set_matmul_precision(_LEVELS.index(precision))
    else:
        warnings.warn(
            f"{precision} is not one of 'highest', 'high', or 'medium'; the current setFloat32MatmulPrecision call has no "
            "effect.",
            stacklevel=2,
        )
