"""Every operation of the core is checked against finite differences, to the second order.

A watcher sees which operations run while gradients are checked. The last test compares them with the `impl Op` blocks of the
sources: an operation that nobody checks fails it.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import rsnn
import rsnn.nn.functional as F
from rsnn import _C
from rsnn.autograd import gradcheck, gradgradcheck

SOURCES = Path(__file__).parents[2] / "src"


def t(*shape, low=0.2, high=0.9):
    """Values that differ, so that neither ties nor kinks are near."""
    values = np.random.default_rng(sum(shape) + len(shape)).permutation(np.linspace(low, high, int(np.prod(shape))))
    return rsnn.from_numpy(values.reshape(shape).copy()).requires_grad_()


def long(*values):
    return rsnn.tensor(values)


def mask(*values):
    return rsnn.tensor(values, dtype=rsnn.bool)


def without_memory(x):
    """Numbers that a random operation draws are the same each time."""
    rsnn.manual_seed(0)
    return x


CASES = {
    # products
    "matmul": (lambda x, y: x @ y, t(2, 3), t(3, 2)),
    "matmul batch": (lambda x, y: x @ y, t(2, 2, 3), t(3, 2)),
    "matmul vector": (lambda x, y: x @ y, t(3), t(3)),
    "addmm": (lambda b, x, y: rsnn.addmm(b, x, y, alpha=0.5, beta=2), t(2), t(2, 3), t(3, 2)),
    "linear": (F.linear, t(2, 3), t(2, 3), t(2)),
    "linear without bias": (F.linear, t(2, 3), t(2, 3)),
    # convolutions
    "conv1d": (lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1), t(1, 2, 5), t(2, 2, 3), t(2)),
    "conv2d": (lambda x, w, b: F.conv2d(x, w, b, padding=1, dilation=2), t(1, 2, 3, 3), t(2, 2, 2, 2), t(2)),
    "conv2d groups": (lambda x, w, b: F.conv2d(x, w, b, groups=2), t(1, 2, 3, 3), t(2, 1, 2, 2), t(2)),
    "conv3d": (F.conv3d, t(1, 1, 2, 3, 2), t(1, 1, 2, 2, 1)),
    "conv_transpose2d": (
        lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, output_padding=1),
        t(1, 2, 2, 2),
        t(2, 1, 2, 2),
        t(1),
    ),
    # pooling
    "max_pool2d": (lambda x: F.max_pool2d(x, 2, 1, 1), t(1, 1, 4, 4)),
    "avg_pool2d": (lambda x: F.avg_pool2d(x, 2, 2, 1), t(1, 1, 4, 4)),
    "adaptive_avg_pool2d": (lambda x: F.adaptive_avg_pool2d(x, (2, 3)), t(1, 1, 5, 4)),
    "fractional_max_pool2d": (
        lambda x: F.fractional_max_pool2d(x, 2, 2, _random_samples=rsnn.full((1, 2, 2), 0.4, dtype=x.dtype)),
        t(1, 2, 5, 4),
    ),
    "adaptive_max_pool1d": (lambda x: F.adaptive_max_pool1d(x, 2), t(1, 2, 5)),
    # normalisation
    "batch_norm": (lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True), t(3, 2), t(2), t(2)),
    "batch_norm inference": (
        lambda x, w, b: F.batch_norm(x, rsnn.zeros(2).double(), rsnn.ones(2).double(), w, b),
        t(3, 2),
        t(2),
        t(2),
    ),
    "layer_norm": (lambda x, w, b: F.layer_norm(x, (3,), w, b), t(2, 3), t(3), t(3)),
    "group_norm": (lambda x, w, b: F.group_norm(x, 2, w, b), t(2, 4, 2), t(4), t(4)),
    "rms_norm": (lambda x, w: F.rms_norm(x, (3,), w), t(2, 3), t(3)),
    # softmax and losses
    "softmax": (lambda x: x.softmax(0), t(3, 2)),
    "log_softmax": (lambda x: x.log_softmax(-1), t(2, 3)),
    "cross_entropy": (lambda x: F.cross_entropy(x, long(0, 2), label_smoothing=0.1), t(2, 3)),
    "nll_loss": (lambda x: F.nll_loss(x, long(0, 2), rsnn.tensor([0.2, 1.0, 0.5]).double()), t(2, 3)),
    "nll_loss of images": (lambda x: F.nll_loss(x, rsnn.tensor([[[0, 1]]]), reduction="none"), t(1, 2, 1, 2)),
    "mse_loss": (F.mse_loss, t(2, 3), t(2, 3)),
    # reductions
    "sum": (lambda x: x.sum(0), t(2, 3)),
    "mean": (lambda x: x.mean((0, 1), keepdim=True), t(2, 3)),
    "nansum": (lambda x: x.nansum(), t(3)),
    "prod": (lambda x: x.prod(0), t(3, 2)),
    "prod of all": (lambda x: x.prod(), t(3)),
    "max": (lambda x: x.max(0).values, t(3, 2)),
    "max of all": (lambda x: x.max(), t(3)),
    "min": (lambda x: x.min(1).values, t(3, 2)),
    "amax": (lambda x: x.amax((0, 1)), t(3, 2)),
    "aminmax": (lambda x: tuple(x.aminmax()), t(3)),
    "median": (lambda x: x.median(0).values, t(3, 2)),
    "median of all": (lambda x: x.median(), t(3)),
    "nanmedian": (lambda x: x.nanmedian(), t(3)),
    "mode": (lambda x: x.mode(0).values, t(3, 2)),
    "kthvalue": (lambda x: x.kthvalue(2, 0).values, t(3, 2)),
    "topk": (lambda x: x.topk(2, 0).values, t(3, 2)),
    "sort": (lambda x: x.sort(0).values, t(3, 2)),
    "var": (lambda x: x.var(0), t(3, 2)),
    "std": (lambda x: x.std(), t(3)),
    "var_mean": (lambda x: rsnn.var_mean(x, 0), t(3, 2)),
    "logsumexp": (lambda x: x.logsumexp(0), t(3, 2)),
    "norm": (lambda x: x.norm(), t(3)),
    "norm of order 1": (lambda x: x.norm(1, 0), t(3, 2)),
    "norm of order 3": (lambda x: x.norm(3, 0), t(3, 2)),
    "norm of order inf": (lambda x: x.norm(float("inf"), 0), t(3, 2)),
    "dist": (lambda x, y: rsnn.dist(x, y), t(3), t(3, low=1, high=2)),
    # scans
    "cumsum": (lambda x: x.cumsum(0), t(3, 2)),
    "cumprod": (lambda x: x.cumprod(0), t(3, 2)),
    "cummax": (lambda x: x.cummax(0).values, t(3, 2)),
    "cummin": (lambda x: x.cummin(0).values, t(3, 2)),
    "logcumsumexp": (lambda x: x.logcumsumexp(0), t(3, 2)),
    # views
    "reshape": (lambda x: x.t().reshape(6), t(2, 3)),
    "view": (lambda x: x.view(3, 2), t(2, 3)),
    "permute": (lambda x: x.permute(2, 0, 1), t(1, 2, 3)),
    "transpose": (lambda x: x.t(), t(2, 3)),
    "expand": (lambda x: x.expand(3, 2), t(1, 2)),
    "squeeze": (lambda x: x.squeeze(), t(1, 2)),
    "unsqueeze": (lambda x: x.unsqueeze(1), t(2)),
    "narrow": (lambda x: x.narrow(0, 1, 2), t(4)),
    "select": (lambda x: x.select(0, 1), t(3, 2)),
    "slice": (lambda x: x[:, 1::2], t(2, 4)),
    "mix of indices": (lambda x: x[0, ..., None, 1:], t(2, 2, 3)),
    "split": (lambda x: x.split(2), t(5)),
    "split into sizes": (lambda x: x.split([1, 3]), t(4)),
    "chunk": (lambda x: x.chunk(2), t(3)),
    "tensor_split": (lambda x: x.tensor_split(2), t(3)),
    "unbind": (lambda x: x.unbind(), t(2, 3)),
    "diagonal": (lambda x: x.diagonal(1), t(3, 3)),
    "unfold": (lambda x: x.unfold(0, 2, 1), t(4)),
    "as_strided": (lambda x: (x * 1).as_strided((2, 2), (2, 1)), t(4)),
    "cat": (lambda x, y: rsnn.cat((x, y), 1), t(2, 2), t(2, 1)),
    "stack": (lambda x, y: rsnn.stack((x, y), 1), t(2), t(2)),
    "pad": (lambda x: F.pad(x, (1, 2, 0, 1), value=0.5), t(2, 3)),
    "reflection": (lambda x: F.pad(x, (1, 2), mode="reflect"), t(1, 2, 4)),
    "wrapped around": (lambda x: F.pad(x, (2, 1, 1, 0), mode="circular"), t(1, 2, 3, 3)),
    "pad that cuts off": (lambda x: F.pad(x, (-1, 2)), t(2, 3)),
    "clone": (lambda x: x.clone(), t(2)),
    "select_scatter": (lambda x, y: x.select_scatter(y, 0, 1), t(2, 3), t(3)),
    "slice_scatter": (lambda x, y: x.slice_scatter(y, 0, 1, 2), t(2, 3), t(1, 3)),
    "diagonal_scatter": (lambda x, y: x.diagonal_scatter(y), t(2, 2), t(2)),
    # indices
    "index": (lambda x: x[long(0, 2, 0)], t(3, 2)),
    "two indices": (lambda x: x[long(0, 1), :, long(1, 0)], t(2, 2, 2)),
    "index by a mask": (lambda x: x[mask(True, False, True)], t(3, 2)),
    "index_put": (lambda x, y: put(x, long(0, 2), y), t(3, 2), t(2, 2)),
    "index_put by a mask": (lambda x, y: put(x, mask(True, False, True), y), t(3, 2), t(2, 2)),
    "set a part": (lambda x, y: put(x, slice(1, 3), y), t(3, 2), t(2, 2)),
    "set a number": (lambda x: put(x, 0, 1.5), t(3, 2)),
    "masked_fill": (lambda x: x.masked_fill(mask(True, False, True), 2.0), t(2, 3)),
    "where": (lambda x, y: rsnn.where(mask(True, False), x, y), t(2), t(2)),
    "embedding": (lambda w: F.embedding(long(0, 1, 0), w, padding_idx=2), t(3, 2)),
    # numbers of places
    "take": (lambda x: x.take(long(0, 3, 0)), t(2, 2)),
    "put": (lambda x, y: x.put(long(0, 3), y), t(2, 2), t(2)),
    "put that adds": (lambda x, y: x.put(long(0, 0), y, accumulate=True), t(2, 2), t(2)),
    "gather": (lambda x: x.gather(0, long([0, 1], [1, 1])), t(2, 2)),
    "scatter": (lambda x, y: x.scatter(0, long([1, 0]), y), t(2, 2), t(1, 2)),
    "scatter_add": (lambda x, y: x.scatter_add(0, long([1, 0], [1, 1]), y), t(2, 2), t(2, 2)),
    "scatter_reduce mean": (lambda x, y: x.scatter_reduce(0, long([1, 0], [1, 1]), y, "mean"), t(2, 2), t(2, 2)),
    "scatter_reduce amax": (
        lambda x, y: x.scatter_reduce(0, long([1, 0], [1, 1]), y, "amax"),
        t(2, 2),
        t(2, 2, high=2),
    ),
    "index_reduce": (lambda x, y: x.index_reduce(0, long(0, 0), y, "mean"), t(2, 2), t(2, 2)),
    "index_add": (lambda x, y: x.index_add(0, long(1, 1), y, alpha=2), t(2, 2), t(2, 2)),
    "index_copy": (lambda x, y: x.index_copy(0, long(1, 0), y), t(2, 2), t(2, 2)),
    "index_fill": (lambda x: x.index_fill(0, long(1), 2.0), t(2, 2)),
    "index_select": (lambda x: x.index_select(1, long(1, 1)), t(2, 2)),
    "masked_select": (lambda x: x.masked_select(mask(True, False)), t(2, 2)),
    "masked_scatter": (lambda x, y: x.masked_scatter(mask(True, False), y), t(2, 2), t(3)),
    # layers of their own
    "interpolate bilinear": (lambda x: F.interpolate(x, scale_factor=2, mode="bilinear"), t(1, 1, 2, 3)),
    "interpolate nearest": (lambda x: F.interpolate(x, size=5), t(1, 1, 3)),
    "interpolate bicubic": (lambda x: F.interpolate(x, size=(3, 4), mode="bicubic"), t(1, 1, 2, 3)),
    "embedding_bag": (lambda w: F.embedding_bag(long(0, 2, 0), w, long(0, 1), mode="mean"), t(3, 2)),
    "embedding_bag with weights": (
        lambda w, s: F.embedding_bag(long(0, 2, 0), w, long(0, 1), mode="sum", per_sample_weights=s),
        t(3, 2),
        t(3),
    ),
    "attention": (lambda q, k, v: F.scaled_dot_product_attention(q, k, v), t(1, 2, 3), t(1, 2, 3), t(1, 2, 3)),
    "attention with heads": (
        lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True),
        t(1, 1, 2, 3),
        t(1, 1, 2, 3),
        t(1, 1, 2, 3),
    ),
    "rnn": (lambda x: recurrent("RNN", x), t(2, 1, 2)),
    "lstm": (lambda x: recurrent("LSTM", x), t(2, 1, 2)),
    "gru": (lambda x: recurrent("GRU", x), t(2, 1, 2)),
    # in place
    "unsqueeze_ and transpose_": (lambda x: (x * 1).unsqueeze_(0).transpose_(0, 1), t(2, 2)),
    "copy_": (lambda x, y: (x * 1).copy_(y), t(2), t(2)),
    "copy_ to a view": (lambda x, y: copied_to_part(x, y), t(3), t(2)),
    "view and base in place": (lambda x: in_place(x), t(2, 2)),
    "fill_": (lambda x: (x * 1).fill_(2.0) * x, t(2)),
    # combinations
    "lerp": (lambda x, y: x.lerp(y, 0.3), t(2), t(2, high=2)),
    "addcmul": (lambda x, y, z: rsnn.addcmul(x, y, z, value=0.5), t(2), t(2), t(2)),
    "addcdiv": (lambda x, y, z: rsnn.addcdiv(x, y, z, value=0.5), t(2), t(2), t(2)),
    "clamp": (lambda x: x.clamp(0.4, 0.8), t(5)),
    "clamp by tensors": (lambda x, y: x.clamp(max=y), t(3), t(3, low=0.25, high=0.7)),
    "einsum": (lambda x, y: rsnn.einsum("ij,jk->ki", x, y), t(2, 3), t(3, 2)),
    "glu": (lambda x: F.glu(x), t(4)),
    "prelu": (lambda x, w: F.prelu(x - 0.5, w), t(4), t(1)),
    # rearrangements
    "flip": (lambda x: x.flip(0), t(3, 2)),
    "roll": (lambda x: x.roll(1, 0), t(3, 2)),
    "tril": (lambda x: rsnn.tril(x), t(3, 3)),
    "triu": (lambda x: rsnn.triu(x, 1), t(3, 3)),
    # random
    "rrelu": (lambda x: F.rrelu(without_memory(x) - 0.5, training=True), t(6)),
    "dropout": (lambda x: F.dropout(without_memory(x), 0.4), t(6)),
    "alpha_dropout": (lambda x: F.alpha_dropout(without_memory(x), 0.4), t(6)),
    "normal": (lambda x: rsnn.normal(without_memory(x.detach() * 0), 1.0) * x, t(3)),
}


#: Operations whose gradients have none in PyTorch either, each with its error.
FIRST_ORDER = {
    "ctc_loss": (
        lambda x: F.ctc_loss(x.log_softmax(-1), long([1, 2]), long(3), long(2)),
        (t(3, 1, 3),),
        "derivative for aten::_ctc_loss_backward is not implemented",
    ),
    "grid_sample": (
        lambda x, g: F.grid_sample(x, g - 0.5, align_corners=False),
        (t(1, 1, 3, 3), t(1, 2, 2, 2, low=0.23)),
        "derivative for aten::grid_sampler_2d_backward is not implemented",
    ),
}


def recurrent(kind, x):
    rsnn.manual_seed(0)
    return getattr(rsnn.nn, kind)(2, 2).double()(x)[0]


def put(x, where, value):
    x = x * 1
    x[where] = value
    return x


def copied_to_part(x, y):
    x = x * 1
    x[1:].copy_(y)
    return x * x


def in_place(x):
    x = x * 1
    part = x.t()[1]
    part.mul_(3)
    x.add_(1)
    return part * x[0]


#: Values for functions whose domain is another.
DOMAINS = {"acosh": (1.2, 2.0), "arccosh": (1.2, 2.0)}

#: Functions whose results are no smooth function of their inputs: they have no gradient, or zero.
DISCRETE = {
    "clamp",
    "floor_divide", "heaviside", "nextafter", "fmod", "remainder", "copysign",
    "eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor", "bitwise_and", "bitwise_or",
    "bitwise_xor", "bitwise_left_shift", "bitwise_right_shift", "isclose", "lshift", "rshift",
}  # fmt: skip

#: Operations that never have a gradient, each with what they give.
WITHOUT_GRADIENT = {
    "Question": "all, any",
    "Predicate": "isnan and the like",
    "Place": "argmax, argmin",
    "Nonzero": "indices",
    "Bincount": "counts",
    "Unique": "values that are set apart, without a gradient in PyTorch",
    "Create": "new values",
    "Fill": "draws",
    "Multinomial": "indices",
    "Permutation": "indices",
    "ByProbability": "draws",
}

SEEN: set[tuple[str, str]] = set()


@pytest.fixture
def watched():
    """Notes the operations that run."""
    _C._watch_operations(lambda struct, name, inplace: SEEN.add((struct.split("<")[0], name)))
    yield
    _C._watch_operations(None)


def check(fn, *inputs):
    assert gradcheck(fn, inputs)
    assert gradgradcheck(fn, inputs)


@pytest.mark.parametrize("name", CASES)
def test_gradients(watched, name):
    fn, *inputs = CASES[name]
    check(fn, *inputs)


@pytest.mark.parametrize("name", FIRST_ORDER)
def test_gradients_of_the_first_order(watched, name):
    fn, inputs, refusal = FIRST_ORDER[name]
    assert gradcheck(fn, inputs)
    with pytest.raises(RuntimeError, match=refusal):
        gradgradcheck(fn, inputs)


@pytest.mark.filterwarnings("ignore:gradcheck")
def test_casts(watched):
    x = t(2)
    assert gradcheck(lambda x: x.float() * 3, x, eps=1e-2, atol=1e-3)
    assert gradgradcheck(lambda x: x.float() ** 2, x, eps=1e-2, atol=1e-2)


def test_recorded_accumulation(watched):
    x = t(3)
    x.square().sum().backward(create_graph=True)
    (second,) = rsnn.autograd.grad(x.grad.sum(), x)
    assert second.tolist() == [2.0] * 3


def table(path: str) -> list[str]:
    """The names in a table of elementwise functions."""
    return re.findall(r'"(\w+)"\s+"\w+Backward\d"', (SOURCES / path).read_text())


UNARY, BINARY = table("ops/unary/table.rs"), table("ops/binary/kind.rs")


def function(name):
    return getattr(rsnn, name, None) or getattr(F, name, None) or getattr(rsnn.Tensor, name, None)


@pytest.mark.parametrize("name", [name for name in UNARY if function(name) and name not in DISCRETE])
def test_unary(watched, name):
    low, high = DOMAINS.get(name, (0.2, 0.9))
    fn, x = function(name), t(4, low=low, high=high)
    arguments = {"polygamma": lambda x: x.polygamma(1), "pow": lambda x: x**2.5, "threshold": lambda x: fn(x, 0.4, 0.1)}
    check(arguments.get(name, fn), x)


@pytest.mark.parametrize("name", [name for name in BINARY if function(name) and name not in DISCRETE])
def test_binary(watched, name):
    check(function(name), t(3, 2), t(2, low=1.1, high=1.9))


def operations() -> set[str]:
    """The structs of the sources that are operations, by path."""
    found = set()
    for path in SOURCES.rglob("*.rs"):
        module = path.relative_to(SOURCES).with_suffix("").as_posix().replace("/", "::").removesuffix("::mod")
        if path.name == "tests.rs":
            continue
        for name in re.findall(r"^impl(?:<[^>]*>)? Op for (\w+)", path.read_text(), re.M):
            found.add(f"rsnn::{module}::{name}")
    return found


def test_every_operation_was_checked(request):
    if len(request.session.items) < len(CASES) + len(UNARY):
        pytest.skip("only tells something after the tests above")
    # A struct may stand in a file beside the one that makes it an operation.
    seen = {(struct.rpartition("::")[2], struct.split("::")[2]) for struct, _ in SEEN}
    missing = [
        one
        for one in sorted(operations())
        if (one.rpartition("::")[2], one.split("::")[2]) not in seen and one.rpartition("::")[2] not in WITHOUT_GRADIENT
    ]
    assert not missing, f"add cases for {missing}"
