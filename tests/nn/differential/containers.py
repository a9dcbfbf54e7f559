"""The operations of the programs on containers, with right and wrong arguments."""

from __future__ import annotations

from collections import OrderedDict
from random import Random
from typing import Any

from .operations import a_child, a_key, a_tensor, operation
from .world import World


@operation(8)
def contain(world: World, draw: Random) -> Any:
    """A method of a container, with right and wrong arguments."""
    nn = world.lib.nn
    holders = [module for root in world.modules for module in root.modules() if hasattr(module, "__len__")]
    if not holders:
        world.modules.append(nn.Sequential())
        return None
    holder = draw.choice(holders)
    if not isinstance(holder, (nn.ModuleDict, nn.ParameterDict)):
        return _of_list(world, holder, draw)
    before = list(getattr(holder, "_keys", ()))
    try:
        return _of_dict(world, holder, draw)
    except Exception:
        # PyTorch's ParameterDict keeps the key of a value that it has refused.
        for key in [key for key in getattr(holder, "_keys", ()) if key not in before][-1:]:
            del holder._keys[key]
        raise


def _is_numbered(holder: Any) -> bool:
    """Whether the children have the names that a list would give them. Some methods of PyTorch's containers know
    them only by those names: they fail half-way for others."""
    return all(name == str(number) for number, name in enumerate(holder._modules))


def _item(world: World, holder: Any, draw: Random) -> Any:
    if draw.random() < 0.1:
        return draw.choice([None, 5, "text"])
    return a_tensor(world, draw) if "Parameter" in type(holder).__name__ else a_child(world, holder, draw)


def _of_list(world: World, holder: Any, draw: Random) -> Any:
    index: Any = draw.choice([0, 1, 2, -1, -2, 5, -6])
    if draw.random() < 0.25:
        index = slice(draw.choice([None, 0, 1]), draw.choice([None, 1, 2, -1]), draw.choice([None, 1, 2, -1]))
    item = _item(world, holder, draw)
    kind = draw.randrange(14)
    if kind == 0:
        holder[index] = item
    elif kind == 1:
        del holder[index]
    elif kind == 2:
        return holder[index]
    elif kind == 3:
        return holder.append(item)
    elif kind == 4:
        return holder.extend(draw.choice([[item], item, [], [item, item]]))
    elif kind == 5:
        # An index out of range makes PyTorch's ModuleList lose modules before it fails.
        checked = isinstance(holder, world.lib.nn.Sequential)
        if _is_numbered(holder) and isinstance(index, int) and (checked or 0 <= index <= len(holder)):
            return holder.insert(index, item)
    elif kind == 6:
        return holder.pop(index)
    elif kind == 7:
        return repr(holder + holder), repr(holder + world.lib.nn.Sequential(world.home.Leaf()))
    elif kind == 8:
        holder += draw.choice([[item], item])
    elif kind == 9:
        return repr(holder * draw.choice([2, 1, 0, -1, 1.5, "x"]))
    elif kind == 10:
        if _is_numbered(holder):
            holder *= 2
    elif kind == 11:
        return item in holder, list(reversed(list(holder)))
    elif kind == 12:
        return type(holder)(OrderedDict(a=world.home.Leaf(), b=draw.choice([item, world.home.Leaf()])))
    else:
        return repr(2 * holder)
    return None


def _of_dict(world: World, holder: Any, draw: Random) -> Any:
    key, item = a_key(holder, draw), _item(world, holder, draw)
    kind = draw.randrange(15)
    if kind == 0:
        holder[key] = item
    elif kind == 1:
        del holder[key]
    elif kind == 2:
        return holder[key]
    elif kind == 3:
        return holder.pop(key)
    elif kind == 4:
        return list(holder.keys()), list(holder.items()), list(holder.values()), key in holder
    elif kind == 5:
        pairs = [("a", item), ("b", item)]
        return holder.update(draw.choice([pairs, dict(pairs), OrderedDict(pairs), holder, 3, [3], [("a",)], item]))
    elif kind == 6:
        return holder.get(key), holder.get(key, 5)
    elif kind == 7:
        return holder.setdefault(key, item)
    elif kind == 8:
        return holder.popitem()
    elif kind == 9:
        return repr(holder.copy()), holder.copy() is holder
    elif kind == 10:
        return repr(holder | type(holder)({"w": item}))
    elif kind == 11:
        holder |= type(holder)({"w": item})
    elif kind == 12:
        return repr(holder.fromkeys(["a", "b"], item))
    elif kind == 13:
        return list(reversed(list(holder)))
    elif draw.random() < 0.2:
        holder.clear()
    return None
