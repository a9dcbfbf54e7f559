"""Clipping gradients, and parameters as one vector."""

import math

import numpy as np
import pytest

import rsnn
from rsnn.nn import utils


def parameters(*gradients):
    result = []
    for gradient in gradients:
        p = rsnn.zeros(0 if gradient is None else len(gradient), requires_grad=True)
        p.grad = None if gradient is None else rsnn.tensor(gradient)
        result.append(p)
    return result


def test_clip_grad_norm():
    a, b, c = parameters([3.0], [0.0, 4.0], None)
    total = utils.clip_grad_norm_([a, b, c], 1.0)
    assert total.item() == 5.0 and c.grad is None
    assert a.grad.tolist() == pytest.approx([0.6], rel=1e-5) and b.grad.tolist() == pytest.approx([0, 0.8], rel=1e-5)
    assert utils.clip_grad_norm_(a, 10.0).item() == pytest.approx(0.6, rel=1e-5)
    assert a.grad.item() == pytest.approx(0.6, rel=1e-5), "small gradients are not scaled up"


def test_norms_of_nothing():
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0 and utils.get_total_norm([]).item() == 0.0
    with pytest.warns(UserWarning, match="empty generator"):
        utils.clip_grad_norm_((p for p in []), 1.0)
    utils.clip_grad_value_(parameters(None), 1.0)


def test_norms_that_are_not_finite():
    for value in (math.inf, math.nan):
        (p,) = parameters([value])
        assert not math.isfinite(utils.clip_grad_norm_(p, 1.0).item())
        (p,) = parameters([value])
        with pytest.raises(RuntimeError, match="finite"):
            utils.clip_grad_norm_(p, 1.0, error_if_nonfinite=True)


def test_clip_grad_value():
    a, b = parameters([3.0, -0.5], [-3.0])
    utils.clip_grad_value_([a, b], 1.0)
    assert a.grad.tolist() == [1.0, -0.5] and b.grad.tolist() == [-1.0]


def test_the_deprecated_name():
    (p,) = parameters([3.0])
    with pytest.warns(FutureWarning, match="clip_grad_norm_"):
        assert utils.clip_grad_norm(p, 1.0).item() == 3.0


@pytest.mark.parametrize("order", [2.0, 1.0, 3, math.inf])
@pytest.mark.parametrize("seed", range(4))
def test_norms_equal_those_of_pytorch(seed, order):
    torch = pytest.importorskip("torch")
    gradients = [np.random.default_rng([seed, i]).standard_normal((3, 4)).astype(np.float32) for i in range(3)]
    results = []
    for lib in (rsnn, torch):
        ps = [lib.zeros(3, 4, requires_grad=True) for _ in gradients]
        for p, gradient in zip(ps, gradients, strict=True):
            p.grad = lib.from_numpy(gradient.copy())
        total = lib.nn.utils.clip_grad_norm_(ps, 0.5, order)
        results.append([total.item(), *(p.grad.numpy() for p in ps)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_parameters_as_a_vector():
    a, b = rsnn.ones(2, 2, requires_grad=True), rsnn.zeros(1, requires_grad=True)
    vector = utils.parameters_to_vector(iter([a, b]))
    assert vector.tolist() == [1, 1, 1, 1, 0]
    (vector * rsnn.arange(5.0)).sum().backward()
    assert a.grad.tolist() == [[0, 1], [2, 3]] and b.grad.tolist() == [4]
    source = rsnn.arange(5.0)
    utils.vector_to_parameters(source, [a, b])
    assert a.tolist() == [[0, 1], [2, 3]] and b.tolist() == [4] and a.requires_grad
    source[4] = 9
    assert b.item() == 9, "parameters share the memory of the vector"
    with pytest.raises(TypeError, match="list"):
        utils.vector_to_parameters([1.0], [b])
    with pytest.raises(RuntimeError):
        utils.vector_to_parameters(rsnn.zeros(2), [a])
