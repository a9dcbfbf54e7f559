"""Anomaly detection: finding the operation whose gradient fails or is not a number."""

from __future__ import annotations

import warnings

from rsnn._C import _set_anomaly, is_anomaly_check_nan_enabled, is_anomaly_enabled

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class set_detect_anomaly:  # noqa: N801
    """Switches anomaly detection on or off: at once, and as a context manager until the end of the block.

    While it is on, each operation remembers where it was called. If its gradient cannot be computed, a warning shows
    the place; a gradient that is not a number is an error. That is slow: for finding mistakes only.

    Args:
        mode: on or off, for all threads.
        check_nan: whether gradients that are not a number are errors.

    Example:
        >>> with rsnn.autograd.set_detect_anomaly(True):
        ...     rsnn.ones(1, requires_grad=True).log().backward()
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        _set_anomaly(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *args: object) -> None:
        _set_anomaly(self.prev, self.prev_check_nan)


class detect_anomaly:  # noqa: N801
    """Anomaly detection for a block; see :class:`set_detect_anomaly`.

    Args:
        check_nan: whether gradients that are not a number are errors.

    Example:
        >>> with rsnn.autograd.detect_anomaly():  # doctest: +SKIP
        ...     loss.backward()
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.prev = is_anomaly_enabled()
        self.prev_check_nan = is_anomaly_check_nan_enabled()
        self.check_nan = check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        _set_anomaly(True, self.check_nan)

    def __exit__(self, *args: object) -> None:
        _set_anomaly(self.prev, self.prev_check_nan)
