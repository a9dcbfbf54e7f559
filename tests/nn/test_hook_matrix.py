"""Every kind of hook in every situation: alone and in company, with options, removed under way, failing, in nested
modules, and of all modules. What is expected is written down; it is checked with rsnn and, where there is one, PyTorch."""

from __future__ import annotations

import copy
import pickle
from importlib import import_module

import pytest

import rsnn
from both import raises, said

pytestmark = pytest.mark.filterwarnings("ignore:Using a non-full backward hook")

#: Kinds of hooks: how they are registered with a module, and with all modules.
KINDS = {
    "forward_pre": ("register_forward_pre_hook", "register_module_forward_pre_hook"),
    "forward": ("register_forward_hook", "register_module_forward_hook"),
    "full_backward_pre": ("register_full_backward_pre_hook", "register_module_full_backward_pre_hook"),
    "full_backward": ("register_full_backward_hook", "register_module_full_backward_hook"),
    "backward": ("register_backward_hook", "register_module_backward_hook"),
    "state_dict_pre": ("register_state_dict_pre_hook", None),
    "state_dict_post": ("register_state_dict_post_hook", None),
    "state_dict": ("_register_state_dict_hook", None),
    "load_pre": ("register_load_state_dict_pre_hook", None),
    "load_pre_private": ("_register_load_state_dict_pre_hook", None),
    "load_post": ("register_load_state_dict_post_hook", None),
    "parameter": (None, "register_module_parameter_registration_hook"),
    "buffer": (None, "register_module_buffer_registration_hook"),
    "module": (None, "register_module_module_registration_hook"),
}
OF_MODULES = [kind for kind, (own, _) in KINDS.items() if own]
OF_ALL = [kind for kind, (_, shared) in KINDS.items() if shared]

#: What a hook is given, by class: `Net` stands for the module.
GIVEN = {
    "forward_pre": ("Net", "tuple"),
    "forward": ("Net", "tuple", "Tensor"),
    "full_backward_pre": ("Net", "tuple"),
    "full_backward": ("Net", "tuple", "tuple"),
    "backward": ("Net", "tuple", "tuple"),
    "state_dict_pre": ("Net", "str", "bool"),
    "state_dict_post": ("Net", "OrderedDict", "str", "dict"),
    "state_dict": ("Net", "OrderedDict", "str", "dict"),
    "load_pre": ("Net", "OrderedDict", "str", "dict", "bool", "list", "list", "list"),
    "load_pre_private": ("OrderedDict", "str", "dict", "bool", "list", "list", "list"),
    "load_post": ("Net", "_IncompatibleKeys"),
    "parameter": ("Net", "str", "Parameter"),
    "buffer": ("Net", "str", "Tensor"),
    "module": ("Net", "str", "Identity"),
}
PREPENDED = ("forward_pre", "forward", "full_backward_pre", "full_backward")
WITH_KWARGS = ("forward_pre", "forward")


@pytest.fixture
def net(lib):
    """A class of modules that multiply by a parameter what `inner`, if it has one, makes of the input."""

    class Net(lib.nn.Module):
        def __init__(self, inner=None):
            super().__init__()
            self.weight = lib.nn.Parameter(lib.ones(2))
            self.inner = inner

        def forward(self, x, *, fail=False):
            if fail:
                raise ArithmeticError("forward")
            return self.weight * (x if self.inner is None else self.inner(x))

    return Net


@pytest.fixture
def shared(lib):
    """What registers hooks with all modules; they are gone afterwards."""
    module = import_module(f"{lib.__name__}.nn.modules.module")
    yield module
    for name in dir(module):
        if name.startswith("_global_") and name != "_global_is_full_backward_hook":
            getattr(module, name).clear()
    module._global_is_full_backward_hook = None


def trigger(lib, kind, module, **kwargs):
    """Do what makes hooks of a kind run."""
    if kind.startswith("state_dict"):
        module.state_dict()
    elif kind.startswith("load"):
        module.load_state_dict(module.state_dict())
    elif kind == "parameter":
        module.weight = lib.nn.Parameter(lib.ones(2))
    elif kind == "buffer":
        module.register_buffer("mean", lib.ones(2))
    elif kind == "module":
        module.child = lib.nn.Identity()
    else:
        # Not a leaf: the last step of the module then has another one on each side, as old hooks want it.
        x = lib.ones(2, requires_grad=True) * 1
        module(x, **kwargs).sum().backward()


def noting(seen, label):
    """A hook that notes that it ran."""
    return lambda *given: seen.append(label)


def registering(shared, kind, module):
    """What registers a hook of a kind: with the module, or with all modules if there is no other way."""
    own, of_all = KINDS[kind]
    return getattr(module, own) if own else getattr(shared, of_all)


