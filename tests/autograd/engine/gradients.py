"""Which gradients arrive, where, and which questions are errors."""

from __future__ import annotations

from logged import leaf

from .case import case


@case
def backward_accumulates(lib, log):
    x = leaf(lib)
    for _ in range(3):
        (x * x).sum().backward()
        log(x.grad)
    old = x.grad
    (x * 2).sum().backward()
    log(x.grad is old)
    log(old)


@case
def backward_with_create_graph_makes_a_new_sum(lib, log):
    x = leaf(lib)
    (x * x).sum().backward()
    old = x.grad
    (x * x).sum().backward(create_graph=True)
    log([old, x.grad, x.grad is old, x.grad.requires_grad])


@case
def a_gradient_is_nobody_elses(lib, log):
    x, g = leaf(lib), lib.ones(2)
    (x * 1).backward(g)
    x.grad.add_(5)
    log([g, x.grad])
    y, z = leaf(lib), leaf(lib)
    (y + z).sum().backward()
    y.grad.mul_(3)
    log([y.grad, z.grad])


@case
def gradients_keep_the_layout(lib, log):
    x = lib.zeros(2, 3).t().detach().requires_grad_()
    (x * 2).sum().backward()
    log(x.grad.stride())
    y = lib.zeros(2, 3, requires_grad=True)
    (y.t() * 2).sum().backward()
    log(y.grad.is_contiguous())
    z = lib.zeros(3, requires_grad=True)
    z.sum().backward()
    log([z.grad.stride(), z.grad.is_contiguous()])


@case
def gradient_arguments(lib, log):
    x = leaf(lib)
    y = x * x
    y.backward(lib.tensor([1.0, 10.0]), retain_graph=True)
    log(x.grad)
    y.backward(gradient=lib.tensor([1.0, 1.0], dtype=lib.float64))
    log([x.grad, x.grad.dtype == lib.float32])


@case
def gradient_of_a_scalar_given(lib, log):
    x = leaf(lib)
    x.sum().backward(lib.tensor(3.0))
    log(x.grad)


@case
def gradient_of_another_shape(lib, log):
    leaf(lib).mul(1).backward(lib.ones(1))


@case
def gradient_missing(lib, log):
    leaf(lib).mul(1).backward()


@case
def gradient_of_integers(lib, log):
    x = leaf(lib)
    x.mul(2).backward(lib.ones(2, dtype=lib.int64))
    log(x.grad)


@case
def twice(lib, log):
    y = leaf(lib).exp().sum()
    y.backward()
    y.backward()


@case
def twice_without_saved_values(lib, log):
    x = leaf(lib)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    log(x.grad)


@case
def retained(lib, log):
    x = leaf(lib)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    log(x.grad)


@case
def half_of_a_graph_freed(lib, log):
    x = leaf(lib)
    h = x.exp()
    h.sum().backward()
    (h * 2).sum().backward()


@case
def only_some_inputs(lib, log):
    x, y = leaf(lib), leaf(lib)
    h = x * y
    (h * 3).sum().backward(inputs=[y])
    log([x.grad, y.grad])
    h = x * y
    (h * 3).sum().backward(inputs=x)
    log([x.grad, y.grad])


@case
def inputs_that_are_results(lib, log):
    x = leaf(lib)
    h = x * 2
    (h * h).sum().backward(inputs=[h], retain_graph=True)
    log([h.grad, x.grad])
    (h * h).sum().backward(inputs=[h, x])
    log([h.grad, x.grad])


@case
def empty_inputs(lib, log):
    leaf(lib).sum().backward(inputs=[])


@case
def inputs_without_a_way(lib, log):
    x, y = leaf(lib), leaf(lib)
    x.sum().backward(inputs=[y])
    log([x.grad, y.grad])


@case
def several_roots(lib, log):
    x = leaf(lib)
    lib.autograd.backward([x.sum(), (x * x).sum()])
    log(x.grad)
    lib.autograd.backward((x * 2, x * 3), (lib.ones(2), lib.tensor([1.0, 0.0])))
    log(x.grad)
    y = x.sum()
    lib.autograd.backward([y, y])
    log(x.grad)


@case
def a_root_behind_another(lib, log):
    x = leaf(lib)
    h = x * 2
    y = (h * h).sum()
    lib.autograd.backward([y, h], [None, lib.ones(2)])
    log(x.grad)


@case
def numbers_of_gradients(lib, log):
    x = leaf(lib)
    lib.autograd.backward([x.sum(), x.sum()], [None])


@case
def leaf_as_a_root(lib, log):
    x = lib.tensor(2.0, requires_grad=True)
    x.backward()
    log(x.grad)
    log(lib.autograd.grad(x, x))


@case
def constants_as_roots(lib, log):
    lib.ones(1).backward()


@case
def grad_returns(lib, log):
    x, y = leaf(lib), leaf(lib)
    z = (x * y * y).sum()
    log(lib.autograd.grad(z, (x, y), retain_graph=True))
    log(type(lib.autograd.grad(z, x)).__name__)
    log([x.grad, y.grad])


@case
def grad_of_an_unused_input(lib, log):
    x, y = leaf(lib), leaf(lib)
    log(lib.autograd.grad(x.sum(), [x, y], allow_unused=True))
    log(lib.autograd.grad(x.sum(), [x, y], materialize_grads=True))
    log(lib.autograd.grad(x.sum(), [y], materialize_grads=True)[0].requires_grad)
    lib.autograd.grad(x.sum(), [x, y])


@case
def grad_of_constants(lib, log):
    lib.autograd.grad(leaf(lib).sum(), lib.ones(2))


@case
def grad_of_results(lib, log):
    x = leaf(lib)
    h = x * 2
    y = (h * h).sum()
    log(lib.autograd.grad(y, [h, x], retain_graph=True))
    log(lib.autograd.grad(y, [h, h]))


@case
def grad_with_weights(lib, log):
    x = leaf(lib)
    log(lib.autograd.grad([x * 2, x * x], x, [lib.ones(2), lib.tensor([0.0, 1.0])]))
    log(lib.autograd.grad(x * 2, x, grad_outputs=lib.ones(2)))
    log(lib.autograd.grad([x.sum(), x * x], x, [None, lib.ones(2)]))


@case
def derivatives_of_any_order(lib, log):
    x = lib.tensor(2.0, requires_grad=True)
    y = x**5
    for _ in range(6):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        log([y, y.requires_grad])


@case
def a_gradient_penalty(lib, log):
    w, x = leaf(lib), leaf(lib)
    (g,) = lib.autograd.grad((w * x).tanh().sum(), x, create_graph=True)
    (g.square().sum() + w.sum()).backward()
    log([[round(v, 5) for v in t.grad.tolist()] for t in (w, x)])
