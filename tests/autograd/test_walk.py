"""`backward` and `grad`: what they give, what they refuse, and that they match PyTorch."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import rsnn
from rsnn.autograd import backward, grad

torch = pytest.importorskip("torch")


def leaves(lib, *values):
    return [lib.tensor(v, requires_grad=True) for v in values]


def both(fn):
    """`fn(lib)` of both libraries: results as lists, or the class of the exception."""
    results = []
    for lib in (rsnn, torch):
        try:
            value = fn(lib)
        except Exception as error:  # noqa: BLE001
            results.append(type(error))
        else:
            results.append([None if v is None else v.tolist() for v in value])
    assert results[0] == results[1]
    return results[0]


CASES = {
    "one": lambda lib, x, y, c: lib.autograd.grad((x * x * y).sum(), [x, y]),
    "twice the same": lambda lib, x, y, c: lib.autograd.grad((x * y).sum(), [x, x]),
    "unused": lambda lib, x, y, c: lib.autograd.grad(x.sum(), [x, y]),
    "allow unused": lambda lib, x, y, c: lib.autograd.grad(x.sum(), [x, y], allow_unused=True),
    "materialize": lambda lib, x, y, c: lib.autograd.grad(x.sum(), [x, y], materialize_grads=True),
    "materialize and refuse": lambda lib, x, y, c: lib.autograd.grad(
        x.sum(), [x, y], materialize_grads=True, allow_unused=False
    ),
    "no inputs": lambda lib, x, y, c: lib.autograd.grad(x.sum(), []),
    "no scalar": lambda lib, x, y, c: lib.autograd.grad(x * 2, x),
    "with gradient": lambda lib, x, y, c: lib.autograd.grad(x * 2, x, c),
    "gradient of another shape": lambda lib, x, y, c: lib.autograd.grad(x * 2, x, lib.ones(3)),
    "gradient that is a number": lambda lib, x, y, c: lib.autograd.grad(x * 2, x, [3]),
    "too few gradients": lambda lib, x, y, c: lib.autograd.grad([x * 2, x * 3], x, [c]),
    "two roots": lambda lib, x, y, c: lib.autograd.grad([x * 2, y * 3], [x, y], [c, c]),
    "input without gradient": lambda lib, x, y, c: lib.autograd.grad(x.sum(), c),
    "root without gradient": lambda lib, x, y, c: lib.autograd.grad(c.sum(), x),
    "root itself": lambda lib, x, y, c: lib.autograd.grad(x, x, c),
    "inner value": lambda lib, x, y, c: (lambda h: lib.autograd.grad((h * h).sum(), [h, x]))(x * y),
    "second": lambda lib, x, y, c: lib.autograd.grad(
        lib.autograd.grad((x * x * x * y).sum(), x, create_graph=True)[0].sum(), [x, y]
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_grad(name):
    both(lambda lib: CASES[name](lib, *leaves(lib, [1.0, 2.0], [3.0, 4.0]), lib.tensor([5.0, 7.0])))


BACKWARDS = {
    "accumulates": lambda lib, x, y, c: [(x * y).sum().backward(), (x * 2).sum().backward()],
    "only inputs": lambda lib, x, y, c: (x * y).sum().backward(inputs=[x]),
    "one input": lambda lib, x, y, c: (x * y).sum().backward(inputs=x),
    "no inputs": lambda lib, x, y, c: (x * y).sum().backward(inputs=[]),
    "no scalar": lambda lib, x, y, c: (x * y).backward(),
    "gradient of another shape": lambda lib, x, y, c: (x * y).backward(lib.ones(3)),
    "no gradient wanted": lambda lib, x, y, c: c.sum().backward(),
    "several roots": lambda lib, x, y, c: lib.autograd.backward([x * y, x * 2], [c, c]),
    "broadcast": lambda lib, x, y, c: (x * y.sum()).sum().backward(),
    "freed": lambda lib, x, y, c: (lambda z: [z.backward(), z.backward()])((x * y).sum()),
    "nothing saved, walked twice": lambda lib, x, y, c: (lambda z: [z.backward(), z.backward()])((x + y).sum()),
    "retained": lambda lib, x, y, c: (lambda z: [z.backward(retain_graph=True), z.backward()])((x * y).sum()),
    "changed in place": lambda lib, x, y, c: (lambda h: [h.mul_(2), (h * 1).sum().backward()])(x * y * y),
    "saved value changed": lambda lib, x, y, c: (lambda h: (lambda z: [h.mul_(2), z.sum().backward()])(h * h))(x * y),
    "leaf changed": lambda lib, x, y, c: x.mul_(2),
    "view of a leaf changed": lambda lib, x, y, c: x[0].mul_(2),
    "view changed": lambda lib, x, y, c: (lambda h: [h[0].mul_(y[1]), h.sum().backward()])(x * y),
}


@pytest.mark.parametrize("name", BACKWARDS)
def test_backward(name):
    def run(lib):
        x, y = leaves(lib, [1.0, 2.0], [3.0, 4.0])
        BACKWARDS[name](lib, x, y, lib.tensor([5.0, 7.0]))
        return [x.grad, y.grad]

    both(run)


def test_unsupported_options_say_so():
    (x,) = leaves(rsnn, [1.0])
    with pytest.raises(NotImplementedError, match="is_grads_batched"):
        grad(x.sum(), x, is_grads_batched=True)
    with pytest.warns(FutureWarning, match="only_inputs"):
        grad(x.sum(), x, only_inputs=False)
    with pytest.warns(FutureWarning, match="grad_variables"):
        backward(x * 1, grad_variables=rsnn.ones(1))
    assert x.grad.tolist() == [1.0]


def test_leaf_rules():
    x = rsnn.ones(2, requires_grad=True)
    y = x * 2
    assert x.is_leaf and x.grad_fn is None and not y.is_leaf
    with pytest.raises(RuntimeError, match="only change requires_grad flags of leaf"):
        y.requires_grad = False
    with pytest.raises(RuntimeError, match="floating point"):
        rsnn.tensor([1], requires_grad=True)
    assert y.detach().is_leaf and not y.detach().requires_grad
    assert y.detach().data_ptr() == y.data_ptr()
    with pytest.raises(RuntimeError, match="gradient of size"):
        x.grad = rsnn.ones(3)
    with pytest.raises(RuntimeError, match="different type"):
        x.grad = rsnn.ones(2, dtype=rsnn.float64)
    with pytest.raises(TypeError, match="to be a Tensor or None"):
        x.grad = 3
    with pytest.raises(RuntimeError, match="its own grad"):
        x.grad = x


def test_the_same_gradient_is_added_where_it_lies():
    (x,) = leaves(rsnn, [1.0, 2.0])
    (x * 2).sum().backward()
    first = x.grad
    (x * 2).sum().backward()
    assert x.grad is first and first.tolist() == [4.0, 4.0]
    (x * x).sum().backward(create_graph=True)
    assert x.grad is not first and x.grad.requires_grad and first.tolist() == [4.0, 4.0]


def test_gradients_of_two_leaves_do_not_share_memory():
    x, y = leaves(rsnn, [1.0, 2.0], [3.0, 4.0])
    seed = rsnn.ones(2)
    (x + y).backward(seed)
    assert len({x.grad.data_ptr(), y.grad.data_ptr(), seed.data_ptr()}) == 3


def test_deep_graphs():
    (x,) = leaves(rsnn, [1.0])
    y = x
    for _ in range(100_000):
        y = y + 0.0
    unused = y * 1
    y.backward()
    assert x.grad.tolist() == [1.0]
    del unused, y


def test_other_threads_run_during_backward():
    x = rsnn.ones(600, 600, requires_grad=True)
    y = x
    for _ in range(60):
        y = (y @ x) * 1e-3
    y = y.sum()
    ticks = []
    done = threading.Event()

    def count():
        while not done.is_set():
            ticks.append(time.perf_counter())
            time.sleep(0.001)

    thread = threading.Thread(target=count)
    thread.start()
    start = time.perf_counter()
    y.backward()
    end = time.perf_counter()
    done.set()
    thread.join()
    inside = [t for t in ticks if start < t < end]
    assert end - start > 0.02, "the walk is too short to tell"
    assert len(inside) >= 3


def test_threads_walk_their_own_graphs():
    (w,) = leaves(rsnn, [2.0])
    errors = []

    def work(k):
        try:
            for _ in range(200):
                (x,) = leaves(rsnn, [float(k)])
                (x * x * w).sum().backward(inputs=[x])
                assert x.grad.tolist() == [4.0 * k]
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors and w.grad is None


def test_many_uses_of_one_value():
    rng = np.random.default_rng(0)
    values = [rng.standard_normal((3, 4)).tolist(), rng.standard_normal((4,)).tolist()]

    def run(lib):
        x, y = leaves(lib, *values)
        h = x * y
        z = sum((h * k * y).sum() for k in range(5))
        return lib.autograd.grad(z, [x, y, h])

    for a, b in zip(run(rsnn), run(torch), strict=True):
        np.testing.assert_allclose(np.array(a.numpy()), b.numpy(), rtol=1e-5)
