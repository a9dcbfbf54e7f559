"""Types of arguments that may be one number for all axes or one for each."""

from __future__ import annotations

from typing import TypeAlias

#: One number, or a tuple of any length.
_size_any_t: TypeAlias = int | tuple[int, ...]
#: One number, or one for each of one, two or three axes.
_size_1_t: TypeAlias = int | tuple[int]
_size_2_t: TypeAlias = int | tuple[int, int]
_size_3_t: TypeAlias = int | tuple[int, int, int]
#: Two, four or six numbers, two for each axis, or one for all.
_size_2_pad_t: TypeAlias = int | tuple[int, int]
_size_4_t: TypeAlias = int | tuple[int, int, int, int]
_size_6_t: TypeAlias = int | tuple[int, int, int, int, int, int]
#: Output sizes, of which some may be left as they are.
_size_any_opt_t: TypeAlias = int | None | tuple[int | None, ...]
#: Scale factors.
_ratio_any_t: TypeAlias = float | tuple[float, ...]
