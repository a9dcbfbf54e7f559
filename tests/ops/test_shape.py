"""Elements in other places, tensors beside each other, grids, and products of vectors: against PyTorch."""

import pickle
import warnings

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, tensor

OPS = {
    "flip": (lambda lib, x: x.flip(0), (3, 4)),
    "flip two": (lambda lib, x: lib.flip(x, (0, -1)), (3, 2, 4)),
    "flip inner": (lambda lib, x: x.flip(1), (3, 2, 4)),
    "flip none": (lambda lib, x: x.flip(()), (3, 2)),
    "flip empty": (lambda lib, x: x.flip(0, 1), (0, 3)),
    "flip scalar": (lambda lib, x: x.flip(0), ()),
    "fliplr": (lambda lib, x: x.fliplr(), (3, 4)),
    "flipud": (lambda lib, x: lib.flipud(x), (3, 4)),
    "roll": (lambda lib, x: x.roll(2), (3, 4)),
    "roll axis": (lambda lib, x: x.roll(-5, 1), (3, 4, 2)),
    "roll axes": (lambda lib, x: lib.roll(x, (1, 2), (0, -1)), (3, 4)),
    "roll one axis twice": (lambda lib, x: x.roll((1, 1), (0, 0)), (3, 4)),
    "roll empty": (lambda lib, x: x.roll(1, 0), (0, 4)),
    "rot90": (lambda lib, x: x.rot90(), (3, 4)),
    "rot90 back": (lambda lib, x: x.rot90(-1, (1, 2)), (2, 3, 4)),
    "rot90 twice": (lambda lib, x: lib.rot90(x, 2), (3, 4)),
    "rot90 whole": (lambda lib, x: lib.rot90(x, 4, [1, 0]), (3, 4)),
    "repeat": (lambda lib, x: x.repeat(2, 3), (2, 3)),
    "repeat new axes": (lambda lib, x: x.repeat((4, 1, 2)), (3,)),
    "repeat zero": (lambda lib, x: x.repeat(2, 0), (2, 3)),
    "repeat once": (lambda lib, x: x.repeat(1, 1), (2, 3)),
    "repeat of one": (lambda lib, x: x.repeat(3, 2), (1, 3)),
    "repeat scalar": (lambda lib, x: x.repeat(3), ()),
    "tile": (lambda lib, x: x.tile(2), (2, 3)),
    "tile wide": (lambda lib, x: lib.tile(x, (2, 1, 2)), (2, 3)),
    "tril": (lambda lib, x: x.tril(), (3, 4)),
    "tril above": (lambda lib, x: lib.tril(x, 1), (2, 4, 3)),
    "tril far": (lambda lib, x: x.tril(-9), (3, 4)),
    "triu": (lambda lib, x: x.triu(), (4, 3)),
    "triu below": (lambda lib, x: lib.triu(x, -1), (2, 4, 3)),
    "triu far": (lambda lib, x: x.triu(-9), (3, 4)),
    "tril empty": (lambda lib, x: x.tril(), (0, 3)),
    "tril_": (lambda lib, x: (x * 1).tril_(), (3, 4)),
    "triu_": (lambda lib, x: (x * 1).triu_(1), (3, 4)),
    "diag of a vector": (lambda lib, x: x.diag(), (3,)),
    "diag below": (lambda lib, x: lib.diag(x, -2), (3,)),
    "diag of a matrix": (lambda lib, x: x.diag(1), (3, 4)),
    "diag_embed": (lambda lib, x: x.diag_embed(), (2, 3)),
    "diag_embed elsewhere": (lambda lib, x: lib.diag_embed(x, 1, 0, 2), (2, 3)),
    "diagflat": (lambda lib, x: lib.diagflat(x, -1), (2, 2)),
    "trace": (lambda lib, x: x.trace(), (3, 4)),
    "fill_diagonal_": (lambda lib, x: (x * 1).fill_diagonal_(5), (3, 4)),
    "fill_diagonal_ wrap": (lambda lib, x: (x.contiguous() * 1).fill_diagonal_(5, wrap=True), (9, 3)),
    "fill_diagonal_ cube": (lambda lib, x: (x * 1).fill_diagonal_(5), (3, 3, 3)),
    "reversed": (lambda lib, x: reversed(x), (3, 2)),
    "sum_to_size": (lambda lib, x: x.sum_to_size(1, 4), (2, 3, 4)),
    "sum_to_size of one": (lambda lib, x: x.sum_to_size((3, 1)), (2, 3, 4)),
    "atleast_1d": (lambda lib, x: lib.atleast_1d(x), ()),
    "atleast_2d": (lambda lib, x: lib.atleast_2d(x, x.sum()), (3,)),
    "atleast_3d": (lambda lib, x: lib.atleast_3d([x, x[0], x[0, 0]]), (2, 3)),
    "block_diag": (lambda lib, x, y: lib.block_diag(x, y, y[0], y[0, 0]), (2, 3), (3, 1)),
    "hstack": (lambda lib, x, y: lib.hstack((x, y)), (2, 3), (2, 1)),
    "hstack vectors": (lambda lib, x, y: lib.hstack([x, y]), (2,), ()),
    "vstack": (lambda lib, x, y: lib.vstack((x, y)), (2, 3), (3,)),
    "row_stack": (lambda lib, x, y: lib.row_stack((x, y)), (2, 3), (3,)),
    "dstack": (lambda lib, x, y: lib.dstack((x, y)), (2, 3), (2, 3)),
    "column_stack": (lambda lib, x, y: lib.column_stack((x, y)), (2, 3), (2,)),
    "meshgrid ij": (lambda lib, x, y: lib.meshgrid(x, y, indexing="ij"), (2,), (3,)),
    "meshgrid xy": (lambda lib, x, y: lib.meshgrid([x, y, y], indexing="xy"), (2,), (3,)),
    "meshgrid scalar": (lambda lib, x, y: lib.meshgrid(x, y, indexing="xy"), (), (3,)),
    "cartesian_prod": (lambda lib, x, y: lib.cartesian_prod(x, y), (2,), (3,)),
    "combinations": (lambda lib, x: lib.combinations(x, 2), (4,)),
    "combinations again": (lambda lib, x: lib.combinations(x, r=3, with_replacement=True), (3,)),
    "outer": (lambda lib, x, y: x.outer(y), (2,), (3,)),
    "ger": (lambda lib, x, y: lib.ger(x, y), (2,), (3,)),
    "vdot": (lambda lib, x, y: lib.vdot(x, y), (3,), (3,)),
    "inner": (lambda lib, x, y: x.inner(y), (2, 3), (4, 3)),
    "inner vectors": (lambda lib, x, y: lib.inner(x, y), (3,), (3,)),
    "inner scalar": (lambda lib, x, y: lib.inner(x, y), (), (3,)),
    "kron": (lambda lib, x, y: x.contiguous().kron(y.contiguous()), (2, 3), (2,)),
    "kron wide": (lambda lib, x, y: lib.kron(x.contiguous(), y.contiguous()), (3,), (2, 1, 2)),
    "cross": (lambda lib, x, y: x.cross(y, dim=-1), (2, 3), (2, 3)),
    "cross first": (lambda lib, x, y: lib.cross(x, y, 0), (3, 2), (3, 1)),
    "tensordot": (lambda lib, x, y: lib.tensordot(x, y), (2, 3, 4), (3, 4, 5)),
    "tensordot lists": (lambda lib, x, y: lib.tensordot(x, y, ([1, 0], [0, 2])), (2, 3, 4), (3, 4, 2)),
    "tensordot none": (lambda lib, x, y: lib.tensordot(x, y, 0), (2,), (3,)),
    "tensordot broadcast": (lambda lib, x, y: lib.tensordot(x, y, 1), (2, 3), (1, 4)),
    "addmm_": (lambda lib, x, y, z: (x * 1).addmm_(y, z, beta=0.5), (2, 3), (2, 4), (4, 3)),
    "addmv_": (lambda lib, x, y, z: lib.addmv_(x * 1, y, z, alpha=2), (2,), (2, 4), (4,)),
    "addr_": (lambda lib, x, y, z: (x * 1).addr_(y, z), (2, 3), (2,), (3,)),
    "addbmm_": (lambda lib, x, y, z: (x * 1).addbmm_(y, z), (2, 3), (5, 2, 4), (5, 4, 3)),
    "baddbmm_": (lambda lib, x, y, z: (x * 1).baddbmm_(y, z), (5, 2, 3), (5, 2, 4), (5, 4, 3)),
    "trapezoid": (lambda lib, y: lib.trapezoid(y), (3, 4)),
    "trapezoid spaced": (lambda lib, y: lib.trapezoid(y, dx=0.5, dim=0), (3, 4)),
    "trapezoid at": (lambda lib, y, x: lib.trapezoid(y, x), (3, 4), (4,)),
    "trapezoid at many": (lambda lib, y, x: lib.trapezoid(y, x, dim=0), (3, 4), (3, 4)),
    "cumulative_trapezoid": (lambda lib, y, x: lib.cumulative_trapezoid(y, x), (3, 4), (4,)),
    "gradient": (lambda lib, x: lib.gradient(x), (3, 4)),
    "gradient spaced": (lambda lib, x: lib.gradient(x, spacing=0.5, dim=1, edge_order=2), (3, 4)),
    "gradient spaced twice": (lambda lib, x: lib.gradient(x, spacing=[0.5, 2.0]), (3, 4)),
    "gradient at": (lambda lib, x: lib.gradient(x, spacing=(x[0].detach().sort()[0],), dim=1), (3, 4)),
    "quantile": (lambda lib, x: x.quantile(0.3), (3, 5)),
    "quantile axis": (lambda lib, x: lib.quantile(x, 0.3, 0, keepdim=True), (3, 5)),
    "quantile whole": (lambda lib, x: x.quantile(0.3, keepdim=True), (3, 5)),
    "nanquantile": (lambda lib, x: x.nanquantile(0.7, -1), (3, 5)),
    "cov": (lambda lib, x: x.cov(), (3, 5)),
    "cov of a vector": (lambda lib, x: lib.cov(x, correction=0), (5,)),
    "corrcoef": (lambda lib, x: x.corrcoef(), (3, 5)),
    "renorm": (lambda lib, x: x.renorm(2, 0, 1.5), (3, 4)),
    "renorm 1": (lambda lib, x: lib.renorm(x, 1, 1, 2.5), (3, 4)),
}  # fmt: skip


