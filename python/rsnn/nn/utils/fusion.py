"""Folding a batch normalization in evaluation mode into the layer before it."""

from __future__ import annotations

import copy
from typing import Any

import rsnn

__all__ = ["fuse_conv_bn_eval", "fuse_conv_bn_weights", "fuse_linear_bn_eval", "fuse_linear_bn_weights"]


def _check(op: str, layer: Any, bn: Any) -> None:
    if layer.training or bn.training:
        raise AssertionError(f"{op}: expected both modules in evaluation mode")
    if bn.running_mean is None or bn.running_var is None:
        raise AssertionError(f"{op}: expected a normalization with running statistics")


def fuse_conv_bn_eval(conv: Any, bn: Any, transpose: bool = False) -> Any:
    """One convolution in place of a convolution and the normalization after it.

    Args:
        conv: in evaluation mode.
        bn: in evaluation mode, with running statistics.
        transpose: whether `conv` is a transposed convolution.

    Returns:
        a copy of `conv` with other weights.

    Raises:
        AssertionError: a module is in training mode, or there are no running statistics.
    """
    _check("fuse_conv_bn_eval", conv, bn)
    fused = copy.deepcopy(conv)
    fused.weight, fused.bias = fuse_conv_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias, transpose
    )
    return fused


def fuse_conv_bn_weights(
    conv_w: rsnn.Tensor,
    conv_b: rsnn.Tensor | None,
    bn_rm: rsnn.Tensor,
    bn_rv: rsnn.Tensor,
    bn_eps: float,
    bn_w: rsnn.Tensor | None,
    bn_b: rsnn.Tensor | None,
    transpose: bool = False,
) -> tuple[Any, Any]:
    r"""The weight and bias of [`fuse_conv_bn_eval`].

    They are $W s$ and $(b - \mu) s + \beta$ with $s = \gamma / \sqrt{\sigma^2 + \epsilon}$.

    Args:
        conv_w, conv_b: of the convolution; `conv_b` may be None.
        bn_rm, bn_rv: running mean and variance, one value for each output channel.
        bn_eps: what is added to the variance.
        bn_w, bn_b: scale and shift; either may be None.
        transpose: whether the output channels are the second dimension of `conv_w`.
    """
    bias_dtype = conv_w.dtype if conv_b is None else conv_b.dtype
    inverse = rsnn.rsqrt(bn_rv + bn_eps)
    scale = inverse if bn_w is None else bn_w * inverse
    shape = [1] * conv_w.ndim
    shape[1 if transpose else 0] = -1
    weight = (conv_w * scale.reshape(shape)).to(conv_w.dtype)
    bias = (-bn_rm if conv_b is None else conv_b - bn_rm) * inverse
    if bn_w is not None:
        bias = bias * bn_w
    if bn_b is not None:
        bias = bias + bn_b
    trained = conv_b is not None and conv_b.requires_grad
    return (
        rsnn.nn.Parameter(weight.detach(), conv_w.requires_grad),
        rsnn.nn.Parameter(bias.to(bias_dtype).detach(), trained),
    )


def fuse_linear_bn_eval(linear: Any, bn: Any) -> Any:
    """One linear layer in place of a linear layer and the normalization after it.

    Args:
        linear: in evaluation mode.
        bn: in evaluation mode, with running statistics; of as many features as `linear` gives, or of one.

    Returns:
        a copy of `linear` with other weights.

    Raises:
        AssertionError: a module is in training mode, there are no running statistics, or features do not fit.
    """
    _check("fuse_linear_bn_eval", linear, bn)
    if bn.num_features not in (linear.out_features, 1):
        raise AssertionError(
            f"fuse_linear_bn_eval: expected a normalization of {linear.out_features} features or 1, "
            f"got {bn.num_features}"
        )
    fused = copy.deepcopy(linear)
    fused.weight, fused.bias = fuse_linear_bn_weights(
        fused.weight, fused.bias, bn.running_mean, bn.running_var, bn.eps, bn.weight, bn.bias
    )
    return fused


def fuse_linear_bn_weights(
    linear_w: rsnn.Tensor,
    linear_b: rsnn.Tensor | None,
    bn_rm: rsnn.Tensor,
    bn_rv: rsnn.Tensor,
    bn_eps: float,
    bn_w: rsnn.Tensor,
    bn_b: rsnn.Tensor,
) -> tuple[Any, Any]:
    """The weight and bias of [`fuse_linear_bn_eval`]; arguments as in [`fuse_conv_bn_weights`]."""
    return fuse_conv_bn_weights(linear_w, linear_b, bn_rm, bn_rv, bn_eps, bn_w, bn_b)
