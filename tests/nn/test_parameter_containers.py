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
