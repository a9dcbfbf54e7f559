"""Every kind of hook in every situation: alone and in company, with options, removed under way, failing, in nested
modules, and of all modules. What is expected is written down; it is checked with rsnn and, where there is one, PyTorch."""

from __future__ import annotations

import copy
import pickle

import pytest

import rsnn
from both import raises, said
from nn.hook_kinds import GIVEN, KINDS, OF_ALL, OWN, Kind, changes_break, net_class, noting, registering, trigger

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-full backward hook")

#: Kinds whose hooks may be put before others, be given keyword arguments, be called after failures.
PREPENDED = [Kind(name) for name in ("forward_pre", "forward", "full_backward_pre", "full_backward")]
WITH_KWARGS = [Kind("forward_pre"), Kind("forward"), Kind("forward", True)]
ALWAYS = [Kind("forward"), Kind("forward", True)]


@pytest.fixture
def net(lib):
    """The class of the modules that are hooked."""
    return net_class(lib)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.usefixtures("shared")
class TestEach:
    def test_normal(self, lib, net, kind):
        module, seen = net(), []
        register = registering(lib, kind, module)
        first = register(lambda *given: seen.append(tuple(type(one).__name__ for one in given)))
        second = register(noting(seen, "second"))
        assert second.id > first.id
        trigger(lib, kind, module)
        assert seen == [GIVEN[kind.name], "second"]
        first.remove()
        first.remove()
        trigger(lib, kind, module)
        assert seen[2:] == ["second"]
        with second:
            pass
        trigger(lib, kind, module)
        assert len(seen) == 3

    def test_with_kwargs(self, lib, net, kind):
        module, seen = net(), []
        register = registering(lib, kind, module)
        if kind not in WITH_KWARGS:
            with pytest.raises(TypeError, match="unexpected keyword argument 'with_kwargs'"):
                register(noting(seen, "a"), with_kwargs=True)
            return
        register(lambda *given: seen.append(given[2]), with_kwargs=True)
        register(lambda *given: seen.append(len(given)))
        trigger(lib, kind, module, fail=False)
        assert seen == [{"fail": False}, len(GIVEN[kind.name])]

    def test_prepend(self, lib, net, kind):
        module, seen = net(), []
        register = registering(lib, kind, module)
        if kind not in PREPENDED:
            with pytest.raises(TypeError, match="unexpected keyword argument 'prepend'"):
                register(noting(seen, "a"), prepend=True)
            return
        for label, prepend in (("a", False), ("b", True), ("c", False), ("d", True)):
            register(noting(seen, label), prepend=prepend)
        trigger(lib, kind, module)
        assert "".join(seen) == "dbac"

    def test_always_call(self, lib, net, kind):
        module, seen = net(), []
        register = registering(lib, kind, module)
        if kind not in ALWAYS:
            with pytest.raises(TypeError, match="unexpected keyword argument 'always_call'"):
                register(noting(seen, "a"), always_call=True)
            return
        register(lambda *given: seen.append(given[1:]), always_call=True)
        register(noting(seen, "only after a success"))
        if not kind.of_all:
            # With one of all modules it is a difference: see `test_module_differences.py`.
            register(lambda *given: seen.append(given[2:]), always_call=True, with_kwargs=True)
        with raises(ArithmeticError, "forward"):
            module(1, fail=True)
        assert seen == [((1,), None), ({"fail": True}, None)][: 1 if kind.of_all else 2]

    def test_removal_during_the_run(self, lib, net, kind):
        module, seen, handles = net(), [], []
        register = registering(lib, kind, module)

        def remove(*given):
            seen.append("remove")
            for handle in handles:
                handle.remove()

        handles.append(register(remove))
        handles.append(register(noting(seen, "removed")))
        register(noting(seen, "stays"))
        if changes_break(lib, kind):
            with pytest.raises(RuntimeError, match="mutated during iteration"):
                trigger(lib, kind, module)
        else:
            trigger(lib, kind, module)
            assert seen == ["remove", "removed", "stays"]
        del seen[:]
        trigger(lib, kind, module)
        assert seen == ["stays"]

    def test_exception_inside(self, lib, net, kind):
        module, seen = net(), []
        register = registering(lib, kind, module)

        def bad(*given):
            raise LookupError("bad")

        register(noting(seen, "before"))
        handle = register(bad)
        register(noting(seen, "after"))
        with raises(LookupError, "bad"):
            trigger(lib, kind, module)
        assert seen == ["before"]
        handle.remove()
        trigger(lib, kind, module)
        assert seen == ["before", "before", "after"]


