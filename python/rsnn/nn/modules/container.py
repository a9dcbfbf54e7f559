"""Modules that hold modules or parameters. `Sequential`, `ModuleList` and `ModuleDict` are native."""

from __future__ import annotations

import operator
import types
import warnings
from collections import OrderedDict
from collections.abc import Iterable, Iterator, KeysView, Mapping
from typing import Any

from rsnn._C import ModuleDict as ModuleDict
from rsnn._C import ModuleList as ModuleList
from rsnn._C import Parameter, Tensor
from rsnn._C import Sequential as Sequential

from .module import Module

__all__ = ["Container", "ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


for _container in (Sequential, ModuleList, ModuleDict):
    # `ModuleList[Linear]` says to type checkers what a list holds; at run time it is the list.
    _container.__class_getitem__ = classmethod(types.GenericAlias)  # type: ignore[union-attr]


class Container(Module):
    """Modules by name. Deprecated: subclass `Module`, which does all that it did.

    Args:
        **kwargs: the modules, in their order.

    Example:
        >>> import warnings, rsnn.nn as nn
        >>> with warnings.catch_warnings():
        ...     warnings.simplefilter("ignore")
        ...     nn.Container(act=nn.ReLU())
        Container(
          (act): ReLU()
        )
    """

    __deprecated__ = "`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead."

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Container:
            warnings.warn(cls.__deprecated__, FutureWarning, stacklevel=2)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, **kwargs: Module | None) -> None:
        super().__init__()
        for name, module in kwargs.items():
            self.add_module(name, module)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        warnings.warn(cls.__deprecated__, FutureWarning, stacklevel=2)


def _as_parameter(value: Any) -> Any:
    if isinstance(value, Tensor) and not isinstance(value, Parameter):
        return Parameter(value)
    return value


def _describe(key: Any, value: Any, kind: Any) -> str:
    """A line of the text form: what stands under a key."""
    if not isinstance(value, Tensor):
        return f"  ({key}): Object of type: {type(value).__name__}"
    what = "Parameter" if isinstance(value, Parameter) else "Tensor"
    return f"  ({key}): {what} containing: [{kind} of size {'x'.join(map(str, value.size()))}]"


