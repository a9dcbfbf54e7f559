"""How long modules live, and what threads may do to one."""

from __future__ import annotations

import gc
import sys
import threading
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


@pytest.mark.parametrize("count", [16])
def test_threads(count):
    add = probe(rsnn)
    m = rsnn.nn.Sequential(*[rsnn.nn.Sequential(add(), add()) for _ in range(10)])
    m.register_buffer("b", rsnn.zeros(1))
    errors = []
    start = threading.Barrier(count)

    def work(number):
        try:
            start.wait()
            for turn in range(200):
                assert m(1) >= 21
                handle = m[number % 10].register_forward_hook(lambda *_: None)
                setattr(m, f"own_{number}", rsnn.nn.Parameter(rsnn.zeros(1)) if turn % 2 else None)
                assert m.b is m._buffers["b"]
                m[number % 10].train(bool(turn % 2))
                len(m.state_dict()), repr(m[0])
                handle.remove()
                for walk in (m.named_parameters, m.named_modules):
                    try:
                        list(walk())
                    except RuntimeError as error:
                        assert "changed size" in str(error)
        except BaseException as error:
            errors.append(error)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(switch)
    assert not errors, errors[0]
    assert not any(child._forward_hooks for child in m)
