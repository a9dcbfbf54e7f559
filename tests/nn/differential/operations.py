"""The operations of the programs. Each draws what it needs from a generator that is the same on both sides."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from random import Random
from typing import Any

from . import classes
from .world import DOES, Hook, World

Operation = Callable[[World, Random], Any]
OPERATIONS: list[Operation] = []
GOOD = ("a", "b", "w", "weight", "bias", "mean", "cache", "0", "1", "size")
BAD = ("a.b", "", 3, None, "forward")


def operation(times: int = 1) -> Callable[[Operation], Operation]:
    """Put a function among the operations, to be drawn as often as said."""

    def put(function: Operation) -> Operation:
        OPERATIONS.extend([function] * times)
        return function

    return put


def a_module(world: World, draw: Random) -> Any:
    """One of the modules, or of their descendants."""
    module = draw.choice(world.modules)
    if draw.random() < 0.4:
        module = draw.choice(list(module.modules()))
    return module


def a_name(draw: Random) -> Any:
    return draw.choice(GOOD) if draw.random() < 0.93 else draw.choice(BAD)


def a_key(module: Any, draw: Random) -> Any:
    """Usually the name of something that a module has."""
    names = [*module._parameters, *module._buffers, *module._modules]
    return draw.choice(names) if names and draw.random() < 0.8 else a_name(draw)


def a_tensor(world: World, draw: Random) -> Any:
    if world.tensors and draw.random() < 0.3:
        return draw.choice(world.tensors)
    lib, shape = world.lib, draw.choice([(2,), (2,), (2,), (3,), (), (1,), (2, 3), (0,)])
    tensor = lib.full(shape, float(draw.randrange(9)))
    kind = draw.randrange(8)
    if kind < 4:
        tensor = lib.nn.Parameter(tensor, requires_grad=draw.random() < 0.8)
    elif kind == 4:
        tensor = tensor.to(draw.choice([lib.float64, lib.int64, lib.float16]))
    elif kind == 5:
        tensor = lib.nn.Buffer(tensor, persistent=draw.random() < 0.5)
    elif kind == 6 and draw.random() < 0.3:
        tensor = tensor.requires_grad_() * 2
    world.tensors.append(tensor)
    return tensor


def fresh(world: World, draw: Random) -> Any:
    """A new module, alone or a small tree."""
    nn, kind = world.lib.nn, draw.randrange(12)
    if kind < 7:
        return getattr(world.home, classes.KINDS[kind])()
    if kind == 7:
        return nn.Identity()
    leaves = [world.home.Leaf(), nn.Identity(), world.home.Sub()]
    if kind == 8:
        return nn.Sequential(*leaves[: draw.randrange(4)])
    if kind == 9:
        return nn.ModuleList(leaves[: draw.randrange(4)])
    if kind == 10:
        return nn.ModuleDict(dict(zip("abw", leaves[: draw.randrange(4)], strict=False)))
    if draw.random() < 0.5:
        return nn.ParameterList([a_tensor(world, draw) for _ in range(draw.randrange(3))])
    return nn.ParameterDict({name: a_tensor(world, draw) for name in "ab"[: draw.randrange(3)]})


def a_child(world: World, owner: Any, draw: Random) -> Any:
    """A module that may stand in another one without making a cycle."""
    if draw.random() < 0.5:
        child = a_module(world, draw)
        if all(module is not owner for module in child.modules()):
            return child
    return fresh(world, draw)


def a_value(world: World, owner: Any, draw: Random) -> Any:
    kind = draw.randrange(10)
    if kind < 4:
        return a_tensor(world, draw)
    if kind < 7:
        return a_child(world, owner, draw)
    return draw.choice([None, None, 5, "text", int, [1, 2]])


def a_hook(world: World, draw: Random) -> Hook:
    world.hooks += 1
    return Hook(world.hooks, draw.choice(DOES))


@operation(2)
def make(world: World, draw: Random) -> Any:
    module = fresh(world, draw)
    if len(world.modules) < 5:
        world.modules.append(module)
    else:
        world.modules[draw.randrange(5)] = module
    return module


@operation(10)
def assign(world: World, draw: Random) -> Any:
    owner = a_module(world, draw)
    name = a_key(owner, draw) if draw.random() < 0.5 else a_name(draw)
    setattr(owner, name, a_value(world, owner, draw))
    return getattr(owner, name)


@operation(4)
def delete(world: World, draw: Random) -> Any:
    owner = a_module(world, draw)
    delattr(owner, a_key(owner, draw))


@operation(3)
def read(world: World, draw: Random) -> Any:
    owner = a_module(world, draw)
    return getattr(owner, draw.choice([*map(str, GOOD), "seven", "nothing"]))


@operation(6)
def register(world: World, draw: Random) -> Any:
    owner, name = a_module(world, draw), a_name(draw)
    value = a_value(world, owner, draw)
    kind = draw.randrange(5)
    if kind == 0:
        return owner.register_parameter(name, value)
    if kind == 1:
        return owner.register_buffer(name, value)
    if kind == 2:
        return owner.register_buffer(name, value, persistent=draw.random() < 0.5)
    return owner.add_module(name, value) if kind == 3 else owner.register_module(name, value)


@operation(3)
def by_table(world: World, draw: Random) -> Any:
    """Read and write the tables themselves."""
    owner = a_module(world, draw)
    table = getattr(owner, draw.choice(["_parameters", "_buffers", "_modules"]))
    name = a_key(owner, draw)
    kind = draw.randrange(9)
    if kind == 0:
        return table.pop(name, None)
    if kind == 1:
        del table[name]
    elif kind == 2:
        backward = list(reversed(table.items())), list(reversed(table.keys())), list(reversed(table.values()))
        union = list((table | {"z": 1}).items()), list({"z": 1} | table)
        return list(table.items()), list(table), list(table.values()), len(table), name in table, backward, union
    elif kind == 3:
        return table.get(name), table.setdefault(str(name), table.get(str(name)))
    elif kind == 4:
        return table.popitem()
    elif kind == 5:
        table.update(dict(list(table.items())[:1]))
    elif kind == 6 and isinstance(name, str):
        table[name] = {"_modules": a_child(world, owner, draw)}.get("x", table.get(name))
    elif kind == 7:
        return table == dict(table), table[name]
    elif draw.random() < 0.1:
        table.clear()
    return None


@operation()
def by_hook_table(world: World, draw: Random) -> Any:
    """Read the tables of hooks, and take hooks out of those that have no options."""
    owner = a_module(world, draw)
    plain = ["_backward_hooks", "_state_dict_pre_hooks", "_state_dict_hooks", "_load_state_dict_post_hooks"]
    table = getattr(owner, draw.choice([*plain, "_forward_hooks", "_forward_pre_hooks"]))
    if draw.random() < 0.5:
        return len(table), list(table.values()), list(reversed(table.values())), [hook for _, hook in table.items()]
    return getattr(owner, draw.choice(plain)).popitem(last=draw.random() < 0.5)[1]


@operation(3)
def by_path(world: World, draw: Random) -> Any:
    root = a_module(world, draw)
    paths = ["", "a", "a.b", "0.weight", "nothing.x", *(name for name, _ in root.named_modules())]
    path = draw.choice(paths)
    kind = draw.randrange(5)
    if kind == 0:
        return root.get_submodule(path)
    if kind == 1:
        return root.get_parameter(f"{path}.weight" if path else draw.choice(GOOD))
    if kind == 2:
        return root.get_buffer(f"{path}.mean" if path else draw.choice(GOOD))
    target = f"{path}.{draw.choice(GOOD)}" if draw.random() < 0.3 else path
    value = world.home.Leaf() if draw.random() < 0.9 else 5
    return root.set_submodule(target, value, draw.random() < 0.3)


@operation(8)
def hook(world: World, draw: Random) -> Any:
    owner, hook = a_module(world, draw), a_hook(world, draw)
    kind, flags = draw.randrange(11), [draw.random() < 0.3 for _ in range(3)]
    if kind < 3:
        handle = owner.register_forward_pre_hook(hook, prepend=flags[0], with_kwargs=flags[1])
    elif kind < 6:
        options = {"prepend": flags[0], "with_kwargs": flags[1], "always_call": flags[2]}
        handle = owner.register_forward_hook(hook, **options)
    elif kind == 6:
        handle = owner.register_full_backward_hook(hook, prepend=flags[0])
    elif kind == 7:
        handle = owner.register_full_backward_pre_hook(hook, prepend=flags[0])
    elif kind == 8:
        handle = owner.register_backward_hook(hook)
    else:
        kinds = ["register_state_dict_pre_hook", "register_state_dict_post_hook", "_register_state_dict_hook"]
        kinds += ["register_load_state_dict_pre_hook", "register_load_state_dict_post_hook"]
        kinds += ["_register_load_state_dict_pre_hook"]
        handle = getattr(owner, draw.choice(kinds))(hook)
    world.handles.append(handle)
    if kind > 8 or (kind < 6 and any(flags)):
        world.staying.add(handle.id)


@operation()
def global_hook(world: World, draw: Random) -> Any:
    lib, hook = world.lib.nn.modules.module, a_hook(world, draw)
    kind = draw.randrange(8)
    if kind < 2:
        handle = lib.register_module_forward_hook(hook, always_call=kind == 0)
        world.staying.add(handle.id)
    else:
        names = ["forward_pre", "full_backward_pre", "full_backward", "parameter_registration"]
        names += ["buffer_registration", "module_registration"]
        handle = getattr(lib, f"register_module_{names[kind - 2]}_hook")(hook)
        if kind > 4:
            world.staying.add(handle.id)
    world.handles.append(handle)


@operation(3)
def unhook(world: World, draw: Random) -> Any:
    if world.handles:
        handle = draw.choice(world.handles)
        with handle:
            pass


@operation(7)
def call(world: World, draw: Random) -> Any:
    root = a_module(world, draw)
    x = world.lib.full((2,), 3.0, requires_grad=draw.random() < 0.7)
    kwargs = {"twice": True} if draw.random() < 0.2 and isinstance(root, world.home.Leaf) else {}
    y = root(x, **kwargs)
    if isinstance(y, world.lib.Tensor) and y.requires_grad and y.numel() == 2:
        y.sum().backward()
    return y, x.grad


@operation(3)
def save(world: World, draw: Random) -> Any:
    root, kind = a_module(world, draw), draw.randrange(4)
    if kind == 0:
        state = root.state_dict(prefix="x.", keep_vars=True)
    elif kind == 1:
        state = root.state_dict(destination={"old": 1})
    else:
        state = root.state_dict()
    world.states.append(copy.deepcopy(state))
    return list(state.items()), getattr(state, "_metadata", None)


@operation(6)
def load(world: World, draw: Random) -> Any:
    root = a_module(world, draw)
    if world.states and draw.random() < 0.3:
        # A copy: PyTorch's `assign=True` leaves a mark in the state that was loaded.
        state = copy.deepcopy(draw.choice(world.states))
    else:
        state = copy.deepcopy(root.state_dict())
    for _ in range(draw.choice([0, 0, 0, 1, 1, 2])):
        keys, kind = list(state), draw.randrange(8)
        key = draw.choice(keys) if keys else "nothing"
        if kind == 0:
            state.pop(key, None)
        elif kind == 1:
            state[draw.choice(["x", "a.x", "a.0.weight", "weight.x", "module." + key])] = a_tensor(world, draw)
        elif kind == 2:
            state[key] = a_tensor(world, draw)
        elif kind == 3:
            state[key] = "text"
        elif kind == 4:
            state = {f"module.{name}": value for name, value in state.items()}
        elif kind == 5:
            state[key + "_extra_state"] = {"size": 3}
        elif kind == 6 and isinstance(state.get(key), world.lib.Tensor):
            state[key] = state[key].reshape(-1, 1) + 1
        elif isinstance(state.get(key), world.lib.Tensor):
            state[key] = state[key] + 1
    result = root.load_state_dict(state, strict=draw.random() < 0.7, assign=draw.random() < 0.3)
    return list(result), str(result)


@operation(3)
def duplicate(world: World, draw: Random) -> Any:
    root = a_module(world, draw)
    again = copy.deepcopy(root) if draw.random() < 0.5 else pickle.loads(pickle.dumps(root))
    world.modules[draw.randrange(len(world.modules))] = again
    return again


@operation(3)
def modes(world: World, draw: Random) -> Any:
    root, kind = a_module(world, draw), draw.randrange(8)
    if kind < 3:
        return root.train(draw.choice([True, False, False, 1]))
    if kind == 3:
        return root.eval()
    if kind == 4:
        return root.requires_grad_(draw.random() < 0.5)
    if kind == 5:
        return root.zero_grad(draw.random() < 0.5)
    seen: list[str] = []
    root.apply(lambda module: seen.append(world.show(module)))
    return seen


@operation(2)
def convert(world: World, draw: Random) -> Any:
    root, lib = a_module(world, draw), world.lib
    kind = draw.randrange(8)
    if kind < 5:
        return getattr(root, ("double", "float", "half", "bfloat16", "cpu")[kind])()
    arguments = [(lib.float64,), ("cpu", lib.float32), (lib.zeros(1, dtype=lib.float64),), (lib.int64,), ()]
    if kind == 5:
        return root.type(lib.float32)
    return root.to(*draw.choice(arguments))
