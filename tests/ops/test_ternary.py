"""Operations between three operands: choices, bounds, interpolation, products added."""

import itertools

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same_outcome, check_op, tensor

MASK = np.array([[True, False, True, False], [False, False, True, True], [True, True, True, False]])


def test_where():
    check_op(lambda lib, c, x, y: lib.where(c, x, y), MASK, (3, 4), (3, 4))
    check_op(lambda lib, c, x, y: lib.where(c, x, y), MASK[:, :1], (4,), (2, 3, 1))
    check_op(lambda lib, c, x: x.where(c, 0.5), MASK, (3, 4))
    check_op(lambda lib, c, x: lib.where(c, 2, x), MASK, (3, 4))


def test_where_promotes(torch):
    for left, right in itertools.product(DTYPES, DTYPES):
        assert_same_outcome(
            lambda lib: lib.where(
                tensor(lib, MASK[0]), tensor(lib, [1, 0, 1, 1], left), tensor(lib, [0, 0, 1, 1], right)
            ),
            where=f"{left}, {right}",
        )
    for dtype, number in itertools.product(DTYPES, [2, 1.5, True, 1 << 40]):
        assert_same_outcome(lambda lib: lib.where(tensor(lib, MASK[0]), tensor(lib, [1, 0, 1, 1], dtype), number))
        assert_same_outcome(lambda lib: lib.where(tensor(lib, MASK[0]), number, tensor(lib, 1, dtype)))
    for a, b in itertools.product([2, 1.5, True], repeat=2):
        assert_same_outcome(lambda lib: lib.where(tensor(lib, MASK[0]), a, b))


def test_where_refuses(torch):
    assert_same_outcome(lambda lib: lib.where(lib.tensor([1, 0]), lib.ones(2), lib.ones(2)))
    assert_same_outcome(lambda lib: lib.where(lib.tensor([True, False]), lib.ones(2), lib.ones(3)))
    assert_same_outcome(lambda lib: lib.where(lib.tensor([True, False]), lib.ones(2)))
    assert_same_outcome(lambda lib: lib.where(lib.tensor([True, False]), "a", 1))
    out = rsnn.zeros(2)
    assert rsnn.where(rsnn.tensor([True, False]), rsnn.ones(2), 5.0, out=out) is out and out.tolist() == [1, 5]


@pytest.mark.skipif(not hasattr(rsnn.Tensor, "nonzero"), reason="needs nonzero")
def test_where_of_a_condition_alone():
    assert [x.tolist() for x in rsnn.where(rsnn.tensor([[True, False], [False, True]]))] == [[0, 1], [0, 1]]


def test_masked_fill(torch):
    check_op(lambda lib, x, m: x.masked_fill(m, 2.0), (3, 4), MASK)
    check_op(lambda lib, x, m: x.masked_fill(m, 2.0), (4,), MASK)
    check_op(lambda lib, x, m, v: x.masked_fill(m, v), (2, 3, 4), MASK, np.array(0.7))
    check_op(lambda lib, x, m: (x * 1).masked_fill_(m, -1), (2, 3, 4), MASK)
    check_op(lambda lib, x, m, v: (x * 1).masked_fill_(m, v), (2, 3, 4), MASK, np.array(0.7))
    for dtype, value in itertools.product(DTYPES, [2, 1.5, True, 1 << 40, 1e9, float("-inf")]):
        if (
            value == float("-inf")
            and not dtype.endswith(("16", "32", "64"))
            or value == float("-inf")
            and "int" in dtype
        ):
            continue
        assert_same_outcome(lambda lib: tensor(lib, [1, 0, 1, 1], dtype).masked_fill(tensor(lib, MASK[0]), value))
    for mask, value in [([1, 0], 1.0), ([True, False], rsnn), ([True, False, True], 1.0)]:
        number = (lambda lib: lib.ones(1)) if value is rsnn else (lambda lib: 1.0)
        assert_same_outcome(lambda lib: lib.zeros(2).masked_fill(lib.tensor(mask), number(lib)))
    assert_same_outcome(lambda lib: lib.zeros(2).masked_fill_(lib.ones(2, 2, dtype=lib.bool), 1.0))


def test_fill(torch):
    x = rsnn.zeros(2, 2)
    assert x.fill_(3) is x and x.tolist() == [[3, 3], [3, 3]]
    assert x.zero_() is x and x.tolist() == [[0, 0], [0, 0]]
    check_op(lambda lib, x: (x * 1).fill_(2), (2, 3))
    check_op(lambda lib, x, v: (x * 1).fill_(v), (2, 3), np.array(0.5))
    check_op(lambda lib, x: (x * 1).zero_(), (2, 3))
    for dtype, value in itertools.product(DTYPES, [2, 1.5, True, 300, -1]):
        assert_same_outcome(lambda lib: tensor(lib, [1, 0], dtype).fill_(value))
    assert_same_outcome(lambda lib: lib.zeros(2).fill_(lib.ones(1)))


@pytest.mark.parametrize("weight", [0.25, 0.75, 2])
def test_lerp_by_a_number(weight):
    check_op(lambda lib, x, y: x.lerp(y, weight), (3, 4), (3, 4))
    check_op(lambda lib, x, y: (x * 1).lerp_(y, weight), (3, 4), (4,))


