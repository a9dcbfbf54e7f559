"""Bad arguments of what makes, views, computes with and indexes tensors, and of gradients."""

import math

from mistakes import cases, check

inf, nan = math.inf, math.nan

CREATE = {
    "zeros: negative size": (RuntimeError, lambda lib: lib.zeros(-1)),
    "zeros: float size": (TypeError, lambda lib: lib.zeros(2.5)),
    "zeros: text size": (TypeError, lambda lib: lib.zeros("2")),
    "zeros: none size": (TypeError, lambda lib: lib.zeros(None)),
    "zeros: too many bytes": (RuntimeError, lambda lib: lib.zeros(10**12, 10**6)),
    "zeros: beyond memory": (RuntimeError, lambda lib: lib.zeros(10**14)),
    "empty: numel overflow": (RuntimeError, lambda lib: lib.empty(2**62, 2**62)),
    "empty: beyond int64": (TypeError, lambda lib: lib.empty(2**63)),
    "empty: strides of nothing overflow": (RuntimeError, lambda lib: lib.empty(0, 2**62, 2**62)),
    "empty: wrong dtype": (TypeError, lambda lib: lib.empty(2, dtype="float32")),
    "empty: unknown argument": (TypeError, lambda lib: lib.empty(2, colour=3)),
    "ones: integers that require a gradient": (
        RuntimeError,
        lambda lib: lib.ones(2, dtype=lib.int64, requires_grad=True),
    ),
    "full: no value": (TypeError, lambda lib: lib.full((2,))),
    "full: text": (TypeError, lambda lib: lib.full((2,), "x")),
    "arange: zero step": (RuntimeError, lambda lib: lib.arange(0, 5, 0)),
    "arange: wrong direction": (RuntimeError, lambda lib: lib.arange(0, 5, -1)),
    "arange: infinite": (RuntimeError, lambda lib: lib.arange(0, inf)),
    "arange: nan": (RuntimeError, lambda lib: lib.arange(0, nan)),
    "arange: beyond memory": (RuntimeError, lambda lib: lib.arange(0, 1e18)),
    "linspace: negative steps": (RuntimeError, lambda lib: lib.linspace(0, 1, -1)),
    "linspace: no steps": (TypeError, lambda lib: lib.linspace(0, 1)),
    "logspace: negative steps": (RuntimeError, lambda lib: lib.logspace(0, 1, -1)),
    "eye: negative": (RuntimeError, lambda lib: lib.eye(-1)),
    "eye: beyond memory": (RuntimeError, lambda lib: lib.eye(2**31)),
    "tensor: text": (TypeError, lambda lib: lib.tensor("abc")),
    "tensor: none": (RuntimeError, lambda lib: lib.tensor(None)),
    "tensor: ragged": (ValueError, lambda lib: lib.tensor([[1, 2], [3]])),
    "tensor: ragged depth": (TypeError, lambda lib: lib.tensor([[1], 2])),
    "tensor: object": (RuntimeError, lambda lib: lib.tensor(object())),
    "tensor: dict": (RuntimeError, lambda lib: lib.tensor({})),
    "tensor: list of none": (RuntimeError, lambda lib: lib.tensor([None])),
    "tensor: beyond int64": (ValueError, lambda lib: lib.tensor(2**63)),
    "from_numpy: list": (TypeError, lambda lib: lib.from_numpy([1])),
    "rand: negative": (RuntimeError, lambda lib: lib.rand(-2)),
    "randn: integers": (NotImplementedError, lambda lib: lib.randn(2, dtype=lib.int64)),
    "randint: empty range": (RuntimeError, lambda lib: lib.randint(3, 3, (2,))),
    "randint: negative size": (RuntimeError, lambda lib: lib.randint(0, 3, (-2,))),
    "randperm: negative": (RuntimeError, lambda lib: lib.randperm(-1)),
    "zeros_like: no tensor": (TypeError, lambda lib: lib.zeros_like(3)),
    "manual_seed: text": (ValueError, lambda lib: lib.manual_seed("x")),
    "empty_strided: negative stride": (RuntimeError, lambda lib: lib.empty_strided((2,), (-1,))),
    "empty_strided: lengths": (RuntimeError, lambda lib: lib.empty_strided((2, 3), (1,))),
}

