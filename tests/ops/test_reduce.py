"""Reductions against live PyTorch: dims, dtypes, empty and odd inputs, gradients of both orders, refusals."""

from __future__ import annotations

import itertools
import pickle

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, FLOATS, assert_same, assert_same_error, check_op, tensor

torch = pytest.importorskip("torch")

NAN, INF = float("nan"), float("inf")
DIMS = (None, 0, 1, -1, (0, 2), (1, -1), (0, 1, 2), [])
pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom is <= 0")


def draws(shape, seed=0):
    return np.random.default_rng(seed).uniform(-2, 2, shape)


def ints(shape, low=0, high=4, seed=0):
    return np.random.default_rng(seed).integers(low, high, shape)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", DIMS)
@pytest.mark.parametrize("name", ["sum", "mean", "var", "std", "nansum", "nanmean"])
def test_axes(name, dim, keepdim):
    # PyTorch's gradient of var(dim=[]) divides by zero.
    grad = not (name in ("var", "std") and dim == [])
    check_op(lambda lib, x: getattr(x, name)(dim=dim, keepdim=keepdim), (2, 3, 4), grad=grad)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, (0, 2), (1, -1), ()])
@pytest.mark.parametrize("name", ["amax", "amin"])
def test_extrema_over_axes(name, dim, keepdim):
    check_op(lambda lib, x: getattr(x, name)(dim, keepdim), (2, 3, 4))
    ties = ints((2, 3, 4)).astype(float)
    check_op(lambda lib, x: getattr(x, name)(dim, keepdim), ties)


@pytest.mark.parametrize("keepdim", [False, True])
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("name", ["max", "min"])
def test_extrema_along_an_axis(name, dim, keepdim):
    check_op(lambda lib, x: getattr(x, name)(dim, keepdim), (2, 3, 4))
    check_op(lambda lib, x: getattr(x, name)(dim, keepdim), ints((2, 3, 4)).astype(float))
    check_op(lambda lib, x: tuple(getattr(lib, name)(x, dim=dim, keepdim=keepdim)), (2, 3, 4))


@pytest.mark.parametrize("values", [[1.0, 2, 2], [[3.0, 1], [3, 3]], [1.0, NAN, NAN], [-INF, -INF], 2.5])
@pytest.mark.parametrize("name", ["max", "min"])
def test_extrema_of_everything(name, values):
    check_op(lambda lib, x: getattr(x, name)(), np.array(values, float))


@pytest.mark.parametrize("dim", [None, 0, 1, -1])
@pytest.mark.parametrize("name", ["argmax", "argmin"])
def test_places(name, dim):
    for values in (draws((3, 4)), ints((3, 4)), np.where(draws((3, 4)) > 1, NAN, 1.0), np.full((3, 4), -INF)):
        for keepdim in (False, True):
            check_op(
                lambda lib, x, keepdim=keepdim: getattr(x, name)(dim, keepdim), values, dtypes=FLOATS[2:], grad=False
            )
            check_op(name, values, dim=dim, keepdim=keepdim, dtypes=FLOATS[2:], grad=False)


@pytest.mark.parametrize("dim", [None, 0, 1])
def test_aminmax(dim):
    check_op(lambda lib, x: tuple(x.aminmax(dim=dim)), (3, 4))
    check_op(lambda lib, x: tuple(x.aminmax(dim=dim, keepdim=True)), ints((3, 4)).astype(float))


@pytest.mark.parametrize("correction", [0, 1, 2.5, 7])
@pytest.mark.parametrize("name", ["var", "std", "var_mean", "std_mean"])
def test_moments(name, correction):
    def run(lib, x):
        return getattr(lib, name)(x, dim=1, correction=correction)

    # Gradients where nothing is left to divide by are infinite: compare those forward only.
    check_op(run, (3, 4), grad=correction < 4)
    check_op(lambda lib, x: getattr(lib, name)(x, 0, keepdim=True), (3, 4))
    check_op(lambda lib, x: getattr(lib, name)(x, unbiased=False), (3, 4))
    check_op(lambda lib, x: getattr(lib, name)(x, (0, 1), False, True), (3, 4))
    check_op(lambda lib, x: getattr(lib, name)(x, False), (3, 4))


def test_deviation_of_equal_elements_has_no_gradient():
    # Its second derivatives are zero here, NaN in PyTorch.
    check_op(lambda lib, x: x.std(), np.array([2.0, 2.0]), gradgrad=False)
    check_op(lambda lib, x: x.std(1), np.array([[2.0, 2.0], [1.0, 2.0]]), gradgrad=False)
    check_op(lambda lib, x: x.var(), np.array([2.0]), gradgrad=False)
    check_op(lambda lib, x: x.std(), np.array([2.0]), gradgrad=False)


