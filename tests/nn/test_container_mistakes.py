"""Wrong arguments for every method of the containers: the class and the text of each error, in both libraries, and that
the container is as it was."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import rsnn
from both import raises, said

MAKE = {
    "Sequential": lambda lib: lib.nn.Sequential(lib.nn.Identity(), lib.nn.ReLU()),
    "ModuleList": lambda lib: lib.nn.ModuleList([lib.nn.Identity(), lib.nn.ReLU()]),
    "ModuleDict": lambda lib: lib.nn.ModuleDict({"a": lib.nn.Identity(), "b": lib.nn.ReLU()}),
    "ParameterList": lambda lib: lib.nn.ParameterList([lib.zeros(2), lib.ones(1)]),
    "ParameterDict": lambda lib: lib.nn.ParameterDict({"a": lib.zeros(2), "b": lib.ones(1)}),
}

LISTS = ["Sequential", "ModuleList", "ParameterList"]
NUMBERED = ["Sequential", "ModuleList"]
RANGE = (IndexError, "index {} is out of range")
NO_INT = (TypeError, "'{}' object cannot be interpreted as an integer")
NO_MODULE = "{} is not a Module subclass"
ASSIGN = "cannot assign '{}' as child module '{}' (rsnn.nn.Module or None expected)"
KEY = "Index given to ParameterDict cannot be used as a key as it is not a string (type is '{}')."


def of(names, call, error, text):
    """The same mistake with several containers."""
    return [(name, call, error, text) for name in names]


MISTAKES = [
    # Reading, writing, deleting and popping at an index.
    *of(NUMBERED, lambda lib, m: m[2], RANGE[0], RANGE[1].format(2)),
    *of(LISTS, lambda lib, m: m[-3], RANGE[0], RANGE[1].format(-3)),
    *of(LISTS, lambda lib, m: m["x"], NO_INT[0], NO_INT[1].format("str")),
    *of(LISTS, lambda lib, m: m[None], NO_INT[0], NO_INT[1].format("NoneType")),
    *of(LISTS, lambda lib, m: m[1.5], NO_INT[0], NO_INT[1].format("float")),
    *of(NUMBERED, lambda lib, m: m.__setitem__(2, lib.nn.ReLU()), RANGE[0], RANGE[1].format(2)),
    *of(NUMBERED, lambda lib, m: m.__setitem__("x", lib.nn.ReLU()), NO_INT[0], NO_INT[1].format("str")),
    *of(NUMBERED, lambda lib, m: m.__setitem__(0, "x"), TypeError, ASSIGN.format("str", 0)),
    *of(NUMBERED, lambda lib, m: m.__setitem__(-1, 5), TypeError, ASSIGN.format("int", 1)),
    *of(["ParameterList"], lambda lib, m: m.__setitem__(2, lib.ones(1)), RANGE[0], RANGE[1].format(2)),
    *of(NUMBERED, lambda lib, m: m.__delitem__(2), RANGE[0], RANGE[1].format(2)),
    *of(NUMBERED, lambda lib, m: m.__delitem__("x"), NO_INT[0], NO_INT[1].format("str")),
    *of(NUMBERED, lambda lib, m: m.pop(5), RANGE[0], RANGE[1].format(5)),
    *of(NUMBERED, lambda lib, m: m.pop("x"), NO_INT[0], NO_INT[1].format("str")),
    # Adding.
    *of(NUMBERED, lambda lib, m: m.append(5), TypeError, NO_MODULE.format("int")),
    *of(NUMBERED, lambda lib, m: m.append([lib.nn.ReLU()]), TypeError, NO_MODULE.format("list")),
    *of(
        NUMBERED,
        lambda lib, m: m.append(lib.nn.Linear),
        TypeError,
        "rsnn.nn.modules.linear.Linear is not a Module subclass",
    ),
    *of(["Sequential"], lambda lib, m: m.extend(5), TypeError, "'int' object is not iterable"),
    *of(
        ["ModuleList"],
        lambda lib, m: m.extend(5),
        TypeError,
        "ModuleList.extend should be called with an iterable, but got int",
    ),
    *of(
        ["ParameterList"],
        lambda lib, m: m.extend(None),
        TypeError,
        "ParameterList.extend should be called with an iterable, but got NoneType",
    ),
    *of(NUMBERED, lambda lib, m: m.extend(["x"]), TypeError, NO_MODULE.format("str")),
    *of(["Sequential"], lambda lib, m: m.insert(3, lib.nn.ReLU()), IndexError, "Index out of range: 3"),
    *of(["Sequential"], lambda lib, m: m.insert(-3, lib.nn.ReLU()), IndexError, "Index out of range: -3"),
    *of(
        ["Sequential"],
        lambda lib, m: m.insert("x", lib.nn.ReLU()),
        TypeError,
        "'<=' not supported between instances of 'int' and 'str'",
    ),
    *of(["Sequential"], lambda lib, m: m.insert(0.5, lib.nn.ReLU()), NO_INT[0], NO_INT[1].format("float")),
    *of(["ModuleList"], lambda lib, m: m.insert("x", lib.nn.ReLU()), NO_INT[0], NO_INT[1].format("str")),
    # Operators.
    *of(
        ["Sequential"],
        lambda lib, m: m + [lib.nn.ReLU()],
        ValueError,
        "add operator supports only objects of Sequential class, but <class 'list'> is given.",
    ),
    *of(["Sequential"], lambda lib, m: 5 + m, TypeError, "unsupported operand type(s) for +: 'int' and 'Sequential'"),
    *of(
        ["Sequential"],
        lambda lib, m: m - m,
        TypeError,
        "unsupported operand type(s) for -: 'Sequential' and 'Sequential'",
    ),
    *of(["ModuleList"], lambda lib, m: m + 5, TypeError, "'int' object is not iterable"),
    *of(["ModuleList"], lambda lib, m: m + ["x"], TypeError, NO_MODULE.format("str")),
    *of(
        ["ModuleList"],
        lambda lib, m: m.__iadd__(5),
        TypeError,
        "ModuleList.extend should be called with an iterable, but got int",
    ),
    *of(["ModuleList"], lambda lib, m: m * 2, TypeError, "unsupported operand type(s) for *: 'ModuleList' and 'int'"),
    *of(
        ["ModuleDict"],
        lambda lib, m: m | m,
        TypeError,
        "unsupported operand type(s) for |: 'ModuleDict' and 'ModuleDict'",
    ),
    # Dictionaries of modules.
    *of(["ModuleDict"], lambda lib, m: m["x"], KeyError, "x"),
    *of(["ModuleDict"], lambda lib, m: m.pop("x"), KeyError, "x"),
    *of(["ModuleDict"], lambda lib, m: m.__delitem__("x"), KeyError, "x"),
    *of(["ModuleDict"], lambda lib, m: m[["a"]], TypeError, "unhashable type: 'list'"),
    *of(["ModuleDict"], lambda lib, m: m.pop(["a"]), TypeError, "unhashable type: 'list'"),
    *of(["ModuleDict"], lambda lib, m: ["a"] in m, TypeError, "unhashable type: 'list'"),
    *of(["ModuleDict"], lambda lib, m: m.__delitem__({}), TypeError, "unhashable type: 'dict'"),
    *of(["ModuleDict"], lambda lib, m: m.__setitem__("x", 5), TypeError, NO_MODULE.format("int")),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.__setitem__(5, lib.nn.ReLU()),
        TypeError,
        "module name should be a string. Got int",
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.__setitem__("x.y", lib.nn.ReLU()),
        KeyError,
        'module name can\'t contain ".", got: x.y',
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.__setitem__("", lib.nn.ReLU()),
        KeyError,
        'module name can\'t be empty string ""',
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.__setitem__("items", lib.nn.ReLU()),
        KeyError,
        "attribute 'items' already exists",
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.update(5),
        TypeError,
        "ModuleDict.update should be called with an iterable of key/value pairs, but got int",
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.update([5]),
        TypeError,
        "ModuleDict update sequence element #0 should be Iterable; isint",
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m.update(["abc"]),
        ValueError,
        "ModuleDict update sequence element #0 has length 3; 2 is required",
    ),
    *of(["ModuleDict"], lambda lib, m: m.update({"x": "y"}), TypeError, NO_MODULE.format("str")),
    *of(["ModuleDict"], lambda lib, m: m.get("a"), AttributeError, "'ModuleDict' object has no attribute 'get'"),
    # Lists and dictionaries of parameters.
    *of(["ParameterList"], lambda lib, m: m.pop(), AttributeError, "'ParameterList' object has no attribute 'pop'"),
    *of(["ParameterList"], lambda lib, m: m(1), RuntimeError, "ParameterList should not be called."),
    *of(["ParameterDict"], lambda lib, m: m(1), RuntimeError, "ParameterDict should not be called."),
    *of(["ParameterDict"], lambda lib, m: m[5], TypeError, KEY.format("int")),
    *of(["ParameterDict"], lambda lib, m: m.pop(None), TypeError, KEY.format("NoneType")),
    *of(["ParameterDict"], lambda lib, m: m["x"], AttributeError, "'ParameterDict' object has no attribute 'x'"),
    *of(["ParameterDict"], lambda lib, m: m.__delitem__("x"), KeyError, "x"),
    *of(["ParameterDict"], lambda lib, m: m.fromkeys(5), TypeError, "'int' object is not iterable"),
    *of(
        ["ParameterDict"],
        lambda lib, m: m.update(5),
        TypeError,
        "ParametersDict.update should be called with an iterable of key/value pairs, but got int",
    ),
    *of(
        ["ParameterDict"],
        lambda lib, m: m.update([("a", 1, 2)]),
        ValueError,
        "ParameterDict update sequence element #0 has length 3; 2 is required",
    ),
    # Calls of what cannot be called.
    *of(
        ["ModuleList"],
        lambda lib, m: m(1),
        NotImplementedError,
        'Module [ModuleList] is missing the required "forward" function',
    ),
    *of(
        ["ModuleDict"],
        lambda lib, m: m(1),
        NotImplementedError,
        'Module [ModuleDict] is missing the required "forward" function',
    ),
    # Constructors.
    *of(["Sequential"], lambda lib, m: lib.nn.Sequential([lib.nn.ReLU()]), TypeError, NO_MODULE.format("list")),
    *of(["Sequential"], lambda lib, m: lib.nn.Sequential(OrderedDict(a=5)), TypeError, NO_MODULE.format("int")),
    *of(["ModuleList"], lambda lib, m: lib.nn.ModuleList(["x"]), TypeError, NO_MODULE.format("str")),
    *of(["ModuleDict"], lambda lib, m: lib.nn.ModuleDict({"x": 5}), TypeError, NO_MODULE.format("int")),
    *of(
        ["ModuleDict"],
        lambda lib, m: lib.nn.ModuleDict({3: lib.nn.ReLU()}),
        TypeError,
        "module name should be a string. Got int",
    ),
]


def text_of(error):
    """What an error says, without where PyTorch asks for reports."""
    return said(error.args[0]).replace(" Open an issue on github if you need non-string keys.", "")


@pytest.mark.parametrize("number", range(len(MISTAKES)), ids=lambda n: f"{n}-{MISTAKES[n][0]}")
def test_mistake(lib, number):
    name, call, error, text = MISTAKES[number]
    module = MAKE[name](lib)
    before = repr(module)
    with pytest.raises(error) as caught:
        call(lib, module)
    assert caught.type is error and text_of(caught.value) == text
    assert repr(module) == before


@pytest.mark.parametrize("key", [3, None, "forward", "x.y"])
def test_a_refused_entry_of_a_parameter_dict_leaves_nothing_behind(key):
    m = rsnn.nn.ParameterDict({"a": rsnn.zeros(2)})
    with pytest.raises((TypeError, KeyError)):
        m[key] = rsnn.ones(1)
    with pytest.raises(RuntimeError):
        m["integers"] = rsnn.ones(1, dtype=rsnn.int64)
    assert list(m) == list(m.keys()) == ["a"] and len(m) == 1 and repr(m).count("(") == 2


def test_a_factor_that_is_too_large():
    m = rsnn.nn.Sequential(rsnn.nn.Identity())
    for factor in (2**70, 2**62):
        for multiply in (lambda n: m * n, lambda n: n * m, m.__imul__):
            with raises(MemoryError, f"multiplication factor {factor} for {type(m)} is too large"):
                multiply(factor)
    assert len(m) == 1


def test_a_sequential_with_names_keeps_its_children_where_an_insertion_fails():
    m = rsnn.nn.Sequential(OrderedDict(a=rsnn.nn.Identity(), b=rsnn.nn.ReLU()))
    with raises(KeyError, "1"):
        m.insert(0, rsnn.nn.Tanh())
    assert list(m._modules) == ["a", "b"]
    m *= 2
    assert list(m._modules) == ["a", "b", "2", "3"] and m[2] is m[0]
