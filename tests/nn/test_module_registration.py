"""Registering, reaching and listing the parts of modules, in both libraries."""

from __future__ import annotations

import pytest

import rsnn
from both import probe, raises, said


def test_object_setattr_hides_a_module(lib):
    m = lib.nn.Module()
    hidden = lib.nn.Module()
    object.__setattr__(m, "hidden", hidden)
    assert m.hidden is hidden and not m._modules
    object.__delattr__(m, "hidden")
    assert not hasattr(m, "hidden")
    m.__dict__["too"] = hidden
    assert m.too is hidden and not m._modules


def test_a_property_shows_its_own_error():
    class Net(rsnn.nn.Module):
        @property
        def broken(self):
            return self.missing_thing

    with raises(AttributeError, "'Net' object has no attribute 'missing_thing'"):
        _ = Net().broken


def test_the_error_knows_name_and_object():
    m = rsnn.nn.Module()
    with pytest.raises(AttributeError) as caught:
        _ = m.weigth
    assert caught.value.name == "weigth" and caught.value.obj is m


def test_register_parameter(lib):
    m = lib.nn.Module()
    m.register_parameter("w", lib.nn.Parameter(lib.zeros(1)))
    m.register_parameter("none", None)
    m.plain = 1
    assert list(m._parameters) == ["w", "none"]
    with raises(TypeError, "parameter name should be a string. Got int"):
        m.register_parameter(3, None)
    with raises(KeyError, 'parameter name can\'t contain "."'):
        m.register_parameter("a.b", None)
    with raises(KeyError, 'parameter name can\'t be empty string ""'):
        m.register_parameter("", None)
    for taken in ("plain", "forward", "training"):
        with raises(KeyError, f"attribute '{taken}' already exists"):
            m.register_parameter(taken, None)
    expected = "cannot assign 'int' object to parameter 'p' (rsnn.nn.Parameter or None required)"
    with raises(TypeError, expected):
        m.register_parameter("p", 3)


def test_register_buffer(lib):
    m = lib.nn.Module()
    m.register_buffer("b", lib.zeros(1))
    m.register_buffer("b", lib.ones(1), persistent=False)
    assert list(m._non_persistent_buffers_set) == ["b"]
    m.register_buffer("b", None)
    assert not m._non_persistent_buffers_set
    m.w = lib.nn.Parameter(lib.zeros(1))
    with raises(TypeError, "buffer name should be a string. Got int"):
        m.register_buffer(3, None)
    with raises(KeyError, 'buffer name can\'t contain "."'):
        m.register_buffer("a.b", None)
    with raises(KeyError, 'buffer name can\'t be empty string ""'):
        m.register_buffer("", None)
    with raises(KeyError, "attribute 'w' already exists"):
        m.register_buffer("w", None)
    with raises(TypeError, "cannot assign 'int' object to buffer 'x' (rsnn Tensor or None required)"):
        m.register_buffer("x", 3)


@pytest.mark.parametrize("method", ["add_module", "register_module"])
def test_add_module(lib, method):
    m = lib.nn.Module()
    getattr(m, method)("c", lib.nn.Module())
    getattr(m, method)("none", None)
    assert list(m._modules) == ["c", "none"]
    m.x = 1
    with raises(TypeError, "int is not a Module subclass"):
        getattr(m, method)("d", 3)
    with raises(TypeError, "module name should be a string. Got int"):
        getattr(m, method)(3, None)
    with raises(KeyError, "attribute 'x' already exists"):
        getattr(m, method)("x", None)
    with raises(KeyError, 'module name can\'t contain ".", got: a.b'):
        getattr(m, method)("a.b", None)
    with raises(KeyError, 'module name can\'t be empty string ""'):
        getattr(m, method)("", None)


def test_overridden_register_methods_are_called(lib):
    seen = []

    class Net(lib.nn.Module):
        def register_parameter(self, name, param):
            seen.append(name)
            super().register_parameter(name, param)

        def register_buffer(self, name, tensor):
            seen.append(name)
            super().register_buffer(name, tensor)

    m = Net()
    m.w = lib.nn.Parameter(lib.zeros(1))
    m.register_buffer("b", lib.zeros(1))
    m.b = lib.ones(1)
    assert seen == ["w", "b", "b"]
    m._non_persistent_buffers_set.add("b")
    expected = (
        "Registering a non-persistent buffer on a Module subclass that implements register_buffer() without the "
        "persistent argument is not allowed."
    )
    with raises(RuntimeError, expected):
        m.b = lib.zeros(1)