def test_variance_far_from_zero_is_accurate():
    values = (1e4 + draws((1000,))).astype("float32")
    ours = rsnn.from_numpy(values).var().item()
    assert abs(ours - values.astype("float64").var(ddof=1)) < 1e-5


def test_long_sums_are_accurate_and_do_not_depend_on_threads():
    values = draws((3, 200_001)).astype("float32")
    exact = values.astype("float64")
    x = rsnn.from_numpy(values)
    np.testing.assert_allclose(x.sum().item(), exact.sum(), rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(x.sum(1).numpy(), exact.sum(1), rtol=1e-5, atol=1e-2)
    np.testing.assert_allclose(x.mean(0).numpy(), exact.mean(0), rtol=1e-5, atol=1e-6)
    assert x.sum().item() == rsnn.from_numpy(values.copy()).sum().item()


@pytest.mark.parametrize("dtype", DTYPES)
def test_dtypes(dtype):
    values = ints((3, 5), 0, 2 if dtype == "bool" else 9)
    ours, theirs = tensor(rsnn, values, dtype), tensor(torch, values, dtype)
    calls = [
        lambda x: x.sum(),
        lambda x: x.sum(1),
        lambda x: x.nansum(0),
        lambda x: x.all(),
        lambda x: x.all(0),
        lambda x: x.any(1, True),
        lambda x: x.any([]),
        lambda x: x.count_nonzero(),
        lambda x: x.count_nonzero(0),
        lambda x: x.max(),
        lambda x: x.min(),
        lambda x: tuple(x.max(1)),
        lambda x: tuple(x.min(0)),
        lambda x: x.amax(1),
        lambda x: x.amin((0, 1)),
    ]
    if dtype != "bool":
        calls += [lambda x: x.argmax(), lambda x: x.argmin(1)]
    if dtype in FLOATS:
        calls += [
            lambda x: x.mean(),
            lambda x: x.mean(1),
            lambda x: x.var(1),
            lambda x: x.std(),
            lambda x: x.nanmean(0),
        ]
    for call in calls:
        assert_same(call(ours), call(theirs), where=dtype)
    for other in DTYPES:
        assert_same(
            ours.sum(dtype=getattr(rsnn, other)), theirs.sum(dtype=getattr(torch, other)), where=f"{dtype}, {other}"
        )
        if other in FLOATS:
            assert_same(ours.mean(1, dtype=getattr(rsnn, other)), theirs.mean(1, dtype=getattr(torch, other)))


def test_integer_sums_wrap_and_do_not_overflow_early():
    for lib in (rsnn, torch):
        assert lib.full((1000,), 127, dtype=lib.int8).sum().item() == 127000
        assert lib.full((2,), 2**62, dtype=lib.int64).sum().item() == -(2**63)
        assert lib.full((3,), 200, dtype=lib.uint8).sum(dtype=lib.uint8).item() == 600 % 256


def test_half_types_accumulate_in_single_precision():
    for name in ("float16", "bfloat16"):
        x = rsnn.ones(4096 * 3, dtype=getattr(rsnn, name)) * 0.5
        assert x.sum().item() == 6144
        assert x.mean().item() == 0.5


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3), (0, 0), (1,), ()])
def test_empty_and_single(shape):
    dims = [None] + list(range(len(shape)))
    names = ["sum", "mean", "nansum", "nanmean", "var", "std", "all", "any"]
    for name, dim, keepdim in itertools.product(names, dims, (False, True)):
        call = lambda lib: getattr(lib.ones(shape), name)(dim=dim, keepdim=keepdim)  # noqa: E731, B023
        assert_same(call(rsnn), call(torch), where=f"{name} {shape} {dim} {keepdim}")
    for name in ("amax", "amin", "max", "min", "argmax", "argmin"):
        for dim in dims:
            args = () if dim is None else (dim,)
            try:
                expected = getattr(torch.ones(shape), name)(*args)
            except Exception as error:  # noqa: BLE001
                with pytest.raises(type(error)):
                    getattr(rsnn.ones(shape), name)(*args)
            else:
                assert_same(getattr(rsnn.ones(shape), name)(*args), expected, where=f"{name} {shape} {dim}")


def test_gradients_of_nan():
    values = np.array([[1.0, NAN], [2.0, 3.0]])
    for name in ("sum", "nansum", "nanmean", "mean"):
        check_op(lambda lib, x: getattr(x, name)(1), values)  # noqa: B023
    check_op(lambda lib, x: x.amax(1), values)
    check_op(lambda lib, x: x.max(1), values)


