"""Containers: every method, with wrong arguments too."""

from __future__ import annotations

from collections import OrderedDict

import pytest

import rsnn
from both import names, probe, raises, said


def numbers(container):
    return [child.number for child in container]


@pytest.fixture
def adds(lib):
    """Makes modules that add 0, 1, ..."""
    add = probe(lib)
    return lambda count: [add(number) for number in range(count)]


class TestSequential:
    def test_runs_in_order(self, lib):
        class Append(lib.nn.Module):
            def __init__(self, letter):
                super().__init__()
                self.letter = letter

            def forward(self, x):
                return x + self.letter

        assert lib.nn.Sequential(Append("a"), lib.nn.Sequential(Append("b")), Append("c"))("") == "abc"
        assert lib.nn.Sequential()("x") == "x"
        named = lib.nn.Sequential(OrderedDict([("z", Append("z")), ("a", Append("a"))]))
        assert named("") == "za" and names(named.named_children()) == ["z", "a"] and named.z.letter == "z"

    def test_constructor_arguments(self, lib, adds):
        with raises(TypeError, "int is not a Module subclass"):
            lib.nn.Sequential(3)
        with raises(TypeError, "dict is not a Module subclass"):
            lib.nn.Sequential({"a": adds(1)[0]})
        with raises(TypeError, "list is not a Module subclass"):
            lib.nn.Sequential(adds(2))
        with pytest.raises(TypeError):
            lib.nn.Sequential(*adds(1), name=3)
        with raises(KeyError, 'module name can\'t contain ".", got: a.b'):
            lib.nn.Sequential(OrderedDict([("a.b", adds(1)[0])]))
        assert list(lib.nn.Sequential(None)) == [None]
        with pytest.raises(TypeError, match="'NoneType' object is not callable"):
            lib.nn.Sequential(None)(1)

    def test_indexing(self, lib, adds):
        modules = adds(4)
        m = lib.nn.Sequential(*modules)
        assert len(m) == 4 and m[0] is modules[0] and m[-1] is modules[3] and list(m) == modules
        assert numbers(m[1:3]) == [1, 2] and names(m[1:3].named_children()) == ["1", "2"]
        assert numbers(m[::-2]) == [3, 1] and type(m[:0]) is lib.nn.Sequential
        for index in (4, -5):
            with raises(IndexError, f"index {index} is out of range"):
                _ = m[index]
        with pytest.raises(IndexError):
            _ = m[2**70]
        with pytest.raises(TypeError):
            _ = m["0"]
        named = lib.nn.Sequential(OrderedDict(a=modules[0], b=modules[1]))
        assert named[1] is modules[1] and names(named[1:].named_children()) == ["b"]

    def test_slices_have_the_class(self, lib, adds):
        class Own(lib.nn.Sequential):
            pass

        assert type(Own(*adds(3))[1:]) is Own

    def test_setitem(self, lib, adds):
        m = lib.nn.Sequential(OrderedDict(a=adds(1)[0], b=adds(1)[0]))
        m[-1] = probe(lib)(7)
        assert m.b.number == 7
        with raises(IndexError, "index 2 is out of range"):
            m[2] = adds(1)[0]
        with raises(TypeError, "cannot assign 'int' as child module 'a' (rsnn.nn.Module or None expected)"):
            m[0] = 3

    def test_delitem(self, lib, adds):
        m = lib.nn.Sequential(*adds(6))
        del m[1]
        assert numbers(m) == [0, 2, 3, 4, 5] and list(m._modules) == list("01234")
        del m[-1], m[1:3]
        assert numbers(m) == [0, 4] and list(m._modules) == list("01")
        with raises(IndexError, "index 2 is out of range"):
            del m[2]
        named = lib.nn.Sequential(OrderedDict(a=adds(1)[0], b=adds(1)[0]))
        del named[0]
        assert list(named._modules) == ["0"]

    def test_append_extend_insert_pop(self, lib, adds):
        modules = adds(6)
        m = lib.nn.Sequential(modules[0])
        assert m.append(modules[1]) is m and m.extend(modules[2:4]) is m and m.extend(m[:1]) is m
        assert numbers(m) == [0, 1, 2, 3, 0]
        assert m.insert(1, modules[5]) is m and m.insert(-1, modules[5]) is m and m.insert(7, modules[4]) is m
        assert numbers(m) == [0, 5, 1, 2, 3, 5, 0, 4] and list(m._modules) == [str(i) for i in range(8)]
        assert m.pop(1) is modules[5] and m.pop(-1) is modules[4] and numbers(m.pop(slice(0, 2))) == [0, 1]
        assert numbers(m) == [2, 3, 5, 0] and list(m._modules) == list("0123")

    def test_wrong_arguments(self, lib, adds):
        m = lib.nn.Sequential(*adds(2))
        with raises(TypeError, "int is not a Module subclass"):
            m.append(3)
        with raises(TypeError, "str is not a Module subclass"):
            m.extend("ab")
        with pytest.raises(TypeError):
            m.extend(3)
        for index in (3, -3):
            with raises(IndexError, f"Index out of range: {index}"):
                m.insert(index, adds(1)[0])
        with pytest.raises(AssertionError, match="module should be of type"):
            m.insert(0, 3)
        with raises(IndexError, "index 2 is out of range"):
            m.pop(2)
        assert numbers(m) == [0, 1]

    def test_arithmetic(self, lib, adds):
        m, other = lib.nn.Sequential(*adds(2)), lib.nn.Sequential(probe(lib)(7))
        total = m + other
        assert numbers(total) == [0, 1, 7] and total[0] is m[0] and list(total._modules) == list("012")
        assert numbers(m * 2) == numbers(2 * m) == [0, 1, 0, 1] and (m * 2)[2] is m[0]
        same = m
        m += other
        assert m is same and numbers(m) == [0, 1, 7]
        m *= 2
        assert m is same and numbers(m) == [0, 1, 7] * 2 and list(m._modules) == [str(i) for i in range(6)]

    def test_wrong_operands(self, lib, adds):
        m = lib.nn.Sequential(*adds(1))
        with raises(ValueError, "add operator supports only objects of Sequential class, but <class 'list'> is given."):
            m + []
        with raises(ValueError, "add operator supports only objects of Sequential class, but <class 'list'> is given."):
            m += []
        kind = type(m)
        for wrong in ("a", 1.0):
            text = said(f"unsupported operand type(s) for *: {kind} and {type(wrong)}")
            with raises(TypeError, text):
                m * wrong
            with raises(TypeError, text):
                m *= wrong
        for wrong in (0, -1):
            with raises(ValueError, said(f"Non-positive multiplication factor {wrong} for {kind}")):
                m * wrong
            with raises(ValueError, said(f"Non-positive multiplication factor {wrong} for {kind}")):
                m *= wrong

    def test_subclasses(self, lib, adds):
        class Backwards(lib.nn.Sequential):
            def __iter__(self):
                return reversed(list(super().__iter__()))

        class Pair(lib.nn.Sequential):
            def __init__(self, first, second):
                super().__init__(first, second)
                self.extra = lib.nn.Parameter(lib.zeros(1))

            def forward(self, x):
                return [module(x) for module in self]

        class Letter(lib.nn.Module):
            def __init__(self, letter):
                super().__init__()
                self.letter = letter

            def forward(self, x):
                return x + self.letter

        assert Backwards(Letter("a"), Letter("b"))("") == "ba"
        assert Pair(*adds(2))(1) == [1, 2] and names(Pair(*adds(2)).named_parameters()) == ["extra"]

    def test_overridden_call_and_forward_of_children(self, lib):
        class Called(lib.nn.Module):
            def __call__(self, x):
                return ("called", x)

        class Instance(lib.nn.Module):
            pass

        other = Instance()
        other.forward = lambda x: ("instance", x)
        assert lib.nn.Sequential(other, Called())(1) == ("called", ("instance", 1))

    def test_overridden_add_module_is_called(self, lib, adds):
        seen = []

        class Own(lib.nn.Sequential):
            def add_module(self, name, module):
                seen.append(name)
                super().add_module(name, module)

        m = Own(*adds(2))
        m.append(adds(1)[0])
        assert seen == ["0", "1", "2"]

    def test_changes_during_the_run(self, lib):
        class Growing(lib.nn.Module):
            def forward(self, m):
                m.append(lib.nn.Module())
                return m

        m = lib.nn.Sequential(Growing(), Growing())
        with pytest.raises(RuntimeError, match="changed size during iteration"):
            m(m)

    def test_repr(self, lib, adds):
        m = lib.nn.Sequential(OrderedDict(a=adds(1)[0], b=lib.nn.Sequential(*adds(2)), none=None))
        assert repr(m) == (
            "Sequential(\n  (a): Add(number=0)\n  (b): Sequential(\n    (0): Add(number=0)\n"
            "    (1): Add(number=1)\n  )\n  (none): None\n)"
        )
        assert repr(lib.nn.Sequential()) == "Sequential()"


