"""Images resized and read at the places of a grid, against PyTorch's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, grads, tensor


def resize(*arguments, **options):
    return lambda lib, x: lib.nn.functional.interpolate(x, *arguments, **options)


LINES = [(2, 3, 7), (1, 2, 1)]
IMAGES = [(2, 3, 5, 6), (1, 2, 1, 4)]
VOLUMES = [(2, 1, 3, 4, 5)]
BY_RANK = {"linear": LINES, "bilinear": IMAGES, "bicubic": IMAGES, "trilinear": VOLUMES}


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "area"])
@pytest.mark.parametrize("size", [1, 3, 4, 10, 14])
def test_plain_modes(mode, size):
    for shape in LINES + IMAGES + VOLUMES:
        check_op(resize(size, mode=mode), shape, layouts=("contiguous",))
    check_op(resize(size, mode=mode), IMAGES[0], layouts=("strided",))


@pytest.mark.parametrize("mode", BY_RANK)
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [1, 4, 5, 10])
def test_between_pixels(mode, align_corners, size):
    for shape in BY_RANK[mode]:
        check_op(resize(size, mode=mode, align_corners=align_corners), shape, layouts=("transposed",), rtol=1e-4)


@pytest.mark.parametrize("mode", ["nearest", "nearest-exact", "area", "bilinear", "bicubic"])
@pytest.mark.parametrize("factor", [0.5, 2, 1.7, (0.31, 2.3)], ids=str)
@pytest.mark.parametrize("recompute", [None, True])
def test_factors(mode, factor, recompute):
    call = resize(scale_factor=factor, mode=mode, recompute_scale_factor=recompute)
    check_op(call, (1, 2, 7, 9), layouts=("contiguous",), rtol=1e-4)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize("size", [(2, 3), (7, 4), (20, 2)], ids=str)
def test_antialias(mode, align_corners, size):
    if mode == "lanczos" and align_corners:
        pytest.skip("a mistake")
    call = resize(size, mode=mode, align_corners=align_corners, antialias=True)
    check_op(call, (1, 2, 7, 9), layouts=("contiguous",), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["bilinear", "bicubic", "lanczos"])
def test_antialias_to_one_column(mode):
    """Where PyTorch repeats the first row instead of stretching the column, if its memory is in the usual order."""
    call = lambda lib, x, size: lib.nn.functional.interpolate(x, size, mode=mode, antialias=True)  # noqa: E731
    x = rsnn.randn(1, 2, 7, 9)
    column, row = call(rsnn, x, (20, 1)), call(rsnn, x.transpose(2, 3), (1, 20)).transpose(2, 3)
    np.testing.assert_allclose(column.numpy(), row.numpy(), rtol=1e-5, atol=1e-6)


def test_many_sizes_of_nearest(torch):
    for n in range(1, 30):
        x = np.arange(n, dtype="float32").reshape(1, 1, n)
        for m in range(1, 40):
            for mode in ("nearest", "nearest-exact"):
                y, expected = (lib.nn.functional.interpolate(lib.from_numpy(x), m, mode=mode) for lib in (rsnn, torch))
                np.testing.assert_array_equal(y.numpy(), expected.numpy())


def test_other_dtypes(torch):
    x = np.arange(24).reshape(1, 2, 3, 4)
    for dtype in ("uint8", "float16", "bfloat16"):
        for mode in ("nearest", "bilinear") if dtype != "uint8" else ("nearest",):
            results = [lib.nn.functional.interpolate(tensor(lib, x, dtype), 5, mode=mode) for lib in (rsnn, torch)]
            assert_same(*results)


RESIZE_MISTAKES = [
    lambda F, x: F.interpolate(x),
    lambda F, x: F.interpolate(x, 3, 2.0),
    lambda F, x: F.interpolate(x, (3,)),
    lambda F, x: F.interpolate(x, scale_factor=(2.0,)),
    lambda F, x: F.interpolate(x, 0),
    lambda F, x: F.interpolate(x, scale_factor=0.01),
    lambda F, x: F.interpolate(x, 3, mode="linear"),
    lambda F, x: F.interpolate(x, 3, mode="foo"),
    lambda F, x: F.interpolate(x, 3, mode="lanczos"),
    lambda F, x: F.interpolate(x, 3, align_corners=True),
    lambda F, x: F.interpolate(x, 3, antialias=True),
    lambda F, x: F.interpolate(x, 3, recompute_scale_factor=True),
    lambda F, x: F.interpolate(x.int(), 3, mode="bilinear"),
    lambda F, x: F.interpolate(x.long(), 3),
    lambda F, x: F.interpolate(x[:, :0], 3),
    lambda F, x: F.interpolate(x[:, :, :0], 3),
    lambda F, x: F.interpolate(x[0], 3, mode="bilinear"),
    lambda F, x: F.interpolate(x[0, 0], 3),
    lambda F, x: F.interpolate(x, (3, 4.0)),
]


@pytest.mark.parametrize("call", RESIZE_MISTAKES)
def test_mistakes_in_resizing(torch, call):
    assert_same_error(lambda lib: call(lib.nn.functional, lib.ones(1, 2, 5, 6)))


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("Upsample(scale_factor=2)", (1, 2, 3)),
        ("Upsample(size=(4, 5), mode='bilinear', align_corners=True)", (1, 2, 3, 4)),
        ("Upsample(scale_factor=(1.5, 2), mode='bicubic')", (1, 2, 3, 4)),
        ("UpsamplingNearest2d(scale_factor=2)", (1, 2, 3, 4)),
        ("UpsamplingBilinear2d(size=7)", (1, 2, 3, 4)),
    ],
)
def test_layers(torch, text, shape):
    x = np.random.default_rng(0).normal(size=shape).astype("float32")
    ours, theirs = (eval(f"nn.{text}", {"nn": lib.nn}) for lib in (rsnn, torch))
    assert repr(ours) == repr(theirs)
    assert_same(ours(rsnn.from_numpy(x)), theirs(torch.from_numpy(x)))


@pytest.mark.parametrize("name", ["upsample", "upsample_nearest", "upsample_bilinear"])
def test_old_names_warn(torch, name):
    x = np.random.default_rng(0).normal(size=(1, 2, 3, 4)).astype("float32")
    results = []
    for lib in (rsnn, torch):
        with pytest.warns(UserWarning, match="is deprecated. Use `nn.functional.interpolate` instead"):
            results.append(getattr(lib.nn.functional, name)(lib.from_numpy(x), scale_factor=2))
    assert_same(*results)


def read(**options):
    return lambda lib, x, grid: lib.nn.functional.grid_sample(x, grid, **options)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
@pytest.mark.parametrize("padding_mode", ["zeros", "border", "reflection"])
@pytest.mark.parametrize("align_corners", [False, True])
def test_grid_sample(mode, padding_mode, align_corners):
    call = read(mode=mode, padding_mode=padding_mode, align_corners=align_corners)
    # The gradient has no derivative here.
    check_op(call, (2, 3, 5, 6), (2, 4, 7, 2), gradgrad=False, rtol=1e-4, atol=1e-5)
    check_op(call, (1, 2, 1, 6), (1, 4, 7, 2), gradgrad=False, layouts=("contiguous",), rtol=1e-4, atol=1e-5)
    check_op(call, (2, 3, 5, 6), (2, 0, 7, 2), gradgrad=False, layouts=("contiguous",))
    if mode != "bicubic":
        check_op(call, (2, 3, 3, 4, 5), (2, 2, 4, 3, 3), gradgrad=False, layouts=("strided",), rtol=1e-4, atol=1e-5)


def test_the_gradient_of_grid_sample_has_no_derivative():
    """It is refused, where PyTorch has one: no silent zeros."""
    x, grid = rsnn.ones(1, 1, 3, 3).requires_grad_(), rsnn.zeros(1, 2, 2, 2).requires_grad_()
    y = rsnn.nn.functional.grid_sample(x, grid, align_corners=False)
    dx = grads(rsnn, [y], [x], [rsnn.ones_like(y)], True)[0]
    with pytest.raises(RuntimeError, match="derivative for aten::grid_sampler_2d_backward is not implemented"):
        grads(rsnn, [dx], [grid], [rsnn.ones_like(dx)], False)


def test_images_too_large_for_a_grid_are_refused():
    x = rsnn.zeros(1, 1, 1, 1).expand(1, 1, 65536, 65536)
    with pytest.raises(NotImplementedError, match="grid_sampler.*images of more than 2147483647 pixels"):
        rsnn.nn.functional.grid_sample(x, rsnn.zeros(1, 1, 1, 2), align_corners=False)


@pytest.mark.parametrize("channels", [1, 3, 40])
def test_grids_of_many_places(torch, channels):
    """Places come in blocks and channels in groups: more than one of each."""
    call = read(align_corners=False)
    check_op(call, (2, channels, 17, 13), (2, 31, 45, 2), gradgrad=False, layouts=("contiguous",), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("align_corners", [False, True])
@pytest.mark.parametrize(
    ("theta", "size"), [((2, 2, 3), (2, 3, 4, 5)), ((1, 3, 4), (1, 2, 3, 4, 2)), ((1, 2, 3), (1, 1, 2, 7))], ids=str
)
def test_affine_grid(theta, size, align_corners):
    check_op(lambda lib, x: lib.nn.functional.affine_grid(x, size, align_corners), theta)


GRID_MISTAKES = [
    lambda F, x: F.grid_sample(x, x[..., :3], align_corners=True),
    lambda F, x: F.grid_sample(x, x[:1, ..., :2], align_corners=True),
    lambda F, x: F.grid_sample(x, x[..., :2].double(), align_corners=True),
    lambda F, x: F.grid_sample(x[0], x[..., :2], align_corners=True),
    lambda F, x: F.grid_sample(x, x[..., :2], mode="x", align_corners=True),
    lambda F, x: F.grid_sample(x, x[..., :2], padding_mode="x", align_corners=True),
    lambda F, x: F.grid_sample(x[:, :, :0], x[..., :2], align_corners=True),
    lambda F, x: F.grid_sample(x[:, :, None], x[:, None, ..., :3], mode="bicubic", align_corners=True),
    lambda F, x: F.affine_grid(x[0, :, :2, :3], (2, 2, 3), True),
    lambda F, x: F.affine_grid(x[0, :, :2, :4], (2, 2, 3, 4), True),
    lambda F, x: F.affine_grid(x[0, :, :2, :3], (2, 2, 3, 0), False),
    lambda F, x: F.affine_grid(x[0, :, :2, :3].long(), (2, 2, 3, 4), True),
    lambda F, x: F.affine_grid(x[0, :, :2, :3], (3, 2, 3, 4), True),
]


@pytest.mark.parametrize("call", GRID_MISTAKES)
def test_mistakes_of_grids(torch, call):
    assert_same_error(lambda lib: call(lib.nn.functional, lib.ones(2, 2, 5, 6)))


def test_unsaid_corners_warn():
    with pytest.warns(UserWarning, match="Default grid_sample and affine_grid behavior"):
        rsnn.nn.functional.affine_grid(rsnn.zeros(1, 2, 3), (1, 1, 2, 2))


def test_places_that_are_not_numbers_read_nothing_outside():
    grid = rsnn.tensor([float("nan"), float("inf"), -float("inf"), 1e30]).reshape(1, 2, 1, 2)
    for mode in ("bilinear", "nearest", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            y = rsnn.nn.functional.grid_sample(rsnn.ones(1, 1, 3, 3), grid, mode, padding, False)
            assert tuple(y.shape) == (1, 1, 2, 1)


@pytest.mark.parametrize("mode", ["bilinear", "nearest", "bicubic"])
def test_places_that_are_not_numbers_amid_zeros(torch, mode):
    """With other paddings PyTorch reads out of bounds."""
    numbers = [math.nan, math.inf, -math.inf, 1e30, -1e30, 1e9, 3.0, -1.2]
    places = np.array([[a, b] for a in numbers for b in (a, 0.1)] * 9, "float32").reshape(1, 1, -1, 2)
    results = []
    for lib in (rsnn, torch):
        x = lib.arange(1.0, 10.0).reshape(1, 1, 3, 3).requires_grad_()
        grid = lib.from_numpy(places).requires_grad_()
        y = lib.nn.functional.grid_sample(x, grid, mode, "zeros", False)
        results.append([y, *grads(lib, [y], [x, grid], [lib.ones_like(y)], False)])
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=1e-4, atol=1e-5)
