"""Hooks that are called with their module: they do not keep it alive, and go through pickles with it."""

from __future__ import annotations

import gc
import pickle

import pytest

from both import raises


def with_module(module, state, prefix, *rest):
    """What a hook with its module does."""
    module.seen = prefix


def without(state, prefix, *rest):
    """What a hook without a module does."""
    state["seen"] = prefix


@pytest.fixture
def wrapped(lib):
    """Makes a hook, and the module it belongs to."""

    def make(hook, flag):
        m = lib.nn.Module()
        m._register_load_state_dict_pre_hook(hook, with_module=flag)
        return m, next(iter(m._load_state_dict_pre_hooks.values()))

    return make


def test_it_looks_like_its_hook(wrapped):
    for hook, flag in ((with_module, True), (without, False)):
        m, found = wrapped(hook, flag)
        assert found.hook is hook and found.with_module is flag and found.__name__ == hook.__name__
        assert found.__doc__ == hook.__doc__ and found.__wrapped__ is hook
        assert found.module() is m if flag else not hasattr(found, "module")


def test_it_calls_its_hook(wrapped):
    m, found = wrapped(with_module, True)
    assert found({}, "p.") is None and m.seen == "p."
    _, found = wrapped(without, False)
    state = {}
    found(state, prefix="q.")
    assert state == {"seen": "q."}


def test_a_dead_module(wrapped):
    m, found = wrapped(with_module, True)
    del m
    gc.collect()
    with raises(RuntimeError, "You are trying to call the hook of a dead Module!"):
        found({}, "")
    data = pickle.dumps(found)
    with raises(RuntimeError, "You are trying to revive the hook of a dead Module!"):
        pickle.loads(data)


def test_it_is_pickled(wrapped):
    m, found = wrapped(with_module, True)
    other, again = pickle.loads(pickle.dumps((m, found)))
    again({}, "p.")
    assert again.hook is with_module and again.with_module is True and again.module() is other
    assert other.seen == "p." and not hasattr(m, "seen")
    _, found = wrapped(without, False)
    again, state = pickle.loads(pickle.dumps(found)), {}
    again(state, "q.")
    assert state == {"seen": "q."} and again.with_module is False


def test_a_pickled_module_runs_its_hook(wrapped):
    m, _ = wrapped(with_module, True)
    other = pickle.loads(pickle.dumps(m))
    other.load_state_dict({})
    assert other.seen == "" and not hasattr(m, "seen")
