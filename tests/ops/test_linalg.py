"""`rsnn.linalg` and the methods of linear algebra: against PyTorch."""

import math

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, tensor


def spd(x):
    """A symmetric positive-definite matrix of any square one."""
    return x @ x.transpose(-2, -1) + 3 * x.new_ones(x.size(-1)).diag()


OPS = {
    "det": (lambda lib, x: x.det(), (3, 3)),
    "det of a batch": (lambda lib, x: lib.linalg.det(x), (2, 3, 3)),
    "det of nothing": (lambda lib, x: x.det(), (0, 0)),
    "slogdet": (lambda lib, x: lib.slogdet(x)[1], (2, 3, 3)),
    "logdet": (lambda lib, x: lib.logdet(spd(x)), (3, 3)),
    "inverse": (lambda lib, x: x.inverse(), (3, 3)),
    "inv": (lambda lib, x: lib.linalg.inv(x), (2, 3, 3)),
    "pinverse tall": (lambda lib, x: x.pinverse(), (4, 2)),
    "pinverse wide": (lambda lib, x: lib.pinverse(x), (2, 2, 4)),
    "solve": (lambda lib, x, y: lib.linalg.solve(x, y), (3, 3), (3, 2)),
    "solve a vector": (lambda lib, x, y: lib.linalg.solve(x, y), (3, 3), (3,)),
    "solve a batch": (lambda lib, x, y: lib.linalg.solve(x, y), (2, 3, 3), (3, 2)),
    "solve from the right": (lambda lib, x, y: lib.linalg.solve(x, y, left=False), (3, 3), (2, 3)),
    "solve_triangular": (
        lambda lib, x, y: lib.linalg.solve_triangular(spd(x), y, upper=True), (3, 3), (3, 2),
    ),
    "solve_triangular unit": (
        lambda lib, x, y: lib.linalg.solve_triangular(x, y, upper=False, unitriangular=True), (3, 3), (3, 2),
    ),
    "cholesky": (lambda lib, x: lib.linalg.cholesky(spd(x)), (2, 3, 3)),
    "cholesky upper": (lambda lib, x: lib.linalg.cholesky(spd(x), upper=True), (3, 3)),
    "qr": (lambda lib, x: lib.linalg.qr(x), (2, 4, 3)),
    "qr wide": (lambda lib, x: lib.linalg.qr(x), (2, 4)),
    "svdvals": (lambda lib, x: lib.linalg.svdvals(x), (4, 3)),
    "svd values": (lambda lib, x: lib.linalg.svd(x, full_matrices=False)[1], (2, 3, 4)),
    "svd product": (lambda lib, x: _again(lib.linalg.svd(x, full_matrices=False)), (4, 3)),
    "svd product wide": (lambda lib, x: _again(lib.linalg.svd(x, full_matrices=False)), (3, 4)),
    "svd squares": (lambda lib, x: [p * p for p in lib.linalg.svd(x, full_matrices=False)], (4, 3)),
    "eigvalsh": (lambda lib, x: lib.linalg.eigvalsh(spd(x)), (3, 3)),
    "eigh": (lambda lib, x: [p * p for p in lib.linalg.eigh(spd(x))], (2, 3, 3)),
    "eigh upper": (lambda lib, x: lib.linalg.eigh(spd(x), "U").eigenvalues, (3, 3)),
    "matrix_power": (lambda lib, x: x.matrix_power(5), (3, 3)),
    "matrix_power 0": (lambda lib, x: lib.matrix_power(x, 0) + x, (2, 3, 3)),
    "matrix_power -2": (lambda lib, x: lib.linalg.matrix_power(x, -2), (3, 3)),
    "matrix_exp": (lambda lib, x: x.matrix_exp(), (2, 3, 3)),
    "vector_norm": (lambda lib, x: lib.linalg.vector_norm(x), (3, 4)),
    "vector_norm 3": (lambda lib, x: lib.linalg.vector_norm(x, 3, dim=1, keepdim=True), (3, 4)),
    "vector_norm -inf": (lambda lib, x: lib.linalg.vector_norm(x, -math.inf, (0, 1)), (3, 4)),
    "matrix_norm": (lambda lib, x: lib.linalg.matrix_norm(x), (2, 3, 4)),
    "matrix_norm nuc": (lambda lib, x: lib.linalg.matrix_norm(x, "nuc", (0, 2), True), (3, 2, 4)),
    "matrix_norm 2": (lambda lib, x: lib.linalg.matrix_norm(x, 2), (3, 4)),
    "matrix_norm -2": (lambda lib, x: lib.linalg.matrix_norm(x, -2), (3, 4)),
    "matrix_norm 1": (lambda lib, x: lib.linalg.matrix_norm(x, 1, keepdim=True), (2, 3, 4)),
    "matrix_norm inf": (lambda lib, x: lib.linalg.matrix_norm(x, math.inf, (0, 1)), (3, 4, 2)),
    "matrix_norm -inf": (lambda lib, x: lib.linalg.matrix_norm(x, -math.inf), (3, 4)),
    "norm": (lambda lib, x: lib.linalg.norm(x), (2, 3, 4)),
    "norm of a matrix": (lambda lib, x: lib.linalg.norm(x, 1), (3, 4)),
    "norm of vectors": (lambda lib, x: lib.linalg.norm(x, 1, 0), (3, 4)),
    "cond": (lambda lib, x: lib.linalg.cond(x), (3, 3)),
    "multi_dot": (lambda lib, *x: lib.linalg.multi_dot(x), (2,), (2, 5), (5, 1), (1, 3)),
    "cross": (lambda lib, x, y: lib.linalg.cross(x, y), (2, 3), (2, 3)),
    "vecdot": (lambda lib, x, y: lib.linalg.vecdot(x, y), (2, 3), (2, 3)),
    "diagonal": (lambda lib, x: lib.linalg.diagonal(x, offset=1), (2, 3, 3)),
}  # fmt: skip


