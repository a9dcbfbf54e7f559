"""Borders, against live PyTorch: every mode, empty axes, widths that cut off, widths that memory cannot hold."""

import itertools

import numpy as np
import pytest

import rsnn
import rsnn.nn.functional as F

SHAPES = [(2, 3, 4), (1, 2, 3, 5), (2, 1, 4, 3), (3, 0, 4), (0, 3, 4), (2, 3, 0), (0, 2, 3, 4)]
WIDTHS = [(1, 1), (2, 0), (-1, 2), (2, -1), (0, 0), (1, 2, 0, 1), (-1, -1, 2, 1), (3, 3), (-9, 1)]


def outcome(lib, shape, widths, mode):
    """The padded values and the gradient of the sum of their squares, or the class of the error."""
    x = lib.from_numpy(np.arange(np.prod(shape), dtype="float32").reshape(shape)).requires_grad_()
    try:
        y = lib.nn.functional.pad(x, widths, mode)
    except (RuntimeError, NotImplementedError) as error:
        return type(error)
    y.pow(2).sum().backward()
    return y.tolist(), x.grad.tolist()


@pytest.mark.parametrize("mode", ["constant", "reflect", "replicate", "circular"])
def test_equals_pytorch(torch, mode):
    for shape, widths in itertools.product(SHAPES, WIDTHS):
        assert outcome(rsnn, shape, widths, mode) == outcome(torch, shape, widths, mode), (shape, widths)


def test_what_negative_widths_cut_off_does_not_come_back():
    x = rsnn.arange(4.0).reshape(1, 1, 4)
    assert F.pad(x, (-1, 2), "circular").tolist() == [[[1, 2, 3, 1, 2]]]
    assert F.pad(x, (-1, 2), "replicate").tolist() == [[[1, 2, 3, 3, 3]]]


@pytest.mark.parametrize("mode", ["constant", "replicate"])
def test_hopeless_widths_are_refused_at_once(mode):
    with pytest.raises((RuntimeError, MemoryError)):
        F.pad(rsnn.zeros(64, 64, 64), (2**40, 2**40), mode)


def test_an_axis_cut_to_less_than_nothing():
    with pytest.raises(RuntimeError, match="negative"):
        F.pad(rsnn.zeros(2, 3), (-2, -2))
