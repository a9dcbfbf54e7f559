"""How long modules live, and what keeps them alive."""

from __future__ import annotations

import gc
import sys
import weakref

import pytest

import rsnn
from both import names, net, probe


def dies(make):
    """Whether what `make` returns goes with its last name, and else with a collection."""
    gc.collect()
    gc.disable()
    try:
        alive = weakref.ref(make())
        at_once = alive() is None
    finally:
        gc.enable()
    gc.collect()
    return at_once, alive() is None


def test_modules_go_at_once(lib):
    assert dies(lambda: net(lib)) == (True, True)
    assert dies(lambda: lib.nn.Sequential(lib.nn.ModuleList([lib.nn.Module()]))) == (True, True)


def test_cycles_are_collected(lib):
    def through_children():
        m = lib.nn.Module()
        m.child = lib.nn.Module()
        m.child.parent = m
        return m

    def through_attributes():
        m = lib.nn.Module()
        m.plain = [m]
        return m

    def through_hooks():
        m = probe(lib)()
        m.register_forward_hook(lambda *_: m)
        return m

    def through_containers():
        m = lib.nn.Sequential()
        m.append(m)
        return m

    def through_views():
        m = lib.nn.Module()
        m.views = [m._parameters, m._modules, m._forward_hooks, m._non_persistent_buffers_set]
        return m

    def through_walks():
        m = net(lib)
        walks = [m.named_modules(), m.named_parameters(), m.children()]
        for walk in walks:
            next(walk)
        object.__setattr__(m, "walks", walks)
        return m

    for make in (through_children, through_attributes, through_hooks, through_containers, through_views):
        assert dies(make)[1], make.__name__
    if lib is rsnn:
        assert not dies(through_walks)[0]


HOOKS = [
    "register_forward_pre_hook",
    "register_forward_hook",
    "register_full_backward_pre_hook",
    "register_full_backward_hook",
    "register_backward_hook",
    "register_state_dict_pre_hook",
    "register_state_dict_post_hook",
    "_register_state_dict_hook",
    "register_load_state_dict_pre_hook",
    "_register_load_state_dict_pre_hook",
    "register_load_state_dict_post_hook",
]


@pytest.mark.filterwarnings("ignore:Using a non-full backward hook")
@pytest.mark.parametrize("register", HOOKS)
def test_cycles_through_every_hook_table_are_collected(lib, register):
    class Net(lib.nn.Linear):
        def __init__(self):
            super().__init__(2, 2)
            self.handle = getattr(self, register)(lambda *_: self and None)

    def used():
        m = Net()
        m(lib.ones(2, requires_grad=True)).sum().backward()
        m.load_state_dict(m.state_dict())
        return m

    assert dies(Net) == (False, True)
    assert dies(used)[1]


def test_cycles_through_hooks_of_parameters_are_collected(lib):
    def of_gradients():
        m = lib.nn.Linear(2, 2)
        m.handle = m.weight.register_hook(lambda grad: m and None)
        m(lib.ones(2)).sum().backward()
        return m

    def after_accumulation():
        m = lib.nn.Linear(2, 2)
        m.handle = m.weight.register_post_accumulate_grad_hook(lambda parameter: m and None)
        m(lib.ones(2)).sum().backward()
        return m

    def of_a_tensor_itself():
        x = lib.ones(2, requires_grad=True)
        x.register_hook(lambda grad: x and None)
        return x

    assert dies(of_gradients)[1] and dies(of_a_tensor_itself)[1]
    # PyTorch does not look at these.
    assert lib is not rsnn or dies(after_accumulation)[1]


def test_hooks_stay_while_their_tensor_is_in_use():
    m, seen = rsnn.nn.Linear(2, 2), []

    def watch(weight):
        weight.register_hook(lambda grad: seen.append(weight.shape))

    watch(m.weight)
    y = m(rsnn.ones(2)).sum()
    del m
    gc.collect()
    y.backward()
    assert seen == [(2, 2)]


def test_walks_leave_no_cycle_behind(lib):
    def make():
        m = net(lib)
        list(m.named_modules())
        list(m.named_parameters())
        return m

    assert dies(make) == (True, True)


def test_finalizers_may_use_the_module():
    seen = []

    class Child(rsnn.nn.Module):
        def __del__(self):
            seen.append(names(parent().named_children()) if parent() else None)

    m = rsnn.nn.Module()
    parent = weakref.ref(m)
    m.child = Child()
    m.child = None
    m.child = Child()
    del m.child
    m.child = Child()
    m.child = rsnn.nn.Module()
    m._modules["child"] = Child()
    m._modules = {}
    assert seen == [[], [], ["child"], []]


def test_deep_trees_are_freed():
    m = rsnn.nn.Sequential()
    for _ in range(100_000):
        m = rsnn.nn.Sequential(m)
    del m


def test_references_are_counted():
    child, hook, weight = rsnn.nn.Module(), lambda *_: None, rsnn.nn.Parameter(rsnn.zeros(1))
    before = [sys.getrefcount(thing) for thing in (child, hook, weight)]
    for _ in range(100):
        m = rsnn.nn.Module()
        m.child, m.weight = child, weight
        handle = m.register_forward_hook(hook)
        assert m.child is child and m.weight is weight and m._modules["child"] is child
        list(m.named_modules()), list(m.parameters()), list(m._forward_hooks.items()), m.state_dict(keep_vars=True)
        getattr(m, "nothing", None)
        handle.remove()
        m.child = None
        del m.weight
    del m, handle
    assert [sys.getrefcount(thing) for thing in (child, hook, weight)] == before
