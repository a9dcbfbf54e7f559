"""Cycles through the steps of the graph: a custom function's context, or a hook, that refers to a result."""

from __future__ import annotations

import gc
import weakref

import pytest

import rsnn

try:
    import torch
except ImportError:
    torch = None


class Probe:
    """Something that can be watched."""


def double(lib, probe, keep=lambda ctx, x, y: None):
    """A function whose context keeps the probe, and whatever `keep` gives it."""

    class Double(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            ctx.probe = probe
            keep(ctx, x, y)
            return y

        @staticmethod
        def backward(ctx, grad):
            return grad * 2

    return Double


def ctx_itself(lib, probe, x):
    double(lib, probe, lambda ctx, x, y: setattr(ctx, "me", ctx)).apply(x)


def ctx_result(lib, probe, x):
    double(lib, probe, lambda ctx, x, y: setattr(ctx, "result", y)).apply(x)


def ctx_list_of_results(lib, probe, x):
    double(lib, probe, lambda ctx, x, y: setattr(ctx, "results", [{"y": y}])).apply(x)


def ctx_input(lib, probe, x):
    double(lib, probe, lambda ctx, x, y: setattr(ctx, "input", x)).apply(x)


def saved_result(lib, probe, x):
    double(lib, probe, lambda ctx, x, y: ctx.save_for_backward(x, y)).apply(x)


def result_of_a_result(lib, probe, x):
    x = x * 3
    double(lib, probe, lambda ctx, x, y: setattr(ctx, "result", y)).apply(x)


def step_knows_result(lib, probe, x):
    y = double(lib, probe).apply(x)
    y.grad_fn.result = y


def result_knows_step(lib, probe, x):
    y = double(lib, probe).apply(x)
    y.step = y.grad_fn


def result_was_used(lib, probe, x):
    y = double(lib, probe).apply(x)
    y.grad_fn.result = y
    y.sum()


def gradient_was_computed(lib, probe, x):
    y = double(lib, probe).apply(x)
    y.grad_fn.result = y
    y.sum().backward()


def leaf_knows_result(lib, probe, x):
    x.result = double(lib, probe).apply(x)


def hook_of_result(lib, probe, x):
    y = x * 2
    y.register_hook(lambda grad, held=(y, probe): None)


def hook_of_step(lib, probe, x):
    y = x * 2
    y.grad_fn.register_hook(lambda inputs, outputs, held=(y, probe): None)


def prehook_of_step(lib, probe, x):
    y = x * 2
    y.grad_fn.register_prehook(lambda grads, held=(y, probe): None)


def two_results(lib, probe, x):
    class Two(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.probe, ctx.results = probe, (x * 2, x * 3)
            return ctx.results

        @staticmethod
        def backward(ctx, first, second):
            return first * 2 + second * 3

    Two.apply(x)


def is_collected(lib, make):
    probe, gone = Probe(), []
    weakref.finalize(probe, gone.append, True)
    make(lib, probe, lib.ones(2, requires_grad=True))
    del probe
    gc.collect()
    gc.collect()
    return bool(gone)


#: What PyTorch collects as well.
AS_PYTORCH = [
    ctx_itself, ctx_result, ctx_list_of_results, ctx_input, saved_result, result_of_a_result, step_knows_result,
    result_knows_step, result_was_used, gradient_was_computed,
]  # fmt: skip


@pytest.mark.parametrize("make", AS_PYTORCH, ids=lambda make: make.__name__)
def test_cycle_is_collected(make):
    assert is_collected(rsnn, make)
    if torch is not None:
        assert is_collected(torch, make)


@pytest.mark.parametrize("make", [leaf_knows_result, hook_of_result, hook_of_step, prehook_of_step])
def test_cycle_that_pytorch_leaves(make):
    assert is_collected(rsnn, make)


def test_two_results_in_their_context_stay():
    # Each of them holds the step, and neither can tell that nobody else does. PyTorch's documentation warns of it.
    assert not is_collected(rsnn, two_results)
    if torch is not None:
        assert not is_collected(torch, two_results)


def test_nothing_is_collected_that_is_in_use():
    kept = []

    def used(lib, probe, x):
        y = double(lib, probe, lambda ctx, x, y: setattr(ctx, "result", y)).apply(x)
        kept.extend([y.sum(), x])

    assert not is_collected(rsnn, used)
    total, x = kept
    step = total.grad_fn.next_functions[0][0]
    assert step.result.grad_fn is step and step.result.tolist() == [2.0, 2.0]
    total.backward()
    assert x.grad.tolist() == [2.0, 2.0]
