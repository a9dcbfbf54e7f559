"""Forward hooks, state-dict hooks and their tables. Backward hooks: see test_backward_hooks.py; handles: test_hook_handles.py."""

from __future__ import annotations

import copy
import gc
import weakref
from collections import OrderedDict
from collections.abc import MutableMapping
from importlib import import_module

import pytest

from both import probe, raises


def hooks_of(lib):
    """The module with the hooks of all modules."""
    return import_module(f"{lib.__name__}.nn.modules.module")


def test_forward_hook_sees_and_replaces(lib):
    m = probe(lib)()
    seen = []
    handle = m.register_forward_hook(lambda module, args, output: seen.append((module, args, output)))
    assert m(1) == 2 and seen == [(m, (1,), 2)]
    m.register_forward_hook(lambda module, args, output: output * 10)
    m.register_forward_hook(lambda module, args, output: output + 1)
    assert m(1) == 21
    handle.remove()
    handle.remove()
    assert m(1) == 21 and len(seen) == 2


def test_forward_pre_hook_sees_and_replaces(lib):
    m = probe(lib)()
    seen = []
    m.register_forward_pre_hook(lambda module, args: seen.append((module, args)))
    assert m(1) == 2 and seen == [(m, (1,))]
    m.register_forward_pre_hook(lambda module, args: args[0] * 10)
    m.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    assert m(1) == 12


def test_hooks_with_kwargs(lib):
    m = probe(lib)()
    seen = []

    def pre(module, args, kwargs):
        seen.append((args, kwargs))
        return (args[0] + 1,), {"twice": True}

    def post(module, args, kwargs, output):
        seen.append((args, kwargs, output))
        return -output

    m.register_forward_pre_hook(pre, with_kwargs=True)
    m.register_forward_hook(post, with_kwargs=True)
    assert m(1) == -4
    assert seen == [((1,), {}), ((2,), {"twice": True}, 4)]
    m.register_forward_hook(lambda module, args, output: seen.append(args))
    m(1, twice=False)
    assert seen[-1] == (2,)


@pytest.mark.parametrize("result", [5, (1,), (1, {}, 2)])
def test_a_pre_hook_with_kwargs_returns_a_pair(lib, result):
    m = probe(lib)()
    m.register_forward_pre_hook(lambda module, args, kwargs: result, with_kwargs=True)
    with raises(
        RuntimeError, f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {result}."
    ):
        m(1)


def test_prepend(lib):
    m = probe(lib)()
    seen = []
    for name, prepend in (("a", False), ("b", True), ("c", False), ("d", True)):
        m.register_forward_hook(lambda *_, name=name: seen.append(name), prepend=prepend)
        m.register_forward_pre_hook(lambda *_, name=name: seen.append(name.upper()), prepend=prepend)
    m(1)
    assert "".join(seen) == "DBACdbac"


def test_always_call(lib):
    class Bad(lib.nn.Module):
        def forward(self, x):
            raise ValueError("bad")

    m = Bad()
    seen = []
    m.register_forward_hook(lambda module, args, output: seen.append(("always", args, output)), always_call=True)
    m.register_forward_hook(lambda module, args, output: seen.append("sometimes"))
    m.register_forward_hook(
        lambda module, args, kwargs, output: seen.append(("kwargs", kwargs, output)), always_call=True, with_kwargs=True
    )
    with raises(ValueError, "bad"):
        m(1)
    assert seen == [("always", (1,), None), ("kwargs", {}, None)]


def test_always_call_runs_once_if_a_hook_fails(lib):
    m = probe(lib)()
    seen = []

    def bad(module, args, output):
        raise ValueError("bad hook")

    m.register_forward_hook(lambda *_: seen.append("first"), always_call=True)
    m.register_forward_hook(bad)
    m.register_forward_hook(lambda *_: seen.append("last"), always_call=True)
    with raises(ValueError, "bad hook"):
        m(1)
    assert seen == ["first", "last"]


def test_a_failing_hook_after_a_failure_warns(lib):
    class Bad(lib.nn.Module):
        def forward(self, x):
            raise ValueError("bad")

    def hook(module, args, output):
        raise KeyError("worse")

    m = Bad()
    m.register_forward_hook(hook, always_call=True)
    text = "module forward hook with ``always_call=True`` raised an exception that was silenced as another error"
    with pytest.warns(UserWarning, match="^" + text), raises(ValueError, "bad"):
        m(1)


def test_a_failing_hook_fails_the_call(lib):
    m = probe(lib)()

    def bad(*_):
        raise LookupError("bad")

    with m.register_forward_hook(bad), raises(LookupError, "bad"):
        m(1)
    with m.register_forward_pre_hook(bad), raises(LookupError, "bad"):
        m(1)
    assert m(1) == 2


def test_a_hook_may_remove_itself_and_others(lib):
    m = probe(lib)()
    seen = []
    handles = []

    def once(module, args, output):
        seen.append("once")
        for handle in handles:
            handle.remove()

    handles.append(m.register_forward_hook(once))
    handles.append(m.register_forward_hook(lambda *_: seen.append("other")))
    m.register_forward_hook(lambda *_: seen.append("stays"))
    m(1)
    m(1)
    assert seen == ["once", "other", "stays", "stays"]


