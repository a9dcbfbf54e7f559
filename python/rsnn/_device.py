"""The class of `tensor.device`. rsnn runs on the CPU; other devices can be named, but nothing lives there."""

from __future__ import annotations

from typing import Any


class device:  # noqa: N801
    """A place where tensors live: `device("cpu")`. In a `with` statement it is that of new tensors: only the CPU can be.

    Args:
        type: the kind of device, optionally with an index (`"cpu:0"`).
        index: the number of the device.
    """

    __slots__ = ("type", "index")

    type: str
    index: int | None

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            type, index = type.type, type.index  # type: ignore[assignment]
        kind, _, number = type.partition(":")
        if number:
            if index is not None:
                raise RuntimeError(f"type (string) must not include an index because index was passed: {type!r}")
            if not number.isdigit():
                raise RuntimeError(f"Invalid device string: '{type}'")
            index = int(number)
        if kind not in ("cpu", "cuda", "mps", "xpu", "meta"):
            raise RuntimeError(
                f"Expected one of cpu, cuda, mps, xpu, meta device type at start of device string: {kind}"
            )
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
