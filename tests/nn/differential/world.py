"""One library's side of a program: its objects, the names by which both sides know them, what can be seen of them."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Set
from typing import Any

from . import classes

#: The texts that hooks wrote, of the world that runs.
LOG: list[str] = []
#: The world that runs; hooks, which are copied and pickled, find it here.
NOW: list[World] = []


class Hook:
    """A callable that writes what it gets, and does something."""

    def __init__(self, number: int, does: str) -> None:
        self.number, self.does = number, does

    def __call__(self, *args: Any) -> Any:
        world = NOW[-1]
        LOG.append(f"hook {self.number} {self.does} {world.show(args)}")
        does = getattr(self, self.does)
        return does(world, args)

    def none(self, world: World, args: Any) -> None:
        return None

    def fail(self, world: World, args: Any) -> None:
        raise ValueError(f"hook {self.number}")

    def junk(self, world: World, args: Any) -> Any:
        # Not a text: an old backward hook makes PyTorch search it for a tensor for ever.
        return 5

    def last(self, world: World, args: Any) -> Any:
        return args[-1]

    def rest(self, world: World, args: Any) -> Any:
        return args[1:]

    def bigger(self, world: World, args: Any) -> Any:
        value = args[-1]
        if isinstance(value, tuple):
            return tuple(item + item if isinstance(item, world.lib.Tensor) else item for item in value)
        # Not `value * 2`: old backward hooks see, in PyTorch, a `None` for the number.
        return value + value if isinstance(value, world.lib.Tensor) else None

    def leave(self, world: World, args: Any) -> None:
        # PyTorch forgets the options of a hook at once, though it still calls it: then not as it should. It cannot bear a
        # change of the tables around states and registrations, and of no table after a failure, when there is no result.
        if args[-1] is None:
            return
        for handle in world.handles[-3:]:
            if handle.id not in world.staying:
                handle.remove()

    def join(self, world: World, args: Any) -> None:
        if isinstance(args[0], world.lib.nn.Module) and args[-1] is not None:
            world.handles.append(args[0].register_forward_hook(Hook(self.number + 100, "none")))

    def change(self, world: World, args: Any) -> None:
        """Takes a key out of the first mapping, or list, among the arguments."""
        for value in args:
            if isinstance(value, (dict, list)) and value:
                value.pop() if isinstance(value, list) else value.popitem()
                return


DOES = ("none", "none", "none", "fail", "junk", "last", "rest", "bigger", "bigger", "leave", "join", "change")


class World:
    """The objects of one library."""

    def __init__(self, lib: Any) -> None:
        self.lib = lib
        self.home = getattr(classes, lib.__name__.capitalize())
        if not hasattr(self.home, "Leaf"):
            classes.define(lib, self.home)
        self.modules: list[Any] = []
        self.tensors: list[Any] = []
        self.handles: list[Any] = []
        self.states: list[Any] = []
        self.numbers: dict[int, int] = {}
        self.kept: list[Any] = []
        #: The texts of tensors, as long as nothing is done to them.
        self.texts: dict[int, str] = {}
        #: The ids of hooks that hooks do not remove.
        self.staying: set[int] = set()
        self.hooks = 0

    def see(self, closely: bool) -> list[str]:
        """What can be seen of every module."""
        from .observe import observe

        return [line for module in self.modules for line in observe(self, module, closely)]

    def name_of(self, thing: Any) -> str:
        """A name for an object: the class, and a number in the order in which objects were seen first."""
        if id(thing) not in self.numbers:
            self.numbers[id(thing)] = len(self.numbers)
            self.kept.append(thing)
        return f"{type(thing).__name__}#{self.numbers[id(thing)]}"

    def show(self, value: Any) -> str:
        """A value as a text that is the same for both libraries."""
        lib = self.lib
        if isinstance(value, lib.Tensor):
            if id(value) not in self.texts:
                grad = "" if value.grad_fn is not None or value.grad is None else f" grad={value.grad.tolist()}"
                dtype = str(value.dtype).partition(".")[2]
                flags = f"{dtype} {value.requires_grad} {value.grad_fn is None}{grad}"
                self.texts[id(value)] = f"{self.name_of(value)}({value.tolist()} {flags})"
            return self.texts[id(value)]
        if isinstance(value, lib.nn.Module):
            return self.name_of(value)
        if isinstance(value, Hook):
            return f"{type(value).__name__}({value.number} {value.does})"
        if isinstance(value, Mapping):
            return f"{{{', '.join(f'{key}: {self.show(item)}' for key, item in value.items())}}}"
        if isinstance(value, (list, tuple)):
            return f"{type(value).__name__}[{', '.join(map(self.show, value))}]"
        if isinstance(value, Set):
            return f"{{{', '.join(sorted(map(self.show, value)))}}}"
        if value is None or isinstance(value, (bool, int, float, str)):
            return said(repr(value))
        if hasattr(value, "hook"):
            return f"wrapped({self.show(value.hook)})"
        return "callable" if callable(value) else type(value).__name__

    def run(self, operation: Callable[[World, random.Random], Any], seed: int) -> tuple[str, list[str]]:
        """What an operation gives, as a text, and what hooks said meanwhile."""
        LOG.clear()
        self.texts.clear()
        NOW.append(self)
        try:
            outcome = self.show(operation(self, random.Random(seed)))
        except Exception as error:
            outcome = f"{type(error).__name__}: {said(error)}"
        finally:
            NOW.pop()
            self.texts.clear()
        return outcome, list(LOG)


_MARKS = re.compile(r"github|torch|rsnn|Torch|Rsnn|Cure|transpose|\(in | at 0x|deepcopy|popitem")


def said(text: object) -> str:
    """A text of either library in the same terms."""
    text = str(text)
    if not _MARKS.search(text):
        return text
    text = re.sub(r"\btorch\b|\brsnn\b", "lib", text)
    text = text.replace(" Open an issue on github if you need non-string keys.", "")
    # Where a container was shortened, PyTorch's table is an `OrderedDict`.
    text = text.replace("popitem(): dictionary is empty", "dictionary is empty")
    text = re.sub(r"(\\n|\n)\t?Cure: .*|(\\t|\t)?Its transpose fits: .*", "", text)
    text = re.sub(r"differential\.classes\.(Rsnn|Torch)\.|\b(Rsnn|Torch)\.", "", text)
    text = re.sub(r" \(in [\w.]+( \([\w.]+\))?\)", "", text)
    text = re.sub(
        r"Only Tensors created explicitly by the user.*|deepcopy: expected a leaf tensor.*", "no deepcopy", text
    )
    return re.sub(r" at 0x\w+", "", text)
