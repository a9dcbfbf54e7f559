"""Backward hooks: full ones, pre-hooks, those of the old kind, and those of all modules."""

from __future__ import annotations

import copy
import gc
import weakref
from importlib import import_module

import pytest

import rsnn
from both import raises, said


@pytest.fixture
def scale(lib):
    """A class of modules that multiply by a parameter, 3 at first."""

    class Scale(lib.nn.Module):
        def __init__(self, factor=3.0):
            super().__init__()
            self.weight = lib.nn.Parameter(lib.tensor([factor]))

        def forward(self, x):
            return x * self.weight

    return Scale


def numbers(value):
    """Gradients as lists."""
    if value is None:
        return None
    if isinstance(value, tuple):
        return tuple(numbers(one) for one in value)
    return value.tolist()


def test_full_backward_hook(lib, scale):
    m, seen = scale(), []
    handle = m.register_full_backward_hook(lambda *given: seen.append((given[0], numbers(given[1]), numbers(given[2]))))
    x = lib.tensor([2.0], requires_grad=True)
    y = m(x)
    (y * 5).sum().backward()
    assert seen == [(m, ([15.0],), ([5.0],))]
    assert x.grad.tolist() == [15.0] and m.weight.grad.tolist() == [10.0]
    handle.remove()
    m(x).sum().backward()
    assert len(seen) == 1


def test_full_backward_hook_replaces_input_gradients(lib, scale):
    m = scale()
    m.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] * 2,))
    m.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0] + 1,))
    x = lib.tensor([2.0], requires_grad=True)
    m(x).sum().backward()
    assert x.grad.tolist() == [7.0] and m.weight.grad.tolist() == [2.0]


def test_full_backward_pre_hook_replaces_output_gradients(lib, scale):
    m, seen = scale(), []
    m.register_full_backward_pre_hook(lambda module, outputs: seen.append(numbers(outputs)))
    m.register_full_backward_pre_hook(lambda module, outputs: (outputs[0] * 10,))
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((numbers(inputs), numbers(outputs))))
    x = lib.tensor([2.0], requires_grad=True)
    m(x).sum().backward()
    assert seen == [([1.0],), (([30.0],), ([10.0],))]
    assert x.grad.tolist() == [30.0] and m.weight.grad.tolist() == [20.0]


def test_prepend(lib, scale):
    m, seen = scale(), []
    for name, prepend in (("a", False), ("b", True), ("c", False)):
        m.register_full_backward_hook(lambda *_, name=name: seen.append(name), prepend=prepend)
        m.register_full_backward_pre_hook(lambda *_, name=name: seen.append(name.upper()), prepend=prepend)
    m(lib.tensor([2.0], requires_grad=True)).sum().backward()
    assert "".join(seen) == "BACbac"


class TestShapes:
    """What the tuples hold."""

    def test_several_inputs_and_outputs(self, lib):
        class Many(lib.nn.Module):
            def forward(self, x, number, y, z, *, key=None):
                return x * number, y + z, x.detach()

        m, seen = Many(), []
        m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((numbers(inputs), numbers(outputs))))
        x, z = (lib.tensor([v], requires_grad=True) for v in (1.0, 3.0))
        a, b, c = m(x, 4, lib.tensor([2.0]), z)
        (a * 2 + b * 3).sum().backward()
        assert seen == [(([8.0], None, [0.0], [3.0]), ([2.0], [3.0], None))]

    def test_unused_outputs_have_no_gradient(self, lib):
        class Two(lib.nn.Module):
            def forward(self, x):
                return x * 2, x * 3

        m, seen = Two(), []
        m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((numbers(inputs), numbers(outputs))))
        m(lib.tensor([1.0], requires_grad=True))[1].sum().backward()
        assert seen == [(([3.0],), (None, [1.0]))]

    def test_other_outputs_warn(self, lib):
        class Dict(lib.nn.Module):
            def forward(self, x):
                return {"y": x * 2}

        m = Dict()
        m.register_full_backward_hook(lambda *_: None)
        with pytest.warns(UserWarning, match="module output should be a Tensor or a tuple of Tensors but received"):
            assert set(m(lib.tensor([1.0], requires_grad=True))) == {"y"}

    def test_wrong_number_of_gradients(self, lib, scale):
        m = scale()
        with m.register_full_backward_hook(lambda module, inputs, outputs: (None, None)):
            y = m(lib.tensor([2.0], requires_grad=True))
        with pytest.raises(RuntimeError) as caught:
            y.sum().backward()
        assert said(caught.value) == ("Backward hook returned an invalid number of grad_input, got 2, but expected 1")
        with m.register_full_backward_pre_hook(lambda module, outputs: (None, None)):
            y = m(lib.tensor([2.0], requires_grad=True))
        with pytest.raises(RuntimeError) as caught:
            y.sum().backward()
        assert said(caught.value) == (
            "Backward pre hook returned an invalid number of grad_output, got 2, but expected 1"
        )