@pytest.mark.parametrize("name", OPS)
def test_values_and_gradients(name):
    fn, *shapes = OPS[name]
    check_op(fn, *shapes, dtypes=("float32", "float64") if len(shapes) < 2 else ("float64",))


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0, float("inf")])
def test_distances_of_rows(p):
    check_op(lambda lib, x, y: lib.cdist(x, y, p=p), (2, 3, 4), (2, 5, 4), gradgrad=False)
    check_op(lambda lib, x, y: lib.cdist(x, y, p=p), (30, 4), (5, 4), gradgrad=False, dtypes=("float64",))
    both = rsnn.ones(30, 2, requires_grad=True)
    rsnn.cdist(both, both.detach(), p=p).sum().backward()
    assert not both.grad.any()


VALUES = {
    "flip of bools": lambda lib: lib.tensor([[True, False, False]]).flip(1),
    "flip of bytes": lambda lib: lib.arange(300, dtype=lib.int16).reshape(2, 150).flip(0, 1),
    "flip of many": lambda lib: lib.arange(2**18).reshape(64, 64, 2, 32).flip(0, 1, 3),
    "roll of many": lambda lib: lib.arange(2**18, dtype=lib.int16).reshape(64, 2, 64, 32).roll((3, 5), (0, 2)),
    "roll of halves": lambda lib: lib.arange(10).half().roll(3),
    "tril with nan": lambda lib: lib.full((2, 2), float("nan")).tril(-1),
    "triu of ints": lambda lib: lib.arange(6).reshape(2, 3).triu(),
    "tril strided": lambda lib: lib.arange(12).reshape(3, 4).t().tril_(),
    "trace of ints": lambda lib: lib.ones(2, 2, dtype=lib.int32).trace(),
    "tril_indices": lambda lib: lib.tril_indices(3, 4, 1),
    "triu_indices": lambda lib: lib.triu_indices(3, 4, -1, dtype=lib.int32),
    "tril_indices of nothing": lambda lib: lib.tril_indices(0, 4),
    "vander": lambda lib: lib.vander(lib.tensor([0.5, 2.0, 3.0])),
    "vander rising": lambda lib: lib.vander(lib.tensor([0.5, 2.0, 3.0]), 4, increasing=True),
    "trapezoid empty": lambda lib: lib.trapezoid(lib.ones(3, 0)),
    "renorm_": lambda lib: (lib.arange(6.0).reshape(2, 3)).renorm_(2, 0, 1.5),
    "vander of ints": lambda lib: lib.vander(lib.tensor([1, 2], dtype=lib.int32), 3),
    "vander of nothing": lambda lib: lib.vander(lib.ones(2), 0),
    "combinations of none": lambda lib: lib.combinations(lib.arange(3), 0),
    "combinations of too many": lambda lib: lib.combinations(lib.arange(3), 4),
    "block_diag of nothing": lambda lib: lib.block_diag(),
    "block_diag of mixed": lambda lib: lib.block_diag(lib.ones(2, 2, dtype=lib.int32), lib.ones(1)),
    "logspace": lambda lib: lib.logspace(0, 2, 3),
    "outer of mixed": lambda lib: lib.outer(lib.arange(2), lib.ones(2)),
    "inner of ints": lambda lib: lib.inner(lib.arange(3), lib.arange(3)),
    "kron of ints": lambda lib: lib.kron(lib.arange(3), lib.ones(2, dtype=lib.int32)),
    "cross of ints": lambda lib: lib.cross(lib.arange(3), lib.tensor([4, 1, 2]), dim=0),
    "cdist of many": lambda lib: lib.cdist(tensor(lib, np.arange(120.0).reshape(40, 3)), lib.zeros(2, 3).double()),
    "cdist 0": lambda lib: lib.cdist(lib.eye(3), lib.eye(3), p=0.0),
    "cdist of nothing": lambda lib: lib.cdist(lib.ones(3, 0), lib.ones(2, 0)),
    "quantiles": lambda lib: lib.arange(20.0).reshape(4, 5).quantile(lib.tensor([0.1, 0.9]), 1),
    "quantiles kept": lambda lib: lib.arange(20.0).reshape(4, 5).quantile(lib.tensor([0.1, 0.9]), 0, keepdim=True),
    "quantile of nan": lambda lib: lib.tensor([[1.0, float("nan"), 3.0], [1, 2, 3]]).quantile(0.5, 1),
    "nanquantile of nan": lambda lib: lib.tensor([[1.0, float("nan"), 3.0], [1, 2, 3]]).nanquantile(0.5, 1),
    "nanquantile of only nan": lambda lib: lib.tensor([float("nan")] * 2).nanquantile(0.5),
    "quantile lower": lambda lib: lib.arange(4.0).quantile(0.4, interpolation="lower"),
    "quantile higher": lambda lib: lib.arange(4.0).quantile(0.4, interpolation="higher"),
    "quantile nearest": lambda lib: lib.arange(4.0).quantile(0.5, interpolation="nearest"),
    "quantile midpoint": lambda lib: lib.arange(4.0).quantile(0.4, interpolation="midpoint"),
    "cov with weights": lambda lib: lib.arange(6.0).reshape(2, 3).square().cov(
        fweights=lib.tensor([1, 2, 1]), aweights=lib.tensor([0.5, 1.0, 0.1])
    ),
    "cov of ints": lambda lib: lib.tensor([[1, 2, 4], [0, 1, 0]]).cov(),
    "trapezoid of ints": lambda lib: lib.trapezoid(lib.tensor([1, 5, 10])),
    "gradient of ints": lambda lib: lib.gradient(lib.tensor([1, 4, 9])),
    "range": lambda lib: lib.range(1, 2, 0.5),
    "range down": lambda lib: lib.range(5, 1, -2, dtype=lib.int64),
    "broadcast_shapes": lambda lib: tuple(lib.broadcast_shapes((2, 1), 3, (1, 1, 1))),
    "contains": lambda lib: [3 in lib.arange(5), 7 in lib.arange(5), lib.tensor([9, 1]) in lib.arange(2)],
    "is_same_size": lambda lib: [lib.ones(2).is_same_size(lib.zeros(2)), lib.is_same_size(lib.ones(2), lib.ones(3))],
    "apply_": lambda lib: lib.arange(4.0).reshape(2, 2).t().apply_(lambda v: v * v),
    "map_": lambda lib: lib.arange(4.0).map_(lib.tensor(2.0), lambda a, b: a * b),
    "reversed scalar": lambda lib: reversed(lib.tensor(1)),
    "newaxis": lambda lib: lib.ones(2)[:, lib.newaxis],
    "constants": lambda lib: [lib.pi, lib.e, lib.inf],
    "frombuffer": lambda lib: lib.frombuffer(bytearray(range(12)), dtype=lib.int16, count=3, offset=4),
    "frombuffer of bools": lambda lib: lib.frombuffer(bytearray([0, 1]), dtype=lib.bool),
    "frombuffer of bfloat16": lambda lib: lib.frombuffer(bytearray([0, 63, 128, 63]), dtype=lib.bfloat16),
    "type": lambda lib: lib.ones(2).type(lib.float64).type("torch.LongTensor" if lib is not rsnn else "rsnn.LongTensor"),
    "out": lambda lib: lib.vstack((lib.ones(2), lib.zeros(2)), out=lib.empty(0)),
    "out of a method": lambda lib: lib.tril(lib.ones(2, 2), out=lib.empty(2, 2)),
    "cpu": lambda lib: lib.ones(2).cpu(),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*range is deprecated")
@pytest.mark.parametrize("name", VALUES)
def test_values(torch, name):
    assert_same(VALUES[name](rsnn), VALUES[name](torch))


ERRORS = {
    "flip twice": lambda lib: lib.ones(2, 2).flip(0, 0),
    "flip out of range": lambda lib: lib.ones(2, 2).flip(2),
    "fliplr of a vector": lambda lib: lib.ones(2).fliplr(),
    "flipud of a scalar": lambda lib: lib.tensor(1.0).flipud(),
    "roll without shifts": lambda lib: lib.ones(2).roll((), ()),
    "roll of unequal lists": lambda lib: lib.ones(2).roll((1, 2), 0),
    "roll out of range": lambda lib: lib.ones(2).roll(1, 1),
    "rot90 of one axis": lambda lib: lib.ones(2, 2).rot90(1, [0]),
    "rot90 of the same axes": lambda lib: lib.ones(2, 2).rot90(1, [0, -2]),
    "rot90 out of range": lambda lib: lib.ones(2, 2).rot90(1, [0, 2]),
    "rot90 of a vector": lambda lib: lib.ones(2).rot90(),
    "repeat too few": lambda lib: lib.ones(2, 2).repeat(2),
    "repeat negative": lambda lib: lib.ones(2).repeat(-1),
    "repeat huge": lambda lib: lib.ones(2).repeat(2**40, 2**40),
    "repeat of a float": lambda lib: lib.ones(2).repeat(1.5),
    "tril of a vector": lambda lib: lib.ones(2).tril(),
    "triu_ of a vector": lambda lib: lib.ones(2).triu_(),
    "diag of a cube": lambda lib: lib.ones(2, 2, 2).diag(),
    "diag_embed of one axis": lambda lib: lib.ones(2).diag_embed(0, 1, 1),
    "trace of a vector": lambda lib: lib.ones(2).trace(),
    "fill_diagonal_ of a vector": lambda lib: lib.ones(2).fill_diagonal_(1),
    "fill_diagonal_ of a box": lambda lib: lib.ones(2, 2, 3).fill_diagonal_(1),
    "sum_to_size": lambda lib: lib.ones(2, 3).sum_to_size(2),
    "contains": lambda lib: "a" in lib.ones(2),
    "meshgrid of nothing": lambda lib: lib.meshgrid(indexing="ij"),
    "meshgrid of matrices": lambda lib: lib.meshgrid(lib.ones(2, 2), indexing="ij"),
    "meshgrid of dtypes": lambda lib: lib.meshgrid(lib.ones(2), lib.arange(2), indexing="ij"),
    "meshgrid indexing": lambda lib: lib.meshgrid(lib.ones(2), indexing="ab"),
    "hstack of nothing": lambda lib: lib.hstack([]),
    "hstack of sizes": lambda lib: lib.hstack((lib.ones(2, 2), lib.ones(3, 2))),
    "atleast_1d of a number": lambda lib: lib.atleast_1d(1.0, 2.0),
    "block_diag of cubes": lambda lib: lib.block_diag(lib.ones(2, 2, 2)),
    "cartesian_prod of matrices": lambda lib: lib.cartesian_prod(lib.ones(2, 2)),
    "combinations of a matrix": lambda lib: lib.combinations(lib.ones(2, 2)),
    "combinations negative": lambda lib: lib.combinations(lib.ones(2), -1),
    "tril_indices negative": lambda lib: lib.tril_indices(-1, 2),
    "vander of a matrix": lambda lib: lib.vander(lib.ones(2, 2)),
    "vander negative": lambda lib: lib.vander(lib.ones(2), -1),
    "outer of matrices": lambda lib: lib.outer(lib.ones(2, 2), lib.ones(2)),
    "inner of sizes": lambda lib: lib.inner(lib.ones(2), lib.ones(3)),
    "cross of pairs": lambda lib: lib.cross(lib.ones(2), lib.ones(2), dim=0),
    "cross of ranks": lambda lib: lib.cross(lib.ones(3, 3), lib.ones(3), dim=0),
    "tensordot negative": lambda lib: lib.tensordot(lib.ones(2), lib.ones(2), -1),
    "tensordot of too many": lambda lib: lib.tensordot(lib.ones(2), lib.ones(2), 2),
    "tensordot of sizes": lambda lib: lib.tensordot(lib.ones(2), lib.ones(3), 1),
    "tensordot of lists": lambda lib: lib.tensordot(lib.ones(2, 2), lib.ones(2, 2), ([0, 1], [0])),
    "cdist of ints": lambda lib: lib.cdist(lib.ones(2, 2).long(), lib.ones(2, 2).long()),
    "cdist of sizes": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 3)),
    "cdist of vectors": lambda lib: lib.cdist(lib.ones(2), lib.ones(2)),
    "cdist negative": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 2), p=-1.0),
    "cdist mode": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 2), compute_mode="fast"),
    "quantile of ints": lambda lib: lib.arange(3).quantile(0.5),
    "quantile of nothing": lambda lib: lib.ones(0).quantile(0.5),
    "quantile beyond": lambda lib: lib.ones(2).quantile(1.5),
    "quantile interpolation": lambda lib: lib.ones(2).quantile(0.5, interpolation="best"),
    "quantile of dtypes": lambda lib: lib.ones(2).quantile(lib.tensor(0.5, dtype=lib.float64)),
    "quantile axis": lambda lib: lib.ones(2).quantile(0.5, 1),
    "cov of a cube": lambda lib: lib.ones(2, 2, 2).cov(),
    "cov of float counts": lambda lib: lib.ones(2, 2).cov(fweights=lib.ones(2)),
    "corrcoef of a cube": lambda lib: lib.ones(2, 2, 2).corrcoef(),
    "renorm of a vector": lambda lib: lib.ones(2).renorm(2, 0, 1),
    "renorm negative": lambda lib: lib.ones(2, 2).renorm(2, 0, -1),
    "trapezoid of bools": lambda lib: lib.trapezoid(lib.ones(2, dtype=lib.bool)),
    "trapezoid of sizes": lambda lib: lib.trapezoid(lib.ones(2), lib.ones(3)),
    "gradient of one": lambda lib: lib.gradient(lib.ones(1)),
    "gradient of spacings": lambda lib: lib.gradient(lib.ones(3), spacing=[1.0, 2.0]),
    "frombuffer of nothing": lambda lib: lib.frombuffer(bytearray(), dtype=lib.uint8),
    "frombuffer of parts": lambda lib: lib.frombuffer(bytearray(3), dtype=lib.int16),
    "frombuffer beyond": lambda lib: lib.frombuffer(bytearray(4), dtype=lib.int16, count=3),
    "frombuffer offset": lambda lib: lib.frombuffer(bytearray(4), dtype=lib.int16, offset=4),
    "type of no type": lambda lib: lib.ones(2).type("lib.NoTensor"),
    "apply_ with gradient": lambda lib: lib.ones(2, requires_grad=True).apply_(abs),
    "addmm_ broadcast": lambda lib: lib.ones(3).addmm_(lib.ones(2, 3), lib.ones(3, 3)),
    "pin_memory": lambda lib: lib.ones(2).pin_memory(),
    "broadcast_shapes": lambda lib: lib.broadcast_shapes((2,), (3,)),
    "broadcast_shapes negative": lambda lib: lib.broadcast_shapes((-2,), (3,)),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(torch, name):
    assert_same_error(ERRORS[name])


