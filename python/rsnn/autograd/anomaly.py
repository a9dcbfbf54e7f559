"""Anomaly mode, which PyTorch has for finding the step that makes a gradient nan. It is not supported."""

from __future__ import annotations

from typing import Any

__all__ = ["detect_anomaly", "set_detect_anomaly"]


class set_detect_anomaly:  # noqa: N801
    """Switches anomaly detection: off is what there is, so switching it off does nothing.

    Args:
        mode: must be ``False``.
        check_nan: has no meaning while detection is off.

    Raises:
        NotImplementedError: for ``mode=True``.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        if mode:
            raise NotImplementedError("set_detect_anomaly(True): anomaly detection is not supported")

    def __enter__(self) -> None:
        pass

    def __exit__(self, *args: Any) -> None:
        pass


class detect_anomaly(set_detect_anomaly):  # noqa: N801
    """Anomaly detection for a block.

    Raises:
        NotImplementedError: always.
    """

    def __init__(self, check_nan: bool = True) -> None:
        super().__init__(True, check_nan)