#: The order in which the hooks of a module and of the one inside of it run.
NESTED = {
    "forward_pre": ["outer", "inner"],
    "forward": ["inner", "outer"],
    "full_backward_pre": ["outer", "inner"],
    "full_backward": ["inner", "outer"],
    "backward": ["outer", "inner"],
    "state_dict_pre": ["outer", "inner"],
    "state_dict_post": ["inner", "outer"],
    "state_dict": ["inner", "outer"],
    "load_pre": ["outer", "inner"],
    "load_pre_private": ["outer", "inner"],
    "load_pre_with_module": ["outer", "inner"],
    "load_post": ["inner", "outer"],
}


@pytest.mark.parametrize("kind", OWN, ids=str)
def test_nested_modules(lib, net, kind):
    inner = net()
    outer, seen = net(inner), []
    registering(lib, kind, outer)(noting(seen, "outer"))
    registering(lib, kind, inner)(noting(seen, "inner"))
    trigger(lib, kind, outer)
    assert seen == NESTED[kind.name]


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("kind", [kind for kind in OF_ALL if kind.name in NESTED], ids=str)
def test_hooks_of_all_modules_come_first(lib, net, kind):
    inner = net()
    outer, seen = net(inner), []
    registering(lib, Kind(kind.name), inner)(noting(seen, "own"))
    register = registering(lib, kind, outer)
    with register(lambda module, *given: seen.append("outer" if module is outer else "inner")):
        trigger(lib, kind, outer)
    order = NESTED[kind.name]
    at = order.index("inner") + 1
    assert seen == [*order[:at], "own", *order[at:]]
    del seen[:]
    trigger(lib, kind, outer)
    assert seen == ["own"]


@pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
@pytest.mark.usefixtures("shared")
def test_a_registration_hook_may_replace(lib, net, kind):
    other = {"parameter": lib.nn.Parameter(lib.zeros(2)), "buffer": lib.zeros(2), "module": lib.nn.ReLU()}[kind]
    module, seen = net(), []
    register = registering(lib, Kind(kind, True), module)
    register(lambda module, name, value: other)
    register(lambda module, name, value: seen.append(value is other))
    trigger(lib, Kind(kind, True), module)
    assert getattr(module, {"parameter": "weight", "buffer": "mean", "module": "child"}[kind]) is other
    assert seen == [True]


def test_an_error_in_a_hook_after_an_error_is_a_warning(lib, net):
    module, seen = net(), []

    def bad(*given):
        raise LookupError("worse")

    module.register_forward_hook(bad, always_call=True)
    module.register_forward_hook(noting(seen, "next"), always_call=True)
    with pytest.warns(UserWarning) as caught, raises(ArithmeticError, "forward"):
        module(1, fail=True)
    assert seen == ["next"] and "worse" in said(caught[0].message)


def test_an_error_in_a_hook_of_all_modules_after_an_error_says_so(lib, net, shared):
    shared.register_module_forward_hook(lambda *given: 1 / 0, always_call=True)
    with pytest.warns(UserWarning, match="^global module forward hook with"), raises(ArithmeticError, "forward"):
        net()(1, fail=True)


def test_a_backward_hook_that_comes_during_a_call_is_for_the_next_one(lib, net):
    module, seen = net(), []
    register = module.register_forward_pre_hook
    handle = register(lambda *given: module.register_full_backward_hook(lambda *given: seen.append("ran")) and None)
    trigger(lib, Kind("full_backward"), module)
    assert seen == []
    handle.remove()
    trigger(lib, Kind("full_backward"), module)
    assert seen == ["ran"]


def test_what_ends_the_program_runs_no_hooks(lib, net):
    module, seen = net(), []

    def stop(x):
        raise KeyboardInterrupt

    module.forward = stop
    module.register_forward_hook(noting(seen, "always"), always_call=True)
    with pytest.raises(KeyboardInterrupt):
        module(1)
    assert seen == []


def noted(*given):
    """A hook that can be pickled."""


def test_a_deep_copy_has_hooks_of_its_own(lib):
    class Count:
        def __init__(self):
            self.calls = 0

        def __call__(self, *given):
            self.calls += 1

    m, hook = lib.nn.Identity(), Count()
    m.register_forward_hook(hook)
    other = copy.deepcopy(m)
    other(1)
    other(1)
    assert hook.calls == 0 and next(iter(other._forward_hooks.values())).calls == 2


def test_hooks_are_pickled_with_their_options():
    m = rsnn.nn.Linear(2, 2)
    handle = m.register_forward_hook(noted, with_kwargs=True, always_call=True)
    m.register_state_dict_post_hook(noted)
    m.register_full_backward_hook(noted)
    again, other = pickle.loads(pickle.dumps((m, handle)))
    assert list(again._forward_hooks.items()) == list(m._forward_hooks.items())
    assert list(again._forward_hooks_with_kwargs) == list(again._forward_hooks_always_called) == [handle.id]
    assert list(again._state_dict_hooks.values()) == [noted] and again._is_full_backward_hook is True
    other.remove()
    assert not again._forward_hooks and m._forward_hooks
