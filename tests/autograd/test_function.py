"""`autograd.Function` as in PyTorch: each case runs in both libraries and must print the same."""

from __future__ import annotations

import pytest

import rsnn
from logged import both, leaf
from rsnn.autograd import Function
from rsnn.autograd.function import once_differentiable

pytest.importorskip("torch")


RETURNS = {
    "one for two": lambda lib, g: g,
    "right": lambda lib, g: (g * 5, None),
    "nones behind": lambda lib, g: (g * 5, None, None),
    "too many": lambda lib, g: (g, None, g),
    "for no tensor": lambda lib, g: (g, g),
    "no tensor": lambda lib, g: (3, None),
    "nothing": lambda lib, g: None,
    "nones": lambda lib, g: (None, None),
    "a list": lambda lib, g: [g, None],
    "another shape": lambda lib, g: (lib.ones(3), None),
    "broadcast": lambda lib, g: (lib.ones(3, 2), None),
}


@pytest.mark.parametrize("name", RETURNS)
def test_what_backward_may_return(name):
    def case(lib, log):
        class Scale(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, k):
                return x * k

            @staticmethod
            def backward(ctx, g):
                return RETURNS[name](lib, g)

        x = leaf(lib)
        y = Scale.apply(x, 3)
        log(y)
        y.sum().backward()
        log(x.grad)

    both(case)


def test_errors_name_the_function():
    class Wrong(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g, g

    message = r"function WrongBackward returned an incorrect number of gradients \(expected 1, got 2\)"
    with pytest.raises(RuntimeError, match=message):
        Wrong.apply(leaf(rsnn)).sum().backward()


def test_context(monkeypatch=None):
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x, k, c):
                log(ctx.needs_input_grad)
                log(lib.is_grad_enabled())
                ctx.save_for_backward(x, None, c)
                ctx.k = k
                return x * c * k

            @staticmethod
            def backward(ctx, g):
                x, nothing, c = ctx.saved_tensors
                log(nothing)
                log(ctx.needs_input_grad)
                return g * c * ctx.k, None, None

        x = leaf(lib)
        y = F.apply(x, 3, lib.tensor([5.0, 7.0]))
        log(y.grad_fn.name())
        log(type(y.grad_fn).__name__)
        log(y.grad_fn.saved_tensors[0] is x)
        log(y.grad_fn.k)
        y.sum().backward()
        log(x.grad)
        y.grad_fn.saved_tensors  # noqa: B018

    assert both(case)[-1] is RuntimeError


def test_setup_context_defaults_and_keywords():
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(x, k=4):
                return x * k

            @staticmethod
            def setup_context(ctx, inputs, output):
                log(inputs)
                log(output)
                ctx.k = inputs[1]

            @staticmethod
            def backward(ctx, g):
                return g * ctx.k, None

        x = leaf(lib)
        F.apply(x=x).sum().backward()
        F.apply(x, k=2).sum().backward()
        log(x.grad)

    both(case)


def test_outputs_of_all_kinds():
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x * 3
                ctx.mark_non_differentiable(y)
                return x, 3, None, y, x * 2, lib.tensor([4, 5])

            @staticmethod
            def backward(ctx, *grads):
                log(grads)
                return grads[4] * 2 + grads[0]

        x = leaf(lib)
        out = F.apply(x)
        log(out)
        log([hasattr(o, "requires_grad") and o.requires_grad for o in out])
        log(out[0] is x)
        log(out[4].output_nr)
        out[4].sum().backward()
        log(x.grad)

    both(case)


def test_materialize_grads_off():
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                ctx.set_materialize_grads(False)
                return x * 1, x * 2

            @staticmethod
            def backward(ctx, a, b):
                log(a)
                return b * 2

        x = leaf(lib)
        F.apply(x)[1].sum().backward()
        log(x.grad)

    both(case)


def test_inplace():
    def case(lib, log):
        class Double(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                x.mul_(2)
                ctx.mark_dirty(x)
                return x

            @staticmethod
            def backward(ctx, g):
                return g * 2

        x = leaf(lib)
        h = x * 1
        log(Double.apply(h) is h)
        h.sum().backward()
        log(x.grad)
        h = x * 1
        Double.apply(h[0])
        log(h)
        h.sum().backward()
        log(x.grad)
        Double.apply(x)

    assert both(case)[-1] is RuntimeError


MARKS = {
    "dirty, not returned": lambda lib, ctx, x: ctx.mark_dirty(x),
    "dirty, no tensor": lambda lib, ctx, x: ctx.mark_dirty(3),
    "non-differentiable, no tensor": lambda lib, ctx, x: ctx.mark_non_differentiable(3),
    "saved, no tensor": lambda lib, ctx, x: ctx.save_for_backward(3),
}


@pytest.mark.parametrize("name", MARKS)
def test_wrong_marks(name):
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                MARKS[name](lib, ctx, x)
                return x * 2

        F.apply(leaf(lib) * 1)

    assert both(case)[-1] in (RuntimeError, TypeError)


def test_views_made_inside_may_not_be_written():
    def case(lib, log):
        class View(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x.view(2, 1)

            @staticmethod
            def backward(ctx, g):
                return g.reshape(2) * 7

        x = leaf(lib)
        y = View.apply(x)
        y.sum().backward()
        log(x.grad)
        y.add_(1)

    assert both(case)[-1] is RuntimeError


def test_missing_methods():
    def case(lib, log):
        class F(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return x * 2

        F.apply(leaf(lib)).sum().backward()

    assert both(case) == [NotImplementedError]

    class Empty(Function):
        pass

    with pytest.raises(NotImplementedError, match="forward"):
        Empty.apply(leaf(rsnn))
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        instance = Empty()
    with pytest.raises(RuntimeError, match="Legacy autograd function"):
        instance(leaf(rsnn))


def test_double_backward():
    def case(lib, log):
        class Square(lib.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                y = x * x
                ctx.save_for_backward(x, y)
                return y

            @staticmethod
            def backward(ctx, g):
                x, y = ctx.saved_tensors
                log(y.grad_fn.name())
                return g * x * 2

        x = leaf(lib)
        (first,) = lib.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
        log(first.requires_grad)
        log(lib.autograd.grad(first.sum(), x))

    both(case)


def test_once_differentiable():
    class Square(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2

    x = leaf(rsnn)
    (first,) = rsnn.autograd.grad(Square.apply(x), x, rsnn.ones(2), create_graph=True)
    assert first.tolist() == [2.0, 4.0] and not first.requires_grad
    seed = rsnn.ones(2, requires_grad=True)
    (first,) = rsnn.autograd.grad(Square.apply(x), x, seed, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        first.sum().backward()


def test_saved_values_are_guarded():
    class F(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * ctx.saved_tensors[0]

    h = leaf(rsnn) * 1
    y = F.apply(h)
    h.mul_(2)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
    with pytest.raises(NotImplementedError, match="forward-mode"):
        F._context_class().save_for_forward()


def test_exceptions_come_out_as_they_are():
    class F(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        F.apply(leaf(rsnn)).sum().backward()