def test_names_of_types():
    assert rsnn.ones(1).type() == rsnn.typename(rsnn.ones(1)) == "rsnn.FloatTensor"
    assert rsnn.ones(1, dtype=rsnn.bfloat16).type() == "rsnn.BFloat16Tensor"
    assert rsnn.ones(1).type("rsnn.IntTensor").dtype is rsnn.int32
    assert rsnn.typename(rsnn.nn.Linear(1, 1)) == "rsnn.nn.modules.linear.Linear"
    assert rsnn.typename(3) == "int"
    assert rsnn.float is rsnn.float32 and rsnn.long is rsnn.int64


def test_questions_of_kind():
    x = rsnn.ones(1)
    assert x.is_cpu and not x.is_cuda and not x.is_sparse and x.layout is rsnn.strided and x.get_device() == -1
    assert not rsnn.is_storage(x)
    with pytest.raises(RuntimeError, match="cuda"):
        x.cuda()


def test_defaults():
    assert rsnn.get_default_device() == rsnn.device("cpu")
    rsnn.set_default_device("cpu")
    with rsnn.device("cpu") as device:
        assert rsnn.ones(1).device == device
    with pytest.raises(RuntimeError, match="cuda"), rsnn.device("cuda"):
        pass
    with pytest.raises(RuntimeError, match="cuda"):
        rsnn.set_default_device("cuda")
    rsnn.set_default_tensor_type("rsnn.DoubleTensor")
    try:
        assert rsnn.ones(1).dtype is rsnn.float64
    finally:
        rsnn.set_default_dtype(rsnn.float32)
    with pytest.raises(TypeError):
        rsnn.set_default_tensor_type("rsnn.IntTensor")
    with pytest.raises(ValueError, match="invalid type"):
        rsnn.set_default_tensor_type("nonsense")


