"""`module.__dict__` shows the tables, and copies and pickles that go through it keep them; in both libraries."""

from __future__ import annotations

import copy
import functools
import pickle
import sys

import pytest

import rsnn
from both import names, net, raises

try:
    import torch
except ImportError:
    torch = None

TABLES = [
    "training",
    "_parameters",
    "_buffers",
    "_non_persistent_buffers_set",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_is_full_backward_hook",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_modules",
]


def hook(module, args, output):
    """A hook that can be pickled."""
    return output * 2


def _users(lib):
    """A class that pickles itself as users write it."""

    class Own(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = lib.nn.Parameter(lib.ones(2))
            self.register_buffer("mean", lib.zeros(1), persistent=False)
            self.inner = lib.nn.Identity()
            self.number = 3
            self.cache = [1]
            self.register_forward_hook(hook, always_call=True)

        def __getstate__(self):
            state = self.__dict__.copy()
            del state["cache"]
            return state

        def __setstate__(self, state):
            self.__dict__.update(state)
            self.cache = []

        def forward(self, x):
            return x + self.number

    return Own


Own = {lib: _users(lib) for lib in (rsnn, torch) if lib is not None}
for _lib, _class in Own.items():
    _class.__qualname__ = _class.__name__ = f"Own_{_lib.__name__}"
    setattr(sys.modules[__name__], _class.__name__, _class)


@pytest.mark.parametrize("twin", [copy.copy, copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_own_states_keep_everything(lib, twin, monkeypatch):
    monkeypatch.setitem(sys.modules, Own[lib].__module__, sys.modules[__name__])
    m = Own[lib]().eval()
    again = twin(m)
    assert type(again) is type(m) and again.cache == [] and again.number == 3 and not again.training
    assert names(again.named_parameters()) == ["weight"] and names(again.named_buffers()) == ["mean"]
    assert names(again.named_children()) == ["inner"] and list(again.state_dict()) == ["weight"]
    assert list(again._forward_hooks.values()) == [hook] and list(again._forward_hooks_always_called) == list(
        m._forward_hooks
    )
    assert again(1) == 8 and (again.weight is m.weight) == (twin is copy.copy)


def test_what_it_shows(lib):
    m = net(lib)
    m.plain = 1
    assert [name for name in m.__dict__ if name in TABLES] == TABLES and list(m.__dict__)[-1] == "plain"
    assert len(vars(m)) == len(list(vars(m))) and isinstance(vars(m), dict)
    assert m.__dict__["training"] is True and list(m.__dict__["_modules"]) == ["body", "head", "empty", "tied"]
    assert m.__dict__["_parameters"]["scale"] is m.scale and "scale" not in m.__dict__
    assert {**m.__dict__}.keys() == dict(m.__dict__).keys() == m.__dict__.copy().keys() == m.__dict__.keys()
    assert m.__dict__.get("none", 4) == 4 and type(m.__dict__.copy()) is dict
    assert m.__dict__ | {"x": 1} == {**vars(m), "x": 1}


def test_it_is_live(lib):
    m = lib.nn.Module()
    attributes = m.__dict__
    m.number = 1
    m.weight = lib.nn.Parameter(lib.ones(1))
    assert attributes["number"] == 1 and attributes["_parameters"]["weight"] is m.weight
    attributes["number"] = 2
    attributes["child"] = child = lib.nn.Module()
    assert m.number == 2 and m.child is child and names(m.named_children()) == []
    assert attributes.pop("child") is child and not hasattr(m, "child")
    attributes["training"] = False
    attributes["_modules"] = {"x": child}
    attributes["_parameters"].pop("weight")
    assert not m.training and names(m.named_children()) == ["x"] and names(m.named_parameters()) == []
    with pytest.raises(KeyError):
        attributes["nothing"]


def test_it_can_be_replaced(lib):
    m = net(lib)
    m.plain = 1
    other = m.__new__(type(m))
    assert dict(other.__dict__) == {}
    other.__dict__ = m.__dict__.copy()
    assert other.plain == 1 and other.scale is m.scale and names(other.named_modules()) == names(m.named_modules())
    other.__dict__.update(training=False, plain=2)
    assert m.training and m.plain == 1 and other.plain == 2
    twin = copy.deepcopy(m.__dict__)
    assert type(twin) is dict and twin["_parameters"]["scale"] is not m.scale and list(twin) == list(m.__dict__)


def test_cached_properties(lib):
    class Cached(lib.nn.Module):
        calls = 0

        @functools.cached_property
        def value(self):
            self.calls += 1
            return self.calls

    m = Cached()
    assert (m.value, m.value, m.__dict__["value"]) == (1, 1, 1)
    del m.value
    assert m.value == 2


class TestDeepCopies:
    def test_classes_that_say_how(self, lib):
        class Reduced(lib.nn.Module):
            def __reduce__(self):
                return Reduced, ()

        class Deep(lib.nn.Module):
            def __deepcopy__(self, memo):
                return self

        class Made(lib.nn.Module):
            def __new__(cls, number=0):
                made = super().__new__(cls)
                object.__setattr__(made, "number", number)
                return made

            def __init__(self, number=0):
                super().__init__()

            def __getnewargs__(self):
                return (self.number + 1,)

        m = lib.nn.Sequential(Reduced(), Deep(), Made(5))
        m[0].extra = 1
        twin = copy.deepcopy(m)
        assert not hasattr(twin[0], "extra") and twin[1] is m[1] and twin[2] is not m[2] and twin[2].number == 5

    def test_what_is_shared_stays_shared(self, lib):
        m = net(lib)
        m.register_forward_hook(hook, prepend=True)
        m.scale.grad = lib.ones(1)
        m.own = [m.scale, m.tied]
        twin = copy.deepcopy(m)
        assert twin.tied.weight is twin.body[0].weight and twin.head is twin.body[1]
        assert twin.own[0] is twin.scale and twin.own[1] is twin.tied and twin.scale is not m.scale
        assert twin.scale.grad is None and twin.scale.requires_grad
        assert twin._forward_hooks == m._forward_hooks and list(twin.state_dict()) == list(m.state_dict())
        pair = copy.deepcopy([m, m.tied])
        assert pair[0].tied is pair[1]

    def test_cycles(self, lib):
        m = lib.nn.Module()
        m.child = lib.nn.Module()
        m.child.parent = m
        twin = copy.deepcopy(m)
        assert twin.child.parent is twin and twin is not m


def test_generic_containers():
    for kind in (rsnn.nn.ModuleList, rsnn.nn.ModuleDict, rsnn.nn.Sequential):
        alias = kind[rsnn.nn.Linear]
        assert alias.__origin__ is kind and type(alias()) is kind

        class Own(kind[rsnn.nn.Linear]):
            pass

        assert issubclass(Own, kind) and len(Own()) == 0


def own(lib):
    """A module with a parameter and a plain attribute."""
    m = lib.nn.Module()
    m.weight = lib.nn.Parameter(lib.ones(2))
    m.plain = [1]
    return m


def test_a_dictionary_assigned_to_itself(lib):
    m = own(lib)
    m.register_buffer("cache", lib.zeros(1), persistent=False)
    m.register_forward_hook(print)
    weight = m.weight
    m.__dict__ = m.__dict__
    assert m.weight is weight and m.plain == [1] and names(m.named_parameters()) == ["weight"]
    assert list(m.state_dict()) == ["weight"] and "cache" in m._buffers and len(m._forward_hooks) == 1
    m.__dict__ = {**own(lib).__dict__, "other": 5}
    assert m.other == 5 and m.weight is not weight
    del m.other
    m.__dict__ = {name: value for name, value in m.__dict__.items() if name != "plain"}
    assert not hasattr(m, "plain") and names(m.named_parameters()) == ["weight"]


def test_operators_and_copies(lib):
    m = own(lib)
    assert (m.__dict__ | {"plain": 2})["plain"] == 2 and ({"plain": 2} | m.__dict__)["plain"] == [1]
    assert ({"new": 3} | m.__dict__)["new"] == 3 and m.plain == [1]
    attributes = m.__dict__
    attributes |= {"new": 4}
    for refused in (lambda: attributes | [("new", 5)], lambda: [("new", 5)] | attributes):
        with pytest.raises(TypeError, match="unsupported operand"):
            refused()
    assert m.new == 4 and "plain" in attributes
    assert list(reversed(m.__dict__)) == list(m.__dict__)[::-1] and list(m.__dict__)[-2:] == ["plain", "new"]
    text = repr(m.__dict__)
    assert text.startswith("{'training': True, '_parameters': ") and text.endswith("'plain': [1], 'new': 4}")
    copied = m.__dict__.copy()
    assert type(copied) is dict and copied["plain"] is m.plain and len(copied) == len(m.__dict__)


def test_deep_copies_and_pickles(lib):
    m = own(lib)
    plain, attributes = copy.deepcopy((m.plain, m.__dict__))
    assert attributes["plain"] is plain is not m.plain
    weight, attributes = copy.deepcopy((m.weight, m.__dict__))
    assert attributes["_parameters"]["weight"] is weight is not m.weight
    again = pickle.loads(pickle.dumps(m.__dict__))
    assert type(again) is dict and again["plain"] == [1] and again["_parameters"]["weight"].tolist() == [1, 1]


def test_before_the_tables_are_made(lib):
    m = lib.nn.Module.__new__(lib.nn.Module)
    assert len(m.__dict__) == 0 and list(m.__dict__) == [] and "_modules" not in m.__dict__ and m.__dict__ == {}
    for name in ("training", "_parameters", "x"):
        with pytest.raises(KeyError):
            _ = m.__dict__[name]
        with pytest.raises(KeyError):
            del m.__dict__[name]
    m.__dict__["x"] = 5
    assert len(m.__dict__) == 1 and m.x == 5


def test_clearing_empties_the_tables():
    m = own(rsnn)
    m.__dict__.clear()
    assert m.training is True and m._is_full_backward_hook is None
    m.eval()
    m.plain = 1
    m.register_full_backward_hook(print)
    m.__dict__.clear()
    assert not hasattr(m, "plain") and not list(m.named_parameters()) and len(m._backward_hooks) == 0
    assert m.training is False and m._is_full_backward_hook is True and list(vars(m)) == list(vars(rsnn.nn.Module()))
    m.weight = rsnn.nn.Parameter(rsnn.ones(1))
    del m.__dict__["_parameters"]
    assert not list(m.parameters()) and m._parameters == {}


def test_it_goes_both_ways_as_a_dictionary(lib):
    m = lib.nn.Linear(1, 1)
    d = vars(m)
    m.late = 5
    expected = list(d)
    assert expected[-1] == "late" and list(reversed(d)) == list(reversed(d.keys())) == expected[::-1]
    assert [name for name, _ in reversed(d.items())] == expected[::-1] and next(reversed(d.values())) == 5
    assert repr(d.keys()) == f"dict_keys({expected})" and repr(d.items()).startswith("dict_items([('training', True), ")
    assert repr(d.values()).startswith("dict_values([True, {'weight': ")
    assert d.popitem() == ("late", 5) and not hasattr(m, "late") and len(d) == len(expected) - 1
    assert (
        type(d.fromkeys("ab", 1)) is dict and d.fromkeys("ab", 1) == {"a": 1, "b": 1} and d.fromkeys("a") == {"a": None}
    )


def test_an_empty_one_has_no_last_entry(lib):
    d = vars(lib.nn.Module.__new__(lib.nn.Module))
    d.clear()
    with raises(KeyError, "popitem(): dictionary is empty"):
        d.popitem()
