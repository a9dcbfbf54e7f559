"""Batch normalization folded into the layer before it."""

import numpy as np
import pytest

import rsnn
from rsnn import nn
from rsnn.nn import utils


def trained(bn):
    bn.running_mean.copy_(rsnn.linspace(-1, 1, bn.num_features))
    bn.running_var.copy_(rsnn.linspace(0.5, 2, bn.num_features))
    if bn.affine:
        with rsnn.no_grad():
            bn.weight.copy_(rsnn.linspace(0.5, 1.5, bn.num_features))
            bn.bias.copy_(rsnn.linspace(-0.5, 0.5, bn.num_features))
    return bn.eval()


@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("affine", [False, True])
def test_a_fused_convolution_gives_the_same(bias, affine):
    conv, bn = nn.Conv2d(3, 4, 3, bias=bias).eval(), trained(nn.BatchNorm2d(4, affine=affine))
    fused = utils.fuse_conv_bn_eval(conv, bn)
    x = rsnn.randn(2, 3, 6, 6)
    np.testing.assert_allclose(fused(x).detach().numpy(), bn(conv(x)).detach().numpy(), atol=1e-5)
    assert fused is not conv and type(fused) is nn.Conv2d
    assert isinstance(fused.weight, nn.Parameter) and fused.weight.requires_grad
    assert fused.bias.requires_grad == bias and (conv.bias is None) == (not bias)


def test_a_fused_transposed_convolution_gives_the_same():
    if not hasattr(nn, "ConvTranspose2d"):
        pytest.skip("no transposed convolution yet")
    conv, bn = nn.ConvTranspose2d(3, 4, 3).eval(), trained(nn.BatchNorm2d(4))
    fused = utils.fuse_conv_bn_eval(conv, bn, transpose=True)
    x = rsnn.randn(2, 3, 5, 5)
    np.testing.assert_allclose(fused(x).detach().numpy(), bn(conv(x)).detach().numpy(), atol=1e-5)


@pytest.mark.parametrize("features", [4, 1])
def test_a_fused_linear_layer_gives_the_same(features):
    linear, bn = nn.Linear(3, 4).eval(), trained(nn.BatchNorm1d(features))
    fused = utils.fuse_linear_bn_eval(linear, bn)
    x = rsnn.randn(5, 3)
    y = linear(x)
    expected = bn(y) if features == 4 else bn(y.reshape(-1, 1)).reshape(5, 4)
    np.testing.assert_allclose(fused(x).detach().numpy(), expected.detach().numpy(), atol=1e-5)


def test_what_cannot_be_fused():
    conv, linear = nn.Conv2d(1, 2, 1), nn.Linear(2, 3).eval()
    with pytest.raises(AssertionError, match="evaluation"):
        utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(2).eval())
    with pytest.raises(AssertionError, match="evaluation"):
        utils.fuse_conv_bn_eval(conv.eval(), nn.BatchNorm2d(2))
    with pytest.raises(AssertionError, match="running"):
        utils.fuse_conv_bn_eval(conv, nn.BatchNorm2d(2, track_running_stats=False).eval())
    with pytest.raises(AssertionError, match="3 features or 1"):
        utils.fuse_linear_bn_eval(linear, nn.BatchNorm1d(2).eval())
