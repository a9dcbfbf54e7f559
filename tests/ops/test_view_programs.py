"""Versions of memory that views share, and random programs of views and writes, against live PyTorch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import rsnn
from helpers import assert_same, attempt, grads, step_of

torch = pytest.importorskip("torch")

LIBS = (rsnn, torch)


def test_versions_are_counted():
    for lib in LIBS:
        x = lib.zeros(3, 4)
        y, z = x[0], x.t()
        assert x._version == y._version == 0
        y.add_(1)
        assert (x._version, z._version) == (1, 1)
        x[1] = 2
        z[0, 0] = 1
        assert (x._version, y._version) == (3, 3)
        x.data.mul_(2)
        assert x._version == 3
        x.detach().mul_(2)
        assert x._version == 4
        with lib.no_grad():
            y.zero_()
        assert x._version == 5


SAVERS = {
    "mul": lambda x: x * x,
    "exp": lambda x: x.exp(),
    "matmul": lambda x: x @ x.T,
    "sigmoid": lambda x: x.sigmoid(),
}


@pytest.mark.parametrize("name", SAVERS)
@pytest.mark.parametrize("through", ["itself", "view", "base", "detached"])
def test_values_changed_after_they_were_saved(name, through):
    def run(lib):
        leaf = lib.ones(4, 4, requires_grad=True)
        base = leaf * 2
        x = base[:2]
        y = SAVERS[name](x)
        saved = y if name in ("exp", "sigmoid") else x
        target = {
            "itself": lambda: saved,
            "view": lambda: saved[0],
            "base": lambda: saved if saved._base is None else saved._base,
            "detached": lambda: saved.detach(),
        }[through]()
        target.add_(1)
        return attempt(lambda: y.sum().backward())

    ours, theirs = run(rsnn), run(torch)
    assert isinstance(theirs, RuntimeError) and isinstance(ours, RuntimeError)
    expected = str(theirs).split(" Hint")[0].replace("torch", "rsnn")
    actual = str(ours).split(" Hint")[0]
    assert actual.split("[")[0] == expected.split("[")[0]


STEPS = (
    "transpose",
    "slice",
    "select",
    "unsqueeze",
    "squeeze",
    "view",
    "expand",
    "flip",
    "narrow",
    "diagonal",
    "unfold",
)


@st.composite
def programs(draw):
    """A shape and a list of steps: `(which tensor, what, numbers)`. Numbers are read modulo what fits."""
    shape = tuple(draw(st.lists(st.integers(1, 4), min_size=1, max_size=3)))
    count = draw(st.integers(1, 8))
    kinds = ["transpose", "slice", "select", "unsqueeze", "squeeze", "view", "narrow", "diagonal", "permute", "index"]
    writes = ["mul_", "add_", "copy_", "set", "fill_", "exp_", "detach"]
    step = st.tuples(st.integers(0, 9), st.sampled_from(kinds + kinds + writes), st.tuples(*[st.integers(0, 11)] * 3))
    return shape, draw(st.lists(step, min_size=count, max_size=count))


def step(lib, tensors, which, what, numbers):
    """One step of a program; what it makes is added to the tensors."""
    x = tensors[which % len(tensors)]
    a, b, c = numbers
    n = x.dim()
    if what in ("transpose", "slice", "select", "narrow", "diagonal", "index", "permute") and n == 0:
        return
    if what == "transpose":
        tensors.append(x.transpose(a % n, b % n))
    elif what == "permute":
        order = sorted(range(n), key=lambda i: (i * (2 * a + 1) + b) % 7)
        tensors.append(x.permute(order))
    elif what == "slice":
        tensors.append(x[(slice(None),) * (a % n) + (slice(b % 3, None, c % 2 + 1),)])
    elif what == "select" and x.size(a % n):
        tensors.append(x.select(a % n, b % x.size(a % n)))
    elif what == "index" and x.size(0):
        tensors.append(x[a % x.size(0)])
    elif what == "narrow":
        size = x.size(a % n)
        start = b % (size + 1)
        tensors.append(x.narrow(a % n, start, c % (size - start + 1)))
    elif what == "diagonal" and n > 1:
        tensors.append(x.diagonal(a % 3 - 1, b % n, (b + 1) % n))
    elif what == "unsqueeze":
        tensors.append(x.unsqueeze(a % (n + 1)))
    elif what == "squeeze":
        tensors.append(x.squeeze())
    elif what == "view" and x.is_contiguous():
        tensors.append(x.view(-1))
    elif what == "detach":
        tensors.append(x * 1)
    elif what == "mul_":
        x.mul_(a / 4 + 0.5)
    elif what == "exp_":
        x.mul_(0.1).exp_()
    elif what == "fill_":
        x.fill_(b)
    elif what == "add_":
        y = tensors[b % len(tensors)]
        x.add_(y.sum() * 0.1 if y.shape != x.shape else y.clone())
    elif what == "copy_":
        y = tensors[b % len(tensors)]
        x.copy_(y.mean() if y.shape != x.shape else y) if y.numel() else None
    elif what == "set" and n and x.size(0):
        x[a % x.size(0)] = tensors[b % len(tensors)].sum()


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(programs())
def test_random_programs(program):
    """The same values, layouts, versions and gradients after any sequence of views and writes."""
    shape, steps = program
    values = np.random.default_rng(0).uniform(0.5, 1.5, shape)
    state = []
    for lib in LIBS:
        leaf = lib.from_numpy(values.copy()).requires_grad_()
        state.append((leaf, [leaf * 1]))
    for which, what, numbers in steps:
        ours, theirs = (
            attempt(lambda: step(lib, tensors, which, what, numbers))  # noqa: B023
            for lib, (_, tensors) in zip(LIBS, state)
        )
        assert type(ours) is type(theirs), f"{what}: got {ours!r}, expected {theirs!r}"
        assert len(state[0][1]) == len(state[1][1])
    results = []
    for (leaf, tensors), lib in zip(state, LIBS):
        total = 0
        for i, t in enumerate(tensors):
            w = lib.arange(1.0, t.numel() + 1, dtype=lib.float64).view(t.shape) * (i + 1)
            total = total + (t * w).sum()
        # A value that was saved may have been written since.
        found = attempt(lambda: grads(lib, [total], [leaf], [lib.ones((), dtype=lib.float64)], False))  # noqa: B023
        results.append((tensors, found))
    (ours, our_grad), (theirs, their_grad) = results
    for a, b in zip(ours, theirs):
        assert_same(a, b, 1e-12, 1e-12)
        assert (a._version, a._is_view()) == (b._version, b._is_view())
        if a._is_view():
            assert step_of(a) == step_of(b)
        if a.numel() > 1:
            assert (a.stride(), a.storage_offset()) == (b.stride(), b.storage_offset())
    if isinstance(their_grad, Exception):
        assert type(our_grad) is type(their_grad)
    else:
        assert_same(list(our_grad), list(their_grad), 1e-9, 1e-9)
