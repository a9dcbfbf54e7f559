"""Activations: values, derivatives, integers, odd values, options, in-place forms."""

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_outcome, check_op, tensor

#: Function of `nn.functional` with its further arguments.
FUNCTIONS = [
    ("relu", ()), ("relu6", ()), ("leaky_relu", ()), ("leaky_relu", (0.3,)), ("leaky_relu", (-0.5,)), ("hardtanh", ()),
    ("hardtanh", (-0.3, 0.8)), ("elu", ()), ("elu", (0.5,)), ("celu", ()), ("celu", (0.5,)), ("selu", ()), ("gelu", ()),
    ("silu", ()), ("mish", ()), ("softplus", ()), ("softplus", (2.0, 1.0)), ("softsign", ()), ("softshrink", ()),
    ("softshrink", (0.2,)), ("hardshrink", ()), ("hardshrink", (0.2,)), ("tanhshrink", ()), ("logsigmoid", ()),
    ("hardsigmoid", ()), ("hardswish", ()), ("rrelu", ()), ("rrelu", (0.1, 0.3)), ("sigmoid", ()), ("tanh", ()),
    ("threshold", (0.1, 2.0)),
]  # fmt: skip
INPLACE = {
    "relu",
    "relu6",
    "leaky_relu",
    "hardtanh",
    "elu",
    "celu",
    "selu",
    "silu",
    "mish",
    "hardsigmoid",
    "hardswish",
    "rrelu",
    "threshold",
}
WITH_UNDERSCORE = {"relu_", "hardtanh_", "elu_", "selu_", "celu_", "leaky_relu_", "threshold_", "rrelu_"}
IDS = [f"{name}{args}" for name, args in FUNCTIONS]
table = pytest.mark.parametrize(("name", "args"), FUNCTIONS, ids=IDS)

ODD = np.array(
    [0.0, -0.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 1e30, -1e30, 88.8, -88.8, 3.0, -3.0, 6.0, 0.5, -0.5, 20.5]
)


def function(lib, name):
    return getattr(lib.nn.functional, name)


@table
def test_values_and_derivatives(name, args):
    # PyTorch has no second derivative of hardsigmoid.
    check_op(lambda lib, x: function(lib, name)(x, *args), (3, 5), low=-4, high=4, gradgrad=name != "hardsigmoid")


@table
def test_half_types(name, args):
    dtypes = ("float16", "bfloat16")
    check_op(
        lambda lib, x: function(lib, name)(x, *args),
        (40,),
        dtypes=dtypes,
        layouts=("contiguous",),
        low=-4,
        high=4,
        gradgrad=False,
    )


@table
def test_odd_values(torch, name, args):
    for dtype in ("float32", "float64"):
        results = []
        for lib in (rsnn, torch):
            # Where PyTorch's vectorised loop and its scalar one differ, there is nothing to compare with.
            odd = ODD[~np.isnan(ODD)] if name in ("elu", "celu", "selu", "hardswish") else ODD
            odd = odd[np.isfinite(odd)] if name in ("gelu", "softsign") else odd
            x = tensor(lib, odd, dtype).requires_grad_()
            y = function(lib, name)(x, *args)
            y.backward(lib.ones_like(y))
            results.append((y, x.grad))
        rtol, atol = (2e-6, 1e-7) if dtype == "float32" else (1e-13, 1e-16)
        rtol = {"gelu": 2e-4, "hardsigmoid": 1e-7}.get(name, rtol)
        assert_same(results[0], results[1], rtol, atol, where=f"{name} of {dtype}")


@pytest.mark.parametrize("shape", [(), (0,), (0, 3), (700,), (2, 3, 1)], ids=str)
def test_shapes(shape):
    x = np.random.default_rng(0).uniform(-2, 2, shape)
    for name, args in FUNCTIONS:
        check_op(lambda lib, x: function(lib, name)(x, *args), x, layouts=("contiguous",), gradgrad=False)


@pytest.mark.parametrize(("name", "args"), [case for case in FUNCTIONS if case[0] in INPLACE and case[1] != (-0.5,)])
def test_in_place(torch, name, args):
    check_op(
        lambda lib, x: function(lib, name)(x * 1, *args, inplace=True),
        (3, 300),
        layouts=("contiguous",),
        low=-4,
        high=4,
        gradgrad=False,
    )
    for lib in (rsnn, torch):
        x = lib.linspace(-2.0, 2.0, 9)
        expected = function(lib, name)(x, *args)
        assert function(lib, name)(x, *args, inplace=True) is x and x.tolist() == expected.tolist()
        if name + "_" in WITH_UNDERSCORE:
            x = lib.linspace(-2.0, 2.0, 9)
            assert function(lib, name + "_")(x, *args) is x and x.tolist() == expected.tolist()
    assert_same_outcome(lambda lib: function(lib, name)(lib.ones(2, requires_grad=True), *args, inplace=True))


@table
def test_every_dtype(torch, name, args):
    for dtype in DTYPES[:6]:
        values = [0, 1, 2, 100] if dtype != "bool" else [0, 1, 1, 0]
        assert_same_outcome(
            lambda lib: function(lib, name)(tensor(lib, values, dtype), *args), where=f"{name} of {dtype}"
        )
        if "uint" not in dtype and dtype != "bool":
            assert_same_outcome(
                lambda lib: function(lib, name)(tensor(lib, [-1, -7, 3], dtype), *args), where=f"{name} of {dtype}"
            )


def test_gelu_by_tanh(torch):
    check_op(lambda lib, x: lib.nn.functional.gelu(x, approximate="tanh"), (3, 5), low=-4, high=4)
    assert_same_outcome(lambda lib: lib.nn.functional.gelu(lib.ones(2), approximate="foo"))
    assert_same_outcome(lambda lib: lib.nn.functional.gelu(lib.ones(2), "tanh"))


