"""What is known of layers without running them: the shape of the output, and the multiply-adds."""

from __future__ import annotations

import math
from typing import Any

from rsnn.nn import modules as nn

Shape = tuple[int, ...]

#: Layers whose output has the shape of their input.
SAME: tuple[type, ...] = (
    nn.AlphaDropout,
    nn.BatchNorm1d,
    nn.BatchNorm2d,
    nn.BatchNorm3d,
    nn.CELU,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
    nn.ELU,
    nn.FeatureAlphaDropout,
    nn.GELU,
    nn.GroupNorm,
    nn.Hardshrink,
    nn.Hardsigmoid,
    nn.Hardswish,
    nn.Hardtanh,
    nn.InstanceNorm1d,
    nn.InstanceNorm2d,
    nn.InstanceNorm3d,
    nn.LayerNorm,
    nn.LeakyReLU,
    nn.LocalResponseNorm,
    nn.LogSigmoid,
    nn.LogSoftmax,
    nn.Mish,
    nn.PReLU,
    nn.RMSNorm,
    nn.RReLU,
    nn.ReLU,
    nn.SELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Softmax,
    nn.Softmin,
    nn.Softplus,
    nn.Softshrink,
    nn.Softsign,
    nn.Tanh,
    nn.Tanhshrink,
    nn.Threshold,
)
_CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
_MAX_POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d)
_AVERAGE_POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d)
_ADAPTIVE = (nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)


def _per_axis(value: Any, axes: int) -> Shape:
    return (value,) * axes if isinstance(value, int) else tuple(value)


def _axes(layer: Any) -> int:
    """The number of spatial axes, which stands in the class's name."""
    return int(type(layer).__name__[-2])


def _windows(sizes: Shape, kernel: Shape, stride: Shape, padding: Shape, dilation: Shape, ceil: bool) -> Shape:
    """How often a window fits along each axis."""
    counts = []
    for size, k, s, p, d in zip(sizes, kernel, stride, padding, dilation, strict=True):
        room = size + 2 * p - d * (k - 1) - 1
        count = (-(-room // s) if ceil else room // s) + 1
        # A window may begin in the padding on the far side only if all of it is asked for.
        if ceil and (count - 1) * s >= size + p:
            count -= 1
        counts.append(count)
    return tuple(counts)


def _convolved(layer: Any, shape: Shape) -> Shape:
    axes = _axes(layer)
    sizes = shape[-axes:]
    if layer.padding == "same":
        return (*shape[: -axes - 1], layer.out_channels, *sizes)
    padding = (0,) * axes if layer.padding == "valid" else layer.padding
    out = _windows(sizes, layer.kernel_size, layer.stride, padding, layer.dilation, False)
    return (*shape[: -axes - 1], layer.out_channels, *out)


def _transposed(layer: Any, shape: Shape) -> Shape:
    axes = _axes(layer)
    out = [
        (size - 1) * s - 2 * p + d * (k - 1) + extra + 1
        for size, s, p, d, k, extra in zip(
            shape[-axes:],
            layer.stride,
            layer.padding,
            layer.dilation,
            layer.kernel_size,
            layer.output_padding,
            strict=True,
        )
    ]
    return (*shape[: -axes - 1], layer.out_channels, *out)


def _pooled(layer: Any, shape: Shape) -> Shape:
    axes = _axes(layer)
    kernel = _per_axis(layer.kernel_size, axes)
    stride = kernel if layer.stride is None else _per_axis(layer.stride, axes)
    dilation = _per_axis(getattr(layer, "dilation", 1), axes)
    padding = _per_axis(layer.padding, axes)
    return (*shape[:-axes], *_windows(shape[-axes:], kernel, stride, padding, dilation, layer.ceil_mode))


def _adapted(layer: Any, shape: Shape) -> Shape:
    axes = _axes(layer)
    wanted = _per_axis(layer.output_size, axes)
    return (*shape[:-axes], *(size if want is None else want for size, want in zip(shape[-axes:], wanted)))


def output_shape(layer: Any, shape: Shape) -> Shape | None:
    """The shape of a layer's output for an input of a shape; `None` if only a run can tell, or would fail."""
    expected = getattr(layer, "in_channels", None), getattr(layer, "in_features", None)
    axis = -1 if expected[0] is None or not hasattr(layer, "kernel_size") else -1 - _axes(layer)
    wanted = next((size for size in expected if size is not None), None)
    if wanted is not None and (len(shape) < -axis or shape[axis] != wanted):
        return None
    returned = _shape_of(layer, shape)
    # A layer that is left without places says so itself.
    return None if returned is None or min(returned, default=1) <= 0 else returned


def _shape_of(layer: Any, shape: Shape) -> Shape | None:
    kind = type(layer)
    if kind in SAME:
        return shape
    if kind is nn.Linear:
        return (*shape[:-1], layer.out_features)
    if kind in _CONVOLUTIONS:
        return _convolved(layer, shape)
    if kind in _TRANSPOSED:
        return _transposed(layer, shape)
    if kind in _AVERAGE_POOLS or (kind in _MAX_POOLS and not layer.return_indices):
        return _pooled(layer, shape)
    if kind in _ADAPTIVE:
        return _adapted(layer, shape)
    if kind is nn.Embedding:
        return (*shape, layer.embedding_dim)
    return None


def mult_adds(layer: Any, given: Shape | None, returned: Shape | None) -> int:
    """The multiplications with an addition that a layer's own weights take part in: those of linear maps and
    convolutions. What other layers do is small beside them, and counts as nothing."""
    if given is None or returned is None:
        return 0
    if isinstance(layer, nn.Linear):
        return math.prod(returned) * layer.in_features
    if isinstance(layer, nn.Bilinear):
        return math.prod(returned) * layer.in1_features * (layer.in2_features + 1)
    if isinstance(layer, _CONVOLUTIONS):
        return math.prod(returned) * layer.in_channels // layer.groups * math.prod(layer.kernel_size)
    if isinstance(layer, _TRANSPOSED):
        return math.prod(given) * layer.out_channels // layer.groups * math.prod(layer.kernel_size)
    return 0