@pytest.mark.parametrize("kind", KINDS)
class TestEach:
    def test_normal(self, lib, net, shared, kind):
        module, seen = net(), []
        register = registering(shared, kind, module)
        first = register(lambda *given: seen.append(tuple(type(one).__name__ for one in given)))
        second = register(noting(seen, "second"))
        assert second.id > first.id
        trigger(lib, kind, module)
        assert seen == [GIVEN[kind], "second"]
        first.remove()
        first.remove()
        trigger(lib, kind, module)
        assert seen[2:] == ["second"]
        with second:
            pass
        trigger(lib, kind, module)
        assert len(seen) == 3

    def test_with_kwargs(self, lib, net, shared, kind):
        module, seen = net(), []
        register = registering(shared, kind, module)
        if kind not in WITH_KWARGS:
            if kind != "load_pre_private":
                with pytest.raises(TypeError, match="unexpected keyword argument 'with_kwargs'"):
                    register(noting(seen, "a"), with_kwargs=True)
            return
        register(lambda *given: seen.append(given[2]), with_kwargs=True)
        register(lambda *given: seen.append(len(given)))
        trigger(lib, kind, module, fail=False)
        assert seen == [{"fail": False}, {"forward_pre": 2, "forward": 3}[kind]]

    def test_prepend(self, lib, net, shared, kind):
        module, seen = net(), []
        register = registering(shared, kind, module)
        if kind not in PREPENDED:
            with pytest.raises(TypeError, match="unexpected keyword argument 'prepend'"):
                register(noting(seen, "a"), prepend=True)
            return
        for label, prepend in (("a", False), ("b", True), ("c", False), ("d", True)):
            register(noting(seen, label), prepend=prepend)
        trigger(lib, kind, module)
        assert "".join(seen) == "dbac"

    def test_always_call(self, lib, net, shared, kind):
        module, seen = net(), []
        register = registering(shared, kind, module)
        if kind != "forward":
            with pytest.raises(TypeError, match="unexpected keyword argument 'always_call'"):
                register(noting(seen, "a"), always_call=True)
            return
        register(lambda *given: seen.append(given[1:]), always_call=True)
        register(noting(seen, "only after a success"))
        register(lambda *given: seen.append(given[2:]), always_call=True, with_kwargs=True)
        with raises(ArithmeticError, "forward"):
            module(1, fail=True)
        assert seen == [((1,), None), ({"fail": True}, None)]

    def test_removal_during_the_run(self, lib, net, shared, kind):
        module, seen, handles = net(), [], []
        register = registering(shared, kind, module)

        def remove(*given):
            seen.append("remove")
            for handle in handles:
                handle.remove()

        handles.append(register(remove))
        handles.append(register(noting(seen, "removed")))
        register(noting(seen, "stays"))
        if lib.__name__ == "torch" and (kind.startswith(("state", "load")) or kind not in OF_MODULES):
            # PyTorch goes through these tables as they change.
            with pytest.raises(RuntimeError, match="mutated during iteration"):
                trigger(lib, kind, module)
        else:
            trigger(lib, kind, module)
            assert seen == ["remove", "removed", "stays"]
        del seen[:]
        trigger(lib, kind, module)
        assert seen == ["stays"]

    def test_exception_inside(self, lib, net, shared, kind):
        module, seen = net(), []
        register = registering(shared, kind, module)

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
    "load_post": ["inner", "outer"],
}


@pytest.mark.parametrize("kind", OF_MODULES)
def test_nested_modules(lib, net, kind):
    inner = net()
    outer, seen = net(inner), []
    getattr(outer, KINDS[kind][0])(noting(seen, "outer"))
    getattr(inner, KINDS[kind][0])(noting(seen, "inner"))
    trigger(lib, kind, outer)
    assert seen == NESTED[kind]


@pytest.mark.parametrize("kind", [kind for kind in OF_ALL if kind in OF_MODULES])
def test_hooks_of_all_modules_come_first(lib, net, shared, kind):
    inner = net()
    outer, seen = net(inner), []
    own, of_all = KINDS[kind]
    getattr(inner, own)(noting(seen, "own"))
    with getattr(shared, of_all)(lambda module, *given: seen.append("outer" if module is outer else "inner")):
        trigger(lib, kind, outer)
    at = NESTED[kind].index("inner") + 1
    assert seen == [*NESTED[kind][:at], "own", *NESTED[kind][at:]]
    del seen[:]
    trigger(lib, kind, outer)
    assert seen == ["own"]


@pytest.mark.parametrize("kind", ["parameter", "buffer", "module"])
def test_a_registration_hook_may_replace(lib, net, shared, kind):
    other = {"parameter": lib.nn.Parameter(lib.zeros(2)), "buffer": lib.zeros(2), "module": lib.nn.ReLU()}[kind]
    module, seen = net(), []
    of_all = getattr(shared, KINDS[kind][1])
    of_all(lambda module, name, value: other)
    of_all(lambda module, name, value: seen.append(value is other))
    trigger(lib, kind, module)
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
    trigger(lib, "full_backward", module)
    assert seen == []
    handle.remove()
    trigger(lib, "full_backward", module)
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
