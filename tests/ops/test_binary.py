"""Operations between two operands: values, derivatives, promotion, odd values, in-place forms."""

import itertools

import numpy as np
import pytest

import rsnn
from helpers import DTYPES, assert_same, assert_same_outcome, check_op, tensor

#: Method and the range in which its derivatives are compared.
SMOOTH = {
    "add": (-2, 2), "sub": (-2, 2), "mul": (-2, 2), "div": (0.5, 2), "true_divide": (0.5, 2),
    "remainder": (0.5, 2), "fmod": (0.5, 2), "pow": (0.5, 2), "float_power": (0.5, 2), "ldexp": (-2, 2),
    "maximum": (-2, 2), "minimum": (-2, 2), "fmax": (-2, 2), "fmin": (-2, 2), "atan2": (-2, 2), "hypot": (-2, 2),
    "copysign": (-2, 2), "logaddexp": (-2, 2), "logaddexp2": (-2, 2), "xlogy": (0.2, 2),
}  # fmt: skip
STEPS = ["floor_divide", "heaviside", "nextafter"]
COMPARISONS = ["eq", "ne", "lt", "le", "gt", "ge"]
LOGIC = ["logical_and", "logical_or", "logical_xor"]
BITS = ["bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift"]
ALL = [*SMOOTH, *STEPS, *COMPARISONS, *LOGIC, *BITS]
#: Those whose second operand must be a tensor.
TENSORS = {
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "atan2",
    "hypot",
    "nextafter",
    "logaddexp",
    "logaddexp2",
    "heaviside",
    "ldexp",
    *LOGIC,
}
NO_INPLACE = {"maximum", "minimum", "fmax", "fmin", "logaddexp", "logaddexp2"}


@pytest.mark.parametrize("name", SMOOTH)
def test_values_and_derivatives(name):
    low, high = SMOOTH[name]
    check_op(lambda lib, x, y: getattr(x, name)(y), (3, 5), (3, 5), low=low, high=high)
    check_op(lambda lib, x, y: getattr(x, name)(y), (3, 1), (2, 1, 5), low=low, high=high, layouts=("contiguous",))


@pytest.mark.parametrize("name", [name for name in SMOOTH if name not in TENSORS])
@pytest.mark.parametrize("number", [2, 1.5])
def test_with_a_number(name, number):
    low, high = SMOOTH[name]
    check_op(lambda lib, x: getattr(x, name)(number), (3, 5), low=low, high=high, layouts=("contiguous", "transposed"))


@pytest.mark.parametrize("name", ["add", "mul", "div", "pow", "maximum", "atan2", "copysign"])
def test_half_types(name):
    low, high = SMOOTH[name]
    dtypes = ("float16", "bfloat16")
    check_op(lambda lib, x, y: getattr(x, name)(y), (40,), (40,), dtypes=dtypes, low=low, high=high, gradgrad=False)


@pytest.mark.parametrize(
    "name", [name for name in SMOOTH if name not in NO_INPLACE and name not in ("float_power", "true_divide")]
)
def test_in_place(name):
    low, high = SMOOTH[name]
    check_op(
        lambda lib, x, y: getattr(x * 1, name + "_")(y),
        (2, 300),
        (300,),
        layouts=("contiguous",),
        low=low,
        high=high,
        gradgrad=False,
    )


@pytest.mark.parametrize(
    "name", ["add_", "sub_", "mul_", "div_", "pow_", "atan2_", "xlogy_", "copysign_", "logical_and_", "eq_"]
)
def test_a_tensor_with_itself_in_place(torch, name):
    """The same numbers, and the same error where the old value is gone that the gradient needs."""

    def run(lib):
        leaf = lib.tensor([1.0, 2.0, 3.0], requires_grad=True)
        y = leaf * 1
        getattr(y, name)(y)
        y.sum().backward()
        return y.detach(), leaf.grad

    assert_same_outcome(run, where=name)


@pytest.mark.parametrize("name", ["add_", "mul_", "sub_", "div_"])
def test_overlapping_memory_in_place(torch, name):
    results = []
    for lib in (rsnn, torch):
        x = lib.arange(1.0, 7.0)
        getattr(x, name)(x.clone().flip(0))
        square = lib.arange(1.0, 10.0).reshape(3, 3)
        getattr(square, name)(square.t().clone())
        results.append((x, square))
    assert_same(*results)
    mine = rsnn.arange(1.0, 10.0).reshape(3, 3)
    getattr(mine, name)(mine.t())
    assert_same(mine, results[1][1])


@pytest.mark.parametrize("name", LOGIC)
def test_logic_in_place_leaves_the_graph_alone(torch, name):
    results = []
    for lib in (rsnn, torch):
        leaf, other = (lib.tensor(v, requires_grad=True) for v in ([1.0, 0.0, 2.0], [0.0, 0.0, 1.0]))
        y = leaf * 3
        getattr(y, name + "_")(other)
        y.sum().backward()
        results.append((y.detach(), leaf.grad, other.grad))
    assert_same(*results)


@pytest.mark.parametrize("name", ALL)
def test_every_pair_of_dtypes(torch, name):
    a, b = np.array([1, 0, 3, 5, 1]), np.array([1, 2, 1, 3, 1])
    for left, right in itertools.product(DTYPES, DTYPES):
        x = [a % 2 if left == "bool" else a, b % 2 if right == "bool" else b]
        loose = 1e-2 if {left, right} & {"float16", "bfloat16"} else None

        def run(lib, x=x, left=left, right=right):
            return getattr(tensor(lib, x[0], left), name)(tensor(lib, x[1], right))

        assert_same_outcome(run, loose, loose, where=f"{name} of {left} and {right}")


