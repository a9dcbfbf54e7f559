"""Hooks around saving and loading states, in both libraries."""

from __future__ import annotations

import weakref

import pytest

from both import names, net, probe, raises, said


def print_output(*args):
    """A hook that can be pickled."""


def test_state_dict_hooks(lib):
    m = net(lib)
    seen = []
    m.body.register_state_dict_pre_hook(lambda module, prefix, keep_vars: seen.append((prefix, keep_vars)))
    m.body.register_state_dict_post_hook(lambda module, state, prefix, meta: state.update({prefix + "extra": 1}))
    m.body._register_state_dict_hook(lambda module, state, prefix, meta: seen.append((prefix, meta, len(state))))
    state = m.state_dict(keep_vars=True)
    assert seen == [("body.", True), ("body.", {"version": 1}, 6)]
    assert state["body.extra"] == 1


def test_state_dict_hooks_may_replace_or_must_not(lib):
    m = net(lib)
    m._register_state_dict_hook(lambda module, state, prefix, meta: {"other": len(state)})
    assert m.state_dict() == {"other": 9}
    m = net(lib)
    m.body._register_state_dict_hook(lambda module, state, prefix, meta: {})
    assert len(m.state_dict()) == 9
    m.register_state_dict_post_hook(lambda module, state, prefix, meta: {})
    with raises(RuntimeError, "state_dict post-hook must return None"):
        m.state_dict()


def test_a_post_hook_cannot_be_registered_as_private(lib):
    m = net(lib)

    def hook(module, state, prefix, meta):
        """Nothing."""

    m.register_state_dict_post_hook(hook)
    with pytest.raises(RuntimeError) as caught:
        m._register_state_dict_hook(hook)
    assert said(caught.value).startswith("Cannot register the same function as the state dict post hook")


def test_load_state_dict_hooks(lib):
    m, seen = net(lib), []

    def pre(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors):
        seen.append((type(module).__name__, prefix, local_metadata, strict, len(state_dict)))
        state_dict[prefix + "0.mean"] = state_dict.pop(prefix + "0.average")

    def private(state_dict, prefix, *rest):
        seen.append(prefix)

    def post(module, keys):
        seen.append((type(module).__name__, keys.missing_keys, keys.unexpected_keys))

    m.body.register_load_state_dict_pre_hook(pre)
    m.body._register_load_state_dict_pre_hook(private)
    m.register_load_state_dict_post_hook(post)
    state = m.state_dict()
    state["body.0.average"] = state.pop("body.0.mean")
    assert str(m.load_state_dict(state)) == "<All keys matched successfully>"
    assert seen == [("Sequential", "body.", {"version": 1}, True, 4), "body.", ("Net", [], [])]


def test_load_state_dict_post_hooks_change_the_keys(lib):
    m = probe(lib)()
    m.register_load_state_dict_post_hook(lambda module, keys: keys.unexpected_keys.clear())
    assert m.load_state_dict({"nonsense": lib.zeros(1)}) == ([], [])
    m.register_load_state_dict_post_hook(lambda module, keys: keys.missing_keys.append("thing"))
    with pytest.raises(RuntimeError, match='Missing key.s. in state_dict: "thing"'):
        m.load_state_dict({})
    m.register_load_state_dict_post_hook(lambda module, keys: 5)
    with pytest.raises(AssertionError, match="are not expected to return new values"):
        m.load_state_dict({})


def test_a_load_hook_does_not_keep_its_module(lib):
    m = probe(lib)()
    m.register_load_state_dict_pre_hook(print_output)
    table = dict(m._load_state_dict_pre_hooks)
    alive = weakref.ref(m)
    del m
    assert alive() is None
    (hook,) = table.values()
    with raises(RuntimeError, "You are trying to call the hook of a dead Module!"):
        hook()


def test_names_of_net(lib):
    assert names(net(lib).named_children()) == ["body", "head", "tied"]


def test_a_tensor_may_change_its_module_while_it_is_saved(lib):
    inner, seen = lib.nn.Module(), []

    class Busy(lib.nn.Parameter):
        def detach(self):
            if not hasattr(inner, "late"):
                inner.late = lib.nn.Linear(1, 1)
                inner.register_state_dict_post_hook(lambda *given: seen.append(given[2]))
            return super().detach()

    inner.busy = Busy(lib.ones(1))
    assert list(lib.nn.Sequential(inner).state_dict()) == ["0.busy", "0.late.weight", "0.late.bias"]
    assert seen == ["0."]