VIEWS = {
    "reshape: count": (RuntimeError, lambda lib: lib.zeros(2, 3).reshape(4)),
    "reshape: two unknown": (RuntimeError, lambda lib: lib.zeros(2, 3).reshape(-1, -1)),
    "reshape: negative": (RuntimeError, lambda lib: lib.zeros(2, 3).reshape(-2, 3)),
    "reshape: unknown of nothing": (RuntimeError, lambda lib: lib.zeros(0, 3).reshape(-1, 0)),
    "reshape: not divisible": (RuntimeError, lambda lib: lib.zeros(2, 3).reshape(4, -1)),
    "reshape: huge": (RuntimeError, lambda lib: lib.zeros(2, 3).reshape(2**40, 2**40)),
    "view: transposed": (RuntimeError, lambda lib: lib.zeros(2, 3).t().view(6)),
    "view: no sizes": (TypeError, lambda lib: lib.zeros(2, 3).view()),
    "permute: too few": (RuntimeError, lambda lib: lib.zeros(2, 3).permute(0)),
    "permute: twice": (RuntimeError, lambda lib: lib.zeros(2, 3).permute(0, 0)),
    "permute: range": (IndexError, lambda lib: lib.zeros(2, 3).permute(0, 2)),
    "transpose: range": (IndexError, lambda lib: lib.zeros(2, 3).transpose(0, 2)),
    "t: rank": (RuntimeError, lambda lib: lib.zeros(2, 3, 4).t()),
    "expand: mismatch": (RuntimeError, lambda lib: lib.zeros(2, 3).expand(4, 3)),
    "expand: fewer": (RuntimeError, lambda lib: lib.zeros(2, 3).expand(3)),
    "expand: negative": (RuntimeError, lambda lib: lib.zeros(1, 3).expand(-2, 3)),
    "expand: new unknown": (RuntimeError, lambda lib: lib.zeros(3).expand(-1, 3)),
    "expand: huge": (RuntimeError, lambda lib: lib.zeros(1).expand(2**62, 2**62)),
    "squeeze: range": (IndexError, lambda lib: lib.zeros(2, 3).squeeze(2)),
    "unsqueeze: range": (IndexError, lambda lib: lib.zeros(2, 3).unsqueeze(4)),
    "flatten: range": (IndexError, lambda lib: lib.zeros(2, 3).flatten(0, 2)),
    "flatten: order": (RuntimeError, lambda lib: lib.zeros(2, 3).flatten(1, 0)),
    "unflatten: product": (RuntimeError, lambda lib: lib.zeros(2, 3).unflatten(1, (2, 2))),
    "narrow: beyond": (RuntimeError, lambda lib: lib.zeros(4).narrow(0, 2, 3)),
    "narrow: negative length": (RuntimeError, lambda lib: lib.zeros(4).narrow(0, 0, -1)),
    "narrow: start": (IndexError, lambda lib: lib.zeros(4).narrow(0, 5, 0)),
    "select: range": (IndexError, lambda lib: lib.zeros(4).select(0, 4)),
    "select: scalar": (IndexError, lambda lib: lib.zeros(()).select(0, 0)),
    "unbind: scalar": (IndexError, lambda lib: lib.zeros(()).unbind()),
    "chunk: zero": (RuntimeError, lambda lib: lib.zeros(4).chunk(0)),
    "chunk: negative": (RuntimeError, lambda lib: lib.zeros(4).chunk(-1)),
    "chunk: countless of nothing": (RuntimeError, lambda lib: lib.zeros(0, 3).chunk(2**62)),
    "split: negative": (RuntimeError, lambda lib: lib.zeros(4).split(-1)),
    "split: zero": (RuntimeError, lambda lib: lib.zeros(4).split(0)),
    "split: sum": (RuntimeError, lambda lib: lib.zeros(4).split([1, 2])),
    "split: text": (TypeError, lambda lib: lib.zeros(4).split("a")),
    "tensor_split: negative": (RuntimeError, lambda lib: lib.zeros(4).tensor_split(-1)),
    "unfold: size": (RuntimeError, lambda lib: lib.zeros(4).unfold(0, 5, 1)),
    "unfold: step": (RuntimeError, lambda lib: lib.zeros(4).unfold(0, 2, 0)),
    "unfold: negative": (RuntimeError, lambda lib: lib.zeros(4).unfold(0, -1, 1)),
    "as_strided: beyond": (RuntimeError, lambda lib: lib.zeros(4).as_strided((5,), (1,))),
    "as_strided: negative": (RuntimeError, lambda lib: lib.zeros(4).as_strided((2,), (-1,))),
    "as_strided: lengths": (RuntimeError, lambda lib: lib.zeros(4).as_strided((2, 2), (1,))),
    "as_strided: huge": (RuntimeError, lambda lib: lib.zeros(4).as_strided((2**40, 2**40), (1, 1))),
    "diagonal: same": (RuntimeError, lambda lib: lib.zeros(2, 2).diagonal(0, 1, 1)),
    "movedim: lengths": (RuntimeError, lambda lib: lib.zeros(2, 2).movedim((0, 1), (0,))),
    "cat: empty": (ValueError, lambda lib: lib.cat([])),
    "cat: shapes": (RuntimeError, lambda lib: lib.cat([lib.zeros(2, 3), lib.zeros(2, 4)])),
    "cat: ranks": (RuntimeError, lambda lib: lib.cat([lib.zeros(2, 3), lib.zeros(2)])),
    "cat: scalars": (RuntimeError, lambda lib: lib.cat([lib.zeros(()), lib.zeros(())])),
    "cat: range": (IndexError, lambda lib: lib.cat([lib.zeros(2)], 1)),
    "cat: numbers": (TypeError, lambda lib: lib.cat([1, 2])),
    "cat: tensor": (TypeError, lambda lib: lib.cat(lib.zeros(2, 3))),
    "stack: empty": (RuntimeError, lambda lib: lib.stack([])),
    "stack: shapes": (RuntimeError, lambda lib: lib.stack([lib.zeros(2), lib.zeros(3)])),
    "broadcast_to: mismatch": (RuntimeError, lambda lib: lib.zeros(3).broadcast_to((2, 2))),
    "resize_: negative": (RuntimeError, lambda lib: lib.zeros(3).resize_(-1)),
    "resize_: graph": (RuntimeError, lambda lib: lib.zeros(3, requires_grad=True).resize_(2)),
}