def test_single_precision_is_as_exact_as_pytorch(torch):
    x = np.random.default_rng(2).uniform(-12, 12, 40000).astype(np.float32)
    for name in ("gelu", "silu", "mish", "softplus", "logsigmoid", "elu", "selu", "tanhshrink"):
        exact = function(torch, name)(torch.from_numpy(x).double()).numpy()
        error = [
            np.abs(function(lib, name)(lib.from_numpy(x)).numpy() - exact) / np.maximum(np.abs(exact), 1e-6)
            for lib in (rsnn, torch)
        ]
        assert error[0].max() <= max(1.2 * error[1].max(), 4e-7), (name, error[0].max(), error[1].max())


def test_glu(torch):
    for shape, dim in [((3, 4), -1), ((4, 3), 0), ((2, 6, 3), 1), ((6,), 0), ((0, 2), 1), ((2, 0), 1)]:
        check_op(lambda lib, x: lib.nn.functional.glu(x, dim), shape)
    check_op(lambda lib, x: lib.nn.functional.glu(x), (2, 80), dtypes=("float16", "bfloat16"), gradgrad=False)
    for shape, dim in [((3,), -1), ((), -1), ((2,), 3)]:
        assert_same_outcome(lambda lib: lib.nn.functional.glu(lib.zeros(shape), dim))
    assert_same_outcome(lambda lib: lib.nn.functional.glu(lib.tensor([1, 2])))


def test_prelu(torch):
    check_op(lambda lib, x, w: lib.nn.functional.prelu(x, w), (3, 4), (4,))
    check_op(lambda lib, x, w: lib.nn.functional.prelu(x, w), (3, 4, 2, 3), (4,))
    check_op(lambda lib, x, w: x.prelu(w), (3, 4), (1,))
    check_op(lambda lib, x, w: lib.prelu(x, w), (5,), np.array(0.3))
    check_op(lambda lib, x, w: lib.prelu(x, w), np.array(-0.3), (1,))
    check_op(lambda lib, x, w: lib.prelu(x, w), (0, 4), (4,))
    check_op(lambda lib, x, w: lib.prelu(x, w), (3, 4), (4,), dtypes=("float16", "bfloat16"), gradgrad=False)
    for x, w in [((3,), (3,)), ((2, 3), (2,)), ((2, 3), (3, 1)), ((), (2,)), ((2, 3), (0,))]:
        assert_same_outcome(lambda lib: lib.prelu(lib.zeros(x), lib.zeros(w)))
    assert_same_outcome(lambda lib: lib.prelu(lib.zeros(2), lib.zeros(1, dtype=lib.float64)))


@pytest.mark.parametrize("inplace", [False, True])
def test_rrelu_draws_as_pytorch_does(torch, inplace):
    for dtype in ("float32", "float64"):
        results = []
        for lib in (rsnn, torch):
            lib.manual_seed(3)
            leaf = tensor(lib, np.random.default_rng(0).uniform(-1, 1, (5, 7)), dtype).requires_grad_()
            y = lib.nn.functional.rrelu(leaf * 1, 0.1, 0.4, training=True, inplace=inplace)
            y.backward(lib.ones_like(y))
            results.append((y.detach(), leaf.grad, lib.rand(3)))
        assert_same(*results)
    assert_same_outcome(lambda lib: lib.nn.functional.rrelu(lib.ones(2), 0.5, 0.1))


@pytest.mark.parametrize("hard", [False, True])
def test_gumbel_softmax_draws_as_pytorch_does(torch, hard):
    if hard and not hasattr(rsnn.Tensor, "scatter_"):
        pytest.skip("needs scatter_")
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(5)
        leaf = lib.from_numpy(np.random.default_rng(0).uniform(-1, 1, (5, 7)).astype(np.float32)).requires_grad_()
        y = lib.nn.functional.gumbel_softmax(leaf, tau=0.7, hard=hard)
        (y * lib.arange(7.0)).sum().backward()
        results.append((y.detach(), leaf.grad))
    assert_same(*results)


def test_softmin():
    check_op(lambda lib, x: lib.nn.functional.softmin(x, dim=1), (3, 4))


def test_options_out_of_range(torch):
    F = "hardtanh celu softshrink".split()
    for name, args in zip(F, [(1, -1), (0.0,), (-1,)]):
        assert_same_outcome(lambda lib: function(lib, name)(lib.ones(2), *args))


def test_functions_of_the_package(torch):
    x = np.linspace(-2, 2, 5)
    for name, args in [
        ("celu", (0.5,)),
        ("selu", ()),
        ("rrelu", ()),
        ("threshold", (0.1, 2.0)),
        ("hardshrink", (0.3,)),
    ]:
        assert_same_outcome(lambda lib: getattr(lib, name)(lib.tensor(x.tolist()), *args))
    for name, args in [("celu_", (0.5,)), ("selu_", ()), ("rrelu_", ()), ("threshold_", (0.1, 2.0)), ("relu_", ())]:
        assert_same_outcome(lambda lib: getattr(lib, name)(lib.tensor(x.tolist()), *args))


def test_gradcheck():
    x = rsnn.tensor([0.31, -0.42, 0.7, -3.7, 4.2], dtype=rsnn.float64, requires_grad=True)
    for name, args in FUNCTIONS:
        assert rsnn.autograd.gradcheck(lambda x, name=name, args=args: function(rsnn, name)(x, *args), (x,)), name
        assert rsnn.autograd.gradgradcheck(lambda x, name=name, args=args: function(rsnn, name)(x, *args), (x,)), name
