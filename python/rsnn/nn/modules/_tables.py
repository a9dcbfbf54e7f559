"""What the tables of modules have in common with dictionaries and sets, beyond what every mapping has."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from rsnn._C import HookOptions, HookTable, NameSet, Registry


class Keys(KeysView[Any]):
    """The names of a table, live, in either order."""

    __slots__ = ()
    _mapping: Any

    def __reversed__(self) -> Iterator[Any]:
        return reversed(self._mapping)

    def __repr__(self) -> str:
        return f"{_kind(self._mapping)}_keys({list(self)!r})"


class Values(ValuesView[Any]):
    """The values of a table, live, in either order."""

    __slots__ = ()
    _mapping: Any

    def __reversed__(self) -> Iterator[Any]:
        return (self._mapping[name] for name in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"{_kind(self._mapping)}_values({list(self)!r})"


class Items(ItemsView[Any, Any]):
    """The entries of a table, live, in either order."""

    __slots__ = ()
    _mapping: Any

    def __reversed__(self) -> Iterator[tuple[Any, Any]]:
        return ((name, self._mapping[name]) for name in reversed(self._mapping))

    def __repr__(self) -> str:
        return f"{_kind(self._mapping)}_items({list(self)!r})"


def _kind(table: Any) -> str:
    return "odict" if isinstance(table, (HookTable, HookOptions)) else "dict"


class Table:
    """Methods of everything that stands for a dictionary."""

    __slots__ = ()

    def keys(self: Any) -> Any:
        """The names, live."""
        return Keys(self)

    def values(self: Any) -> Any:
        """The values, live."""
        return Values(self)

    def items(self: Any) -> Any:
        """The pairs of names and values, live."""
        return Items(self)

    def __or__(self: Any, other: Any) -> Any:
        return _merged(self, self, other) if isinstance(other, Mapping) else NotImplemented

    def __ror__(self: Any, other: Any) -> Any:
        return _merged(self, other, self) if isinstance(other, Mapping) else NotImplemented

    def __ior__(self: Any, other: Any) -> Any:
        self.update(other)
        return self


class _OfHooks:
    """Methods of the tables of hooks and of their options."""

    def popitem(self: Any, last: bool = True) -> tuple[Any, Any]:
        """Take out the last entry, or the first one. Raises ``KeyError`` if there is none."""
        names = list(self)
        if not names:
            raise KeyError("dictionary is empty")
        name = names[-1 if last else 0]
        return name, self.pop(name)


class _OfOptions:
    """Methods of the tables of options."""

    def __reversed__(self: Any) -> Iterator[Any]:
        return reversed(list(self))


def _merged(table: Any, first: Any, second: Any) -> dict[Any, Any]:
    """A dictionary, of the sort that the table stands for, of the entries of two mappings."""
    merged: dict[Any, Any] = OrderedDict() if _kind(table) == "odict" else {}
    merged.update(first)
    merged.update(second)
    return merged


class _Set:
    """Methods of sets of names."""

    def union(self: Any, *others: Any) -> set[str]:
        """A set of the names, and of those in ``others``."""
        return set(self).union(*others)

    def intersection(self: Any, *others: Any) -> set[str]:
        """A set of the names that are in all of ``others`` too."""
        return set(self).intersection(*others)

    def difference(self: Any, *others: Any) -> set[str]:
        """A set of the names that are in none of ``others``."""
        return set(self).difference(*others)

    def symmetric_difference(self: Any, other: Any) -> set[str]:
        """A set of what is either here or in ``other``."""
        return set(self).symmetric_difference(other)

    def issubset(self: Any, other: Any) -> bool:
        """Whether all names are in ``other``."""
        return set(self).issubset(other)

    def issuperset(self: Any, other: Any) -> bool:
        """Whether all of ``other`` is here."""
        return set(self).issuperset(other)

    def intersection_update(self: Any, *others: Any) -> None:
        """Keep the names that are in all of ``others``."""
        _become(self, set(self).intersection(*others))

    def difference_update(self: Any, *others: Any) -> None:
        """Take out the names that are in one of ``others``."""
        _become(self, set(self).difference(*others))

    def symmetric_difference_update(self: Any, other: Any) -> None:
        """Add what is in ``other``, take out what is in both."""
        _become(self, set(self).symmetric_difference(other))

    def __ixor__(self: Any, other: Any) -> Any:
        _become(self, set(self) ^ set(other))
        return self


def _become(names: Any, wanted: set[str]) -> None:
    for name in set(names) - wanted:
        names.discard(name)
    for name in wanted:
        names.add(name)


_METHODS: tuple[tuple[type, tuple[type, ...]], ...] = (
    (Registry, (Table,)),
    (HookTable, (Table, _OfHooks)),
    (HookOptions, (Table, _OfHooks, _OfOptions)),
    (NameSet, (_Set,)),
)


def install_tables() -> None:
    """Give the native tables their methods."""
    for table, sources in _METHODS:
        for source in sources:
            for name, method in vars(source).items():
                if callable(method):
                    setattr(table, name, method)