MATH = {
    "fill_: many": (RuntimeError, lambda lib: lib.zeros(2).fill_(lib.zeros(2))),
    "lerp: dtypes": (RuntimeError, lambda lib: lib.zeros(2).lerp(lib.zeros(2, dtype=lib.float64), 0.5)),
    "add: shapes": (RuntimeError, lambda lib: lib.zeros(3) + lib.zeros(4)),
    "add: text": (TypeError, lambda lib: lib.zeros(3) + "x"),
    "add: none": (TypeError, lambda lib: lib.zeros(3) + None),
    "add: list": (TypeError, lambda lib: lib.zeros(2) + [1, 2]),
    "add: bool alpha": (
        RuntimeError,
        lambda lib: lib.add(lib.zeros(2, dtype=lib.int64), lib.zeros(2, dtype=lib.int64), alpha=1.5),
    ),
    "sub: bools": (RuntimeError, lambda lib: lib.zeros(2, dtype=lib.bool) - lib.zeros(2, dtype=lib.bool)),
    "neg: bool": (RuntimeError, lambda lib: -lib.zeros(2, dtype=lib.bool)),
    "invert: float": (TypeError, lambda lib: ~lib.zeros(2)),
    "and: float": (NotImplementedError, lambda lib: lib.zeros(2) & lib.zeros(2)),
    "shift: float": (NotImplementedError, lambda lib: lib.zeros(2, dtype=lib.int64).bitwise_and(1.5)),
    "pow: negative power of integers": (RuntimeError, lambda lib: lib.ones(2, dtype=lib.int64) ** -1),
    "floor_divide: by zero": (RuntimeError, lambda lib: lib.ones(2, dtype=lib.int64) // 0),
    "remainder: by zero": (RuntimeError, lambda lib: lib.ones(2, dtype=lib.int64) % 0),
    "div: rounding mode": (RuntimeError, lambda lib: lib.div(lib.ones(2), 2, rounding_mode="up")),
    "add_: result dtype": (RuntimeError, lambda lib: lib.zeros(2, dtype=lib.int64).add_(0.5)),
    "add_: shape": (RuntimeError, lambda lib: lib.zeros(1).add_(lib.zeros(3))),
    "add_: leaf": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True).add_(1)),
    "add_: expanded": (RuntimeError, lambda lib: lib.zeros(1).expand(3).add_(1)),
    "copy_: shape": (RuntimeError, lambda lib: lib.zeros(2).copy_(lib.zeros(3))),
    "clamp: no limits": (RuntimeError, lambda lib: lib.zeros(2).clamp()),
    "clamp: text": (TypeError, lambda lib: lib.zeros(2).clamp("a")),
    "lerp: shapes": (RuntimeError, lambda lib: lib.zeros(2).lerp(lib.zeros(3), 0.5)),
    "matmul: inner": (RuntimeError, lambda lib: lib.zeros(2, 3) @ lib.zeros(4, 5)),
    "matmul: scalar": (RuntimeError, lambda lib: lib.zeros(()) @ lib.zeros(2)),
    "matmul: dtypes": (RuntimeError, lambda lib: lib.zeros(2, 3) @ lib.zeros(3, 2, dtype=lib.float64)),
    "matmul: batch": (RuntimeError, lambda lib: lib.zeros(2, 3, 4) @ lib.zeros(3, 4, 5)),
    "mm: rank": (RuntimeError, lambda lib: lib.mm(lib.zeros(2), lib.zeros(2))),
    "bmm: rank": (RuntimeError, lambda lib: lib.bmm(lib.zeros(2, 2), lib.zeros(2, 2))),
    "bmm: batch": (RuntimeError, lambda lib: lib.bmm(lib.zeros(2, 3, 4), lib.zeros(3, 4, 5))),
    "dot: sizes": (RuntimeError, lambda lib: lib.dot(lib.zeros(2), lib.zeros(3))),
    "mv: sizes": (RuntimeError, lambda lib: lib.mv(lib.zeros(2, 3), lib.zeros(2))),
    "addmm: shape": (RuntimeError, lambda lib: lib.addmm(lib.zeros(7), lib.zeros(2, 3), lib.zeros(3, 4))),
    "einsum: equation": (RuntimeError, lambda lib: lib.einsum("ij,jk->il", lib.zeros(2, 3), lib.zeros(3, 4))),
    "einsum: operands": (RuntimeError, lambda lib: lib.einsum("ij,jk", lib.zeros(2, 3))),
    "einsum: sizes": (RuntimeError, lambda lib: lib.einsum("ij,jk->ik", lib.zeros(2, 3), lib.zeros(4, 4))),
    "einsum: rank": (RuntimeError, lambda lib: lib.einsum("ijk->i", lib.zeros(2, 3))),
    "softmax: range": (IndexError, lambda lib: lib.softmax(lib.zeros(2, 3), 2)),
    "softmax: integers": (NotImplementedError, lambda lib: lib.softmax(lib.zeros(2, dtype=lib.int64), 0)),
    "sum: range": (IndexError, lambda lib: lib.zeros(2, 3).sum(2)),
    "sum: twice": (RuntimeError, lambda lib: lib.zeros(2, 3).sum((0, 0))),
    "mean: integers": (RuntimeError, lambda lib: lib.zeros(2, dtype=lib.int64).mean()),
    "max: empty": (RuntimeError, lambda lib: lib.zeros(0).max()),
    "max: empty dim": (IndexError, lambda lib: lib.zeros(2, 0).max(1)),
    "argmax: empty": (IndexError, lambda lib: lib.zeros(0).argmax()),
    "amax: empty": (RuntimeError, lambda lib: lib.zeros(0).amax()),
    "median: range": (IndexError, lambda lib: lib.zeros(2).median(1)),
    "kthvalue: zero": (RuntimeError, lambda lib: lib.zeros(3).kthvalue(0)),
    "kthvalue: beyond": (RuntimeError, lambda lib: lib.zeros(3).kthvalue(4)),
    "topk: beyond": (RuntimeError, lambda lib: lib.zeros(3).topk(4)),
    "topk: negative": (RuntimeError, lambda lib: lib.zeros(3).topk(-1)),
    "sort: range": (IndexError, lambda lib: lib.zeros(3).sort(1)),
    "cumsum: range": (IndexError, lambda lib: lib.zeros(3).cumsum(1)),
    "var: integers": (RuntimeError, lambda lib: lib.zeros(3, dtype=lib.int64).var()),
    "norm: text": (RuntimeError, lambda lib: lib.zeros(3).norm("x")),
    "item: many": (RuntimeError, lambda lib: lib.zeros(2).item()),
    "item: none": (RuntimeError, lambda lib: lib.zeros(0).item()),
    "int: many": (ValueError, lambda lib: int(lib.zeros(2))),
    "float: none": (ValueError, lambda lib: float(lib.zeros(0))),
    "bool: many": (RuntimeError, lambda lib: bool(lib.zeros(2))),
    "bool: none": (RuntimeError, lambda lib: bool(lib.zeros(0))),
    "int: nan": (ValueError, lambda lib: int(lib.tensor(nan))),
    "int: inf": (OverflowError, lambda lib: int(lib.tensor(inf))),
    "index: float": (TypeError, lambda lib: [1, 2][lib.tensor(1.0)]),
    "len: scalar": (TypeError, lambda lib: len(lib.zeros(()))),
    "iter: scalar": (TypeError, lambda lib: list(lib.zeros(()))),
    "multinomial: negative": (RuntimeError, lambda lib: lib.multinomial(lib.tensor([-1.0, 2.0]), 1)),
    "multinomial: all zero": (RuntimeError, lambda lib: lib.multinomial(lib.zeros(3), 1)),
    "multinomial: too many": (RuntimeError, lambda lib: lib.multinomial(lib.ones(2), 3)),
    "bernoulli: beyond one": (RuntimeError, lambda lib: lib.bernoulli(lib.tensor([2.0]))),
    "normal_: negative std": (RuntimeError, lambda lib: lib.zeros(2).normal_(0, -1)),
    "uniform_: reversed": (RuntimeError, lambda lib: lib.zeros(2).uniform_(1, 0)),
    "to: text": (RuntimeError, lambda lib: lib.zeros(2).to("nonsense")),
    "out: dtype": (RuntimeError, lambda lib: lib.add(lib.ones(2), 1, out=lib.zeros(2, dtype=lib.int64))),
    "out: gradient": (RuntimeError, lambda lib: lib.add(lib.ones(2, requires_grad=True), 1, out=lib.zeros(2))),
    "numpy: graph": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True).numpy()),
    "requires_grad_: integers": (RuntimeError, lambda lib: lib.zeros(2, dtype=lib.int64).requires_grad_()),
    "unknown method": (AttributeError, lambda lib: lib.zeros(2).nonsense()),
    "unknown keyword": (TypeError, lambda lib: lib.zeros(2).sum(colour=1)),
}