def test_lerp_by_a_tensor(torch):
    check_op(lambda lib, x, y, w: x.lerp(y, w), (3, 4), (4,), (3, 1))
    check_op(lambda lib, x, y, w: x.lerp(y, w), (3, 4), (3, 4), np.array(0.3))
    check_op(lambda lib, x, y, w: (x * 1).lerp_(y, w), (3, 4), (3, 4), (3, 4))
    check_op(lambda lib, x, y: x.lerp(y, 0.3), (9,), (9,), dtypes=("float16", "bfloat16"), gradgrad=False)
    for end, weight in [("float64", 0.5), ("int64", 0.5)]:
        assert_same_outcome(lambda lib: lib.ones(2).lerp(tensor(lib, [1, 2], end), weight))
    assert_same_outcome(lambda lib: lib.ones(2).lerp(lib.zeros(2), lib.ones(2, dtype=lib.float64)))
    assert_same_outcome(lambda lib: lib.tensor([1, 2]).lerp(lib.tensor([3, 4]), 0.5))
    assert_same_outcome(lambda lib: lib.ones(2).lerp_(lib.zeros(3, 2), 0.5))


@pytest.mark.parametrize("value", [1, -0.5])
def test_products_and_quotients_added(value):
    check_op(lambda lib, x, a, b: x.addcmul(a, b, value=value), (3, 4), (3, 4), (4,))
    check_op(lambda lib, x, a, b: x.addcdiv(a, b, value=value), (3, 4), (3, 4), (4,), low=0.5)
    check_op(lambda lib, x, a, b: (x * 1).addcmul_(a, b, value=value), (3, 4), (3, 4), (4,))
    check_op(lambda lib, x, a, b: (x * 1).addcdiv_(a, b, value=value), (3, 4), (3, 1), (4,), low=0.5)


def test_products_and_quotients_of_every_dtype(torch):
    for dtypes in itertools.product(["bool", "int32", "int64", "float16", "float32", "float64"], repeat=3):

        def run(lib, name, dtypes=dtypes):
            x, a, b = (tensor(lib, v, d) for v, d in zip([[1, 1], [0, 1], [1, 1]], dtypes))
            return getattr(x, name)(a, b)

        for name in ("addcmul", "addcdiv", "addcmul_"):
            assert_same_outcome(lambda lib: run(lib, name), where=f"{name} of {dtypes}")


BOUNDS = [{"min": -0.5}, {"max": 0.5}, {"min": -0.5, "max": 0.5}, {"min": 0.5, "max": -0.5}, {"min": float("nan")}]


@pytest.mark.parametrize("bounds", BOUNDS, ids=str)
def test_clamp(bounds):
    check_op("clamp", (3, 4), **bounds)
    check_op("clip", (3, 4), layouts=("contiguous",), **bounds)
    check_op(lambda lib, x: (x * 1).clamp_(**bounds), (3, 4))


def test_clamp_by_tensors(torch):
    check_op(lambda lib, x, a: x.clamp(min=a), (3, 4), (4,))
    check_op(lambda lib, x, b: x.clamp(max=b), (3, 4), (3, 1))
    check_op(lambda lib, x, a, b: x.clamp(a, b), (3, 4), (4,), (3, 1))
    check_op(lambda lib, x, a, b: (x * 1).clamp_(a, b), (3, 4), (4,), (3, 1))
    check_op(lambda lib, x, a: x.clamp_min(a), (3, 4), (4,))
    check_op(lambda lib, x: x.clamp_max(0.3), (3, 4))
    odd = np.array([np.nan, np.inf, -np.inf, 0.0, 1.0])
    for dtype in ("float32", "float64"):
        assert_same_outcome(
            lambda lib: tensor(lib, odd, dtype).clamp(tensor(lib, odd[::-1].copy(), dtype), lib.ones(5))
        )


def test_clamp_at_its_bounds(torch):
    check_op(lambda lib, x: x.clamp(0, 1), np.array([0.0, 1.0, np.nan, np.inf, -np.inf, 0.5]), layouts=("contiguous",))


def test_clamp_of_every_dtype(torch):
    for dtype, low, high in itertools.product(DTYPES, [None, 0, 0.5, True, -3, 300], [None, 2, 1.5, 300]):
        assert_same_outcome(
            lambda lib: tensor(lib, [0, 1, 3, 100], dtype).clamp(low, high), where=f"{dtype}, {low}, {high}"
        )
    for a, b in itertools.product(DTYPES, DTYPES):
        assert_same_outcome(lambda lib: tensor(lib, [0, 1], a).clamp(tensor(lib, [1, 0], b)), where=f"{a}, {b}")
        assert_same_outcome(lambda lib: tensor(lib, [0, 1], a).clamp_(max=tensor(lib, 1, b)), where=f"{a}, {b}")
    assert_same_outcome(lambda lib: lib.ones(2).clamp(lib.ones(2), 2.0))
    assert_same_outcome(lambda lib: lib.ones(2).clamp("a"))


def test_gradcheck():
    x, a, b = (rsnn.tensor(v, dtype=rsnn.float64, requires_grad=True) for v in ([0.3, -0.4], [0.7, 0.2], [1.5, -2.0]))
    for f in (
        lambda x, a, b: x.addcdiv(a, b, value=0.3),
        lambda x, a, b: x.lerp(a, b),
        lambda x, a, b: rsnn.where(x > 0, a, b),
        lambda x, a, b: x.clamp(a.minimum(b), a.maximum(b)),
    ):
        assert rsnn.autograd.gradcheck(f, (x, a, b))
        assert rsnn.autograd.gradgradcheck(f, (x, a, b))