class ParameterList(Module):
    """Parameters in a list.

    Args:
        values: an iterable. Tensors become parameters; other values stay what they are and are not registered.

    Example:
        >>> import rsnn, rsnn.nn as nn
        >>> weights = nn.ParameterList([rsnn.zeros(2), rsnn.ones(3)])
        >>> len(weights), [name for name, _ in weights.named_parameters()]
        (2, ['0', '1'])
    """

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._size = 0
        if values is not None:
            self += values

    def _get_abs_string_index(self, idx: Any) -> str:
        """The name of the value at an index, which may count from the end."""
        position = operator.index(idx)
        if not -len(self) <= position < len(self):
            raise IndexError(f"index {position} is out of range")
        return str(position + len(self) if position < 0 else position)

    def __getitem__(self, idx: Any) -> Any:
        if isinstance(idx, slice):
            return type(self)([self[position] for position in range(*idx.indices(len(self)))])
        return getattr(self, self._get_abs_string_index(idx))

    def __setitem__(self, idx: Any, param: Any) -> None:
        setattr(self, self._get_abs_string_index(idx), _as_parameter(param))

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[Any]:
        return (self[position] for position in range(len(self)))

    def __iadd__(self, parameters: Iterable[Any]) -> ParameterList:
        return self.extend(parameters)

    def append(self, value: Any) -> ParameterList:
        """Add a value at the end. Returns the list."""
        self._size += 1
        self[len(self) - 1] = value
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Add the values of an iterable at the end. Returns the list.

        Raises ``TypeError`` for anything but an iterable, and for a tensor.
        """
        if not isinstance(values, Iterable) or isinstance(values, Tensor):
            raise TypeError(f"ParameterList.extend should be called with an iterable, but got {type(values).__name__}")
        for value in values:
            self.append(value)
        return self

    def extra_repr(self) -> str:
        return "\n".join(_describe(i, v, getattr(v, "dtype", None)) for i, v in enumerate(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ParameterList should not be called.")


class ParameterDict(Module):
    """Parameters by name, in the order of insertion.

    Args:
        parameters: a mapping, or an iterable of pairs. Tensors become parameters; other values stay what they are and
            are not registered. A mapping that is neither an ``OrderedDict`` nor a ``ParameterDict`` is sorted by name.

    Example:
        >>> import rsnn, rsnn.nn as nn
        >>> weights = nn.ParameterDict({"left": rsnn.zeros(2), "right": rsnn.ones(3)})
        >>> list(weights.keys()), "left" in weights
        (['left', 'right'], True)
    """

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self._keys: dict[str, None] = {}
        if parameters is not None:
            self.update(parameters)

    def _name(self, key: Any) -> str:
        if not isinstance(key, str):
            kind = type(key).__name__
            raise TypeError(
                f"Index given to ParameterDict cannot be used as a key as it is not a string (type is '{kind}')."
            )
        return key

    def __getitem__(self, key: str) -> Any:
        return getattr(self, self._name(key))

    def __setitem__(self, key: str, value: Any) -> None:
        name = self._name(key)
        setattr(self, name, _as_parameter(value))
        self._keys[name] = None

    def __delitem__(self, key: str) -> None:
        del self._keys[key]
        delattr(self, self._name(key))

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __reversed__(self) -> Iterator[str]:
        return reversed(self._keys)

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def copy(self) -> ParameterDict:
        """A new dictionary of the same parameters."""
        return ParameterDict(OrderedDict(self.items()))

    def setdefault(self, key: str, default: Any = None) -> Any:
        """The value of a key, which is set to ``default`` if it is new."""
        if key not in self:
            self[key] = default
        return self[key]

    def clear(self) -> None:
        """Remove all values."""
        for key in list(self._keys):
            del self[key]

    def pop(self, key: str) -> Any:
        """Take out the value of a key. Raises ``KeyError``, or ``AttributeError``, for an unknown one."""
        value = self[key]
        del self[key]
        return value

    def popitem(self) -> tuple[str, Any]:
        """Take out the last pair. Raises ``KeyError`` if there is none."""
        key = next(reversed(self._keys), None)
        if key is None:
            raise KeyError("popitem(): dictionary is empty")
        return key, self.pop(key)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key, or ``default``."""
        return self[key] if key in self else default

    def fromkeys(self, keys: Iterable[str], default: Any = None) -> ParameterDict:
        """A new dictionary with one value for all keys."""
        return ParameterDict((key, default) for key in keys)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._keys.keys()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The pairs of names and values."""
        return ((key, self[key]) for key in self._keys)

    def values(self) -> Iterable[Any]:
        """The values."""
        return (self[key] for key in self._keys)

    def update(self, parameters: Any) -> None:
        """Add the values of a mapping, or of an iterable of pairs.

        Raises ``TypeError`` for anything else, ``ValueError`` for an item that is no pair.
        """
        if not isinstance(parameters, Iterable):
            kind = type(parameters).__name__
            raise TypeError(
                f"ParametersDict.update should be called with an iterable of key/value pairs, but got {kind}"
            )
        if isinstance(parameters, (OrderedDict, ParameterDict)):
            pairs: Iterable[Any] = parameters.items()
        elif isinstance(parameters, Mapping):
            pairs = sorted(parameters.items())
        else:
            pairs = (_pair(number, item) for number, item in enumerate(parameters))
        for key, value in pairs:
            self[key] = value

    def extra_repr(self) -> str:
        return "\n".join(_describe(key, v, v.type() if isinstance(v, Tensor) else "") for key, v in self.items())

    def __call__(self, input: Any) -> Any:
        raise RuntimeError("ParameterDict should not be called.")

    def __or__(self, other: ParameterDict) -> ParameterDict:
        both = self.copy()
        both.update(other)
        return both

    def __ror__(self, other: ParameterDict) -> ParameterDict:
        both = other.copy()
        both.update(self)
        return both

    def __ior__(self, other: ParameterDict) -> ParameterDict:
        self.update(other)
        return self


def _pair(number: int, item: Any) -> tuple[str, Any]:
    what = f"ParameterDict update sequence element #{number}"
    if not isinstance(item, Iterable):
        raise TypeError(f"{what} should be Iterable; is{type(item).__name__}")
    if len(item) != 2:  # type: ignore[arg-type]
        raise ValueError(f"{what} has length {len(item)}; 2 is required")  # type: ignore[arg-type]
    return item[0], item[1]  # type: ignore[index]
