"""What full backward hooks see in rare graphs, what they may return, and each warning of those of the old kind."""

from __future__ import annotations

import warnings
from collections import namedtuple

import pytest

import rsnn
from both import raises, said


def module(lib, forward):
    """A module with a given forward."""
    return type("Given", (lib.nn.Module,), {"forward": lambda self, *args: forward(*args)})()


def messages(call):
    """The texts of the warnings of a call, and its result."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = call()
    return [said(one.message) for one in caught], result


def leaf(lib, *values):
    return lib.tensor(values, requires_grad=True)


NO_GRADIENT = (
    "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
    "gradients."
)


def test_the_warning_without_gradients_of_inputs(lib):
    w = leaf(lib, 3.0)
    m, seen = module(lib, lambda x: x * w), []
    m.register_full_backward_pre_hook(lambda module, outputs: seen.append("pre"))
    y = m(lib.tensor([2.0]))
    texts, _ = messages(lambda: y.sum().backward())
    assert [text.partition(" See ")[0] for text in texts] == [NO_GRADIENT] and seen == ["pre"]
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs))
    y = m(lib.tensor([2.0]))
    texts, _ = messages(lambda: y.sum().backward())
    assert [text.partition(" See ")[0] for text in texts] == [NO_GRADIENT] and seen == ["pre", "pre", (None,)]


@pytest.mark.parametrize("good", [None, (None,), ()])
def test_what_a_hook_may_return_without_gradients_of_inputs(lib, good):
    w = leaf(lib, 3.0)
    m = module(lib, lambda x: x * w)
    m.register_full_backward_hook(lambda module, inputs, outputs: good)
    messages(lambda: m(lib.tensor([2.0])).sum().backward())
    assert w.grad.tolist() == [2.0]


@pytest.mark.parametrize("bad", [lambda g: [None], lambda g: g, lambda g: (g[0],), lambda g: (None, g[0]), lambda g: 5])
def test_what_a_hook_may_not_return_without_gradients_of_inputs(lib, bad):
    w = leaf(lib, 3.0)
    m = module(lib, lambda x: x * w)
    m.register_full_backward_hook(lambda module, inputs, outputs: bad(outputs))
    y = m(lib.tensor([2.0]))
    text = "Backward hook for Modules where no input requires gradient should always return None or None for all gradients."
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with raises(RuntimeError, text):
            y.sum().backward()


def test_the_warning_of_results_that_hold_no_tensors(lib):
    m = module(lib, lambda x: [x])
    m.register_full_backward_hook(lambda *_: None)
    texts, result = messages(lambda: m(leaf(lib, 1.0)))
    assert type(result) is list
    assert texts == [
        "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors but received "
        "<class 'list'>"
    ]


def test_inputs_that_need_no_gradient_get_zeros_of_their_sort(lib):
    m, seen = module(lib, lambda x, y, z: x * 2), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append(inputs))
    m(leaf(lib, 1.0), lib.zeros(2, 3, dtype=lib.float64), "text").sum().backward()
    (inputs,) = seen
    assert inputs[1].dtype == lib.float64 and inputs[1].tolist() == [[0] * 3] * 2 and inputs[2] is None


def test_hooks_run_once_for_each_backward(lib):
    m, seen = module(lib, lambda x: x * x), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((inputs[0].item(), outputs[0].item())))
    x = leaf(lib, 3.0)
    y = m(x)
    for factor in (1, 2):
        (y * factor).sum().backward(retain_graph=True)
    assert seen == [(6.0, 1.0), (12.0, 2.0)] and x.grad.tolist() == [18.0]


def test_a_backward_that_passes_the_inputs_only(lib):
    """The gradient of a gradient goes back through the inputs without having come through the outputs."""
    m, seen = module(lib, lambda x: x**3), []
    m.register_full_backward_hook(
        lambda module, inputs, outputs: seen.append((inputs[0].item(), [g.item() for g in outputs]))
    )
    x = leaf(lib, 2.0)
    (first,) = lib.autograd.grad(m(x).sum(), x, create_graph=True)
    assert seen == [(12.0, [1.0])]
    (second,) = lib.autograd.grad(first.sum(), x)
    assert second.tolist() == [12.0] and seen[1:] in ([], [(12.0, [1.0])])


def test_a_backward_to_what_is_inside(lib):
    """A loss of the inputs as they are inside of the module does not come through its outputs."""
    inside = []
    m, seen = module(lib, lambda x: inside.append(x) or x * 2), []
    m.register_full_backward_hook(lambda *_: seen.append("ran"))
    x = leaf(lib, 1.0)
    m(x)
    (inside[0] * 5).sum().backward()
    assert x.grad.tolist() == [5.0] and seen == []


def test_a_backward_to_what_is_inside_after_another_one(lib):
    inside = []
    m, seen = module(lib, lambda x: inside.append(x) or x * 2), []
    m.register_full_backward_hook(lambda *_: seen.append("ran"))
    x = leaf(lib, 1.0)
    m(x).sum().backward(retain_graph=True)
    assert seen == ["ran"]
    (inside[0] * 5).sum().backward()
    assert x.grad.tolist() == [7.0] and seen == ["ran"]


def test_named_tuples_stay_what_they_are(lib):
    Pair = namedtuple("Pair", "a b")
    m, seen = module(lib, lambda x: Pair(x * 2, x * 3)), []
    m.register_full_backward_hook(lambda module, inputs, outputs: seen.append((type(outputs), len(outputs))))
    result = m(leaf(lib, 1.0))
    assert type(result) is Pair
    (result.a + result.b).sum().backward()
    assert seen == [(tuple, 2)]


def test_hooks_that_return_a_bare_tensor():
    x = leaf(rsnn, 1.0, 2.0, 3.0)
    m = module(rsnn, lambda x: x * 2)
    m.register_full_backward_pre_hook(lambda module, outputs: outputs[0] * 10)
    m.register_full_backward_hook(lambda module, inputs, outputs: inputs[0] + 1)
    m(x).sum().backward()
    assert x.grad.tolist() == [21.0] * 3


@pytest.mark.parametrize("pre", [True, False])
@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            lambda g: g.double(),
            "hook 'hook' has changed the type of value (was rsnn.FloatTensor got rsnn.DoubleTensor)",
        ),
        (lambda g: g.half(), "hook 'hook' has changed the type of value (was rsnn.FloatTensor got rsnn.HalfTensor)"),
        (lambda g: g[:1], "hook 'hook' has changed the size of value"),
        (lambda g: g.sum(), "hook 'hook' has changed the size of value"),
        (lambda g: g.expand(3, 2), "hook 'hook' has changed the size of value"),
        (lambda g: g.view(2, 1), "hook 'hook' has changed the size of value"),
        (lambda g: g.tolist(), None),
        (lambda g: 5, None),
    ],
)
def test_gradients_that_do_not_fit(lib, pre, change, text):
    m = module(lib, lambda x, y: (x * 2, y * 3))
    if pre:
        m.register_full_backward_pre_hook(lambda module, outputs: (outputs[0], change(outputs[1])))
    else:
        m.register_full_backward_hook(lambda module, inputs, outputs: (inputs[0], change(inputs[1])))
    x, y = leaf(lib, 1.0, 2.0), leaf(lib, 1.0, 2.0)
    a, b = m(x, y)
    loss = (a + b).sum()
    if text is None:
        with pytest.raises(TypeError, match="^expected Variable, but hook returned '(int|list)'"):
            loss.backward()
    else:
        with raises(RuntimeError, text):
            loss.backward()
    assert x.grad is None and y.grad is None


def test_gradients_of_results_that_were_not_used(lib):
    """They are zeros on their way, and are replaced as others are."""
    for given, expected in (((1.0, 1.0), 2.0), ((5.0, None), 5.0), ((None, None), None)):
        m, seen = module(lib, lambda x, y: (x * 1, y * 1)), []
        replaced = tuple(None if value is None else lib.tensor([value]) for value in given)
        m.register_full_backward_pre_hook(lambda module, outputs: seen.append(outputs) or replaced)
        x, y = leaf(lib, 1.0), leaf(lib, 1.0)
        m(x, y)[1].sum().backward()
        assert seen[0][0] is None and seen[0][1].tolist() == [1]
        total = [g.item() for g in (x.grad, y.grad) if g is not None]
        assert sum(total) == (expected or 0)


OLD = {
    "output": "Using non-full backward hooks on a Module that does not return a single Tensor or a tuple of Tensors is "
    "deprecated and will be removed in future versions. This hook will be missing some of the grad_output. Please use "
    "register_full_backward_hook to get the documented behavior.",
    "input": "Using non-full backward hooks on a Module that does not take as input a single Tensor or a tuple of Tensors "
    "is deprecated and will be removed in future versions. This hook will be missing some of the grad_input. Please use "
    "register_full_backward_hook to get the documented behavior.",
    "nodes": "Using a non-full backward hook when outputs are generated by different autograd Nodes is deprecated and will "
    "be removed in future versions. This hook will be missing some grad_output. Please use register_full_backward_hook "
    "to get the documented behavior.",
    "forward": "Using a non-full backward hook when the forward contains multiple autograd Nodes is deprecated and will be "
    "removed in future versions. This hook will be missing some grad_input. Please use register_full_backward_hook to get "
    "the documented behavior.",
}


def split(lib, x):
    return tuple(x.unbind(0))


@pytest.mark.parametrize(
    ("forward", "args", "problem"),
    [
        (lambda lib, x: -x, 1, None),
        (lambda lib, x, y: x * y, 2, None),
        (lambda lib, x: (-x,), 1, None),
        (split, 1, None),
        (lambda lib, x: (*x.unbind(0), lib.zeros(1)), 1, None),
        (lambda lib, x: {"y": x * 2}, 1, "output"),
        (lambda lib, x: {"n": 5, "y": x * 2}, 1, "output"),
        (lambda lib, x: [x * 2], 1, "output"),
        (lambda lib, x: (x * 2, 5), 1, "output"),
        (lambda lib, x: [{"y": x * 2}], 1, "output"),
        (lambda lib, x, n: x * 2, (1, 5), "input"),
        (lambda lib, x, n: x * 2, (1, [3]), "input"),
        (lambda lib, x: (x * 2, x * 3), 1, "nodes"),
        (lambda lib, x: (x * 2) * 3, 1, "forward"),
        (lambda lib, x, y: x * 2, 2, "forward"),
    ],
)
def test_warnings_of_the_old_kind(lib, forward, args, problem):
    m, seen = module(lib, lambda *args: forward(lib, *args)), []
    m.register_backward_hook(lambda module, inputs, outputs: seen.append(module is m))
    extra = list(args[1:]) if isinstance(args, tuple) else []
    count = args if isinstance(args, int) else args[0]
    given = [leaf(lib, 2.0, 3.0) * 1 for _ in range(count)] + extra
    texts, result = messages(lambda: m(*given))
    assert texts == ([] if problem is None else [OLD[problem]])
    while not isinstance(result, lib.Tensor):
        result = next(
            one for one in (result.values() if isinstance(result, dict) else result) if not isinstance(one, int)
        )
    result.sum().backward()
    assert seen == [True]


def test_leaves_are_no_operations_for_the_old_kind(lib):
    given = (leaf(lib, 1.0) * 1, lib.ones(1)), (leaf(lib, 1.0), lib.ones(1)), (leaf(lib, 1.0), leaf(lib, 1.0))
    for args in given:
        m = module(lib, lambda x, y: x * y)
        m.register_backward_hook(lambda *_: None)
        texts, _ = messages(lambda m=m, args=args: m(*args))
        assert texts == [OLD["forward"]]


def test_old_hooks_of_what_no_operation_made(lib):
    m, seen = module(lib, lambda x: x), []
    m.register_backward_hook(lambda *_: seen.append(1))
    assert messages(lambda: m(lib.ones(1)).tolist()) == ([], [1.0])
    assert messages(lambda: m(leaf(lib, 1.0)).tolist()) == ([], [1.0]) and not seen


def test_old_hooks_of_a_text_say_so():
    m = module(rsnn, lambda x: "text")
    m.register_backward_hook(lambda *_: None)
    with raises(TypeError, "backward hook: expected a module that returns tensors, got the text 'text'"):
        m(rsnn.ones(1))
