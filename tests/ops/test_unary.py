"""Functions of one operand: values, derivatives, integers, odd values, in-place forms."""

import warnings

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_outcome, check_op, tensor

#: Method and the range in which it is compared.
FUNCTIONS = {
    "abs": (-2, 2), "neg": (-2, 2), "sign": (-2, 2), "sgn": (-2, 2), "square": (-2, 2), "floor": (-2, 2),
    "ceil": (-2, 2), "trunc": (-2, 2), "frac": (-2, 2), "round": (-2, 2), "sqrt": (0.1, 4), "rsqrt": (0.1, 4),
    "reciprocal": (0.2, 2), "exp": (-3, 3), "exp2": (-3, 3), "expm1": (-2, 2), "log": (0.1, 4), "log2": (0.1, 4),
    "log10": (0.1, 4), "log1p": (-0.9, 3), "sin": (-4, 4), "cos": (-4, 4), "tan": (-1.4, 1.4), "asin": (-0.9, 0.9),
    "acos": (-0.9, 0.9), "atan": (-3, 3), "sinh": (-2, 2), "cosh": (-2, 2), "tanh": (-3, 3), "asinh": (-3, 3),
    "acosh": (1.1, 4), "atanh": (-0.9, 0.9), "deg2rad": (-9, 9), "rad2deg": (-9, 9), "sinc": (-2, 2), "erf": (-3, 3),
    "erfc": (-3, 3), "erfinv": (-0.9, 0.9), "lgamma": (0.2, 5), "digamma": (0.5, 5), "sigmoid": (-4, 4),
    "logit": (0.1, 0.9), "relu": (-2, 2), "hardshrink": (-2, 2), "nan_to_num": (-2, 2),
}  # fmt: skip

#: Those that have no in-place form.
NO_INPLACE = {"hardshrink"}

#: PyTorch has no derivative of their in-place form.
NO_INPLACE_GRADIENT = {"asinh", "acosh", "atanh"}

#: PyTorch's trigamma is right to nine digits only.
TOLERANCES = {"lgamma": 2e-8, "digamma": 2e-8}

#: Predicates: results are `bool`.
PREDICATES = ["isnan", "isinf", "isfinite", "isposinf", "isneginf", "isreal", "signbit", "logical_not"]

ODD = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1e30, -1e30, 88.8, -88.8, -104.5, 0.5, -0.5, 1, -1, 2.5]
)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_derivatives(name):
    low, high = FUNCTIONS[name]
    tolerance = TOLERANCES.get(name)
    check_op(name, (3, 5), dtypes=("float64",), low=low, high=high, rtol=tolerance)
    check_op(name, (3, 5), dtypes=("float32",), low=low, high=high)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_half_types(name):
    low, high = FUNCTIONS[name]
    check_op(
        name,
        (40,),
        dtypes=("float16", "bfloat16"),
        layouts=("contiguous", "strided"),
        low=low,
        high=high,
        grad=name != "sinc",
        gradgrad=False,
    )


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if name not in NO_INPLACE])
def test_in_place(name):
    low, high = FUNCTIONS[name]
    check_op(
        lambda lib, x: getattr(x * 1, name + "_")(),
        (2, 300),
        layouts=("contiguous",),
        low=low,
        high=high,
        grad=name not in NO_INPLACE_GRADIENT,
        gradgrad=False,
        rtol=TOLERANCES.get(name),
    )
    # A strided target, whose neighbours stay as they are.
    x = rsnn.from_numpy(np.random.uniform(low, high, (4, 600)).astype(np.float32))
    before, part = x.clone(), x[:, ::2]
    expected = getattr(part, name)()
    assert getattr(part, name + "_")() is part
    np.testing.assert_array_equal(part.numpy(), expected.numpy())
    np.testing.assert_array_equal(x[:, 1::2].numpy(), before[:, 1::2].numpy())


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (1,), (513,), (3, 1, 17)], ids=str)
@pytest.mark.parametrize("name", ["exp", "relu", "tanh", "neg", "lgamma"])
def test_shapes(name, shape):
    check_op(name, np.random.default_rng(0).uniform(0.5, 2, shape), layouts=("contiguous",), gradgrad=name != "lgamma")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_odd_values(torch, name, dtype):
    results = []
    for lib in (rsnn, torch):
        x = tensor(lib, ODD, dtype).requires_grad_()
        y = getattr(x, name)()
        y.backward(lib.ones_like(y))
        results.append((y, x.grad))
    rtol, atol = (1e-6, 1e-36) if dtype == "float32" else (1e-13, 1e-79)
    # Far from the origin PyTorch's gamma functions are inexact; the derivative of logit at -0 has either sign.
    count = 1 if name in ("lgamma", "digamma", "logit") else 2
    rtol = 1e-5 if name == "digamma" and dtype == "float32" else rtol
    assert_same(results[0][:count], results[1][:count], rtol, atol, where=name)


