"""Everything that can be seen of a module, as a list of texts."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from .world import World, said

TABLES = ("_parameters", "_buffers", "_modules")
HOOKS = (
    "_forward_pre_hooks",
    "_forward_hooks",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_state_dict_pre_hooks",
    "_state_dict_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
)
OPTIONS = (
    ("_forward_pre_hooks", "_forward_pre_hooks_with_kwargs"),
    ("_forward_hooks", "_forward_hooks_with_kwargs"),
    ("_forward_hooks", "_forward_hooks_always_called"),
)


@functools.cache
def _of_class(kind: type) -> frozenset[str]:
    """What `dir` shows of every instance."""
    return frozenset([*dir(kind), "training"])


def observe(world: World, module: Any, closely: bool) -> Iterator[str]:
    """Look at a module: at its tables, or closely, from all sides."""

    def look(what: str, thing: Callable[[], Any]) -> str:
        try:
            return f"{what} = {world.show(thing())}"
        except Exception as error:
            return f"{what} raises {type(error).__name__}: {said(error)}"

    yield look("repr", lambda: repr(module))
    yield look("training", lambda: module.training)
    for table in TABLES:
        yield look(table, lambda table=table: dict(getattr(module, table).items()))
    yield look("transient", lambda: set(module._non_persistent_buffers_set))
    for table in HOOKS:
        yield look(table, lambda table=table: list(getattr(module, table).values()))
    for table, option in OPTIONS:
        yield look(option, lambda t=table, o=option: [i in getattr(module, o) for i in getattr(module, t)])
    yield look("full", lambda: module._is_full_backward_hook)
    if not closely:
        return
    yield look("__dict__", lambda: {k: v for k, v in vars(module).items() if k in TABLES or k[:1] != "_"})
    yield look("dir", lambda: [name for name in dir(module) if name[0] != "_" and name not in _of_class(type(module))])
    for unique in (True, False):
        yield look("modules", lambda u=unique: list(module.named_modules(prefix="p", remove_duplicate=u)))
        for recurse in (True, False):
            options = {"prefix": "q", "recurse": recurse, "remove_duplicate": unique}
            yield look("parameters", lambda o=options: list(module.named_parameters(**o)))
            yield look("buffers", lambda o=options: list(module.named_buffers(**o)))
    yield look("children", lambda: list(module.named_children()))
    yield look("len", lambda: len(module))
    yield look("iter", lambda: list(module))
    yield look("state", lambda: [(key, value) for key, value in module.state_dict(keep_vars=True).items()])
    yield look("metadata", lambda: dict(module.state_dict()._metadata))
