"""Products of matrices against PyTorch."""

import numpy as np
import pytest

import rsnn
import rsnn.nn.functional as F
from helpers import assert_same, assert_same_error, check_op, tensor

SHAPES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((5, 2, 3), (3, 4)),
    ((5, 2, 3), (3,)),
    ((3,), (5, 3, 2)),
    ((2, 3), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((0, 2, 3), (0, 3, 4)),
    ((17, 33), (33, 19)),
]


@pytest.mark.parametrize("a, b", SHAPES)
def test_matmul(a, b):
    check_op("matmul", a, b)


def test_operator_and_forms():
    check_op(lambda lib, x, y: x @ y, (3, 4), (4, 2))
    check_op("mm", (3, 4), (4, 2))
    check_op("bmm", (2, 3, 4), (2, 4, 5))
    check_op("mv", (3, 4), (4,))
    check_op("dot", (7,), (7,))


@pytest.mark.parametrize("beta, alpha", [(1, 1), (0.5, 2.0), (0, 1)])
def test_sums_with_products(beta, alpha):
    options = {"beta": beta, "alpha": alpha}
    check_op("addmm", (3, 5), (3, 4), (4, 5), **options)
    check_op("addmm", (5,), (3, 4), (4, 5), **options)
    check_op("addmv", (3,), (3, 4), (4,), **options)
    check_op("baddbmm", (2, 3, 5), (2, 3, 4), (2, 4, 5), **options)
    check_op("addbmm", (3, 5), (2, 3, 4), (2, 4, 5), **options)
    check_op("addr", (3, 5), (3,), (5,), **options)


def test_beta_of_zero_ignores_nan():
    out = rsnn.full((2, 2), float("nan")).addmm(rsnn.ones(2, 3), rsnn.ones(3, 2), beta=0)
    assert out.tolist() == [[3.0, 3.0], [3.0, 3.0]]


@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4), (0, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear(shape, bias):
    def linear(lib, x, w, *b):
        f = rsnn._C.linear if lib is rsnn else lib.nn.functional.linear
        return f(x, w, *b)

    check_op(linear, shape, (5, 4), *([(5,)] if bias else []))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16"])
def test_other_dtypes(torch, dtype):
    def run(lib):
        a = tensor(lib, [[1, 2, 3], [4, 5, 6]], dtype)
        return [a @ a.t(), lib.stack([a, a]).bmm(lib.stack([a.t(), a.t()])), a @ a[0]]

    assert_same(run(rsnn), run(torch))


@pytest.mark.parametrize(
    "equation, shapes",
    [
        ("ij,jk->ik", [(2, 3), (3, 4)]),
        ("ij,jk", [(2, 3), (3, 4)]),
        ("ij->ji", [(2, 3)]),
        ("ii->i", [(3, 3)]),
        ("ii", [(3, 3)]),
        ("ij->", [(2, 3)]),
        ("bij,bjk->bik", [(2, 3, 4), (2, 4, 5)]),
        ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
        ("i,j->ij", [(3,), (4,)]),
        ("i,i->", [(3,), (3,)]),
        ("ij,kj,k->i", [(2, 3), (4, 3), (4,)]),
        ("bhqd,bhkd->bhqk", [(2, 3, 4, 5), (2, 3, 6, 5)]),
        ("ik,jkl,il->ij", [(2, 3), (4, 3, 5), (2, 5)]),
        ("ij,ij->ij", [(2, 3), (2, 3)]),
        ("ij,ij->i", [(2, 3), (1, 3)]),
    ],
)
def test_einsum(equation, shapes):
    check_op(lambda lib, *x: lib.einsum(equation, *x), *shapes)


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.ones(2, 3) @ lib.ones(2, 3),
        lambda lib: lib.ones(2, 3).mm(lib.ones(3)),
        lambda lib: lib.ones(2, 3).mm(lib.ones(3, 2, dtype=lib.float64)),
        lambda lib: lib.ones(2, 3, 4).bmm(lib.ones(3, 4, 2)),
        lambda lib: lib.ones(()) @ lib.ones(2),
        lambda lib: lib.ones(2).dot(lib.ones(3)),
        lambda lib: lib.ones(2, 2, dtype=lib.bool).mm(lib.ones(2, 2, dtype=lib.bool)),
        lambda lib: lib.ones(2, 2) @ 3.0,
        lambda lib: lib.einsum("ij,jk->ix", lib.ones(2, 3), lib.ones(3, 4)),
        lambda lib: lib.einsum("ij", lib.ones(2)),
        lambda lib: lib.einsum("ij,jk", lib.ones(2, 3)),
        lambda lib: lib.einsum("ij,jk", lib.ones(2, 3), lib.ones(4, 4)),
    ],
)
def test_errors(torch, call):
    assert_same_error(call)


@pytest.mark.parametrize("dtype", ["int64", "float32", "float64"])
@pytest.mark.parametrize("has_bias", [True, False])
@pytest.mark.parametrize(
    "x_shape, n", [((3, 5), 4), ((2, 3, 5), 4), ((5,), 4), ((0, 5), 4), ((3, 0), 4), ((2, 0, 5), 0), ((64, 700), 300)]
)
def test_linear_of_integers_is_exact_in_any_layout(dtype, has_bias, x_shape, n):
    rng = np.random.default_rng(0)
    x, w, bias = (rng.integers(-5, 5, shape).astype(dtype) for shape in (x_shape, (n, x_shape[-1]), (n,)))
    expected = x @ w.T + (bias if has_bias else 0)
    strided_w = rsnn.from_numpy(np.ascontiguousarray(w.T)).t()
    layouts = [(rsnn.from_numpy(x), rsnn.from_numpy(w)), (rsnn.from_numpy(x), strided_w)]
    if x.ndim == 2:
        layouts.append((rsnn.from_numpy(np.ascontiguousarray(x.T)).t(), strided_w))
    for tx, tw in layouts:
        for _ in range(3):  # weights are kept packed from the second time on
            result = F.linear(tx, tw, rsnn.from_numpy(bias) if has_bias else None).numpy()
            assert result.dtype == x.dtype
            np.testing.assert_array_equal(result, expected)
