"""Everything about walking graphs, against live PyTorch: each case runs in both libraries and must log the same."""

from __future__ import annotations

import threading
import warnings

import pytest

from logged import both, leaf

CASES = {}


def case(function):
    """Registers a case under its name."""
    CASES[function.__name__] = function
    return function


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


@case
def modes(lib, log):
    x = leaf(lib)
    with lib.no_grad():
        log((x * 2).requires_grad)
        with lib.enable_grad():
            log((x * 2).requires_grad)
        y = lib.zeros(2, requires_grad=True)
    log(y.requires_grad)
    with lib.set_grad_enabled(False):
        log(lib.is_grad_enabled())
    with lib.inference_mode():
        z = x * 2
        log([z.requires_grad, z.is_inference()])
    log(lib.is_grad_enabled())


@case
def inference_tensors(lib, log):
    with lib.inference_mode():
        z = lib.ones(2)
    log(z.is_inference())
    log((z + 1).is_inference())
    leaf(lib) * z


@case
def functions_of_coroutines(lib, log):
    @lib.no_grad()
    def count():
        for _ in range(2):
            log(lib.is_grad_enabled())
            yield lib.is_grad_enabled()

    for inside in count():
        log([inside, lib.is_grad_enabled()])


@case
def decorated_classes_and_methods(lib, log):
    class Thing:
        @lib.no_grad()
        def method(self, x):
            return x * 2

        @staticmethod
        @lib.enable_grad()
        def static(x):
            return x * 2

    x = leaf(lib)
    log(Thing().method(x).requires_grad)
    with lib.no_grad():
        log(Thing.static(x).requires_grad)


@case
def zero_sized(lib, log):
    x = lib.zeros(0, 3, requires_grad=True)
    (x * 2).sum().backward()
    log([x.grad, list(x.grad.shape)])


@case
def broadcast(lib, log):
    x, y = lib.ones(2, 1, requires_grad=True), lib.ones(3, requires_grad=True)
    (x * y).sum().backward()
    log([x.grad, y.grad])


@case
def mixed_dtypes(lib, log):
    x = lib.ones(2, requires_grad=True)
    y = lib.ones(2, dtype=lib.float64, requires_grad=True)
    z = x * y
    log(z.dtype == lib.float64)
    z.sum().backward()
    log([x.grad.dtype == lib.float32, y.grad.dtype == lib.float64])


@case
def unused_outputs(lib, log):
    x = lib.ones(4, requires_grad=True)
    a, _ = x.split(2)
    a.sum().backward()
    log(x.grad)
    values, indices = x.max(0)
    log(indices.requires_grad)
    values.backward()
    log(x.grad)


@case
def in_several_threads(lib, log):
    x = leaf(lib)
    y = (x * x).sum()
    threads = [threading.Thread(target=lambda: y.backward(retain_graph=True)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log(sorted(x.grad.tolist())[-1] >= 4)


@case
def saved_values_packed(lib, log):
    x = leaf(lib)
    packed = []

    def pack(t):
        packed.append([round(v, 4) for v in t.tolist()])
        return t.tolist()

    with lib.autograd.graph.saved_tensors_hooks(pack, lambda v: lib.tensor(v) * 1):
        y = x.exp()
        z = y * x
    # In which order an operation saves its inputs is its own business.
    log(sorted(packed))
    (z * z).sum().backward(retain_graph=True)
    log([round(v, 3) for v in x.grad.tolist()])
    (g,) = lib.autograd.grad(z.sum(), x, create_graph=True)
    g.sum().backward()
    log([round(v, 3) for v in x.grad.tolist()])


@case
def packed_values_have_no_version(lib, log):
    x = leaf(lib)
    h = x * 1
    with lib.autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        y = h.exp()
    y.add_(1)
    y.sum().backward()
    log(x.grad)


@case
def saved_values_of_functions_packed(lib, log):
    class Square(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return g * x * 2

    x = leaf(lib)
    with lib.autograd.graph.saved_tensors_hooks(lambda t: log("pack") or t * 10, lambda t: t):
        y = Square.apply(x)
    y.sum().backward()
    log(x.grad)


@case
def nested_pairs_of_hooks(lib, log):
    hooks = lib.autograd.graph.saved_tensors_hooks
    with hooks(lambda t: log("outer") or t, lambda t: t):
        with hooks(lambda t: log("inner") or t, lambda t: t):
            leaf(lib).exp()
        leaf(lib).exp()
    leaf(lib).exp()


@case
def packing_that_fails(lib, log):
    with lib.autograd.graph.saved_tensors_hooks(lambda t: 1 / 0, lambda t: t):
        leaf(lib).exp()


@case
def unpacking_to_nonsense(lib, log):
    with lib.autograd.graph.saved_tensors_hooks(lambda t: 3, lambda t: t):
        y = leaf(lib).exp()
    y.sum().backward()


@case
def hooks_on_saving_forbidden(lib, log):
    with lib.autograd.graph.disable_saved_tensors_hooks("not here"):
        leaf(lib).exp()
        with lib.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
            pass


@case
def saved_on_the_cpu(lib, log):
    x = leaf(lib)
    with lib.autograd.graph.save_on_cpu():
        y = x.exp() * x
    y.sum().backward()
    log([round(g, 4) for g in x.grad.tolist()])


@case
def anomalies_are_errors(lib, log):
    x = lib.zeros(1, requires_grad=True)
    with lib.autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        log([lib.is_anomaly_enabled(), lib.is_anomaly_check_nan_enabled()])
        y = (x.sqrt() * 0).sum()
        try:
            y.backward()
        except RuntimeError as error:
            log(str(error))
        log(["anomalies_are_errors" in str(w.message) for w in caught])
        log([str(w.message).split(" Traceback")[0] for w in caught])
    log(lib.is_anomaly_enabled())


@case
def anomalies_of_steps_made_before(lib, log):
    y = (lib.zeros(1, requires_grad=True).sqrt() * 0).sum()
    with lib.autograd.set_detect_anomaly(True), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            y.backward()
        except RuntimeError:
            log([str(w.message).split(" (Triggered")[0] for w in caught])


@case
def anomalies_let_pass(lib, log):
    x = lib.zeros(1, requires_grad=True)
    with lib.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    log(x.grad.isnan())
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with lib.autograd.detect_anomaly():
            log(lib.is_anomaly_enabled())
        log([str(w.message) for w in caught])


@pytest.mark.filterwarnings("ignore:Using backward with create_graph")
@pytest.mark.parametrize("name", CASES)
def test_same_as_pytorch(name):
    both(CASES[name])


#: Whose texts are PyTorch's, too.
SPOKEN = (
    "twice",
    "half_of_a_graph_freed",
    "gradient_missing",
    "gradient_of_another_shape",
    "empty_inputs",
    "grad_of_an_unused_input",
    "grad_of_constants",
    "constants_as_roots",
    "saved_output_changed",
    "saved_leaf_changed",
    "leaf_in_place",
    "view_of_a_leaf_in_place",
    "one_of_many_views",
    "requires_grad_of_results",
    "inference_tensors",
)


@pytest.mark.parametrize("name", SPOKEN)
def test_same_words_as_pytorch(name):
    assert isinstance(both(CASES[name], texts=True)[-1], str)
