"""Handles of hooks: what they remove, copies, pickles, numbers."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections import OrderedDict
from importlib import import_module

import pytest

import rsnn
from both import probe, raises


def print_output(*args):
    """A hook that can be pickled."""


def test_handle_is_a_context_manager(lib):
    m = probe(lib)()
    with m.register_forward_hook(lambda *_: 100) as handle:
        assert m(1) == 100
        assert handle.id in m._forward_hooks
    assert m(1) == 2
    with pytest.raises(ZeroDivisionError), m.register_forward_hook(lambda *_: 100):
        raise ZeroDivisionError
    assert not m._forward_hooks


def test_ids_rise(lib):
    a, b = probe(lib)(), probe(lib)()
    handles = [
        a.register_forward_hook(print),
        b.register_forward_pre_hook(print),
        a.register_state_dict_pre_hook(print),
        import_module(f"{lib.__name__}.nn.modules.module").register_module_forward_hook(print),
    ]
    ids = [handle.id for handle in handles]
    assert ids == sorted(set(ids))
    for handle in handles:
        handle.remove()


def test_a_handle_outlives_its_module(lib):
    m = probe(lib)()
    handle = m.register_forward_hook(print)
    alive = weakref.ref(m)
    del m
    gc.collect()
    assert alive() is None
    handle.remove()


def test_handles_for_other_tables(lib):
    handle_class = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle
    hooks, extra = OrderedDict(), OrderedDict()
    handle = handle_class(hooks, extra_dict=extra)
    hooks[handle.id], extra[handle.id] = print, True
    handle.remove()
    assert not hooks and not extra
    extras = [OrderedDict(), OrderedDict()]
    handle = handle_class(hooks, extra_dict=extras)
    for table in (hooks, *extras):
        table[handle.id] = True
    handle.remove()
    assert not hooks and not any(extras)
    m = probe(lib)()
    table = m._forward_hooks
    handle = handle_class(table)
    m._forward_hooks[handle.id] = lambda *_: 7
    assert m(1) == 7
    handle.remove()
    assert m(1) == 2


def test_a_handle_wants_a_table(lib):
    handle_class = import_module(f"{lib.__name__}.utils.hooks").RemovableHandle
    text = "RemovableHandle.__init__() missing 1 required positional argument: 'hooks_dict'"
    with raises(TypeError, text):
        handle_class()
    for wrong in (None, {}, 3):
        with raises(TypeError, f"cannot create weak reference to '{type(wrong).__name__}' object"):
            handle_class(wrong)


def test_a_handle_is_copied_with_its_module(lib):
    class Holder(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.handle = self.register_forward_hook(print_output)

        def forward(self, x):
            return x

    m = Holder()
    other = copy.deepcopy(m)
    other.handle.remove()
    assert len(m._forward_hooks) == 1 and len(other._forward_hooks) == 0
    m.handle.remove()
    assert not m._forward_hooks


def test_a_handle_can_be_pickled(lib):
    m = probe(lib)()
    handle = m.register_forward_hook(print_output)
    again = copy.deepcopy(handle)
    assert again.id == handle.id
    again.remove()
    assert len(m._forward_hooks) == 1
    assert probe(lib)().register_forward_hook(print_output).id > handle.id


def test_a_handle_of_a_dead_module_can_be_pickled():
    handle = probe(rsnn)().register_forward_hook(print_output)
    gc.collect()
    again = pickle.loads(pickle.dumps(handle))
    assert again.id == handle.id
    again.remove()


def test_new_ids_rise_past_those_of_pickles():
    handle = rsnn.utils.hooks.RemovableHandle(OrderedDict())
    handle.__setstate__((None, None, handle.id + 100, {}))
    assert rsnn.utils.hooks.RemovableHandle(OrderedDict()).id > handle.id
