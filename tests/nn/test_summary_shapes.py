"""What `nn.summary` knows of layers without running them."""

from __future__ import annotations

import pytest

import rsnn
from rsnn import nn
from rsnn.nn.summary._layers import SAME, mult_adds, output_shape

LAYERS = [
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2), (2, 4, 11), 2 * 6 * 5 * 4 * 3),
    (nn.Conv1d(4, 6, 3, padding="same"), (4, 11), 6 * 11 * 4 * 3),
    (nn.Conv1d(4, 6, 3, stride=2), (4, 10), 6 * 4 * 4 * 3),
    (nn.Conv2d(4, 6, (3, 2), padding="same"), (4, 9, 8), 6 * 9 * 8 * 4 * 6),
    (nn.Conv2d(4, 6, (3, 2), (2, 1), (0, 1), groups=2), (1, 4, 9, 8), 6 * 4 * 9 * 2 * 6),
    (nn.Conv3d(4, 6, 2, groups=2, padding="valid"), (1, 4, 5, 6, 7), 6 * 4 * 5 * 6 * 2 * 8),
    (nn.ConvTranspose1d(4, 6, 3, stride=2, padding=1), (2, 4, 5), 2 * 4 * 5 * 6 * 3),
    (
        nn.ConvTranspose2d(4, 6, (3, 2), stride=2, padding=1, output_padding=1, dilation=2, groups=2),
        (2, 4, 5, 6),
        2 * 4 * 5 * 6 * 3 * 6,
    ),
    (nn.ConvTranspose3d(4, 6, 2, output_padding=0, stride=3), (4, 2, 3, 4), 4 * 24 * 6 * 8),
    (nn.Conv2d(4, 6, (3, 2), padding="same"), (5, 4, 9, 8), 5 * 6 * 9 * 8 * 4 * 6),
    (nn.MaxPool1d(2, dilation=2), (2, 4, 9), 0),
    (nn.MaxPool1d(3, stride=1, dilation=2), (2, 4, 9), 0),
    (nn.ReLU(), (), 0),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 4, 8, 9), 0),
    (nn.MaxPool2d(2, 3, 1, ceil_mode=True), (2, 4, 5, 6), 0),
    (nn.MaxPool2d(1, 3, ceil_mode=True), (2, 4, 5, 9), 0),
    (nn.MaxPool3d((1, 2, 3), stride=(1, 2, 1), padding=(0, 1, 1)), (4, 3, 4, 5), 0),
    (nn.AvgPool1d(2), (4, 9), 0),
    (nn.AvgPool2d((3, 2), ceil_mode=True), (2, 4, 8, 9), 0),
    (nn.AvgPool2d(2, 3, 1, ceil_mode=True), (2, 4, 2, 3), 0),
    (nn.AvgPool3d(2, stride=1), (2, 4, 5, 4, 3), 0),
    (nn.AdaptiveAvgPool1d(3), (2, 4, 8), 0),
    (nn.AdaptiveAvgPool2d((3, None)), (2, 4, 8, 9), 0),
    (nn.AdaptiveAvgPool3d(2), (4, 8, 9, 3), 0),
    (nn.Linear(4, 6), (2, 3, 4), 6 * 6 * 4),
    (nn.Linear(4, 6), (4,), 24),
    (nn.Embedding(5, 3), (2, 2), 0),
    (nn.Dropout3d(), (2, 1, 3, 3, 3), 0),
]


@pytest.mark.parametrize(("layer", "shape", "work"), LAYERS, ids=lambda value: type(value).__name__)
def test_shapes_and_work(layer, shape, work):
    given = rsnn.zeros(shape, dtype=rsnn.int64 if isinstance(layer, nn.Embedding) else None)
    returned = tuple(layer(given).shape)
    assert output_shape(layer, shape) == returned and mult_adds(layer, shape, returned) == work


