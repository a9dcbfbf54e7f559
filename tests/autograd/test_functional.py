"""`autograd.functional`: against PyTorch."""

import pytest

import rsnn
from helpers import assert_same, assert_same_error

SINGLE = {
    "square": lambda lib, x: x * x,
    "sum of cubes": lambda lib, x: (x**3).sum(),
    "two outputs": lambda lib, x: (x.exp(), x.sum()),
    "tuple of one": lambda lib, x: (x * 2,),
    "constant": lambda lib, x: lib.ones(3),
    "no axes": lambda lib, x: x.sum() * x[0, 0],
    "integers": lambda lib, x: (x * 1).long(),
}
PAIR = {
    "product": lambda lib, x, y: x * y.sum(),
    "one of two": lambda lib, x, y: y**2,
    "both": lambda lib, x, y: (x @ y, (x * x).sum()),
}


def values(lib, dtype="float32"):
    x = lib.tensor([[1.0, -2.0], [0.5, 3.0]], dtype=getattr(lib, dtype))
    return x, x[0] * 0.5


@pytest.mark.parametrize("name", SINGLE)
def test_jacobian_of_one_input(torch, name):
    def of(lib):
        return lib.autograd.functional.jacobian(lambda x: SINGLE[name](lib, x), values(lib)[0])

    assert_same(of(rsnn), of(torch))


@pytest.mark.parametrize("name", PAIR)
def test_jacobian_of_two_inputs(torch, name):
    def of(lib):
        return lib.autograd.functional.jacobian(lambda *x: PAIR[name](lib, *x), values(lib))

    assert_same(of(rsnn), of(torch))


NUMBERS = {
    "cubes": lambda lib, x, y: (x**3).sum() + (x @ y).exp().sum(),
    "linear": lambda lib, x, y: x.sum() + 2 * y.sum(),
    "one input": lambda lib, x, y: (y**3).sum(),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_second_derivatives(torch, name):
    def all_of(lib):
        f = lib.autograd.functional
        x, y = values(lib, "float64")
        v = (x * 0.3, y + 1)

        def one(x):
            return NUMBERS[name](lib, x, y)

        def both(*x):
            return NUMBERS[name](lib, *x)

        return (
            f.hessian(one, x), f.hessian(both, (x, y)), f.vhp(one, x, v[0]), f.vhp(both, (x, y), v),
            f.hvp(one, x, v[0]), f.hvp(both, (x, y), v),
        )  # fmt: skip

    assert_same(all_of(rsnn), all_of(torch))


@pytest.mark.parametrize("name", PAIR)
def test_products_with_vectors(torch, name):
    def all_of(lib):
        f = lib.autograd.functional
        inputs = values(lib, "float64")

        def func(*x):
            return PAIR[name](lib, *x)

        outputs = func(*inputs)
        v = tuple(o * 0.5 for o in outputs) if isinstance(outputs, tuple) else outputs * 0.5
        return f.vjp(func, inputs, v), f.jvp(func, inputs, tuple(x + 1 for x in inputs))

    assert_same(all_of(rsnn), all_of(torch))


def test_the_vector_may_be_left_out_for_one_number(torch):
    def all_of(lib):
        f, one = lib.autograd.functional, lib.tensor([2.0])
        return f.vjp(lambda x: (x**2).sum(), one), f.jvp(lambda x: x**2, one), f.hvp(lambda x: (x**3).sum(), one)

    assert_same(all_of(rsnn), all_of(torch))


def test_results_can_be_differentiated(torch):
    def all_of(lib):
        f = lib.autograd.functional
        results = []
        for call in (
            lambda x: f.jacobian(lambda y: y**3, x, create_graph=True),
            lambda x: f.hessian(lambda y: (y**4).sum(), x, create_graph=True),
            lambda x: f.vjp(lambda y: y**3, x, lib.ones(2), create_graph=True)[1],
            lambda x: f.jvp(lambda y: y**3, x, lib.ones(2), create_graph=True)[1],
            lambda x: f.hvp(lambda y: (y**4).sum(), x, lib.ones(2), create_graph=True)[1],
            lambda x: f.vhp(lambda y: (y**4).sum(), x, lib.ones(2), create_graph=True)[1],
        ):
            leaf = lib.tensor([1.0, 2.0], requires_grad=True)
            call(leaf).sum().backward()
            results.append(leaf.grad)
        return results

    assert_same(all_of(rsnn), all_of(torch))


def test_results_are_constants_unless_asked():
    x = rsnn.ones(2, requires_grad=True)
    f = rsnn.autograd.functional
    assert not f.jacobian(lambda y: y * y, x).requires_grad
    assert not any(r.requires_grad for r in f.vjp(lambda y: y * y, x, rsnn.ones(2)))
    with rsnn.no_grad():
        assert f.jacobian(lambda y: y * y, x).tolist() == [[2, 0], [0, 2]]


def jac(lib, func, inputs, **options):
    return lib.autograd.functional.jacobian(func, inputs, **options)


ERRORS = {
    "number as output": lambda lib: jac(lib, lambda x: 3, lib.ones(2)),
    "number among outputs": lambda lib: jac(lib, lambda x: (x, 3), lib.ones(2)),
    "number as input": lambda lib: jac(lib, lambda x: x, 3),
    "number among inputs": lambda lib: jac(lib, lambda x, y: x, (lib.ones(2), 3)),
    "integers as input": lambda lib: jac(lib, lambda x: x, lib.arange(2)),
    "strict, independent": lambda lib: jac(lib, lambda x, y: x, (lib.ones(2), lib.ones(2)), strict=True),
    "strict, constant": lambda lib: jac(lib, lambda x: lib.ones(2), lib.ones(2), strict=True),
    "forward mode": lambda lib: jac(lib, lambda x: x, lib.ones(2), strategy="forward-mode"),
    "hessian of two": lambda lib: lib.autograd.functional.hessian(lambda x: x, lib.ones(2)),
    "hessian of a tuple": lambda lib: lib.autograd.functional.hessian(lambda x: (x.sum(),), lib.ones(2)),
    "hessian, strict": lambda lib: lib.autograd.functional.hessian(lambda x: x.sum(), lib.ones(2), strict=True),
    "hvp, strict": lambda lib: lib.autograd.functional.hvp(lambda x: x.sum(), lib.ones(2), lib.ones(2), strict=True),
    "vhp of two": lambda lib: lib.autograd.functional.vhp(lambda x: x, lib.ones(2), lib.ones(2)),
    "vjp without v": lambda lib: lib.autograd.functional.vjp(lambda x: x, lib.ones(2)),
    "vjp of sizes": lambda lib: lib.autograd.functional.vjp(lambda x: x, lib.ones(2), lib.ones(3)),
    "vjp of lengths": lambda lib: lib.autograd.functional.vjp(lambda x: (x, x), lib.ones(2), lib.ones(2)),
    "jvp without v": lambda lib: lib.autograd.functional.jvp(lambda x: x, lib.ones(2)),
    "jvp, strict": lambda lib: lib.autograd.functional.jvp(
        lambda x: lib.ones(2), lib.ones(2), lib.ones(2), strict=True
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    assert_same_error(ERRORS[name])


def test_vectorize_is_refused():
    with pytest.raises(NotImplementedError, match="vectorize"):
        jac(rsnn, lambda x: x, rsnn.ones(2), vectorize=True)
    with pytest.raises(NotImplementedError, match="vectorize"):
        rsnn.autograd.functional.hessian(lambda x: x.sum(), rsnn.ones(2), vectorize=True)