INDEX = {
    "masked_fill: float mask": (RuntimeError, lambda lib: lib.zeros(2).masked_fill(lib.zeros(2), 1.0)),
    "masked_fill: shape": (RuntimeError, lambda lib: lib.zeros(2).masked_fill(lib.zeros(3, dtype=lib.bool), 1.0)),
    "beyond": (IndexError, lambda lib: lib.zeros(2, 3)[2]),
    "negative beyond": (IndexError, lambda lib: lib.zeros(2, 3)[-3]),
    "too many": (IndexError, lambda lib: lib.zeros(2, 3)[0, 0, 0]),
    "scalar": (IndexError, lambda lib: lib.zeros(())[0]),
    "float": (IndexError, lambda lib: lib.zeros(2)[1.5]),
    "text": (TypeError, lambda lib: lib.zeros(2)["a"]),
    "negative step": (ValueError, lambda lib: lib.zeros(4)[::-1]),
    "zero step": (ValueError, lambda lib: lib.zeros(4)[::0]),
    "float slice": (TypeError, lambda lib: lib.zeros(4)[0.5:]),
    "mask shape": (IndexError, lambda lib: lib.zeros(2, 3)[lib.ones(3, 3, dtype=lib.bool)]),
    "mask rank": (IndexError, lambda lib: lib.zeros(2)[lib.ones(2, 2, dtype=lib.bool)]),
    "float indices": (IndexError, lambda lib: lib.zeros(4)[lib.tensor([0.0])]),
    "index tensor beyond": (IndexError, lambda lib: lib.zeros(4)[lib.tensor([4])]),
    "index tensor negative": (IndexError, lambda lib: lib.zeros(4)[lib.tensor([-5])]),
    "index shapes": (IndexError, lambda lib: lib.zeros(4, 4)[lib.tensor([0, 1]), lib.tensor([0, 1, 2])]),
    "set: shape": (RuntimeError, lambda lib: lib.zeros(2, 3).__setitem__(0, lib.zeros(2))),
    "set: text": (TypeError, lambda lib: lib.zeros(2).__setitem__(0, "x")),
    "set: beyond": (IndexError, lambda lib: lib.zeros(2).__setitem__(2, 1.0)),
    "set: leaf": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True).__setitem__(0, 1.0)),
    "set: mask shape": (IndexError, lambda lib: lib.zeros(2, 3).__setitem__(lib.ones(3, dtype=lib.bool), 1.0)),
    "delete": (TypeError, lambda lib: lib.zeros(2).__delitem__(0)),
    "masked_fill: value of many": (
        RuntimeError,
        lambda lib: lib.zeros(2).masked_fill(lib.zeros(2, dtype=lib.bool), lib.zeros(2)),
    ),
}

