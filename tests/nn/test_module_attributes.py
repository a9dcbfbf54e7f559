"""Attributes of modules: what an assignment registers, what a deletion removes, what a look-up finds."""

from __future__ import annotations

import pytest

from both import names, probe, raises


def test_parameters_buffers_and_children_are_attributes(lib):
    m = lib.nn.Module()
    weight, mean, child = lib.nn.Parameter(lib.zeros(2)), lib.zeros(3), lib.nn.Module()
    m.weight = weight
    m.register_buffer("mean", mean)
    m.child = child
    m.plain = 3
    assert m.weight is weight and m.mean is mean and m.child is child and m.plain == 3
    assert list(m._parameters) == ["weight"] and list(m._buffers) == ["mean"] and list(m._modules) == ["child"]
    assert "plain" in m.__dict__ and "weight" not in m.__dict__


def test_a_tensor_replaces_a_buffer_and_is_else_a_plain_attribute(lib):
    m = lib.nn.Module()
    m.register_buffer("mean", lib.zeros(1), persistent=False)
    new = lib.ones(1)
    m.mean = new
    assert m._buffers["mean"] is new and "mean" in m._non_persistent_buffers_set
    m.mean = None
    assert m.mean is None and list(m._buffers) == ["mean"]
    m.other = lib.ones(1)
    assert "other" in m.__dict__


def test_nn_buffer_registers(lib):
    m = lib.nn.Module()
    m.a = lib.nn.Buffer(lib.zeros(1))
    m.b = lib.nn.Buffer(lib.zeros(1), persistent=False)
    assert isinstance(m.a, lib.nn.Buffer) and not isinstance(lib.zeros(1), lib.nn.Buffer)
    assert names(m.named_buffers()) == ["a", "b"] and list(m.state_dict()) == ["a"]


def test_a_name_moves_between_kinds(lib):
    m = lib.nn.Module()
    m.x = 1
    m.x = lib.nn.Parameter(lib.zeros(1))
    assert "x" not in m.__dict__ and list(m._parameters) == ["x"]
    with pytest.raises(TypeError):
        m.x = lib.nn.Module()
    del m.x
    m.x = lib.nn.Module()
    assert not m._parameters and list(m._modules) == ["x"]
    m.x = lib.nn.Parameter(lib.zeros(1))
    assert not m._modules and list(m._parameters) == ["x"]
    del m.x
    m.register_buffer("x", lib.zeros(1), persistent=False)
    m.x = lib.nn.Parameter(lib.zeros(1))
    assert not m._buffers and not m._non_persistent_buffers_set


def test_an_update_keeps_the_place(lib):
    m = lib.nn.Module()
    for name in "abc":
        setattr(m, name, lib.nn.Parameter(lib.zeros(1)))
    m.b = lib.nn.Parameter(lib.ones(1))
    assert names(m.named_parameters()) == ["a", "b", "c"]
    del m.a
    m.a = lib.nn.Parameter(lib.zeros(1))
    assert names(m.named_parameters()) == ["b", "c", "a"]
    for name in "xyz":
        setattr(m, name, lib.nn.Identity())
    m.y = lib.nn.ReLU()
    assert names(m.named_children()) == ["x", "y", "z"]


def test_none_keeps_the_name(lib):
    m = lib.nn.Module()
    m.w = lib.nn.Parameter(lib.zeros(1))
    m.c = lib.nn.Module()
    m.w = None
    m.c = None
    assert m.w is None and m.c is None
    assert list(m._parameters.items()) == [("w", None)] and list(m._modules.items()) == [("c", None)]
    assert not list(m.named_parameters()) and not list(m.named_children())
    m.w = lib.nn.Parameter(lib.zeros(1))
    assert names(m.named_parameters()) == ["w"]


@pytest.mark.parametrize("value", [3, "text", 1.5, [1]])
def test_misfits_are_refused(lib, value):
    m = lib.nn.Module()
    m.w = lib.nn.Parameter(lib.zeros(1))
    m.c = lib.nn.Module()
    m.register_buffer("b", lib.zeros(1))
    kind = type(value).__name__
    with raises(TypeError, f"cannot assign '{kind}' as parameter 'w' (rsnn.nn.Parameter or None expected)"):
        m.w = value
    with raises(TypeError, f"cannot assign '{kind}' as child module 'c' (rsnn.nn.Module or None expected)"):
        m.c = value
    with raises(TypeError, f"cannot assign '{kind}' as buffer 'b' (rsnn.nn.Buffer, rsnn.Tensor or None expected)"):
        m.b = value