# The largest error in last places; what is computed in double precision is right to half of one.
LAST_PLACES = {
    **dict.fromkeys(("exp", "exp2", "log"), 1.0),
    **dict.fromkeys(("expm1", "log1p", "log2", "log10", "erf", "tanh"), 2.0),
    "sigmoid": 2.5,
    **dict.fromkeys(("erfc", "sinh", "cosh"), 0.51),
}


@pytest.mark.parametrize("name", LAST_PLACES)
def test_single_precision_is_right_to_a_few_last_places(torch, name):
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(-20, 20, 20000), rng.normal(0, 1, 20000), 10.0 ** rng.uniform(-30, 2, 20000)])
    x = x.astype(np.float32)
    exact = getattr(torch.from_numpy(x).double(), name)().numpy()
    actual = getattr(rsnn.from_numpy(x), name)().numpy().astype(np.float64)
    some = np.isfinite(exact) & (np.abs(exact) < 3e38)
    unit = np.spacing(np.abs(exact[some]).astype(np.float32)).astype(np.float64)
    assert (np.abs(actual[some] - exact[some]) / unit).max() < LAST_PLACES[name]


@pytest.mark.parametrize("name", [*FUNCTIONS, *PREDICATES, "bitwise_not", "positive"])
def test_every_dtype(torch, name):
    for dtype in DTYPES:
        if name in FUNCTIONS and dtype in ("float16", "bfloat16"):
            continue
        values = np.array([0, 1, 2, 3, 100, 127], dtype="int64") % (2 if dtype == "bool" else 1000)
        assert_same_outcome(lambda lib: getattr(tensor(lib, values, dtype), name)(), where=f"{name} of {dtype}")
        if dtype.startswith("int"):
            assert_same_outcome(lambda lib: getattr(tensor(lib, -values, dtype), name)(), where=f"{name} of {dtype}")


@pytest.mark.parametrize("name", PREDICATES)
def test_predicates_of_odd_values(torch, name):
    for dtype in ("float16", "bfloat16", "float32", "float64"):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The sign of NaN is nobody's promise.
            values = np.where(np.isnan(ODD), 1.0, ODD) if name == "signbit" else ODD
            results = [getattr(tensor(lib, values, dtype), name)() for lib in (rsnn, torch)]
        assert_same(*results, where=f"{name} of {dtype}")


@pytest.mark.parametrize("decimals", [0, 1, 3, -1])
def test_round_to_decimals(torch, decimals):
    x = np.array([0.5, 1.5, 2.5, -0.5, 1.2345, -6.78912, 15.0, 25.0])
    check_op(lambda lib, x: x.round(decimals=decimals), x)
    for dtype in ("int32", "bool", "uint8"):
        assert_same_outcome(lambda lib: tensor(lib, [0, 1], dtype).round(decimals=decimals))
        assert_same_outcome(lambda lib: tensor(lib, [0, 1], dtype).round())


def test_polygamma_and_logit(torch):
    for n in (0, 1, 2, 3):
        check_op(lambda lib, x: lib.polygamma(n, x), (3, 4), low=0.5, high=4, rtol=1e-4 if n == 0 else 1e-5)
    check_op("logit", (3, 4), eps=0.3, low=0, high=1)
    assert_same_outcome(lambda lib: lib.polygamma(-1, lib.ones(2)))


def test_nan_to_num(torch):
    check_op("nan_to_num", ODD[:5].copy(), nan=3.0, posinf=7.0, layouts=("contiguous",))
    for dtype in ("float16", "bfloat16", "float32", "float64", "int64", "bool"):
        values = ODD[:5] if "float" in dtype else [0, 1]
        assert_same_outcome(lambda lib: tensor(lib, values, dtype).nan_to_num())


def test_negations_in_place_leave_the_graph_alone(torch):
    results = []
    for lib in (rsnn, torch):
        leaf = lib.tensor([1.0, 0.0, 2.0], requires_grad=True)
        y = leaf * 3
        y.logical_not_()
        y.sum().backward()
        results.append((y.detach(), leaf.grad))
    assert_same(*results)


def test_gradcheck():
    x = rsnn.tensor([0.3, -0.4, 0.7], dtype=rsnn.float64, requires_grad=True)
    for name in ("tanh", "sigmoid", "erf", "exp", "expm1", "log1p", "sinc", "erfinv"):
        assert rsnn.autograd.gradcheck(lambda x, name=name: getattr(x, name)(), (x,)), name
        assert rsnn.autograd.gradgradcheck(lambda x, name=name: getattr(x, name)(), (x,)), name
