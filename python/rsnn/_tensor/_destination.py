"""The arguments of `to`, of tensors and of modules: a device, a dtype or a tensor, in any of the forms that `to` takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from .. import _C
from .._device import device as Device
from .._device import is_number
from .._expected import type_name
from .._formats import memory_format as MemoryFormat

#: Python's own types that stand for dtypes.
_DTYPES = {float: _C.float64, int: _C.int64, bool: _C.bool}


class Destination(NamedTuple):
    """What a tensor is to become; `None` where it stays as it is. `copy` is `None` where nothing was said."""

    device: Any = None
    dtype: Any = None
    non_blocking: bool = False
    copy: bool | None = None
    memory_format: Any = None


def _is_device(value: Any) -> bool:
    return isinstance(value, (str, Device)) or is_number(value)


def _is_dtype(value: Any) -> bool:
    return isinstance(value, _C.dtype) or (isinstance(value, type) and value in _DTYPES)


_FLAGS: dict[str, Callable[[Any], bool]] = {
    "non_blocking": lambda value: isinstance(value, bool),
    "copy": lambda value: isinstance(value, bool),
    "memory_format": lambda value: value is None or isinstance(value, MemoryFormat),
}
#: The arguments of each form in their order, with what they may be. The last is given by name only.
_FORMS: tuple[dict[str, Callable[[Any], bool]], ...] = (
    {
        "device": lambda value: value is None or _is_device(value),
        "dtype": lambda value: value is None or _is_dtype(value),
        **_FLAGS,
    },
    {"dtype": _is_dtype, **_FLAGS},
    {"tensor": lambda value: isinstance(value, _C.Tensor), **_FLAGS},
)
_FORMS_TEXT = """
 * (rsnn.device device = None, rsnn.dtype dtype = None, bool non_blocking = False, bool copy = False, *, rsnn.memory_format memory_format = None)
 * (rsnn.dtype dtype, bool non_blocking = False, bool copy = False, *, rsnn.memory_format memory_format = None)
 * (Tensor tensor, bool non_blocking = False, bool copy = False, *, rsnn.memory_format memory_format = None)
"""


def _bind(form: dict[str, Callable[[Any], bool]], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """The arguments by their names in a form; `None` if they do not suit it."""
    names = [*form][:-1]
    given = dict(zip(names, args))
    if len(args) > len(names) or not given.keys().isdisjoint(kwargs):
        return None
    given.update(kwargs)
    return given if all(name in form and form[name](value) for name, value in given.items()) else None


def destination(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Destination:
    """What the arguments of `to` ask for.

    Raises:
        TypeError: arguments that suit none of the forms.
        RuntimeError: a text that names no device.
    """
    given = next((found for form in _FORMS if (found := _bind(form, args, kwargs)) is not None), None)
    if given is None:
        kinds = ", ".join([*map(_kind, args), *(f"{name}={_kind(value)}" for name, value in kwargs.items())])
        kinds += ", " if kwargs and not args else ""
        raise TypeError(
            f"to() received an invalid combination of arguments - got ({kinds}), but expected one of:{_FORMS_TEXT}"
        )
    tensor = given.pop("tensor", None)
    if tensor is not None:
        given["dtype"] = tensor.dtype
    if isinstance(given.get("dtype"), type):
        given["dtype"] = _DTYPES[given["dtype"]]
    return Destination(**given)


def _kind(value: Any) -> str:
    name = type_name(value)
    return f"rsnn.{name}" if isinstance(value, (_C.dtype, Device, MemoryFormat)) else name


def check_device(function: str, device: Any) -> None:
    """Refuses every device but the CPU."""
    if device is not None and (device if isinstance(device, Device) else Device(device)).type != "cpu":
        raise NotImplementedError(f"{function}: expected device 'cpu', got {device!r}")