def test_scalars():
    for name in ("sum", "mean", "amax", "max", "nansum"):
        check_op(lambda lib, x: getattr(x, name)(), np.array(1.5))  # noqa: B023
    check_op(lambda lib, x: tuple(x.max(0)), np.array(1.5))
    check_op(lambda lib, x: x.sum(-1), np.array(1.5))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, x: x.sum(2),
        lambda lib, x: x.sum((0, 0)),
        lambda lib, x: x.sum(0, 1),
        lambda lib, x: x.sum(dim="a"),
        lambda lib, x: x.sum(0.5),
        lambda lib, x: x.sum(foo=1),
        lambda lib, x: x.sum(0, axis=0),
        lambda lib, x: x.mean(5),
        lambda lib, x: x.mean(dtype=lib.int32),
        lambda lib, x: lib.ones(2, dtype=lib.int64).mean(),
        lambda lib, x: lib.ones(2, dtype=lib.bool).mean(0),
        lambda lib, x: lib.ones(2, dtype=lib.int64).nanmean(),
        lambda lib, x: lib.ones(2, dtype=lib.int64).var(),
        lambda lib, x: lib.std_mean(lib.ones(2, dtype=lib.int64)),
        lambda lib, x: x.var(0, unbiased=True, correction=1),
        lambda lib, x: x.max(5),
        lambda lib, x: x.max((0, 1)),
        lambda lib, x: x.max(None),
        lambda lib, x: x.max(0, 1),
        lambda lib, x: x.max(keepdim=True),
        lambda lib, x: x.max(0, dim=0),
        lambda lib, x: x.max(0, True, 3),
        lambda lib, x: lib.zeros(0).max(),
        lambda lib, x: lib.zeros(0).amax(),
        lambda lib, x: lib.zeros(2, 0).amax(1),
        lambda lib, x: lib.zeros(2, 0).max(1),
        lambda lib, x: lib.zeros(2, 0).aminmax(dim=1),
        lambda lib, x: lib.zeros(0).aminmax(),
        lambda lib, x: lib.zeros(0).argmax(),
        lambda lib, x: lib.zeros(0).argmin(0),
        lambda lib, x: lib.ones(2, dtype=lib.bool).argmax(),
        lambda lib, x: x.argmax((0, 1)),
        lambda lib, x: x.all(3),
        lambda lib, x: x.amax((1, 1)),
        lambda lib, x: x.count_nonzero(4),
        lambda lib, x: lib.sum(),
        lambda lib, x: lib.sum([1.0]),
    ],
)
def test_errors(call):
    assert_same_error(lambda lib: call(lib, lib.ones(2, 3)))


def test_numpy_names_of_arguments():
    x = rsnn.ones(2, 3)
    assert tuple(x.sum(axis=1).shape) == (2,)
    assert tuple(x.mean(axis=0, keepdims=True).shape) == (1, 3)
    assert tuple(x.max(axis=0, keepdims=True).values.shape) == (1, 3)
    assert tuple(x.argmax(axis=1).shape) == (2,)


def test_named_results():
    result = rsnn.tensor([[1.0, 3.0], [4.0, 2.0]]).max(1)
    values, indices = result
    assert result.values is values and result.indices is indices
    assert isinstance(result, tuple) and isinstance(result, rsnn.return_types.max)
    assert repr(result).startswith("rsnn.return_types.max(\nvalues=")
    assert ",\nindices=" in repr(result)
    again = rsnn.return_types.max((values, indices))
    assert again == result
    assert pickle.loads(pickle.dumps(rsnn.return_types.max((1, 2)))) == (1, 2)
    assert rsnn.return_types.aminmax((1, 2)).max == 2


def test_functions_take_input_and_out():
    x = rsnn.ones(2, 3)
    out = rsnn.empty(2)
    assert rsnn.sum(input=x, dim=1, out=out) is out
    assert out.numpy().tolist() == [3, 3]
    values, indices = rsnn.empty(2), rsnn.empty(2, dtype=rsnn.int64)
    rsnn.max(x, 1, out=(values, indices))
    assert values.numpy().tolist() == [1, 1] and indices.numpy().tolist() == [0, 0]


def test_names_of_nodes():
    def names(lib):
        x = lib.ones(2, 3, requires_grad=True)
        results = [x.sum(), x.sum(0), x.mean(), x.mean(1), x.nansum(), x.var(), x.std(0), x.amax(0), x.max(), x.min()]
        results += [x.max(0)[0], x.min(1).values, x.aminmax().max, lib.var_mean(x)[0], lib.std_mean(x)[1]]
        return [r.grad_fn.name() for r in results]

    assert names(rsnn) == names(torch)