def test_a_hook_may_add_others(lib):
    m = probe(lib)()
    seen = []
    m.register_forward_hook(lambda module, *_: module.register_forward_hook(lambda *_: seen.append(1)) and None)
    m(1)
    assert seen == [] and len(m._forward_hooks) == 2


def test_nested_calls(lib):
    m = lib.nn.Sequential(probe(lib)(), lib.nn.Sequential(probe(lib)(2)))
    seen = []
    for name, module in m.named_modules():
        module.register_forward_hook(lambda module, args, output, name=name: seen.append((name, args, output)))
    assert m(1) == 4
    assert seen == [("0", (1,), 2), ("1.0", (2,), 4), ("1", (2,), 4), ("", (1,), 4)]


TABLES = [
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
]


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_live_mappings(lib, name):
    m = probe(lib)()
    table = getattr(m, name)
    assert isinstance(table, MutableMapping) and len(table) == 0 and not table
    next_id = m.register_forward_hook(print).id + 1000
    del m._forward_hooks[next_id - 1000]
    table[next_id + 2] = print
    table[next_id] = repr
    assert list(getattr(m, name).items()) == [(next_id + 2, print), (next_id, repr)]
    table.move_to_end(next_id, last=False)
    assert list(table) == [next_id, next_id + 2] and list(reversed(table)) == [next_id + 2, next_id]
    assert table.pop(next_id) is repr and table.get(next_id) is None and next_id not in table
    with pytest.raises(KeyError):
        _ = table[next_id]
    with pytest.raises(KeyError):
        del table[next_id]
    assert table == {next_id + 2: print} and table.copy() == table
    setattr(m, name, OrderedDict({next_id + 5: len}))
    assert list(getattr(m, name).values()) == [len]
    getattr(m, name).clear()
    assert not getattr(m, name)


def test_option_tables(lib):
    m = probe(lib)()
    plain = m.register_forward_hook(lambda *_: None)
    both = m.register_forward_hook(lambda *_: None, with_kwargs=True, always_call=True)
    pre = m.register_forward_pre_hook(lambda *_: None, with_kwargs=True)
    assert dict(m._forward_hooks_with_kwargs) == {both.id: True} == dict(m._forward_hooks_always_called)
    assert dict(m._forward_pre_hooks_with_kwargs) == {pre.id: True}
    seen = []
    m._forward_hooks[plain.id] = lambda module, args, kwargs, output: seen.append(kwargs)
    m._forward_hooks_with_kwargs[plain.id] = True
    m(1, twice=True)
    assert seen == [{"twice": True}]
    del m._forward_hooks_with_kwargs[plain.id]
    with pytest.raises(TypeError):
        m(1)
    both.remove()
    assert not m._forward_hooks_with_kwargs and not m._forward_hooks_always_called


def test_global_hooks(lib):
    seen = []
    m = lib.nn.Sequential(probe(lib)())
    m[0].register_forward_hook(lambda module, args, output: seen.append("own"))
    m[0].register_forward_pre_hook(lambda module, args: seen.append("own pre"))
    register = hooks_of(lib)
    with (
        register.register_module_forward_hook(lambda module, args, output: seen.append(type(module).__name__)),
        register.register_module_forward_pre_hook(lambda module, args: seen.append("pre " + type(module).__name__)),
    ):
        assert m(1) == 2
    assert seen == ["pre Sequential", "pre Add", "own pre", "Add", "own", "Sequential"]
    del seen[:]
    m(1)
    assert seen == ["own pre", "own"]


def test_global_hooks_with_options(lib):
    class Bad(lib.nn.Module):
        def forward(self, x, flag=False):
            raise ValueError("bad")

    seen = []
    register = hooks_of(lib).register_module_forward_hook
    with register(lambda *given: seen.append(given[1:]), always_call=True), raises(ValueError, "bad"):
        Bad()(1)
    assert seen == [((1,), None)]
    with register(lambda *given: seen.append(given[1:]), with_kwargs=True):
        probe(lib)()(1, twice=True)
    assert seen[1:] == [((1,), {"twice": True}, 3)]


def test_global_hooks_replace(lib):
    with hooks_of(lib).register_module_forward_hook(lambda module, args, output: output * 2):
        assert lib.nn.Sequential(probe(lib)(), probe(lib)())(1) == 20


def test_hooks_are_copied_and_pickled(lib):
    m = probe(lib)()
    m.register_forward_hook(print_output, with_kwargs=True, always_call=True)
    m.register_forward_pre_hook(print_output)
    for other in (copy.copy(m), copy.deepcopy(m)):
        assert list(other._forward_hooks.values()) == [print_output]
        assert list(other._forward_hooks_with_kwargs) == list(m._forward_hooks)
        assert list(other._forward_hooks_always_called) == list(m._forward_hooks)
        assert list(other._forward_pre_hooks.values()) == [print_output]


def print_output(*args):
    """A hook that can be pickled."""


def test_cycles_through_hooks_are_collected(lib):
    m = probe(lib)()
    m.register_forward_hook(lambda module, args, output, held=m: None)
    m.register_forward_pre_hook(m.forward)
    alive = weakref.ref(m)
    del m
    gc.collect()
    assert alive() is None
