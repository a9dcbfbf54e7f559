"""Hooks on tensors and on the steps of a graph."""

from __future__ import annotations

import gc
import weakref

import pytest

import rsnn


def leaf(values):
    return rsnn.tensor(values, requires_grad=True)


def test_tensor_hooks_run_in_order_and_replace():
    x = leaf([1.0])
    seen = []
    x.register_hook(lambda g: seen.append(("a", g.tolist())))
    x.register_hook(lambda g: g * 2)
    x.register_hook(lambda g: seen.append(("b", g.tolist())))
    (x * 3).backward()
    assert seen == [("a", [3.0]), ("b", [6.0])]
    assert x.grad.tolist() == [6.0]


def test_hooks_of_results():
    x = leaf([2.0])
    y = x * x
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    (y * 3).backward()
    assert y.grad.tolist() == [30.0] and y.retains_grad
    assert x.grad.tolist() == [120.0]


def test_a_hook_may_remove_itself():
    x = leaf([1.0])
    calls = []

    def hook(grad):
        calls.append(1)
        handle.remove()

    handle = x.register_hook(hook)
    (x * 1).backward()
    (x * 1).backward()
    assert calls == [1]
    handle.remove()


def test_handles_are_context_managers():
    x = leaf([1.0])
    with x.register_hook(lambda g: g * 5):
        (x * 1).backward()
    (x * 1).backward()
    assert x.grad.tolist() == [6.0]


def test_hooks_refuse_and_report():
    with pytest.raises(RuntimeError, match="doesn't require gradient"):
        rsnn.ones(1).register_hook(print)
    x = leaf([1.0, 2.0])
    handle = x.register_hook(lambda g: 3)
    with pytest.raises(TypeError, match="hook"):
        x.sum().backward()
    handle.remove()
    handle = x.register_hook(lambda g: rsnn.ones(3))
    with pytest.raises(RuntimeError, match="hook"):
        x.sum().backward()
    handle.remove()

    def fail(grad):
        raise KeyError("mine")

    x.register_hook(fail)
    with pytest.raises(KeyError, match="mine"):
        x.sum().backward()
    assert x.grad is None


def test_post_accumulate_hooks():
    x = leaf([1.0])
    seen = []
    handle = x.register_post_accumulate_grad_hook(lambda t: seen.append((t is x, t.grad.tolist())))
    (x * 2).backward()
    (x * 2).backward()
    assert seen == [(True, [2.0]), (True, [4.0])]
    handle.remove()
    (x * 2).backward()
    assert len(seen) == 2
    with pytest.raises(RuntimeError, match="non-leaf"):
        (x * 1).register_post_accumulate_grad_hook(print)


def test_a_post_accumulate_hook_may_step_and_clear():
    x = leaf([1.0])

    def step(t):
        with rsnn.no_grad():
            t.sub_(t.grad)
        t.grad = None

    x.register_post_accumulate_grad_hook(step)
    (x * 0.25).backward()
    assert x.tolist() == [0.75] and x.grad is None


def test_node_hooks():
    x, y = leaf([2.0]), leaf([3.0])
    z = x * y
    order = []

    def pre(grads):
        order.append(("pre", [g.tolist() for g in grads]))
        return (grads[0] * 2,)

    def post(inputs, outputs):
        order.append(("post", [g.tolist() for g in inputs], [g.tolist() for g in outputs]))
        return (inputs[0] + 1, inputs[1])

    z.grad_fn.register_prehook(pre)
    z.grad_fn.register_hook(post)
    z.backward()
    assert order == [("pre", [[1.0]]), ("post", [[6.0], [4.0]], [[2.0]])]
    assert x.grad.tolist() == [7.0] and y.grad.tolist() == [4.0]


def test_node_hooks_see_gradients_as_they_arrive():
    x, y = leaf([2.0, 3.0]), leaf([5.0])
    z, seen = x * y, []
    z.grad_fn.register_hook(lambda inputs, outputs: seen.append([g.tolist() for g in inputs]))
    z.sum().backward()
    assert seen == [[[5.0, 5.0], [5.0]]]
    z = x * y
    z.grad_fn.register_hook(lambda inputs, outputs: (1, 2, 3))
    with pytest.raises(RuntimeError, match=r"incorrect number of values \(got 3, but expected 2\)"):
        z.sum().backward()


@pytest.mark.parametrize("value", [rsnn.ones(2), 5, (1, 2)])
def test_a_gradient_that_is_not_there_cannot_be_replaced(value):
    x, y = leaf([2.0, 3.0]), rsnn.ones(2)
    z = x * y
    z.grad_fn.register_hook(lambda inputs, outputs: (inputs[0], value))
    with pytest.raises(RuntimeError, match="can't replace a None gradient with a non-None value"):
        z.sum().backward()
    first, _ = leaf([[1.0], [2.0]]).unbind()
    first.grad_fn.register_prehook(lambda outputs: (outputs[0], value))
    with pytest.raises(RuntimeError, match="can't replace a None gradient with a non-None value"):
        first.sum().backward()
    z = x * y
    z.grad_fn.register_hook(lambda inputs, outputs: (inputs[0] * 2, None))
    z.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


