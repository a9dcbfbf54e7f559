"""Convolutions, plain and transposed, against PyTorch: values, gradients, gradients of gradients, errors."""

import numpy as np
import pytest

import rsnn
from helpers import assert_same_error, check_op
from rsnn import _C


def conv(rank, transposed=False, **options):
    name = f"conv{'_transpose' if transposed else ''}{rank}d"

    def call(lib, x, w, *bias):
        fn = getattr(_C if lib is rsnn else lib.nn.functional, name)
        return fn(x, w, *bias, **options)

    call.__name__ = f"{name} {options}"
    return call


CASES = [
    (1, (2, 3, 9), (4, 3, 3), {}),
    (1, (3, 9), (4, 3, 2), {"stride": 2, "padding": 1}),
    (1, (2, 4, 8), (4, 2, 3), {"groups": 2, "dilation": 2, "padding": 2}),
    (2, (2, 3, 7, 6), (4, 3, 3, 2), {}),
    (2, (3, 7, 6), (4, 3, 3, 3), {"padding": (1, 0)}),
    (2, (2, 4, 7, 7), (6, 2, 3, 3), {"groups": 2, "stride": (2, 1), "padding": 1}),
    (2, (2, 4, 7, 6), (8, 1, 3, 3), {"groups": 4, "stride": 2, "padding": 1}),
    (2, (2, 5, 6, 5), (3, 5, 1, 1), {}),
    (2, (1, 2, 9, 9), (2, 2, 3, 3), {"dilation": (2, 3), "padding": "same"}),
    (2, (1, 2, 5, 6), (2, 2, 2, 4), {"padding": "same"}),
    (2, (1, 2, 5, 6), (2, 2, 2, 4), {"padding": "valid"}),
    (2, (1, 2, 4, 4), (2, 2, 3, 3), {"padding": 4}),
    (2, (0, 3, 5, 5), (2, 3, 3, 3), {"padding": 1}),
    (3, (2, 2, 4, 5, 3), (3, 2, 2, 3, 2), {"padding": (0, 1, 1)}),
    (3, (2, 5, 4, 4), (2, 1, 3, 2, 2), {"groups": 2, "stride": 2}),
]


@pytest.mark.filterwarnings("ignore:Using padding='same'")  # PyTorch says that it copies the input there
@pytest.mark.parametrize("rank, x, w, options", CASES)
@pytest.mark.parametrize("bias", [True, False])
def test_conv(rank, x, w, options, bias):
    check_op(conv(rank, **options), x, w, *([(w[0],)] if bias else []), rtol=1e-4, atol=1e-4)


TRANSPOSED = [
    (1, (2, 3, 5), (3, 4, 3), {}),
    (1, (3, 5), (3, 2, 3), {"stride": 3, "padding": 1, "output_padding": 2}),
    (1, (1, 2, 4), (2, 2, 2), {"dilation": 4, "output_padding": 3}),
    (2, (2, 3, 4, 5), (3, 2, 3, 3), {"stride": 2, "padding": 1, "output_padding": 1}),
    (2, (2, 4, 4, 3), (4, 3, 2, 3), {"groups": 2, "dilation": (1, 2), "padding": (1, 0)}),
    (2, (2, 4, 3, 3), (4, 1, 3, 3), {"groups": 4, "stride": 2}),
    (2, (2, 3, 4, 4), (3, 5, 1, 1), {}),
    (3, (1, 2, 3, 2, 3), (2, 2, 2, 2, 3), {"stride": (1, 2, 1), "padding": (0, 1, 1)}),
]


@pytest.mark.parametrize("rank, x, w, options", TRANSPOSED)
@pytest.mark.parametrize("bias", [True, False])
def test_conv_transpose(rank, x, w, options, bias):
    channels = w[1] * options.get("groups", 1)
    check_op(conv(rank, True, **options), x, w, *([(channels,)] if bias else []), rtol=1e-4, atol=1e-4)


def test_half_types():
    shapes = (2, 3, 6, 6), (4, 3, 3, 3), (4,)
    check_op(conv(2, padding=1), *shapes, dtypes=("float16",), gradgrad=False, rtol=2e-2, atol=6e-2)


def test_large_planes_equal_small_ones():
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 5, 40, 41)).astype("f"), rng.standard_normal((17, 5, 3, 3)).astype("f")
    whole = _C.conv2d(rsnn.from_numpy(x), rsnn.from_numpy(w), None, 1, 1).numpy()
    for n in range(3):
        alone = _C.conv2d(rsnn.from_numpy(x[n].copy()), rsnn.from_numpy(w), None, 1, 1).numpy()
        np.testing.assert_allclose(whole[n], alone, rtol=1e-4, atol=1e-4)


def both(name, *shapes, dtype="float32", **options):
    def call(lib):
        fn = getattr(_C if lib is rsnn else lib.nn.functional, name)
        return fn(*(lib.ones(*shape, dtype=getattr(lib, dtype)) for shape in shapes), **options)

    return call


@pytest.mark.parametrize(
    "call",
    [
        both("conv2d", (3, 4), (2, 3, 3, 3)),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3)),
        both("conv2d", (1, 4, 8, 8), (2, 3, 3, 3)),
        both("conv2d", (1, 4, 8, 8), (3, 2, 3, 3), groups=2),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), (3,)),
        both("conv2d", (1, 3, 2, 2), (2, 3, 3, 3)),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), stride=0),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), padding=-1),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), dilation=0),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), groups=0),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), stride=(1, 1, 1)),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), stride=2, padding="same"),
        both("conv2d", (1, 3, 8, 8), (2, 3, 3, 3), padding="full"),
        both("conv_transpose2d", (1, 4, 8, 8), (3, 2, 3, 3)),
        both("conv_transpose2d", (1, 3, 8, 8), (3, 2, 3, 3), output_padding=1),
        both("conv_transpose2d", (1, 3, 1, 1), (3, 2, 1, 1), padding=1),
        lambda lib: (_C if lib is rsnn else lib).conv2d(lib.ones(1, 3, 8, 8), lib.ones(2, 3, 3, 3, dtype=lib.float64)),
    ],
)
def test_errors(torch, call):
    assert_same_error(call)


def test_messages_name_what_was_expected():
    with pytest.raises(RuntimeError, match=r"conv2d: .*64 channels .*groups=1.* got 3"):
        _C.conv2d(rsnn.ones(1, 3, 8, 8), rsnn.ones(8, 64, 3, 3))
    with pytest.raises(RuntimeError, match=r"conv1d: .*kernel no larger.*spans \[5\].*\[4\]"):
        _C.conv1d(rsnn.ones(1, 1, 4), rsnn.ones(1, 1, 5))