AUTOGRAD = {
    "backward: many": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True).mul(2).backward()),
    "backward: constant": (RuntimeError, lambda lib: lib.zeros(1).backward()),
    "backward: twice": (
        RuntimeError,
        lambda lib: [y.backward() or y.backward() for y in [lib.zeros(1, requires_grad=True).exp()]],
    ),
    "backward: gradient shape": (
        RuntimeError,
        lambda lib: lib.zeros(2, requires_grad=True).mul(2).backward(lib.zeros(3)),
    ),
    "backward: gradient type": (TypeError, lambda lib: lib.zeros(2, requires_grad=True).mul(2).backward(3)),
    "backward: no inputs": (RuntimeError, lambda lib: lib.zeros(1, requires_grad=True).mul(2).backward(inputs=[])),
    "backward: inputs of constants": (
        RuntimeError,
        lambda lib: lib.zeros(1, requires_grad=True).mul(2).backward(inputs=[lib.zeros(1)]),
    ),
    "grad: unused": (
        RuntimeError,
        lambda lib: lib.autograd.grad(lib.zeros(1, requires_grad=True).mul(2), lib.zeros(1, requires_grad=True)),
    ),
    "grad: constant": (
        RuntimeError,
        lambda lib: lib.autograd.grad(lib.zeros(1, requires_grad=True).mul(2), lib.zeros(1)),
    ),
    "grad: no inputs": (RuntimeError, lambda lib: lib.autograd.grad(lib.zeros(1, requires_grad=True).mul(2), [])),
    "grad: number": (TypeError, lambda lib: lib.autograd.grad(3, lib.zeros(1, requires_grad=True))),
    "grad: lengths": (
        RuntimeError,
        lambda lib: lib.autograd.grad([lib.zeros(1, requires_grad=True).mul(2)], [lib.zeros(1)], [None, None]),
    ),
    "grad: materialize": (
        ValueError,
        lambda lib: lib.autograd.grad(
            lib.zeros(1, requires_grad=True).mul(2),
            lib.zeros(1, requires_grad=True),
            allow_unused=False,
            materialize_grads=True,
        ),
    ),
    "grad of another shape": (
        RuntimeError,
        lambda lib: setattr(lib.zeros(2, requires_grad=True), "grad", lib.zeros(3)),
    ),
    "grad of another dtype": (
        RuntimeError,
        lambda lib: setattr(lib.zeros(2, requires_grad=True), "grad", lib.zeros(2, dtype=lib.float64)),
    ),
    "grad of a number": (TypeError, lambda lib: setattr(lib.zeros(2, requires_grad=True), "grad", 1)),
    "grad of itself": (RuntimeError, lambda lib: [setattr(x, "grad", x) for x in [lib.zeros(2, requires_grad=True)]]),
    "data of another type": (TypeError, lambda lib: setattr(lib.zeros(2, requires_grad=True), "data", 1)),
    "requires_grad of a result": (
        RuntimeError,
        lambda lib: setattr(lib.zeros(2, requires_grad=True).mul(1), "requires_grad", False),
    ),
    "detach_ of a view": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True).mul(1)[0].detach_()),
    "hook of constants": (RuntimeError, lambda lib: lib.zeros(1).register_hook(print)),
    "hook is no function": (
        AttributeError,
        lambda lib: lib.zeros(1, requires_grad=True).register_hook(3) and lib.zeros(1).nonsense,
    ),
    "post hook of a result": (
        RuntimeError,
        lambda lib: lib.zeros(1, requires_grad=True).mul(1).register_post_accumulate_grad_hook(print),
    ),
    "retain_grad of constants": (RuntimeError, lambda lib: lib.zeros(1).retain_grad()),
    "in place on a view of a leaf": (RuntimeError, lambda lib: lib.zeros(2, requires_grad=True)[0].add_(1)),
    "in place on an unbound view": (
        RuntimeError,
        lambda lib: lib.zeros(2, requires_grad=True).mul(1).unbind()[0].add_(1),
    ),
    "saved value changed": (
        RuntimeError,
        lambda lib: [
            h.exp_() and y.sum().backward() for h in [lib.ones(2, requires_grad=True).mul(1)] for y in [h.sin()]
        ],
    ),
    "inference tensor saved": (RuntimeError, lambda lib: _inference(lib)),
}


def _inference(lib):
    with lib.inference_mode():
        x = lib.ones(2)
    return lib.ones(2, requires_grad=True) * x


@cases(CREATE)
def test_making_tensors(expected, call):
    check(expected, call)


@cases(VIEWS)
def test_views(expected, call):
    check(expected, call)


@cases(MATH)
def test_arithmetic(expected, call):
    check(expected, call)


@cases(INDEX)
def test_indexing(expected, call):
    check(expected, call)


@cases(AUTOGRAD)
def test_gradients(expected, call):
    check(expected, call)