class TestModuleList:
    def test_is_a_list(self, lib, adds):
        modules = adds(4)
        m = lib.nn.ModuleList(modules)
        assert len(m) == 4 and list(m) == modules and m[0] is modules[0] and m[-1] is modules[3]
        assert numbers(m[1:3]) == [1, 2] and list(m[1:3]._modules) == ["0", "1"] and type(m[::2]) is lib.nn.ModuleList
        assert modules[1] in m and lib.nn.Module() not in m
        assert len(lib.nn.ModuleList()) == 0 and numbers(lib.nn.ModuleList(m)) == [0, 1, 2, 3]
        assert numbers(lib.nn.ModuleList(module for module in modules)) == [0, 1, 2, 3]
        assert numbers(reversed(m)) == [3, 2, 1, 0]
        own = type("Own", (lib.nn.ModuleList,), {})
        assert type(own(modules)[1:]) is own and type(own(modules) + m) is lib.nn.ModuleList

    def test_items(self, lib, adds):
        m = lib.nn.ModuleList(adds(4))
        m[-1] = probe(lib)(9)
        assert m[3].number == 9
        del m[1]
        assert numbers(m) == [0, 2, 9] and list(m._modules) == list("012")
        del m[:2]
        assert numbers(m) == [9] and list(m._modules) == ["0"]
        for index in (1, -2):
            for wrong in (
                lambda i=index: m[i],
                lambda i=index: m.__delitem__(i),
                lambda i=index: m.__setitem__(i, m[0]),
            ):
                with raises(IndexError, f"index {index} is out of range"):
                    wrong()
        with pytest.raises(TypeError):
            _ = m["0"]
        with raises(TypeError, "cannot assign 'int' as child module '0' (rsnn.nn.Module or None expected)"):
            m[0] = 3

    def test_append_extend_insert_pop(self, lib, adds):
        modules = adds(5)
        m = lib.nn.ModuleList()
        assert m.append(modules[0]) is m and m.extend(modules[1:3]) is m and m.extend(m) is m if lib is rsnn else True
        m = lib.nn.ModuleList(modules[:3])
        assert m.insert(1, modules[4]) is None and numbers(m) == [0, 4, 1, 2]
        m.insert(4, modules[3])
        m.insert(0, modules[3])
        assert numbers(m) == [3, 0, 4, 1, 2, 3] and list(m._modules) == [str(i) for i in range(6)]
        assert m.pop(0) is modules[3] and m.pop(-1) is modules[3] and numbers(m.pop(slice(1, 3))) == [4, 1]
        assert numbers(m) == [0, 2]

    def test_sums(self, lib, adds):
        m = lib.nn.ModuleList(adds(2))
        total = m + [probe(lib)(7)]
        assert numbers(total) == [0, 1, 7] and type(total) is lib.nn.ModuleList and len(m) == 2
        same = m
        m += [probe(lib)(7)]
        assert m is same and numbers(m) == [0, 1, 7]

    def test_wrong_arguments(self, lib):
        m = lib.nn.ModuleList()
        with raises(TypeError, "ModuleList.extend should be called with an iterable, but got int"):
            m.extend(3)
        with raises(TypeError, "ModuleList.extend should be called with an iterable, but got int"):
            lib.nn.ModuleList(3)
        with raises(TypeError, "int is not a Module subclass"):
            m.append(3)
        with raises(TypeError, "str is not a Module subclass"):
            lib.nn.ModuleList("ab")
        with raises(IndexError, "index 0 is out of range"):
            m.pop(0)
        with pytest.raises(TypeError):
            m + 3
        with raises(NotImplementedError, 'Module [ModuleList] is missing the required "forward" function'):
            m(1)

    def test_repr_folds(self, lib, adds):
        add = probe(lib)
        m = lib.nn.ModuleList([add(1), add(1), lib.nn.Sequential(add(2)), add(1)])
        assert repr(m) == (
            "ModuleList(\n  (0-1): 2 x Add(number=1)\n  (2): Sequential(\n    (0): Add(number=2)\n  )\n"
            "  (3): Add(number=1)\n)"
        )
        assert repr(lib.nn.ModuleList()) == "ModuleList()"
        assert repr(lib.nn.Sequential(lib.nn.ModuleList([add(1)] * 3))) == (
            "Sequential(\n  (0): ModuleList(\n    (0-2): 3 x Add(number=1)\n  )\n)"
        )

    def test_in_a_model(self, lib):
        class Model(lib.nn.Module):
            def __init__(self):
                super().__init__()
                self.layers = lib.nn.ModuleList([probe(lib)(i) for i in range(10)])

            def forward(self, x):
                for i, layer in enumerate(self.layers):
                    x = self.layers[i // 2](x) + layer(x)
                return x

        m = Model()
        assert m(0) == Model()(0) and len(list(m.modules())) == 12


def test_insertion_into_a_list_counts_from_the_end():
    m = rsnn.nn.ModuleList([probe(rsnn)(i) for i in range(3)])
    m.insert(-1, probe(rsnn)(9))
    assert numbers(m) == [0, 1, 9, 2]
    for index in (5, -5):
        with raises(IndexError, f"Index out of range: {index}"):
            m.insert(index, m[0])
    assert numbers(m) == [0, 1, 9, 2]


@pytest.mark.parametrize("container", ["Sequential", "ModuleList", "ModuleDict"])
def test_containers_are_modules(lib, container):
    m = getattr(lib.nn, container)()
    assert isinstance(m, lib.nn.Module)
    m.extra = lib.nn.Parameter(lib.zeros(1))
    m.note = 3
    assert names(m.named_parameters()) == ["extra"] and m.note == 3 and m.training
