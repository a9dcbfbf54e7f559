"""Errors out of hooks of every kind, what they leave behind, and the hooks that are called all the same."""

from __future__ import annotations

import pytest

from both import raises
from nn.hook_kinds import KINDS, OF_ALL, OWN, net_class, noting, registering, trigger

pytestmark = [
    pytest.mark.filterwarnings("ignore:Using a non-full backward hook"),
    pytest.mark.usefixtures("shared"),
]
every = pytest.mark.parametrize("kind", KINDS, ids=str)


@pytest.fixture
def module(lib):
    """A module to be hooked."""
    return net_class(lib)()


@every
@pytest.mark.parametrize("error", [LookupError, StopIteration, AssertionError, KeyboardInterrupt, SystemExit])
def test_they_come_out_as_they_are(lib, module, kind, error):
    raised, seen = error("a", 2), []

    def bad(*given):
        raise raised

    register = registering(lib, kind, module)
    with register(bad):
        register(noting(seen, "next"))
        with pytest.raises(error) as caught:
            trigger(lib, kind, module)
    assert caught.value is raised and raised.args[1:] == (2,) and raised.__cause__ is None
    assert seen == []
    trigger(lib, kind, module)
    assert seen == ["next"]


@pytest.mark.parametrize("kind", OF_ALL[-3:], ids=str)
def test_nothing_is_registered(lib, module, kind):
    def entries():
        return [(name, id(value)) for table in tables for name, value in table.items()]

    tables = module._parameters, module._buffers, module._modules
    before = entries()
    registering(lib, kind, module)(lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trigger(lib, kind, module)
    assert entries() == before


@pytest.mark.parametrize("kind", [kind for kind in OWN if kind.name.startswith("load")], ids=str)
def test_what_came_before_is_loaded(lib, kind):
    net = net_class(lib)
    tree = lib.nn.Sequential(net(), net(), net())
    registering(lib, kind, tree[1])(lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        tree.load_state_dict({f"{i}.weight": lib.zeros(2) for i in range(3)})
    loaded = [one.weight.tolist() == [0, 0] for one in tree]
    assert loaded == [True, kind.name == "load_post", False]


@pytest.mark.parametrize("kind", [kind for kind in KINDS if "ward" in kind.name], ids=str)
@pytest.mark.parametrize("of_all", [False, True])
def test_hooks_that_are_always_called(lib, module, shared, kind, of_all):
    """Errors of hooks before them count; those of the gradients come after the call."""
    seen = []
    of = shared.register_module_forward_hook if of_all else module.register_forward_hook
    of(lambda module, args, output: seen.append(type(output).__name__), always_call=True)
    registering(lib, kind, module)(lambda *given: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        trigger(lib, kind, module)
    assert seen == ["NoneType" if kind.name == "forward_pre" else "Tensor"]


def test_what_hooks_that_are_always_called_are_given(lib, module, shared):
    """What pre-hooks made of the arguments, and what the one before returned."""
    seen = []
    module.register_forward_pre_hook(lambda module, args: (7,))
    module.register_forward_hook(lambda *given: seen.append(given[1:]) or 5, always_call=True)
    module.register_forward_hook(lambda *given: seen.append(given[1:]) or 6, always_call=True, with_kwargs=True)
    module.register_forward_hook(lambda *given: seen.append(given[1:]), always_call=True)
    module.register_forward_hook(lambda *given: seen.append("first"), always_call=True, prepend=True)
    shared.register_module_forward_hook(lambda *given: seen.append("of all"), always_call=True)
    with raises(ArithmeticError, "forward"):
        module(1, fail=True)
    assert seen == ["of all", "first", ((7,), None), ((7,), {"fail": True}, 5), ((7,), 6)]


def test_a_result_outlives_the_error_of_a_hook(lib, module, shared):
    seen = []
    module.register_forward_hook(lambda *given: seen.append(type(given[-1]).__name__) or 5, always_call=True)
    module.register_forward_hook(lambda *given: 1 / 0)
    module.register_forward_hook(lambda *given: seen.append(given[-1]), always_call=True)
    shared.register_module_forward_hook(lambda *given: seen.append("of all"), always_call=True)
    with pytest.raises(ZeroDivisionError):
        module(lib.ones(2))
    assert seen == ["of all", "Tensor", 5]


def test_a_hook_that_is_always_called_and_fails_runs_once(lib, module):
    seen = []
    module.register_forward_hook(lambda *given: seen.append("bad") or 1 / 0, always_call=True)
    module.register_forward_hook(noting(seen, "next"), always_call=True)
    with pytest.raises(ZeroDivisionError):
        module(lib.ones(2))
    assert seen == ["bad", "next"]


def test_a_failure_runs_them_at_each_level(lib):
    net = net_class(lib)
    inner = net()
    outer, seen = net(inner), []
    inner.register_forward_pre_hook(lambda *given: 1 / 0)
    for name, one in (("outer", outer), ("inner", inner)):
        one.register_forward_hook(noting(seen, name), always_call=True)
    with pytest.raises(ZeroDivisionError):
        outer(1)
    assert seen == ["inner", "outer"]
