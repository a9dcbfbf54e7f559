"""The tables of modules as the dictionaries, and the set, that PyTorch has there: views of them in both orders, unions,
the order in which entries go. See test_module_state.py and test_hooks.py for what every mapping has."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from both import raises

REGISTRIES = ["_parameters", "_buffers", "_modules"]
HOOKS = ["_forward_hooks", "_backward_hooks", "_state_dict_pre_hooks", "_load_state_dict_post_hooks"]
OPTIONS = ["_forward_hooks_with_kwargs", "_forward_hooks_always_called", "_forward_pre_hooks_with_kwargs"]


def nothing(*given):
    """A hook."""


@pytest.fixture
def filled(lib):
    """A module with three entries in each table, and the keys of a table's."""
    m = lib.nn.Module()
    for i, name in enumerate("abc"):
        setattr(m, name, lib.nn.Parameter(lib.full((1,), float(i))))
        m.register_buffer(name + "b", lib.full((1,), float(i)), persistent=False)
        m.add_module(name + "m", lib.nn.Identity())
        m.register_forward_hook(nothing, with_kwargs=True, always_call=True)
        m.register_forward_pre_hook(nothing, with_kwargs=True)
        m.register_full_backward_hook(nothing)
        m.register_state_dict_pre_hook(nothing)
        m.register_load_state_dict_post_hook(nothing)
    return m


@pytest.mark.parametrize("name", REGISTRIES + HOOKS + OPTIONS)
class TestDictionaries:
    def test_views_go_both_ways(self, filled, name):
        table = getattr(filled, name)
        keys, entries = list(table), [(key, table[key]) for key in table]
        assert len(keys) == 3
        assert list(reversed(table)) == list(reversed(table.keys())) == keys[::-1]
        back = list(reversed(table.items()))
        assert [key for key, _ in back] == keys[::-1] and all(value is table[key] for key, value in back)
        assert all(one is value for one, (_, value) in zip(reversed(table.values()), entries[::-1]))
        assert len(list(reversed(table.values()))) == 3

    def test_views_are_live(self, filled, name):
        table = getattr(filled, name)
        keys, values, items = table.keys(), table.values(), table.items()
        del table[next(iter(table))]
        assert len(keys) == len(values) == len(items) == 2 and list(keys) == list(table)
        assert keys == set(table) and keys | {0} == {*table, 0} and keys & set() == set()

    def test_how_views_look(self, filled, name):
        table, kind = getattr(filled, name), "dict" if name in REGISTRIES else "odict"
        assert repr(table.keys()) == f"{kind}_keys({list(table)!r})"
        assert repr(table.values()) == f"{kind}_values({list(table.values())!r})"
        assert repr(table.items()) == f"{kind}_items({list(table.items())!r})"

    def test_unions(self, filled, name):
        table, kind = getattr(filled, name), dict if name in REGISTRIES else OrderedDict
        first, *_ = table
        other = {first: None, "x": None}
        merged = table | other
        assert type(merged) is kind and list(merged) == [*table, "x"] and merged[first] is None
        merged = other | table
        assert type(merged) is kind and list(merged) == [first, "x", *list(table)[1:]]
        assert merged[first] is table[first]
        assert list(table | table) == list(table) and len(table) == 3
        for wrong in ([("x", None)], 5, None):
            with pytest.raises(TypeError, match="unsupported operand"):
                table | wrong
            with pytest.raises(TypeError, match="unsupported operand"):
                wrong | table

    def test_entries_go_from_the_end(self, filled, name):
        table = getattr(filled, name)
        *rest, last = table
        value = table[last]
        key, popped = table.popitem()
        assert key == last and popped is value and list(table) == rest
        if name not in REGISTRIES:
            assert table.popitem(last=False)[0] == rest[0] and list(table) == rest[1:]
            assert table.popitem(True)[0] == rest[1]
            with raises(KeyError, "dictionary is empty"):
                table.popitem()


def test_unions_in_place(lib, filled):
    p, hook = lib.nn.Parameter(lib.ones(1)), len
    filled._parameters |= {"d": p, "a": None}
    assert list(filled._parameters) == ["a", "b", "c", "d"] and filled.d is p and filled.a is None
    table = filled._forward_hooks
    table |= {1 << 40: hook}
    assert list(filled._forward_hooks)[3:] == [1 << 40]
    filled._forward_hooks |= [(1 << 41, hook)]
    assert len(filled._forward_hooks) == 5


def test_layers_are_exchanged_from_the_last_one(lib):
    """As in programs that exchange layers, going through the children from the last one on."""
    m = lib.nn.Sequential(lib.nn.ReLU(), lib.nn.Sequential(lib.nn.ReLU()), lib.nn.Tanh())

    def exchange(module):
        for name, child in reversed(module._modules.items()):
            if len(list(child.children())) > 0:
                module._modules[name] = exchange(child)
            if type(child) is lib.nn.ReLU:
                module._modules[name] = lib.nn.GELU()
            seen.append(name)
        return module

    seen: list[str] = []
    exchange(m)
    assert seen == ["2", "0", "1", "0"] and [type(one).__name__ for one in m.modules()][1:] == [
        "GELU",
        "Sequential",
        "GELU",
        "Tanh",
    ]


def test_views_of_a_dictionary_of_modules(lib):
    m = lib.nn.ModuleDict({"a": lib.nn.ReLU(), "b": lib.nn.Tanh()})
    assert list(reversed(m.keys())) == ["b", "a"] and list(reversed(m.values())) == [m["b"], m["a"]]
    assert list(reversed(m.items())) == [("b", m["b"]), ("a", m["a"])]
    assert repr(m.keys()) == "dict_keys(['a', 'b'])" and repr(m.items()) == "dict_items([('a', ReLU()), ('b', Tanh())])"
    assert repr(m.values()) == "dict_values([ReLU(), Tanh()])"


class TestSet:
    def test_what_gives_another_set(self, filled):
        names = filled._non_persistent_buffers_set
        assert names == {"ab", "bb", "cb"}
        for result, expected in (
            (names.union(["x"], {"y"}), {"ab", "bb", "cb", "x", "y"}),
            (names.intersection(["ab", "x"]), {"ab"}),
            (names.difference(["ab"], ["x", "bb"]), {"cb"}),
            (names.symmetric_difference(["ab", "x"]), {"bb", "cb", "x"}),
        ):
            assert type(result) is set and result == expected
        assert names.issubset(["ab", "bb", "cb", "x"]) and not names.issubset(["ab"])
        assert names.issuperset(["ab"]) and not names.issuperset(["x"]) and len(names) == 3

    def test_what_changes_it(self, lib, filled):
        names = filled._non_persistent_buffers_set
        names.difference_update(["ab", "x"], ["bb"])
        assert list(names) == ["cb"] and [n for n in filled.state_dict() if n.endswith("b")] == ["b", "ab", "bb"]
        names.symmetric_difference_update(["ab", "cb"])
        assert names == {"ab"}
        names.update(["bb"])
        names.intersection_update(["bb", "x"], ["bb"])
        assert names == {"bb"}
        names ^= {"bb", "cb"}
        assert names == {"cb"} and filled._non_persistent_buffers_set == {"cb"}
