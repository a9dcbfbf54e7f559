"""The kinds of hooks of modules: how each is registered, what makes it run, what it is given."""

from __future__ import annotations

import functools
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple


class Kind(NamedTuple):
    """A kind of hooks, of one module or of all of them."""

    name: str
    of_all: bool = False

    def __str__(self) -> str:
        return f"{self.name} of all" if self.of_all else self.name


_OWN = {
    "forward_pre": "register_forward_pre_hook",
    "forward": "register_forward_hook",
    "full_backward_pre": "register_full_backward_pre_hook",
    "full_backward": "register_full_backward_hook",
    "backward": "register_backward_hook",
    "state_dict_pre": "register_state_dict_pre_hook",
    "state_dict_post": "register_state_dict_post_hook",
    "state_dict": "_register_state_dict_hook",
    "load_pre": "register_load_state_dict_pre_hook",
    "load_pre_private": "_register_load_state_dict_pre_hook",
    "load_pre_with_module": "_register_load_state_dict_pre_hook",
    "load_post": "register_load_state_dict_post_hook",
}
_OF_ALL = {
    **{name: f"register_module_{name}_hook" for name in _OWN if name.endswith(("forward", "backward", "ward_pre"))},
    **{name: f"register_module_{name}_registration_hook" for name in ("parameter", "buffer", "module")},
}
#: Those of one module, of all modules, and both.
OWN = [Kind(name) for name in _OWN]
OF_ALL = [Kind(name, True) for name in _OF_ALL]
KINDS = OWN + OF_ALL

#: What a hook is given, by class: `Net` stands for the module.
_LOADED = ("OrderedDict", "str", "dict", "bool", "list", "list", "list")
GIVEN = {
    "forward_pre": ("Net", "tuple"),
    "forward": ("Net", "tuple", "Tensor"),
    "full_backward_pre": ("Net", "tuple"),
    "full_backward": ("Net", "tuple", "tuple"),
    "backward": ("Net", "tuple", "tuple"),
    "state_dict_pre": ("Net", "str", "bool"),
    "state_dict_post": ("Net", "OrderedDict", "str", "dict"),
    "state_dict": ("Net", "OrderedDict", "str", "dict"),
    "load_pre": ("Net", *_LOADED),
    "load_pre_private": _LOADED,
    "load_pre_with_module": ("Net", *_LOADED),
    "load_post": ("Net", "_IncompatibleKeys"),
    "parameter": ("Net", "str", "Parameter"),
    "buffer": ("Net", "str", "Tensor"),
    "module": ("Net", "str", "Identity"),
}


def hooks_of_all(lib: Any) -> Any:
    """The module with the hooks of all modules."""
    return import_module(f"{lib.__name__}.nn.modules.module")


def registering(lib: Any, kind: Kind, module: Any) -> Callable[..., Any]:
    """What registers a hook of a kind."""
    if kind.of_all:
        return getattr(hooks_of_all(lib), _OF_ALL[kind.name])
    register = getattr(module, _OWN[kind.name])
    return functools.partial(register, with_module=True) if kind.name == "load_pre_with_module" else register


def trigger(lib: Any, kind: Kind, module: Any, **kwargs: Any) -> None:
    """Does what makes hooks of a kind run."""
    if kind.name.startswith("state_dict"):
        module.state_dict()
    elif kind.name.startswith("load"):
        module.load_state_dict(module.state_dict())
    elif kind.name == "parameter":
        module.weight = lib.nn.Parameter(lib.ones(2))
    elif kind.name == "buffer":
        module.register_buffer("mean", lib.ones(2))
    elif kind.name == "module":
        module.child = lib.nn.Identity()
    else:
        with lib.enable_grad():
            # Not a leaf: the last step of the module then has another one on each side, as old hooks want it.
            x = lib.ones(2, requires_grad=True) * 1
            module(x, **kwargs).sum().backward()


def net_class(lib: Any) -> type:
    """A class of modules that multiply by a parameter what `inner`, if it has one, makes of the input."""

    class Net(lib.nn.Module):
        def __init__(self, inner: Any = None) -> None:
            super().__init__()
            self.weight = lib.nn.Parameter(lib.ones(2))
            self.inner = inner

        def forward(self, x: Any, *, fail: bool = False) -> Any:
            if fail:
                raise ArithmeticError("forward")
            return self.weight * (x if self.inner is None else self.inner(x))

    return Net


def noting(seen: list[Any], label: Any) -> Callable[..., None]:
    """A hook that notes that it ran."""
    return lambda *given: seen.append(label)


def changes_break(lib: Any, kind: Kind) -> bool:
    """Whether a library goes through the hooks of a kind as their table changes, which ends in an error."""
    return lib.__name__ == "torch" and (
        kind.name.startswith(("state", "load")) or kind.name in ("parameter", "buffer", "module")
    )
