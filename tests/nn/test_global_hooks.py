"""The tables of hooks that all modules share, under PyTorch's names, in both libraries."""

from __future__ import annotations

import copy
import pickle
from collections.abc import MutableMapping
from importlib import import_module

import pytest

import rsnn
from both import probe

TABLES = {
    "_global_forward_hooks": "register_module_forward_hook",
    "_global_forward_pre_hooks": "register_module_forward_pre_hook",
    "_global_backward_hooks": "register_module_full_backward_hook",
    "_global_backward_pre_hooks": "register_module_full_backward_pre_hook",
    "_global_parameter_registration_hooks": "register_module_parameter_registration_hook",
    "_global_buffer_registration_hooks": "register_module_buffer_registration_hook",
    "_global_module_registration_hooks": "register_module_module_registration_hook",
}


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_live_mappings(shared, name):
    table = getattr(shared, name)
    assert isinstance(table, MutableMapping) and not table
    first, second = getattr(shared, TABLES[name])(print), getattr(shared, TABLES[name])(repr)
    assert list(table.items()) == [(first.id, print), (second.id, repr)] and first.id in table
    table.move_to_end(first.id)
    assert list(table) == [second.id, first.id]
    first.remove()
    assert table.pop(second.id) is repr and len(table) == 0
    with pytest.raises(KeyError):
        del table[second.id]


def test_options_of_forward_hooks(lib, shared):
    class Bad(lib.nn.Module):
        def forward(self, x, flag=False):
            raise ValueError("bad")

    seen = []
    handle = shared.register_module_forward_hook(lambda *given: seen.append(given[1:]), with_kwargs=True)
    assert dict(shared._global_forward_hooks_with_kwargs) == {handle.id: True}
    assert not shared._global_forward_hooks_always_called
    shared._global_forward_hooks_always_called[handle.id] = True
    del shared._global_forward_hooks_with_kwargs[handle.id]
    with pytest.raises(ValueError, match="bad"):
        Bad()(1)
    assert seen == [((1,), None)]
    handle.remove()
    assert not shared._global_forward_hooks and not shared._global_forward_hooks_always_called


def test_a_hook_written_into_a_table_runs(lib, shared):
    shared._global_forward_hooks[1 << 40] = lambda module, args, output: output * 10
    shared._global_forward_pre_hooks[1 << 40] = lambda module, args: (args[0] + 1,)
    assert shared._has_any_global_hook() and probe(lib)()(1) == 30
    shared._global_forward_hooks.clear()
    assert shared._has_any_global_hook() and probe(lib)()(1) == 3
    shared._global_forward_pre_hooks.clear()
    assert not shared._has_any_global_hook() and probe(lib)()(1) == 2
    renamed = lib.nn.Parameter(lib.ones(1))
    shared._global_parameter_registration_hooks[0] = lambda module, name, value: renamed
    m = lib.nn.Module()
    m.weight = lib.nn.Parameter(lib.zeros(1))
    assert m.weight is renamed


def test_handles_made_for_a_table(lib, shared):
    handle = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle(
        shared._global_forward_hooks, extra_dict=shared._global_forward_hooks_always_called
    )
    shared._global_forward_hooks[handle.id] = lambda *_: 7
    shared._global_forward_hooks_always_called[handle.id] = True
    with handle:
        assert probe(lib)()(1) == 7
    assert not shared._global_forward_hooks and not shared._global_forward_hooks_always_called


def print_output(*args):
    """A hook that can be pickled."""


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda handle: pickle.loads(pickle.dumps(handle))])
def test_copies_of_handles(lib, shared, name, again):
    """A plain copy removes the hook; a deep one, or one from a pickle, is of a table of its own, which is gone."""
    handle = getattr(shared, TABLES[name])(print_output)
    other = again(handle)
    assert other.id == handle.id and type(other) is type(handle)
    other.remove()
    assert (handle.id in getattr(shared, name)) is (again is not copy.copy)
    handle.remove()
    assert not getattr(shared, name)
    later = getattr(shared, TABLES[name])(print_output)
    assert later.id > other.id


def test_a_copy_takes_the_options_along(lib, shared):
    handle = shared.register_module_forward_hook(print_output, always_call=True)
    copy.copy(handle).remove()
    assert not shared._global_forward_hooks and not shared._global_forward_hooks_always_called


def test_the_sort_of_the_backward_hooks(lib, shared):
    assert shared._global_is_full_backward_hook is None
    shared.register_module_full_backward_hook(print).remove()
    assert shared._global_is_full_backward_hook is True
    with pytest.raises(RuntimeError, match="as a global Module hook"):
        shared.register_module_backward_hook(print)
    shared._global_is_full_backward_hook = None
    seen = []
    with shared.register_module_backward_hook(lambda *_: seen.append(1)):
        assert shared._global_is_full_backward_hook is False and len(shared._global_backward_hooks) == 1
        relu = lib.nn.ReLU()
        relu(lib.ones(1, requires_grad=True) * 1).sum().backward()
        assert seen == [1]


def test_the_names_are_there_without_an_import():
    assert rsnn.nn.modules.module._global_forward_hooks == {} and rsnn.utils.hooks.RemovableHandle


@pytest.mark.parametrize(
    ("register", "found"),
    [
        ("register_module_forward_hook", True),
        ("register_module_forward_pre_hook", True),
        ("register_module_full_backward_hook", True),
        ("register_module_full_backward_pre_hook", True),
        ("register_module_backward_hook", True),
        ("register_module_buffer_registration_hook", False),
    ],
)
def test_whether_there_is_any(shared, register, found):
    assert not shared._has_any_global_hook()
    with getattr(shared, register)(lambda *_: None):
        assert bool(shared._has_any_global_hook()) is found
    assert not shared._has_any_global_hook()
