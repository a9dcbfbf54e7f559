"""ParameterList and ParameterDict, in both libraries."""

from __future__ import annotations

from collections import OrderedDict

import pytest

from both import names, raises, said


class TestParameterList:
    def test_is_a_list(self, lib):
        zero, one = lib.zeros(1), lib.nn.Parameter(lib.ones(1))
        m = lib.nn.ParameterList([zero, one, "text"])
        assert len(m) == 3 and isinstance(m[0], lib.nn.Parameter) and m[1] is one and m[-1] == "text"
        assert names(m.named_parameters()) == ["0", "1"] and list(m)[1] is one
        assert len(m[1:]) == 2 and type(m[1:]) is lib.nn.ParameterList and m[1:][0] is one
        m[0] = one
        m[2] = lib.zeros(2)
        assert m[0] is one and isinstance(m[2], lib.nn.Parameter)
        assert m.append(one) is m and m.extend([zero]) is m and len(m) == 5
        m += [one]
        assert len(m) == 6

    def test_wrong_arguments(self, lib):
        m = lib.nn.ParameterList([lib.zeros(1)])
        for index in (1, -2):
            with raises(IndexError, f"index {index} is out of range"):
                _ = m[index]
        with raises(TypeError, "ParameterList.extend should be called with an iterable, but got int"):
            m.extend(3)
        with pytest.raises(TypeError, match="ParameterList.extend should be called with an iterable, but got Tensor"):
            m.extend(lib.zeros(3))
        with raises(RuntimeError, "ParameterList should not be called."):
            m(1)

    def test_repr(self, lib):
        m = lib.nn.ParameterList([lib.zeros(2, 3), 5])
        assert said(repr(m)) == (
            "ParameterList(\n    (0): Parameter containing: [rsnn.float32 of size 2x3]\n    (1): Object of type: int\n)"
        )
        assert repr(lib.nn.ParameterList()) == "ParameterList()"


class TestParameterDict:
    def test_is_a_dict(self, lib):
        one = lib.nn.Parameter(lib.ones(1))
        m = lib.nn.ParameterDict({"b": lib.zeros(1), "a": one, "c": "text"})
        assert list(m) == ["a", "b", "c"] and m["a"] is one and isinstance(m["b"], lib.nn.Parameter) and len(m) == 3
        assert list(lib.nn.ParameterDict(OrderedDict([("b", one), ("a", one)]))) == ["b", "a"]
        assert list(lib.nn.ParameterDict([("b", one), ("a", one)]).keys()) == ["b", "a"]
        assert names(m.named_parameters()) == ["b", "a"] or names(m.named_parameters()) == ["a", "b"]
        assert list(reversed(m)) == ["c", "b", "a"] and "c" in m and m.get("z", 3) == 3 and m.get("c") == "text"
        assert m.pop("c") == "text" and m.popitem()[0] == "b" and list(m) == ["a"]
        assert m.setdefault("d", one) is one and m.setdefault("d", None) is one
        assert [key for key, _ in m.items()] == ["a", "d"] and list(m.values()) == [one, one]
        both = m | lib.nn.ParameterDict({"e": one})
        assert list(both) == ["a", "d", "e"] and list(m) == ["a", "d"]
        m |= lib.nn.ParameterDict({"f": one})
        assert list(m) == ["a", "d", "f"] and list(m.copy()) == ["a", "d", "f"]
        assert list(m.fromkeys(["x", "y"], 0).items()) == [("x", 0), ("y", 0)]
        del m["a"]
        m.clear()
        assert len(m) == 0 and not list(m.named_parameters())

    def test_wrong_arguments(self, lib):
        m = lib.nn.ParameterDict()
        with raises(
            TypeError, "ParametersDict.update should be called with an iterable of key/value pairs, but got int"
        ):
            m.update(3)
        with raises(TypeError, "ParameterDict update sequence element #0 should be Iterable; isint"):
            m.update([3])
        with raises(ValueError, "ParameterDict update sequence element #0 has length 1; 2 is required"):
            m.update([("a",)])
        with raises(KeyError):
            m.popitem()
        with pytest.raises(TypeError, match="cannot be used as a key as it is not a string .type is 'int'."):
            lib.nn.ParameterDict()[3] = 1
        with raises(RuntimeError, "ParameterDict should not be called."):
            m(1)

    def test_repr(self, lib):
        m = lib.nn.ParameterDict({"a": lib.zeros(2, 3), "b": 5, "c": lib.ones(1, dtype=lib.float64)})
        m.keys()
        m._keys["d"] = None
        m.d = lib.zeros(2)
        assert said(repr(m)) == (
            "ParameterDict(\n    (a): Parameter containing: [rsnn.FloatTensor of size 2x3]\n    (b): Object of type: int"
            "\n    (c): Parameter containing: [rsnn.DoubleTensor of size 1]\n    (d): Tensor containing: "
            "[rsnn.FloatTensor of size 2]\n)"
        )
        assert repr(lib.nn.ParameterDict()) == "ParameterDict()"

    def test_defaults_are_none(self, lib):
        m = lib.nn.ParameterDict()
        assert m.get("a") is None and len(m) == 0
        assert m.setdefault("a") is None and list(m) == ["a"] and m["a"] is None
        assert list(m.fromkeys(["x"]).items()) == [("x", None)]

    def test_a_dictionary_on_the_left(self, lib):
        one = lib.nn.Parameter(lib.ones(1))
        left, m = {"x": 1, "a": 2}, lib.nn.ParameterDict({"a": one})
        both = left | m
        assert type(both) is dict and both == {"x": 1, "a": one} and left == {"x": 1, "a": 2} and list(m) == ["a"]
        left |= m
        assert left == {"x": 1, "a": one}

    def test_updates_replace_and_keep_their_places(self, lib):
        m = lib.nn.ParameterDict([("b", 1), ("a", 2)])
        m.update({"c": 3, "b": 4})
        assert list(m.items()) == [("b", 4), ("a", 2), ("c", 3)]
        m["a"] = lib.ones(1)
        assert list(m) == ["b", "a", "c"] and isinstance(m["a"], lib.nn.Parameter)
        assert (m | {"d": 5})["d"] == 5 and "d" not in m
        with raises(KeyError, "popitem(): dictionary is empty"):
            lib.nn.ParameterDict().popitem()
        with raises(KeyError):
            del m["z"]
        assert m.popitem() == ("c", 3) and m.pop("b") == 4 and not hasattr(m, "b")

    def test_the_first_index_from_the_end(self, lib):
        m = lib.nn.ParameterList([1, 2, 3])
        assert m[-3] == 1 and list(m[::-1]) == [3, 2, 1] and list(m[-2:]) == [2, 3]
        m[-3] = 5
        assert list(m) == [5, 2, 3]

    def test_subclasses_of_container_with_options(self, lib):
        class Mixin:
            def __init_subclass__(cls, key=None, **kwargs):
                super().__init_subclass__(**kwargs)
                cls.key = key

        with pytest.warns(FutureWarning):

            class Net(lib.nn.Container, Mixin, key=5):
                pass

        assert Net.key == 5
