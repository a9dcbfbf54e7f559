"""ModuleDict, in both libraries."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from both import names, probe, raises


@pytest.fixture
def adds(lib):
    """Makes modules that add 0, 1, ..."""
    add = probe(lib)
    return lambda count: [add(number) for number in range(count)]


class TestModuleDict:
    def test_is_a_dict(self, lib, adds):
        a, b, c = adds(3)
        m = lib.nn.ModuleDict({"b": b, "a": a})
        m["c"] = c
        assert list(m) == list(m.keys()) == ["b", "a", "c"] and m["a"] is a and len(m) == 3
        assert list(m.items()) == [("b", b), ("a", a), ("c", c)] and list(m.values()) == [b, a, c]
        assert "a" in m and "z" not in m and m.a is a
        m["a"] = c
        assert list(m) == ["b", "a", "c"] and m["a"] is c
        del m["b"]
        assert m.pop("a") is c and list(m) == ["c"]
        m.clear()
        assert len(m) == 0 and not list(m.keys())

    def test_sources(self, lib, adds):
        a, b = adds(2)
        for source in ({"a": a, "b": b}, [["a", a], ["b", b]], (("a", a), ("b", b)), OrderedDict(a=a, b=b)):
            assert list(lib.nn.ModuleDict(source).items()) == [("a", a), ("b", b)]
        m = lib.nn.ModuleDict(lib.nn.ModuleDict({"b": b, "a": a}))
        assert list(m) == ["b", "a"]
        m.update([("a", b), ("c", a)])
        assert list(m) == ["b", "a", "c"] and m["a"] is b

    def test_wrong_arguments(self, lib, adds):
        m = lib.nn.ModuleDict()
        for wrong in ("nothing", 3):
            with raises(KeyError):
                _ = m[wrong]
            with raises(KeyError):
                del m[wrong]
            with raises(KeyError):
                m.pop(wrong)
        text = "ModuleDict.update should be called with an iterable of key/value pairs, but got int"
        with raises(TypeError, text):
            m.update(3)
        with raises(TypeError, text):
            lib.nn.ModuleDict(3)
        with raises(TypeError, "ModuleDict update sequence element #0 should be Iterable; isint"):
            m.update([3])
        with raises(ValueError, "ModuleDict update sequence element #1 has length 1; 2 is required"):
            m.update([("a", adds(1)[0]), ("b",)])
        with raises(TypeError, "int is not a Module subclass"):
            m["x"] = 3
        with raises(TypeError, "module name should be a string. Got int"):
            m[3] = adds(1)[0]
        with raises(KeyError, "attribute 'keys' already exists"):
            m["keys"] = adds(1)[0]
        with raises(KeyError, 'module name can\'t contain ".", got: a.b'):
            m["a.b"] = adds(1)[0]
        assert list(m) == ["a"]

    def test_in_a_model(self, lib):
        class Model(lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.choices = lib.nn.ModuleDict({"one": probe(lib)(1), "two": probe(lib)(2)})
                self.activations = lib.nn.ModuleDict([["ten", probe(lib)(10)], ["twenty", probe(lib)(20)]])

            def forward(self, x, choice, act):
                return self.activations[act](self.choices[choice](x))

        assert Model()(0, "two", "ten") == 12
        assert names(Model().named_modules())[1:4] == ["choices", "choices.one", "choices.two"]

    def test_repr(self, lib, adds):
        m = lib.nn.ModuleDict({"a": adds(1)[0], "b": lib.nn.ModuleDict()})
        assert repr(m) == "ModuleDict(\n  (a): Add(number=0)\n  (b): ModuleDict()\n)"