#: Arguments and sizes of the layers that return the sizes they are given, where others than these do not suit.
ARGUMENTS = {
    **dict.fromkeys(("BatchNorm1d", "InstanceNorm1d"), ((4,), (2, 4, 3))),
    **dict.fromkeys(("BatchNorm2d", "InstanceNorm2d"), ((4,), (2, 4, 3, 3))),
    **dict.fromkeys(("BatchNorm3d", "InstanceNorm3d"), ((4,), (2, 4, 3, 3, 3))),
    "GroupNorm": ((2, 4), (2, 4, 3)),
    "LayerNorm": ((3,), (2, 3)),
    "RMSNorm": ((3,), (2, 3)),
    "LocalResponseNorm": ((2,), (2, 4, 3)),
    "Threshold": ((0, 1), (2, 3)),
    "Softmax": ((1,), (2, 3)),
    "Softmin": ((1,), (2, 3)),
    "LogSoftmax": ((1,), (2, 3)),
    "Dropout1d": ((), (2, 3, 4)),
    "Dropout2d": ((), (2, 3, 4, 4)),
    "Dropout3d": ((), (2, 3, 4, 4, 4)),
}


@pytest.mark.parametrize("kind", SAME, ids=lambda kind: kind.__name__)
def test_layers_that_change_no_size(kind):
    arguments, shape = ARGUMENTS.get(kind.__name__, ((), (2, 3)))
    layer = kind(*arguments)
    assert output_shape(layer, shape) == shape == tuple(layer(rsnn.ones(shape)).shape)
    assert mult_adds(layer, shape, shape) == 0


def test_what_only_a_run_can_tell():
    class Own(nn.Linear):
        pass

    for layer, shape in (
        (nn.MaxPool2d(2, return_indices=True), (1, 1, 4, 4)),
        (nn.Flatten(), (2, 3)),
        (Own(2, 3), (1, 2)),
        (nn.Linear(2, 3), (1, 3)),
        (nn.Linear(2, 3), ()),
        (nn.Conv2d(2, 3, 1), (1, 3, 4, 4)),
        (nn.Conv2d(2, 3, 1), (4, 4)),
        (nn.Conv2d(2, 3, 5), (1, 2, 4, 5)),
        (nn.Conv2d(2, 3, 4), (1, 2, 3, 5)),
        (nn.ConvTranspose1d(2, 3, 1, padding=1), (2, 2)),
        (nn.MaxPool1d(3), (1, 2)),
        (nn.GRU(2, 3), (4, 1, 2)),
    ):
        assert output_shape(layer, shape) is None
    assert output_shape(nn.Conv2d(2, 3, 4), (1, 2, 4, 5)) == (1, 3, 1, 2)


def test_work_of_other_layers():
    assert mult_adds(nn.Bilinear(2, 3, 4), (5, 2), (5, 4)) == 20 * 2 * 4
    assert mult_adds(nn.Linear(2, 3), None, (1, 3)) == mult_adds(nn.Linear(2, 3), (1, 2), None) == 0
    assert mult_adds(type("Own", (nn.Linear,), {})(2, 3), (1, 2), (1, 3)) == 6


def test_layers_that_have_some_of_the_attributes():
    """What is asked of a layer goes by its class; attributes of the same name say nothing."""

    class Block(nn.Module):
        in_channels = 3

    class Window(nn.Module):
        kernel_size = in_features = 3

    for layer in (Block(), Window(), nn.Unfold(2), nn.Fold(4, 2)):
        for shape in ((2, 3), (1, 3, 4, 4), ()):
            assert output_shape(layer, shape) is None and mult_adds(layer, shape, shape) == 0


@pytest.mark.parametrize("kind", [nn.MaxPool1d, nn.AvgPool1d])
def test_a_stride_that_was_taken_away(kind):
    layer = kind(3, stride=1)
    layer.stride = None
    assert output_shape(layer, (1, 2, 9)) == (1, 2, 3) == tuple(layer(rsnn.zeros(1, 2, 9)).shape)
