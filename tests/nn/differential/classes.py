"""The module classes of the programs, once for each library. They are importable, so that they can be pickled."""

from __future__ import annotations

from typing import Any

KINDS = ("Leaf", "Sub", "Own", "Old", "Extra", "Walks", "Setter")


def define(lib: Any, home: type) -> None:
    """Define the classes for a library as attributes of the class ``home``."""
    nn = lib.nn

    class Leaf(nn.Module):
        """Parameters and buffers of all sorts."""

        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(lib.ones(2))
            self.register_parameter("bias", None)
            self.register_buffer("mean", lib.zeros(2))
            self.register_buffer("cache", lib.zeros(2), persistent=False)
            self.size = 2

        def forward(self, x: Any, *, twice: bool = False) -> Any:
            y = x * self.weight.to(x.dtype)
            return y + y if twice else y

        def extra_repr(self) -> str:
            return f"size={self.size}" if hasattr(self, "size") else ""

    class Sub(nn.Module):
        """Children under attributes, run in order."""

        def __init__(self) -> None:
            super().__init__()
            self.a = Leaf()
            self.b = nn.Identity()

        def forward(self, x: Any) -> Any:
            for child in self.children():
                x = child(x)
            return x

    class Own(Leaf):
        """A state for pickles as users write it."""

        def __getstate__(self) -> Any:
            return self.__dict__.copy()

        def __setstate__(self, state: Any) -> None:
            self.__dict__.update(state)

    class Old(Leaf):
        """Reads what an older version saved."""

        _version = 3

        def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
            if local_metadata.get("version", 0) < 2 and prefix + "scale" in state_dict:
                state_dict[prefix + "weight"] = state_dict.pop(prefix + "scale")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

        def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
            super()._save_to_state_dict(destination, prefix, keep_vars)
            destination[prefix + "number"] = lib.ones(1)

        def train(self, mode: bool = True) -> Any:
            self.trained = mode
            return super().train(mode)

    class Extra(Leaf):
        """Saves something beside tensors."""

        def get_extra_state(self) -> Any:
            return {"size": getattr(self, "size", None)}

        def set_extra_state(self, state: Any) -> None:
            self.size = state.get("size")

    class Walks(Sub):
        """Overrides walks and `apply`."""

        def named_children(self) -> Any:
            return ((name.upper(), child) for name, child in super().named_children())

        def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True) -> Any:
            for name, parameter in super().named_parameters(prefix, recurse, remove_duplicate):
                if not name.endswith("bias"):
                    yield name, parameter

        def _apply(self, fn: Any, recurse: bool = True) -> Any:
            self.applied = getattr(self, "applied", 0) + 1
            return super()._apply(fn, recurse)

    class Setter(Leaf):
        """Overrides registration, and attributes."""

        def register_parameter(self, name: Any, param: Any) -> None:
            object.__setattr__(self, "last", name)
            super().register_parameter(name, param)

        def register_buffer(self, name: Any, tensor: Any) -> None:
            super().register_buffer(name, tensor)

        def __setattr__(self, name: Any, value: Any) -> None:
            super().__setattr__(name, value)

        def __getattr__(self, name: Any) -> Any:
            return 7 if name == "seven" else super().__getattr__(name)

        def __init__(self) -> None:
            nn.Module.__init__(self)
            self.weight = nn.Parameter(lib.ones(2))
            self.register_buffer("mean", lib.zeros(2))

    for kind in (Leaf, Sub, Own, Old, Extra, Walks, Setter):
        kind.__module__, kind.__qualname__ = home.__module__, f"{home.__name__}.{kind.__name__}"
        setattr(home, kind.__name__, kind)


class Rsnn:
    """The classes of rsnn."""


class Torch:
    """The classes of PyTorch."""