def test_deprecated_forms_warn():
    with pytest.warns(UserWarning, match="indexing"):
        rsnn.meshgrid(rsnn.ones(2), rsnn.ones(2))
    with pytest.warns(UserWarning, match="dim"):
        rsnn.cross(rsnn.ones(3), rsnn.ones(3))
    with pytest.warns(UserWarning, match="multi_dot"):
        product = rsnn.chain_matmul(rsnn.ones(2, 3), rsnn.ones(3, 4), rsnn.ones(4, 1))
    assert product.tolist() == [[12.0], [12.0]]
    with pytest.warns(UserWarning, match="not writable"):
        rsnn.frombuffer(b"abc", dtype=rsnn.uint8)


def test_buffers_are_shared():
    buffer = bytearray(8)
    x = rsnn.frombuffer(buffer, dtype=rsnn.int32)
    x[1] = 1
    assert bytes(buffer) == bytes([0, 0, 0, 0, 1, 0, 0, 0])


def test_grids_are_views():
    x = rsnn.arange(3)
    assert rsnn.meshgrid(x, x, indexing="ij")[0].data_ptr() == x.data_ptr()


def test_functions_can_be_pickled():
    for f in (rsnn.hstack, rsnn.meshgrid, rsnn.tril, rsnn.cdist):
        assert pickle.loads(pickle.dumps(f)) is f


def test_importing_warns_of_nothing():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rsnn.legacy_contiguous_format is rsnn.contiguous_format