@pytest.mark.parametrize("name", ALL)
def test_every_dtype_with_a_number_and_a_scalar(torch, name):
    values = np.array([1, 0, 3, 5, 1])
    for dtype in DTYPES:
        a = values % 2 if dtype == "bool" else values
        loose = 1e-2 if dtype in ("float16", "bfloat16") else None
        for number in (2, 1.5, True):
            if name not in TENSORS:
                assert_same_outcome(
                    lambda lib: getattr(tensor(lib, a, dtype), name)(number),
                    loose,
                    loose,
                    where=f"{name}, {dtype}, {number}",
                )
            assert_same_outcome(
                lambda lib: getattr(tensor(lib, a, dtype), name)(lib.tensor(number)),
                loose,
                loose,
                where=f"{name}, {dtype}, 0-d",
            )


ODD = np.array([0.0, -0.0, 1.0, -1.5, np.inf, -np.inf, np.nan, 1e-40, 3e38, 7.0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [*SMOOTH, "heaviside", "nextafter", "floor_divide", *COMPARISONS, *LOGIC])
def test_odd_values(torch, name, dtype):
    a, b = (x.reshape(-1) for x in np.meshgrid(ODD, ODD))
    rtol, atol = (1e-6, 1e-37) if dtype == "float32" else (1e-13, 1e-300)
    if name in ("remainder", "fmod"):
        # PyTorch's vectorised division gives up on denormal divisors.
        b = np.where(np.abs(b) == 1e-40, 1.0, b)
    assert_same(
        *(getattr(tensor(lib, a, dtype), name)(tensor(lib, b, dtype)) for lib in (rsnn, torch)), rtol, atol, where=name
    )


def test_gradient_of_the_angle_at_the_origin(torch):
    for a, b in [(0.0, 0.0), (1e-30, 0.0), (0.0, -0.0), (float("inf"), 1.0), (0.0, -1.0)]:
        results = []
        for lib in (rsnn, torch):
            x, y = (lib.tensor(v, requires_grad=True) for v in (a, b))
            lib.atan2(x, y).backward()
            results.append((x.grad, y.grad))
        assert_same(*results, where=f"atan2({a}, {b})")


def test_ldexp(torch):
    for dtype, exponents in [("float32", [127, -149, 140, 0]), ("float64", [1000, -1074, 1100, 0])]:
        x = [1.0, -3.0, 1e-40 if dtype == "float32" else 1e-300, 5.0]
        assert_same(*(lib.ldexp(tensor(lib, x, dtype), lib.tensor(exponents)) for lib in (rsnn, torch)), 0, 0)
    check_op(lambda lib, x: lib.ldexp(x, lib.tensor([1, 0, 3])), (2, 3))
    check_op(lambda lib, x: lib.ldexp(x, lib.tensor([1.0, -2.0, 3.0])), (2, 3))
    # PyTorch's gradient is an integer's power, zero for exponents below zero.
    check_op(lambda lib, x: lib.ldexp(x, lib.tensor([1, -2, 3])), (2, 3), grad=False)
    x = rsnn.ones(3, requires_grad=True)
    rsnn.ldexp(x, rsnn.tensor([1, -2, 3])).sum().backward()
    assert x.grad.tolist() == [2, 0.25, 8]


@pytest.mark.parametrize("name", ["div", "remainder", "fmod", "floor_divide"])
def test_integer_division_by_zero(torch, name):
    assert_same_outcome(lambda lib: getattr(lib.tensor([1, 2]), name)(lib.tensor([1, 0])))


def test_rounding_modes(torch):
    a, b = np.array([7.0, -7, 7, -7, 0]), np.array([2.0, 2, -2, -2, 3])
    for mode, dtype in itertools.product(["floor", "trunc", None], ["float32", "int32", "int64", "uint8"]):
        x = np.abs(a) if dtype == "uint8" else a, np.abs(b) if dtype == "uint8" else b
        assert_same_outcome(lambda lib: tensor(lib, x[0], dtype).div(tensor(lib, x[1], dtype), rounding_mode=mode))
    assert_same_outcome(lambda lib: lib.ones(2).div(2, rounding_mode="up"))


def test_alpha(torch):
    check_op(lambda lib, x, y: lib.rsub(x, y, alpha=3), (3, 4), (4,))
    check_op(lambda lib, x, y: x.add(y, alpha=0.5), (3, 4), (4,))
    check_op(lambda lib, x, y: x.sub(y, alpha=-2), (3, 4), (4,))
    for dtype, alpha in itertools.product(["int32", "bool", "float32"], [2, 0.5, True]):
        assert_same_outcome(lambda lib: tensor(lib, [1, 0], dtype).add(tensor(lib, [1, 1], dtype), alpha=alpha))


def test_shapes_that_do_not_fit(torch):
    for a, b in [((2, 3), (2,)), ((0,), (2,))]:
        assert_same_outcome(lambda lib: lib.zeros(a) + lib.zeros(b))
    assert_same_outcome(lambda lib: lib.zeros(3).add_(lib.zeros(2, 3)))
    assert_same_outcome(lambda lib: lib.zeros(0, 3) + lib.zeros(3))
    assert_same_outcome(lambda lib: lib.zeros(3, dtype=lib.int64).add_(lib.zeros(3)))


def test_out(torch):
    out = rsnn.empty(0)
    assert rsnn.add(rsnn.ones(2), 1, out=out) is out and out.tolist() == [2, 2]
    assert_same_outcome(lambda lib: lib.mul(lib.ones(2), 3, out=lib.zeros(2, dtype=lib.float64)))
    assert_same_outcome(lambda lib: lib.mul(lib.ones(2), 3, out=lib.zeros(2, dtype=lib.int64)))
