"""Hooks of tensors: their order, what they see and may return."""

from __future__ import annotations

from logged import leaf

from .case import case


@case
def tensor_hooks_in_order(lib, log):
    x = leaf(lib)
    h = x * 2
    h.register_hook(lambda g: log(["first", g]))
    h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: log(["third", g]))
    x.register_hook(lambda g: log(["leaf", g]))
    h.sum().backward()
    log(x.grad)


@case
def hooks_and_retained_gradients(lib, log):
    x = leaf(lib)
    h = x * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 3)
    h.sum().backward()
    log([h.grad, x.grad])


@case
def hooks_of_a_tensor_changed_in_place(lib, log):
    x = leaf(lib)
    h = x * 1
    h.register_hook(lambda g: log(["before", g]))
    h.mul_(4)
    h.register_hook(lambda g: log(["after", g]))
    h.sum().backward()


@case
def hooks_removed(lib, log):
    x = leaf(lib)
    handle = x.register_hook(lambda g: g * 0)
    handle.remove()
    handle.remove()
    x.sum().backward()
    log(x.grad)


@case
def hooks_see_the_sum(lib, log):
    x = leaf(lib)
    h = x * 1
    h.register_hook(log)
    (h * 2 + h * 3).sum().backward()


@case
def hooks_that_raise(lib, log):
    x = leaf(lib)
    x.register_hook(lambda g: 1 / 0)
    x.sum().backward()


@case
def hooks_that_return_nonsense(lib, log):
    x = leaf(lib)
    x.register_hook(lambda g: "text")
    x.sum().backward()


@case
def hooks_while_capturing(lib, log):
    x = leaf(lib)
    x.register_hook(lambda g: g * 2)
    x.register_post_accumulate_grad_hook(lambda t: log("never"))
    log(lib.autograd.grad(x.sum(), x))


@case
def post_accumulate_hooks(lib, log):
    x = leaf(lib)
    x.register_hook(lambda g: log("hook"))
    handle = x.register_post_accumulate_grad_hook(lambda t: log([t is x, t.grad]))
    x.sum().backward()
    x.sum().backward()
    handle.remove()
    x.sum().backward()
    (x * 1).register_post_accumulate_grad_hook(log)


@case
def hooks_of_many(lib, log):
    x, y = leaf(lib), leaf(lib)
    h = x * 2
    handle = lib.autograd.graph.register_multi_grad_hook((h, y), lambda grads: log(["all", *grads]))
    (h.sum() + y.sum()).backward()
    h = x * 2
    h.sum().backward()
    handle.remove()
    (x * 2 + y).sum().backward()


@case
def hooks_of_any(lib, log):
    x, y = leaf(lib), leaf(lib)
    lib.autograd.graph.register_multi_grad_hook((x, y), lambda g: log(["any", g]), mode="any")
    (x * 2).sum().backward()
    (x * 3 + y * 3).sum().backward()


@case
def hooks_of_many_by_no_known_mode(lib, log):
    lib.autograd.graph.register_multi_grad_hook((leaf(lib),), log, mode="some")


@case
def backward_inside_of_a_hook(lib, log):
    x, y = leaf(lib), leaf(lib)

    def hook(g):
        (y * 2).sum().backward()

    x.register_hook(hook)
    x.sum().backward()
    log([x.grad, y.grad])


@case
def backward_inside_of_backward(lib, log):
    class Nested(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            with lib.enable_grad():
                ctx.x = x.detach().requires_grad_()
                ctx.y = ctx.x.exp()
            return ctx.y.detach()

        @staticmethod
        def backward(ctx, g):
            ctx.y.backward(g)
            return ctx.x.grad

    x = leaf(lib)
    Nested.apply(x).sum().backward()
    log(x.grad)


@case
def modes_inside_of_hooks(lib, log):
    x = leaf(lib)
    x.register_hook(lambda g: log(lib.is_grad_enabled()))
    (x * 1).sum().backward()
    (x * 1).sum().backward(create_graph=True)
