"""`nn.Container`, which is deprecated, and the containers' private ways to an index that subclasses override."""

from __future__ import annotations

import copy
import pickle
import warnings

import pytest

from both import names, raises, said

TEXT = (
    "`nn.Container` is deprecated. All of its functionality is now implemented in `nn.Module`. Subclass that instead."
)


def test_container(lib):
    with pytest.warns(FutureWarning) as caught:
        m = lib.nn.Container(first=lib.nn.ReLU(), second=None)
    assert [str(warning.message) for warning in caught] == [TEXT] and caught[0].filename == __file__
    assert lib.nn.Container.__deprecated__ == TEXT
    assert list(m._modules) == ["first", "second"] and names(m.named_children()) == ["first"]
    assert said(m) == "Container(\n  (first): ReLU()\n  (second): None\n)"


def test_container_with_wrong_arguments(lib):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with raises(TypeError, "int is not a Module subclass"):
            lib.nn.Container(a=3)
        with raises(TypeError, "Container.__init__() takes 1 positional argument but 2 were given"):
            lib.nn.Container(lib.nn.ReLU())


def test_subclasses_of_container_warn_once(lib):
    with pytest.warns(FutureWarning) as caught:

        class Net(lib.nn.Container):
            def __init__(self, size):
                super().__init__(linear=lib.nn.Linear(size, size))

    assert [str(warning.message) for warning in caught] == [TEXT] and caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        m = copy.deepcopy(Net(3))
    assert names(m.named_parameters()) == ["linear.weight", "linear.bias"]


def test_containers_are_pickled(lib):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        m = pickle.loads(pickle.dumps(lib.nn.Container(act=lib.nn.Tanh())))
    assert type(m) is lib.nn.Container and said(m) == "Container(\n  (act): Tanh()\n)"


def test_item_by_index_of_sequential(lib):
    m = lib.nn.Sequential(*[lib.nn.Identity() for _ in range(3)])
    assert m._get_item_by_idx("abc", 1) == "b" and m._get_item_by_idx(iter("abcd"), -1) == "c"
    assert m._get_item_by_idx(m._modules.values(), True) is m[1]
    for index in (3, -4, 10**30):
        with raises(IndexError, f"index {index} is out of range"):
            m._get_item_by_idx("abc", index)
    with raises(TypeError, "'str' object cannot be interpreted as an integer"):
        m._get_item_by_idx("abc", "1")
    with pytest.raises(StopIteration):
        m._get_item_by_idx("a", 2)
    with raises(TypeError, "'int' object is not iterable"):
        m._get_item_by_idx(3, 2)


@pytest.mark.parametrize("kind", ["ModuleList", "ParameterList"])
def test_name_of_index(lib, kind):
    make = lib.nn.Identity if kind == "ModuleList" else lambda: lib.ones(1)
    m = getattr(lib.nn, kind)([make() for _ in range(3)])
    assert [m._get_abs_string_index(index) for index in (0, 2, -1, -3, True)] == ["0", "2", "2", "0", "1"]
    for index in (3, -4):
        with raises(IndexError, f"index {index} is out of range"):
            m._get_abs_string_index(index)
    with raises(TypeError, "'str' object cannot be interpreted as an integer"):
        m._get_abs_string_index("1")


@pytest.mark.parametrize(
    ("kind", "method"), [("Sequential", "_get_item_by_idx"), ("ModuleList", "_get_abs_string_index")]
)
def test_overridden_index(lib, kind, method):
    base = getattr(lib.nn, kind)

    def wrapped(self, *given):
        return getattr(base, method)(self, *given[:-1], given[-1] % len(self))

    children = [lib.nn.Identity() for _ in range(3)]
    make = type("Wrapped", (base,), {method: wrapped})
    m = make(*children) if kind == "Sequential" else make(children)
    first, last = m[0], m[2]
    assert m[3] is first and m[5] is last
    m[4] = lib.nn.Tanh()
    assert said(m[1]) == "Tanh()"
    del m[3]
    assert len(m) == 2 and m[1] is last


def test_parameters_before_a_wrong_pair_stay(lib):
    m = lib.nn.ParameterDict()
    with raises(ValueError, "ParameterDict update sequence element #1 has length 1; 2 is required"):
        m.update([("a", lib.ones(1)), ("b",)])
    assert list(m.keys()) == ["a"]