def _again(parts):
    u, s, vh = parts
    return (u * s.unsqueeze(-2)) @ vh


@pytest.mark.parametrize("name", OPS)
def test_values_and_gradients(name):
    fn, *shapes = OPS[name]
    check_op(fn, *shapes, dtypes=("float64",), layouts=("contiguous", "transposed"), rtol=1e-7, atol=1e-8)
    if not name.startswith(("svd", "eigh", "cond")):
        check_op(fn, *shapes, dtypes=("float32",), layouts=("contiguous",), gradgrad=False, rtol=2e-3, atol=2e-3)


VALUES = {
    "det of a singular matrix": lambda lib: lib.ones(2, 2).det(),
    "logdet of a singular matrix": lambda lib: lib.ones(2, 2).logdet(),
    "logdet of a negative determinant": lambda lib: (-lib.eye(3)).logdet(),
    "matrix_rank": lambda lib: lib.linalg.matrix_rank(lib.tensor([[1.0, 2.0], [2.0, 4.0]])),
    "matrix_rank atol": lambda lib: lib.linalg.matrix_rank(lib.tensor([[1.0, 0.0], [0.0, 1e-3]]), atol=1e-2),
    "matrix_power of ints": lambda lib: lib.tensor([[1, 1], [0, 1]]).matrix_power(10),
    "matrix_exp of large": lambda lib: lib.tensor([[-20.0, 15.0], [3.0, -9.0]], dtype=lib.float64).matrix_exp(),
    "matrix_exp of nothing": lambda lib: lib.ones(0, 2, 2).matrix_exp(),
    "qr complete": lambda lib: lib.linalg.qr(tensor(lib, np.arange(6.0).reshape(3, 2)), "complete"),
    "qr r": lambda lib: lib.linalg.qr(tensor(lib, np.arange(6.0).reshape(3, 2)), "r").R,
    "svd full": lambda lib: [abs(p) for p in lib.linalg.svd(tensor(lib, np.arange(4.0).reshape(2, 2)))],
    "svd": lambda lib: [abs(p) for p in lib.svd(tensor(lib, np.arange(4.0).reshape(2, 2)))],
    "cond 1": lambda lib: lib.linalg.cond(lib.tensor([[1.0, 2.0], [3.0, 4.0]]), 1),
    "vander": lambda lib: lib.linalg.vander(lib.tensor([[1, 2], [3, 4]]), N=3),
    "out": lambda lib: lib.linalg.inv(lib.eye(2), out=lib.empty(0)),
    "out of slogdet": lambda lib: lib.linalg.slogdet(lib.eye(2), out=(lib.empty(0), lib.empty(0))).sign,
}


