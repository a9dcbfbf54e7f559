"""Detached, changed, viewed and assigned tensors."""

from __future__ import annotations

from logged import leaf

from .case import case


@case
def detached(lib, log):
    x = leaf(lib)
    d = (x * 2).detach()
    log([d.requires_grad, d.grad_fn is None, d.is_leaf])
    (x * d).sum().backward()
    log(x.grad)
    d.add_(1)
    y = x * 3
    z = y.detach()
    z.zero_()
    log(y)
    h = x * 1
    h.detach_()
    log([h.requires_grad, h.is_leaf])


@case
def a_detached_value_changed(lib, log):
    x = leaf(lib)
    h = x * 1
    y = h * h
    h.detach().add_(1)
    y.sum().backward()


@case
def data_does_not_count(lib, log):
    x = leaf(lib)
    h = x * 1
    y = h * h
    h.data.add_(1)
    y.sum().backward()
    log([x.grad, h._version])


@case
def saved_input_changed(lib, log):
    h = leaf(lib) * 1
    y = h * h
    h.add_(1)
    y.sum().backward()


@case
def saved_output_changed(lib, log):
    y = leaf(lib).exp()
    y.add_(1)
    y.sum().backward()


@case
def saved_leaf_changed(lib, log):
    x = leaf(lib)
    y = (x * x).sum()
    with lib.no_grad():
        x.add_(1)
    y.backward()


@case
def a_view_of_a_saved_value_changed(lib, log):
    h = leaf(lib) * 1
    y = h.sin()
    h[0] = 3.0
    y.sum().backward()


@case
def versions(lib, log):
    x = lib.zeros(3)
    v = x[1:]
    log(x._version)
    v.add_(1)
    x.mul_(2)
    x[0] = 1
    log([x._version, v._version])
    log(x.detach()._version)


@case
def leaf_in_place(lib, log):
    leaf(lib).add_(1)


@case
def view_of_a_leaf_in_place(lib, log):
    leaf(lib)[0].add_(1)


@case
def leaf_filled_from_a_graph(lib, log):
    x, y = leaf(lib), lib.zeros(2)
    y.copy_(x)
    log([y.requires_grad, y.is_leaf, y.grad_fn.name().split("::")[-1]])
    y.sum().backward()
    log(x.grad)


@case
def views_in_place(lib, log):
    x = leaf(lib)
    h = x * 1
    v = h[:1]
    v.mul_(10)
    log(h)
    (h * h).sum().backward()
    log(x.grad)


@case
def a_base_in_place(lib, log):
    x = leaf(lib)
    h = x * 1
    v = h.view(2, 1)
    h.mul_(10)
    log([v, v.grad_fn.name()])
    v.sum().backward()
    log(x.grad)


@case
def a_view_made_without_recording(lib, log):
    h = leaf(lib) * 1
    with lib.no_grad():
        v = h[:1]
    v.add_(1)


@case
def one_of_many_views(lib, log):
    h = leaf(lib) * 1
    h.unbind()[0].add_(1)


@case
def in_place_into_constants(lib, log):
    x, y = leaf(lib), lib.zeros(3)
    y[1:] = x * 2
    log([y, y.requires_grad])
    y.sum().backward()
    log(x.grad)


@case
def an_expanded_tensor_in_place(lib, log):
    (leaf(lib) * 1)[:1].expand(3).add_(1)


@case
def requires_grad_of_results(lib, log):
    x = leaf(lib)
    y = x * 1
    y.requires_grad_(True)
    log(y.requires_grad)
    y.requires_grad_(False)


@case
def requires_grad_switched(lib, log):
    x = leaf(lib)
    x.requires_grad = False
    log((x * 1).requires_grad)
    x.requires_grad_()
    log((x * 1).requires_grad)


@case
def grad_assigned(lib, log):
    x = leaf(lib)
    x.grad = lib.ones(2)
    x.sum().backward()
    log(x.grad)
    x.grad = None
    log(x.grad)
    del x.grad
    log(x.grad)
    x.grad = lib.ones(3)


@case
def grad_of_a_result_asked_for(lib, log):
    y = leaf(lib) * 1
    log([y.is_leaf, y.retains_grad])
    y.retain_grad()
    y.retain_grad()
    y.sum().backward()
    log([y.grad, y.retains_grad])


@case
def retained_after_in_place(lib, log):
    x = leaf(lib)
    h = x * 1
    h.retain_grad()
    h.mul_(5)
    h.sum().backward()
    log([h.grad, x.grad])


@case
def names(lib, log):
    x = leaf(lib)
    log([f.grad_fn.name() for f in (x + 1, x * x, x.exp(), x.sum(), x[0], x.view(2, 1), x / 2, x**2)])
    log(repr(x * 2))
    log([n.name().split("::")[-1] for n, _ in (x * x).grad_fn.next_functions])