def test_without_gradients_of_inputs(lib, scale):
    m, seen = scale(), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs, numbers(outputs))))
    y = m(lib.tensor([2.0]))
    with pytest.warns(UserWarning, match="Full backward hook is firing when gradients are computed"):
        y.sum().backward()
    assert seen == [((None,), ([1.0],))] and m.weight.grad.tolist() == [2.0]
    m.register_full_backward_hook(lambda module, inputs, outputs: outputs)
    y = m(lib.tensor([2.0]))
    with (
        pytest.warns(UserWarning, match="Full backward hook is firing"),
        pytest.raises(RuntimeError, match="should always return None or None for all gradients"),
    ):
        y.sum().backward()


def test_without_grad_mode(lib, scale):
    m, seen = scale(), []
    m.register_full_backward_hook(lambda *_: seen.append(1))
    with lib.no_grad():
        y = m(lib.tensor([2.0], requires_grad=True))
    assert not y.requires_grad and y.tolist() == [6.0] and not seen


def test_nested_modules(lib, scale):
    m, seen = lib.nn.Sequential(scale(2.0), lib.nn.Sequential(scale(3.0))), []
    for name, module in m.named_modules():
        module.register_full_backward_hook(
            lambda module, inputs, outputs, name=name: seen.append((name, numbers(inputs), numbers(outputs)))
        )
    m(lib.tensor([1.0], requires_grad=True)).sum().backward()
    assert seen == [
        ("1.0", ([3.0],), ([1.0],)),
        ("1", ([3.0],), ([1.0],)),
        ("0", ([6.0],), ([3.0],)),
        ("", ([6.0],), ([1.0],)),
    ]


def test_a_hook_may_remove_itself(lib, scale):
    m, seen, handles = scale(), [], []

    def once(*_):
        seen.append("once")
        handles[0].remove()

    handles.append(m.register_full_backward_hook(once))
    m.register_full_backward_hook(lambda *_: seen.append("stays"))
    x = lib.tensor([2.0], requires_grad=True)
    for _ in range(2):
        m(x).sum().backward()
    assert seen == ["once", "stays", "stays"]


def test_a_failing_hook_fails_the_backward(lib, scale):
    m = scale()

    def bad(*_):
        raise LookupError("bad")

    m.register_full_backward_hook(bad)
    y = m(lib.tensor([2.0], requires_grad=True))
    with raises(LookupError, "bad"):
        y.sum().backward()


def test_in_place_on_a_hooked_input_is_refused(lib):
    class InPlace(lib.nn.Module):
        def forward(self, x):
            x.mul_(2)
            return x

    m = InPlace()
    m.register_full_backward_hook(lambda *_: None)
    x = lib.tensor([1.0], requires_grad=True) * 1
    with pytest.raises(RuntimeError, match="is a view and is being modified inplace"):
        m(x)


def test_double_backward(lib, scale):
    m, seen = scale(), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append(numbers(outputs)))
    x = lib.tensor([2.0], requires_grad=True)
    (g,) = lib.autograd.grad((m(x) ** 2).sum(), x, create_graph=True)
    g.sum().backward()
    assert seen[0] == ([12.0],) and x.grad.tolist() == [18.0]