@pytest.mark.parametrize("name", VALUES)
def test_values(torch, name):
    assert_same(
        tuple(x) if isinstance(x := VALUES[name](rsnn), tuple) else x,
        tuple(x) if isinstance(x := VALUES[name](torch), tuple) else x,
        rtol=1e-5, atol=1e-6,
    )  # fmt: skip


ERRORS = {
    "inv of a rectangle": lambda lib: lib.linalg.inv(lib.ones(2, 3)),
    "inv of a vector": lambda lib: lib.linalg.inv(lib.ones(2)),
    "inv of ints": lambda lib: lib.linalg.inv(lib.ones(2, 2).long()),
    "inv of halves": lambda lib: lib.linalg.inv(lib.ones(2, 2).half()),
    "solve of sizes": lambda lib: lib.linalg.solve(lib.eye(2), lib.ones(3)),
    "solve of dtypes": lambda lib: lib.linalg.solve(lib.eye(2), lib.ones(2).double()),
    "qr mode": lambda lib: lib.linalg.qr(lib.eye(2), "best"),
    "det of a rectangle": lambda lib: lib.det(lib.ones(2, 3)),
    "matrix_power of a rectangle": lambda lib: lib.matrix_power(lib.ones(2, 3), 2),
    "matrix_exp of a rectangle": lambda lib: lib.matrix_exp(lib.ones(2, 3)),
    "eigh triangle": lambda lib: lib.linalg.eigh(lib.eye(2), "X"),
    "matrix_norm order": lambda lib: lib.linalg.matrix_norm(lib.eye(2), 3),
    "matrix_norm axes": lambda lib: lib.linalg.matrix_norm(lib.eye(2), dim=(0, 0)),
    "norm of a cube": lambda lib: lib.linalg.norm(lib.ones(2, 2, 2), 1),
    "vector_norm of ints": lambda lib: lib.linalg.vector_norm(lib.arange(2)),
    "multi_dot of one": lambda lib: lib.linalg.multi_dot([lib.eye(2)]),
    "multi_dot of sizes": lambda lib: lib.linalg.multi_dot([lib.eye(2), lib.eye(3)]),
    "cross of sizes": lambda lib: lib.linalg.cross(lib.ones(2), lib.ones(2)),
    "vander of one": lambda lib: lib.linalg.vander(lib.ones(3), N=1),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    assert_same_error(ERRORS[name])


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.linalg.inv(lib.ones(2, 2)),
        lambda lib: lib.linalg.solve(lib.ones(2, 2), lib.ones(2)),
        lambda lib: lib.linalg.cholesky(-lib.eye(2)),
    ],
)
def test_what_cannot_be_done_raises_an_error_of_its_own(torch, call):
    for lib in (rsnn, torch):
        with pytest.raises(lib.linalg.LinAlgError, match="linalg"):
            call(lib)
    assert issubclass(rsnn.linalg.LinAlgError, RuntimeError)


def test_the_determinant_of_a_singular_matrix_has_a_gradient():
    x = tensor(rsnn, np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.0, 1.0, 5.0]])).requires_grad_()
    assert rsnn.autograd.gradcheck(rsnn.det, (x,))


def test_what_has_no_gradient_says_so():
    x = rsnn.ones(3, 2, requires_grad=True)
    with pytest.raises(NotImplementedError, match="full_matrices"):
        rsnn.linalg.svd(x)
    with pytest.raises(NotImplementedError, match="mode"):
        rsnn.linalg.qr(x, "complete")
    with pytest.raises(NotImplementedError, match="driver"):
        rsnn.linalg.svd(x, driver="gesvd")