def test_assignment_before_init(lib):
    class Net(lib.nn.Module):
        def __init__(self, value, name=None):
            if name:
                self.register_buffer(name, value)
            else:
                self.x = value

    with raises(AttributeError, "cannot assign parameters before Module.__init__() call"):
        Net(lib.nn.Parameter(lib.zeros(1)))
    with raises(AttributeError, "cannot assign module before Module.__init__() call"):
        Net(lib.nn.Module())
    with raises(AttributeError, "cannot assign buffer before Module.__init__() call"):
        Net(lib.zeros(1), "b")
    assert Net(3).x == 3
    with raises(AttributeError):
        Net(3)(1)
    with raises(AttributeError, "'Net' object has no attribute '_parameters'"):
        _ = Net(3)._parameters


def test_missing_attributes_name_class_and_attribute(lib):
    class Net(lib.nn.Module):
        pass

    with raises(AttributeError, "'Net' object has no attribute 'weight'"):
        _ = Net().weight
    with raises(AttributeError, "'Net' object has no attribute 'weight'"):
        del Net().weight
    assert not hasattr(Net(), "weight") and getattr(Net(), "weight", 3) == 3
    with raises(AttributeError, "'Net' object has no attribute 'weight'"):
        Net().__getattr__("weight")


def test_deletion_by_kind(lib):
    m = lib.nn.Module()
    m.w, m.c, m.x = lib.nn.Parameter(lib.zeros(1)), lib.nn.Module(), 1
    m.register_buffer("b", lib.zeros(1), persistent=False)
    for name in "wcxb":
        delattr(m, name)
        assert not hasattr(m, name)
    assert not m._parameters and not m._modules and not m._buffers and not m._non_persistent_buffers_set


def test_class_attributes_and_properties_come_first(lib):
    class Net(lib.nn.Module):
        factor = 3

        @property
        def double(self):
            return 2 * self.factor

        @double.setter
        def double(self, value):
            self.factor = value // 2

    m = Net()
    m.double = 10
    assert m.factor == 5 and m.double == 10 and m.__dict__["factor"] == 5
    m._parameters["factor"] = lib.nn.Parameter(lib.zeros(1))
    assert m.factor == 5


def test_own_getattr_is_called_last(lib):
    class Wrapper(lib.nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner

        def __getattr__(self, name):
            try:
                return super().__getattr__(name)
            except AttributeError:
                return getattr(self.inner, name)

    w = Wrapper(probe(lib)(7))
    w.weight = lib.nn.Parameter(lib.zeros(1))
    assert w.number == 7 and w.weight is w._parameters["weight"] and w.inner.number == 7
    with raises(AttributeError, "'Add' object has no attribute 'nowhere'"):
        _ = w.nowhere


def test_own_getattribute_and_setattr(lib):
    seen = []

    class Net(lib.nn.Module):
        def __getattribute__(self, name):
            seen.append(name)
            return super().__getattribute__(name)

        def __setattr__(self, name, value):
            seen.append(("set", name))
            super().__setattr__(name, value)

        def __delattr__(self, name):
            seen.append(("del", name))
            super().__delattr__(name)

    m = Net()
    m.w = lib.nn.Parameter(lib.zeros(1))
    assert m.w is m._parameters["w"]
    del m.w
    assert ("set", "w") in seen and "w" in seen and ("del", "w") in seen


def test_getattr_given_to_the_class_later(lib):
    class Net(lib.nn.Module):
        pass

    m = Net()
    with pytest.raises(AttributeError):
        _ = m.x
    native = Net.__getattr__
    Net.__getattr__ = lambda self, name: 5 if name == "x" else native(self, name)
    assert m.x == 5
    m.w = lib.nn.Parameter(lib.zeros(1))
    assert m.w is m._parameters["w"]
    del Net.__getattr__
    with pytest.raises(AttributeError):
        _ = m.x
    assert m.w is m._parameters["w"] and Net().training