def test_module_paths(lib):
    add = probe(lib)
    m = lib.nn.Sequential(lib.nn.Sequential(add()), add())
    m[0].w = lib.nn.Parameter(lib.zeros(1))
    m[0].register_buffer("b", lib.zeros(1))
    m[0].x = 3
    assert m.get_submodule("") is m and m.get_submodule("0.0") is m[0][0]
    assert m.get_parameter("0.w") is m[0].w and m.get_buffer("0.b") is m[0].b
    with raises(AttributeError, "Sequential has no attribute `5`"):
        m.get_submodule("0.5")
    with raises(AttributeError, "`x` is not an nn.Module"):
        m.get_submodule("0.x")
    with raises(AttributeError, "Sequential has no attribute `q`"):
        m.get_parameter("0.q")
    with raises(AttributeError, "`b` is not an nn.Parameter"):
        m.get_parameter("0.b")
    with raises(AttributeError, "`w` is not a buffer"):
        m.get_buffer("0.w")


def test_set_submodule(lib):
    add = probe(lib)
    m = lib.nn.Sequential(lib.nn.Sequential(add()), add())
    new = add(5)
    m.set_submodule("0.0", new)
    assert m[0][0] is new
    m.set_submodule("0.extra", new)
    assert m[0].extra is new
    m.set_submodule("1", new)
    assert m[1] is new
    with raises(ValueError, "Cannot set the submodule without a target name!"):
        m.set_submodule("", new)
    with raises(AttributeError, "Sequential has no attribute `7`"):
        m.set_submodule("0.7", new, strict=True)
    m[0].x = 3
    with raises(AttributeError, "`x` is not an nn.Module"):
        m.set_submodule("0.x", new)
    with raises(ValueError, "`module` is not an nn.Module, found <class 'int'>"):
        m.set_submodule("0.0", 3)


@pytest.mark.parametrize("path", [None, 5])
def test_a_path_that_is_no_text(lib, path):
    m = lib.nn.Sequential(lib.nn.Identity())
    for call in (m.get_submodule, lambda path: m.set_submodule(path, lib.nn.ReLU())):
        with raises(AttributeError, f"'{type(path).__name__}' object has no attribute 'split'"):
            call(path)


def test_dir_lists_everything_that_can_be_typed(lib):
    m = lib.nn.Sequential(probe(lib)())
    m.w, m.plain = lib.nn.Parameter(lib.zeros(1)), 1
    m.register_buffer("b", lib.zeros(1))
    listed = dir(m)
    assert {"w", "b", "plain", "forward", "state_dict"} <= set(listed) and "0" not in listed
    assert listed == sorted(listed)


def test_constructor_arguments(lib):
    class Net(lib.nn.Module):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)

    with raises(TypeError, "Net.__init__() takes 1 positional argument but 3 were given"):
        Net(1, 2)
    with raises(TypeError, "Net.__init__() got an unexpected keyword argument 'x'"):
        Net(x=1)


def test_call_super_init(lib):
    class Other:
        def __init__(self, value, *, extra=0):
            self.value = (value, extra)

    class Both(lib.nn.Module, Other):
        call_super_init = True

    class Without(lib.nn.Module, Other):
        pass

    assert Both(3, extra=4).value == (3, 4)
    assert not hasattr(Without(), "value")


def test_init_again_forgets(lib):
    m = lib.nn.Module()
    m.w = lib.nn.Parameter(lib.zeros(1))
    m.training = False
    m.__init__()
    assert not hasattr(m, "w") and m.training


def test_registration_hooks(lib):
    from importlib import import_module

    hooks = import_module(f"{lib.__name__}.nn.modules.module")
    seen = []

    def hook(kind, replacement=None):
        def run(module, name, value):
            seen.append((kind, name, value))
            return replacement

        return run

    other = lib.nn.Parameter(lib.ones(1))
    with (
        hooks.register_module_parameter_registration_hook(hook("p", other)),
        hooks.register_module_buffer_registration_hook(hook("b")),
        hooks.register_module_module_registration_hook(hook("m")),
    ):
        m = lib.nn.Module()
        w, b, c = lib.nn.Parameter(lib.zeros(1)), lib.zeros(1), lib.nn.Module()
        m.w = w
        m.register_buffer("b", b)
        m.c = c
        m.add_module("d", c)
        m.c = None
    assert [(kind, name) for kind, name, _ in seen] == [("p", "w"), ("b", "b"), ("m", "c"), ("m", "d"), ("m", "c")]
    assert m.w is other and m.c is None
    m.w = w
    assert m.w is w and len(seen) == 5


def test_non_leaf_parameters_are_refused(lib):
    m = lib.nn.Module()
    p = lib.nn.Parameter(lib.zeros(2))
    with lib.no_grad():
        q = lib.nn.Parameter(p)
    q = q.requires_grad_(False)
    q.mul_(lib.ones(2, requires_grad=True))
    if not isinstance(q, lib.nn.Parameter):
        pytest.skip("in-place result is a plain tensor")
    with pytest.raises(ValueError) as caught:
        m.w = q
    assert said(caught.value).startswith("Cannot assign non-leaf Tensor to parameter 'w'.")
