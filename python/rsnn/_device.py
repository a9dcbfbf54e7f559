"""The class of `tensor.device`. rsnn runs on the CPU; other devices can be named, but nothing lives there."""

from __future__ import annotations

import numbers
import re
from typing import Any


def is_number(value: Any) -> bool:
    """Whether a value may be the number of a device."""
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _name(value: Any) -> str:
    kind = type(value)
    return "rsnn.device" if kind is device else kind.__name__


class device:  # noqa: N801
    """A place where tensors live: `device("cpu")`. In a `with` statement it is that of new tensors: only the CPU can be.

    Args:
        type: the kind of device, optionally with an index (`"cpu:0"`); a number alone is that of an accelerator.
        index: the number of the device.

    Raises:
        RuntimeError: for a text that names no device, or a negative number.
        TypeError: for anything else.
    """

    __slots__ = ("type", "index")

    type: str
    index: int | None

    def __init__(self, type: str | int | device, index: int | None = None) -> None:
        if index is None and isinstance(type, device):
            type, index = type.type, type.index  # type: ignore[assignment]
        elif index is None and is_number(type):
            type, index = "cuda", int(type)  # type: ignore[arg-type]
        if not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' (position 1) must be str, not {_name(type)}")
        if index is not None and not is_number(index):
            raise TypeError(f"device(): argument 'index' (position 2) must be int, not {_name(index)}")
        kind, colon, number = type.partition(":")
        if colon:
            if not re.fullmatch("0|[1-9][0-9]*", number):
                raise RuntimeError(f"Invalid device string: '{type}'")
            if index is not None:
                raise RuntimeError(
                    f"type (string) must not include an index because index was passed explicitly: {type}"
                )
            index = int(number)
        if not type:
            raise RuntimeError("Device string must not be empty")
        if kind not in ("cpu", "cuda", "mps", "xpu", "meta"):
            raise RuntimeError(
                f"Expected one of cpu, cuda, mps, xpu, meta device type at start of device string: {kind}"
            )
        if index is not None and index < 0:
            raise RuntimeError("Device index must not be negative")
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "index", index)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"attribute '{name}' of 'rsnn.device' objects is not writable")

    def __enter__(self) -> device:
        if self.type != "cpu":
            raise RuntimeError(f"device '{self}' is not available: rsnn runs on the CPU, device must be 'cpu'")
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __reduce__(self) -> tuple[Any, tuple[str, int | None]]:
        return device, (self.type, self.index)


CPU = device("cpu")
