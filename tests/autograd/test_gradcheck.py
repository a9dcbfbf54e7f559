"""`gradcheck` and `gradgradcheck` accept what is right and refuse what is wrong."""

from __future__ import annotations

import pytest

import rsnn
from rsnn.autograd import Function, gradcheck, gradgradcheck
from rsnn.autograd.gradcheck import GradcheckError


class Wrong(Function):
    """A product whose gradient is a little off."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y * 1.01, g * x


def inputs():
    x = rsnn.tensor([1.0, 2.0], dtype=rsnn.float64, requires_grad=True)
    y = rsnn.tensor([[3.0, 4.0], [5.0, 6.0]], dtype=rsnn.float64, requires_grad=True)
    return x, y


def test_right_gradients_pass():
    assert gradcheck(lambda x, y: x * y, inputs())
    assert gradcheck(lambda x, y: (x * y, x + 1, "no tensor"), inputs())
    assert gradgradcheck(lambda x, y: x * x * y, inputs())
    assert gradgradcheck(lambda x, y: x * x * y, inputs(), gen_non_contig_grad_outputs=True)
    x, y = inputs()
    assert gradcheck(lambda x, y: x * y, (x, y.t()))


def test_wrong_gradients_fail():
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0 with respect to input 0"):
        gradcheck(Wrong.apply, inputs())
    assert not gradcheck(Wrong.apply, inputs(), raise_exception=False)


def test_hidden_dependence_fails():
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x, y: (x * y).detach(), inputs())


def test_what_it_refuses():
    with pytest.raises(ValueError, match="requires a gradient"):
        gradcheck(lambda x: x * 2, rsnn.ones(2))
    with pytest.raises(NotImplementedError, match="fast_mode"):
        gradcheck(lambda x, y: x * y, inputs(), fast_mode=True)
    with pytest.raises(NotImplementedError, match="check_forward_ad"):
        gradcheck(lambda x, y: x * y, inputs(), check_forward_ad=True)
    with pytest.warns(UserWarning, match="float64"):
        gradcheck(lambda x: x * 2, rsnn.ones(2, requires_grad=True), eps=1e-2, atol=1e-2)
