"""Connectionist temporal classification, against live PyTorch: losses and the gradients of scores."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, tensor

torch = pytest.importorskip("torch")

TARGETS = np.array([[1, 2, 2, 3], [3, 1, 0, 0], [2, 2, 2, 1]])
LENGTHS, COUNTS = [7, 5, 6], [4, 2, 3]
SCORES = np.random.default_rng(3).normal(size=(7, 3, 4))


def loss(reduction="mean", lengths=LENGTHS, counts=COUNTS, targets=TARGETS, **options):
    def call(lib, scores):
        given = [lib.tensor(x) if isinstance(x, list) else x for x in (lengths, counts)]
        labels = lib.from_numpy(np.array(targets))
        return lib.nn.functional.ctc_loss(scores.log_softmax(-1), labels, *given, reduction=reduction, **options)

    return call


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_values_and_gradients(reduction):
    # The gradient has no derivative.
    check_op(loss(reduction), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)
    check_op(loss(reduction, tuple(LENGTHS), tuple(COUNTS)), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)
    flat = np.concatenate([row[:count] for row, count in zip(TARGETS, COUNTS, strict=True)])
    check_op(loss(reduction, targets=flat), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)
    check_op(loss(reduction, targets=TARGETS.astype("int32")), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_another_blank(reduction):
    check_op(loss(reduction, targets=(TARGETS + 2) % 3, blank=3), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("zero_infinity", [False, True])
@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_impossible_sequences(reduction, zero_infinity):
    """Repeated labels need a blank between them: the first sequence is too short."""
    call = loss(reduction, [4, 5, 6], zero_infinity=zero_infinity)
    check_op(call, SCORES, gradgrad=False, grad=zero_infinity, rtol=2e-5, atol=2e-5)


def test_a_zero_gradient_leaves_the_impossible_alone():
    results = []
    for lib in (rsnn, torch):
        x = tensor(lib, SCORES, "float64").requires_grad_()
        y = loss("none", [4, 5, 6])(lib, x)
        (dx,) = lib.autograd.grad(y[1:].sum(), x)
        results.append(dx[:, 1:])
    assert_same(*results)


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_no_labels(reduction):
    check_op(loss(reduction, counts=[0, 2, 0]), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)
    check_op(loss(reduction, counts=[0, 0, 0]), SCORES, gradgrad=False, rtol=2e-5, atol=2e-5)


def test_one_sequence():
    call = loss("none", 7, 4, TARGETS[0])
    for lengths, counts in (((7,), (4,)), ([7], [4])):
        call = loss("none", lengths, counts, TARGETS[0])
        check_op(call, SCORES[:, 0], gradgrad=False, rtol=2e-5, atol=2e-5)


def test_long_sequences():
    rng = np.random.default_rng(0)
    targets = rng.integers(1, 20, (8, 30))
    call = loss("mean", [90] * 8, [30] * 7 + [11], targets)
    check_op(call, rng.normal(size=(90, 8, 20)), gradgrad=False, layouts=("contiguous",), rtol=1e-3, atol=1e-4)


def test_the_gradient_has_no_derivative():
    for lib in (rsnn, torch):
        x = tensor(lib, SCORES, "float64").log_softmax(-1).requires_grad_()
        y = lib.nn.functional.ctc_loss(x, lib.from_numpy(TARGETS), tuple(LENGTHS), tuple(COUNTS))
        with pytest.raises(RuntimeError, match="derivative for aten::_ctc_loss_backward is not implemented"):
            (dx,) = lib.autograd.grad(y, x, create_graph=True)
            dx.sum().backward()


def test_layer():
    results = []
    for lib in (rsnn, torch):
        layer = lib.nn.CTCLoss(blank=3, reduction="sum", zero_infinity=True)
        x = tensor(lib, SCORES, "float64").log_softmax(-1)
        results.append((repr(layer), layer(x, lib.from_numpy((TARGETS + 2) % 3), tuple(LENGTHS), tuple(COUNTS))))
    assert results[0][0] == results[1][0]
    assert_same(results[0][1], results[1][1])


@pytest.mark.parametrize(
    "call",
    [
        lambda f, x, t: f(x, t, (7, 5), (4, 2, 3)),
        lambda f, x, t: f(x, t, (7, 5, 6), (4, 2)),
        lambda f, x, t: f(x, t, (8, 5, 6), (4, 2, 3)),
        lambda f, x, t: f(x, t, (7, 5, 6), (5, 2, 3)),
        lambda f, x, t: f(x, t, (-1, 5, 6), (4, 2, 3)),
        lambda f, x, t: f(x, t, (7, 5, 6), (4, 2, -3)),
        lambda f, x, t: f(x, t.reshape(-1), (7, 5, 6), (4, 2, 3)),
        lambda f, x, t: f(x, t[:2], (7, 5, 6), (4, 2, 3)),
        lambda f, x, t: f(x, t, (7, 5, 6), (4, 2, 3), blank=4),
        lambda f, x, t: f(x, t, (7, 5, 6), (4, 2, 3), blank=-1),
        lambda f, x, t: f(x, t, (7, 5, 6), (4, 2, 3), reduction="x"),
        lambda f, x, t: f(x.long(), t, (7, 5, 6), (4, 2, 3)),
        lambda f, x, t: f(x[:0], t, (0, 0, 0), (4, 2, 3)),
    ],
)
def test_mistakes(call):
    assert_same_error(lambda lib: call(lib.nn.functional.ctc_loss, tensor(lib, SCORES), lib.from_numpy(TARGETS)))
