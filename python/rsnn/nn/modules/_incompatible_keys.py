"""What `load_state_dict` returns."""

from __future__ import annotations

from typing import NamedTuple


class _IncompatibleKeys(NamedTuple):
    """Keys that a load left out: those that the module has and the state has not, and the other way round."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"

    def __str__(self) -> str:
        return repr(self)
