"""Pooling against PyTorch: values, places, gradients, gradients of gradients, errors."""

import pytest

import rsnn
from helpers import assert_same_error, check_op
from rsnn import _C


def pool(name, *args, **options):
    def call(lib, x):
        return getattr(_C if lib is rsnn else lib.nn.functional, name)(x, *args, **options)

    call.__name__ = f"{name} {args} {options}"
    return call


SHAPES = {1: [(2, 3, 11), (3, 11)], 2: [(2, 3, 7, 9), (3, 7, 9), (0, 3, 7, 9)], 3: [(2, 2, 5, 6, 7)]}
CASES = [(rank, shape) for rank, shapes in SHAPES.items() for shape in shapes]


@pytest.mark.parametrize("rank, shape", CASES)
def test_sliding(rank, shape):
    check_op(pool(f"max_pool{rank}d", 2), shape)
    check_op(pool(f"max_pool{rank}d_with_indices", 3, 2, 1, 1, True), shape)
    check_op(pool(f"max_pool{rank}d_with_indices", 2, 1, 0, 2), shape)
    check_op(pool(f"avg_pool{rank}d", 2), shape)
    check_op(pool(f"avg_pool{rank}d", 3, 2, 1, True, False), shape)
    check_op(pool(f"avg_pool{rank}d", 3, 2, 1, True, True), shape)
    if rank > 1:
        check_op(pool(f"avg_pool{rank}d", 2, divisor_override=3), shape)


@pytest.mark.parametrize("rank, shape", CASES)
@pytest.mark.parametrize("size", [1, 3, 5])
def test_adaptive(rank, shape, size):
    size = (size,) * rank
    check_op(pool(f"adaptive_avg_pool{rank}d", size), shape)
    ours = lambda lib, x: getattr(_C, f"adaptive_max_pool{rank}d")(x, size) if lib is rsnn else theirs(lib, x)  # noqa: E731
    theirs = lambda lib, x: getattr(lib.nn.functional, f"adaptive_max_pool{rank}d")(x, size, return_indices=True)  # noqa: E731
    check_op(ours, shape)


def both(name, shape, *args, **options):
    def call(lib):
        return getattr(_C if lib is rsnn else lib.nn.functional, name)(lib.ones(*shape), *args, **options)

    return call


@pytest.mark.parametrize(
    "call",
    [
        both("max_pool2d", (3, 4), 2),
        both("max_pool2d", (1, 1, 4, 4), 0),
        both("max_pool2d", (1, 1, 4, 4), 2, 0),
        both("max_pool2d", (1, 1, 4, 4), 2, 1, 2),
        both("max_pool2d", (1, 1, 2, 2), 3),
        both("max_pool2d", (1, 1, 4, 4), (2, 2, 2)),
        both("avg_pool2d", (1, 1, 2, 2), 3),
        both("avg_pool2d", (1, 1, 4, 4), 2, divisor_override=0),
        both("adaptive_avg_pool2d", (4, 4), 2),
    ],
)
def test_errors(torch, call):
    assert_same_error(call)