def test_a_handle_keeps_no_hook_alive():
    class Hook:
        def __call__(self, *given):
            return None

    def register(x):
        for what in (x, x * 2):
            hook = Hook()
            yield what.register_hook(hook), weakref.ref(hook)
        for where in ("register_hook", "register_prehook"):
            hook = Hook()
            yield getattr((x * 2).grad_fn, where)(hook), weakref.ref(hook)

    handles = list(register(leaf([1.0])))
    gc.collect()
    assert [alive() for _, alive in handles] == [None] * 4
    for handle, _ in handles:
        handle.remove()


def test_hooks_see_captured_gradients_of_leaves():
    x = leaf([2.0])
    x.register_hook(lambda g: g * 3)
    (got,) = rsnn.autograd.grad(x * 5, x)
    assert got.tolist() == [15.0] and x.grad is None


def test_nodes():
    x = leaf([1.0])
    y = x * 2
    node = y.grad_fn
    assert isinstance(node, rsnn.autograd.graph.Node)
    assert node.name() == "MulBackward0" and node == y.grad_fn and hash(node) == hash(y.grad_fn)
    ((below, index),) = [pair for pair in node.next_functions if pair[0] is not None]
    assert below.name().endswith("AccumulateGrad") and index == 0
    assert below.variable is x
    with pytest.raises(AttributeError):
        node.variable  # noqa: B018
    edge = rsnn.autograd.graph.get_gradient_edge(y)
    assert edge.node == node and edge.output_nr == 0
    with pytest.raises(RuntimeError, match="gradient edge"):
        rsnn.autograd.graph.get_gradient_edge(rsnn.ones(1))


def test_increment_version():
    x = leaf([1.0])
    h = x * 2
    y = h * h
    rsnn.autograd.graph.increment_version(h)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


#: How a hook that changes one gradient is registered: with a leaf, with its double, before and after the double's step.
PLACES = {
    "leaf": lambda x, y, hook: x.register_hook(hook),
    "result": lambda x, y, hook: y.register_hook(hook),
    "before a step": lambda x, y, hook: y.grad_fn.register_prehook(lambda outputs: (hook(outputs[0]),)),
    "after a step": lambda x, y, hook: y.grad_fn.register_hook(lambda inputs, _: (hook(inputs[0]), *inputs[1:])),
}


def changed(place, hook):
    """The leaf's gradient, six without the hook."""
    x = leaf([1.0, 2.0])
    y = x * 2
    PLACES[place](x, y, hook)
    (y * 3).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize("place", PLACES)
def test_a_replacement_is_of_the_same_dtype_and_size(place):
    later = place in ("leaf", "after a step")
    assert changed(place, lambda g: g + 1) == ([7.0, 7.0] if later else [8.0, 8.0])
    with pytest.raises(
        RuntimeError, match=r"changed the type of value \(was rsnn.FloatTensor got rsnn.DoubleTensor\)$"
    ):
        changed(place, lambda g: g.double())
    for other, got in ((rsnn.ones(3), "[3]"), (rsnn.ones(1), "[1]"), (rsnn.ones(2, 1), "[2, 1]")):
        with pytest.raises(RuntimeError) as caught:
            changed(place, lambda g, other=other: other)
        assert str(caught.value) == f"hook '<lambda>' has changed the size of value (was [2] got {got})"
    with pytest.raises(TypeError, match=r"expected Variable, but hook returned 'int'$"):
        changed(place, lambda g: 5)


@pytest.mark.parametrize("place", ["leaf", "result"])
def test_a_hook_without_a_name_is_unknown(place):
    class Hook:
        def __call__(self, gradient):
            return gradient.double()

    with pytest.raises(RuntimeError, match="^hook '<unknown>' has changed the type"):
        changed(place, Hook())


OPERATIONS = {
    "matmul": (lambda lib, a, b: a @ b, (3, 4), (4, 5)),
    "mul": (lambda lib, a, b: a * b, (3, 4), (3, 4)),
    "convolution": (lambda lib, a, b: lib.nn.functional.conv2d(a, b), (1, 2, 5, 5), (3, 2, 3, 3)),
    "normalisation": (lambda lib, a, b: lib.nn.functional.batch_norm(a, None, None, b, None, True), (4, 5), (5,)),
}


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("wanted", [(0,), (1,), (0, 1)])
@pytest.mark.parametrize("way", ["grad", "backward"])
def test_a_walk_computes_what_it_is_for(lib, way, wanted, name):
    function, *shapes = OPERATIONS[name]
    inputs = [lib.ones(shape, requires_grad=True) for shape in shapes]
    result = function(lib, *inputs)
    came = []
    result.grad_fn.register_hook(lambda grads, outputs: came.extend(grads))
    chosen = [inputs[at] for at in wanted]
    if way == "grad":
        assert [g.shape for g in lib.autograd.grad(result.sum(), chosen)] == [x.shape for x in chosen]
    else:
        result.sum().backward(inputs=chosen)
        assert [x.grad is not None for x in inputs] == [at in wanted for at in range(2)]
    assert [g is not None for g in came[:2]] == [at in wanted for at in range(2)]


def test_many_edges_are_told_apart_as_far_as_they_are_counted():
    inputs = [leaf([float(i)]) for i in range(70)]
    grads = rsnn.autograd.grad(rsnn.cat(inputs).square().sum(), [inputs[3], inputs[65], inputs[69]])
    assert [g.tolist() for g in grads] == [[6.0], [130.0], [138.0]]
