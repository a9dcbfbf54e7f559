"""Modes, dtypes, threads, hooks on saved values, anomalies."""

from __future__ import annotations

import threading
import warnings

from logged import leaf

from .case import case


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