def test_both_sorts_exclude_each_other(lib, scale):
    m = scale()
    assert m._is_full_backward_hook is None
    m.register_full_backward_hook(print)
    assert m._is_full_backward_hook is True
    text = "Cannot use both regular backward hooks and full backward hooks on a single Module. Please use only one of "
    text += "them."
    with raises(RuntimeError, text):
        m.register_backward_hook(print)
    m = scale()
    m.register_backward_hook(print)
    assert m._is_full_backward_hook is False
    with raises(RuntimeError, text):
        m.register_full_backward_hook(print)


def test_unused_inputs_get_zeros(lib):
    class First(lib.nn.Module):
        def forward(self, x, y):
            return x * 2

    m, seen = First(), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append(numbers(inputs)))
    x, y = (lib.tensor([v], requires_grad=True) for v in (1.0, 3.0))
    m(x, y).sum().backward()
    assert seen == [([2.0], [0.0])] and y.grad.tolist() == [0.0]


def test_backward_hook_of_the_old_kind(lib):
    class Negative(lib.nn.Module):
        def forward(self, x):
            return -x

    m, seen = Negative(), []
    m.register_backward_hook(
        lambda module, inputs, outputs: seen.append((module is m, numbers(inputs), numbers(outputs)))
    )
    x = lib.tensor([2.0], requires_grad=True)
    (m(x * 1) * 5).sum().backward()
    assert seen == [(True, ([-5.0],), ([5.0],))] and x.grad.tolist() == [-5.0]


def test_the_old_kind_warns_of_what_it_does_not_see(lib, scale):
    class Deep(lib.nn.Module):
        def forward(self, x):
            return (x * 2) * 3

    m = Deep()
    m.register_backward_hook(lambda *_: None)
    x = lib.tensor([2.0], requires_grad=True)
    with pytest.warns(FutureWarning, match="when the forward contains multiple autograd Nodes"):
        m(x * 1)

    class List(lib.nn.Module):
        def forward(self, x):
            return [x * 2]

    m = List()
    m.register_backward_hook(lambda *_: None)
    with pytest.warns(FutureWarning, match="that does not return a single Tensor or a tuple of Tensors"):
        m(x)


def test_global_backward_hooks(lib, scale):
    register = import_module(f"{lib.__name__}.nn.modules.module")
    m, seen = lib.nn.Sequential(scale()), []
    x = lib.tensor([2.0], requires_grad=True)
    with (
        register.register_module_full_backward_hook(lambda module, *_: seen.append(type(module).__name__)),
        register.register_module_full_backward_pre_hook(lambda module, *_: seen.append("pre " + type(module).__name__)),
    ):
        m(x).sum().backward()
    assert seen == ["pre Sequential", "pre Scale", "Scale", "Sequential"]
    m(x).sum().backward()
    assert len(seen) == 4
    with pytest.raises(RuntimeError, match="as a global Module hook"):
        register.register_module_backward_hook(print)


def test_hooks_survive_copies(lib, scale):
    m = scale()
    m.register_full_backward_hook(double)
    x = lib.tensor([2.0], requires_grad=True)
    copy.deepcopy(m)(x).sum().backward()
    assert x.grad.tolist() == [6.0]


def double(module, inputs, outputs):
    """A hook that can be copied."""
    return (inputs[0] * 2,)


def test_a_graph_lets_its_modules_go(lib, scale):
    m = scale()
    m.register_full_backward_hook(lambda *_: None)
    x = lib.tensor([2.0], requires_grad=True)
    y = m(x)
    y.sum().backward()
    alive = weakref.ref(m)
    del m, y
    gc.collect()
    assert alive() is None


def test_an_old_hook_of_a_module_that_returns_a_text():
    class Text(rsnn.nn.Module):
        def forward(self, x):
            return "text"

    module = Text()
    module.register_backward_hook(lambda module, inputs, outputs: None)
    with pytest.raises(TypeError, match="returns tensors"):
        module(rsnn.ones(1))
