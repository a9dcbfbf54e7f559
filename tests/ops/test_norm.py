"""Normalisation against PyTorch: values, running statistics, gradients, gradients of gradients, errors."""

import numpy as np
import pytest

import rsnn
from helpers import assert_same_error, check_op, to_numpy
from rsnn import _C

LOOSE = {"rtol": 1e-3, "atol": 1e-3}


def given(lib, x, w, b, mean, var, training):
    if lib is rsnn:
        return _C.batch_norm(x, w, b, mean, var, training, 0.3, 1e-5)
    return lib.nn.functional.batch_norm(x, mean, var, w, b, training, 0.3, 1e-5)


@pytest.mark.parametrize("shape", [(4, 3), (4, 3, 5), (2, 3, 4, 5), (2, 3, 2, 3, 2)])
def test_batch_norm_in_training(shape):
    c = shape[1]
    check_op(lambda lib, x, w, b: given(lib, x, w, b, None, None, True), shape, (c,), (c,), **LOOSE)
    check_op(lambda lib, x: given(lib, x, None, None, None, None, True), shape, **LOOSE)


@pytest.mark.parametrize("shape", [(4, 3), (2, 3, 4, 5)])
def test_batch_norm_in_evaluation(shape):
    def call(lib, x, w, b):
        mean = lib.full((3,), 0.5, dtype=x.dtype)
        return given(lib, x, w, b, mean, mean + mean, False)

    check_op(call, shape, (3,), (3,), **LOOSE)


def test_running_statistics(torch):
    x = np.random.default_rng(0).standard_normal((4, 3, 5)).astype("f")
    results = []
    for lib in (rsnn, torch):
        mean, var = lib.zeros(3), lib.ones(3)
        given(lib, lib.from_numpy(x), None, None, mean, var, True)
        results.append((to_numpy(mean), to_numpy(var)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@pytest.mark.parametrize("name", ["layer_norm", "rms_norm"])
@pytest.mark.parametrize("shape, row", [((3, 7), (7,)), ((2, 3, 4, 5), (4, 5)), ((6,), (6,)), ((0, 4), (4,))])
def test_rows(name, shape, row):
    def call(lib, x, *affine):
        return getattr(_C if lib is rsnn else lib.nn.functional, name)(x, row, *affine, eps=1e-5)

    check_op(call, shape, **LOOSE)
    check_op(call, shape, row, **LOOSE)
    if name == "layer_norm":
        check_op(call, shape, row, row, **LOOSE)


@pytest.mark.parametrize("shape, groups", [((2, 6, 3), 3), ((2, 4, 3, 3), 1), ((3, 4, 2), 4)])
def test_group_norm(shape, groups):
    def call(lib, x, *affine):
        return (_C if lib is rsnn else lib.nn.functional).group_norm(x, groups, *affine)

    c = shape[1]
    check_op(call, shape, **LOOSE)
    check_op(call, shape, (c,), (c,), **LOOSE)


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: given(lib, lib.ones(2, 3, 4), lib.ones(2), None, None, None, True),
        lambda lib: given(lib, lib.ones(2, 3, 4), None, None, None, None, False),
        lambda lib: (_C if lib is rsnn else lib.nn.functional).layer_norm(lib.ones(2, 3), (2,)),
        lambda lib: (_C if lib is rsnn else lib.nn.functional).layer_norm(lib.ones(2, 3), (3,), lib.ones(2)),
        lambda lib: (_C if lib is rsnn else lib.nn.functional).group_norm(lib.ones(2, 3, 2), 2),
    ],
)
def test_errors(torch, call):
    assert_same_error(call)
