"""Every loss against live PyTorch: values and gradients for all reductions, weights, odd targets, and empty batches."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from rsnn import nn

torch = pytest.importorskip("torch")

RNG = np.random.default_rng(7)


def reals(*shape):
    return RNG.standard_normal(shape)


def shares(*shape):
    """Between 0 and 1."""
    return RNG.uniform(0.05, 0.95, shape)


def classes(count, *shape):
    return RNG.integers(0, count, shape)


def signs(*shape):
    return RNG.choice([-1.0, 1.0], shape)


def spread(*shape):
    """Distributions along the second axis."""
    x = shares(*shape)
    return x / x.sum(1, keepdims=True)


#: Class, arguments, inputs that have gradients, targets. An argument `W(n)` is a weight of `n` elements.
LOSSES = [
    ("L1Loss", "", [reals(3, 4)], [reals(3, 4)]),
    ("MSELoss", "", [reals(3, 4)], [reals(3, 4)]),
    ("SmoothL1Loss", "beta=0.5", [reals(3, 4)], [reals(3, 4)]),
    ("SmoothL1Loss", "beta=0.0", [reals(3, 4)], [reals(3, 4)]),
    ("HuberLoss", "delta=0.7", [reals(3, 4)], [reals(3, 4)]),
    ("BCELoss", "", [shares(3, 4)], [shares(3, 4)]),
    ("BCELoss", "weight=W(4)", [shares(3, 4)], [shares(3, 4)]),
    ("BCEWithLogitsLoss", "", [reals(3, 4)], [shares(3, 4)]),
    ("BCEWithLogitsLoss", "weight=W(4), pos_weight=W(4)", [reals(3, 4)], [shares(3, 4)]),
    ("CrossEntropyLoss", "", [reals(5, 3)], [classes(3, 5)]),
    ("CrossEntropyLoss", "weight=W(3), label_smoothing=0.2", [reals(5, 3)], [classes(3, 5)]),
    ("CrossEntropyLoss", "ignore_index=1", [reals(5, 3)], [classes(3, 5)]),
    ("CrossEntropyLoss", "ignore_index=-100", [reals(5, 3)], [np.array([0, -100, 2, 1, -100])]),
    ("CrossEntropyLoss", "", [reals(2, 3, 4, 5)], [classes(3, 2, 4, 5)]),
    ("CrossEntropyLoss", "weight=W(3)", [reals(2, 3, 4)], [classes(3, 2, 4)]),
    ("CrossEntropyLoss", "", [reals(3)], [np.array(2)]),
    ("CrossEntropyLoss", "", [reals(5, 3)], [spread(5, 3)]),
    ("CrossEntropyLoss", "weight=W(3), label_smoothing=0.1", [reals(5, 3)], [spread(5, 3)]),
    ("CrossEntropyLoss", "", [reals(2, 3, 4)], [spread(2, 3, 4)]),
    ("NLLLoss", "", [reals(5, 3)], [classes(3, 5)]),
    ("NLLLoss", "weight=W(3), ignore_index=2", [reals(5, 3)], [classes(3, 5)]),
    ("NLLLoss", "", [reals(2, 3, 4, 2)], [classes(3, 2, 4, 2)]),
    ("NLLLoss", "", [reals(3)], [np.array(1)]),
    ("PoissonNLLLoss", "", [reals(3, 4)], [shares(3, 4) * 4]),
    ("PoissonNLLLoss", "log_input=False, full=True", [shares(3, 4)], [shares(3, 4) * 4]),
    ("GaussianNLLLoss", "full=True", [reals(3, 4)], [reals(3, 4), shares(3, 4)]),
    ("GaussianNLLLoss", "", [reals(3, 4)], [reals(3, 4), shares(3, 1)]),
    ("KLDivLoss", "", [reals(3, 4)], [spread(3, 4)]),
    ("KLDivLoss", "log_target=True", [reals(3, 4)], [reals(3, 4)]),
    ("HingeEmbeddingLoss", "margin=0.5", [reals(3, 4)], [signs(3, 4)]),
    ("SoftMarginLoss", "", [reals(3, 4)], [signs(3, 4)]),
    ("MarginRankingLoss", "margin=0.3", [reals(4), reals(4)], [signs(4)]),
    ("CosineEmbeddingLoss", "margin=0.1", [reals(3, 4), reals(3, 4)], [signs(3)]),
    ("CosineEmbeddingLoss", "", [reals(4), reals(4)], [np.array(-1.0)]),
    ("MultiLabelSoftMarginLoss", "weight=W(4)", [reals(3, 4)], [shares(3, 4).round()]),
    ("MultiMarginLoss", "p=2, margin=0.5", [reals(3, 4)], [classes(4, 3)]),
    ("MultiMarginLoss", "weight=W(4)", [reals(3, 4)], [classes(4, 3)]),
    ("MultiLabelMarginLoss", "", [reals(2, 4)], [np.array([[3, 0, -1, 1], [1, -1, 0, 2]])]),
    ("TripletMarginLoss", "margin=0.8, p=1", [reals(3, 4), reals(3, 4), reals(3, 4)], []),
    ("TripletMarginLoss", "swap=True", [reals(3, 4), reals(3, 4), reals(3, 4)], []),
    ("TripletMarginWithDistanceLoss", "margin=0.8", [reals(3, 4), reals(3, 4), reals(3, 4)], []),
]  # fmt: skip
IDS = [f"{name}({args})-{i}" for i, (name, args, _, _) in enumerate(LOSSES)]
table = pytest.mark.parametrize(("name", "args", "inputs", "targets"), LOSSES, ids=IDS)


def build(lib, name, args, reduction, dtype):
    weight = np.linspace(0.2, 1.5, 9)
    known = {"W": lambda n: lib.tensor(weight[:n].tolist(), dtype=getattr(lib, dtype))}
    keywords = eval(f"dict({args})", known)
    return getattr(lib.nn, name)(**keywords, reduction=reduction)


def tensor(lib, array, dtype):
    x = lib.from_numpy(np.array(array))
    return x.to(getattr(lib, dtype)) if array.dtype.kind == "f" else x


def run(lib, loss, inputs, targets, dtype):
    leaves = [tensor(lib, x, dtype).requires_grad_() for x in inputs]
    result = loss(*leaves, *[tensor(lib, x, dtype) for x in targets])
    weights = lib.from_numpy(
        np.linspace(0.5, 1.5, max(result.numel(), 1))[: result.numel()].reshape(tuple(result.shape))
    )
    first = lib.autograd.grad(result, leaves, weights.to(result.dtype), create_graph=True)
    smooth = [g for g in first if g.requires_grad]
    if not smooth:
        return [result, *first, *[None] * len(leaves)]
    try:
        second = lib.autograd.grad([g.square().sum() for g in smooth], leaves, allow_unused=True)
    except RuntimeError as error:
        # A few gradients of PyTorch's have no derivative.
        assert lib is torch and "_loss_backward is not implemented" in str(error)
        second = []
    return [result, *first, *second]


def same(ours, theirs, dtype):
    rtol = 1e-10 if dtype == "float64" else 1e-4
    assert len(theirs) in (len(ours), (len(ours) + 1) // 2)
    for a, b in zip(ours, theirs):
        if a is None or b is None:
            assert all(x is None or not x.any() for x in (a, b))
            continue
        assert str(a.dtype)[5:] == str(b.dtype)[6:] and tuple(a.shape) == tuple(b.shape)
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(force=True), rtol=rtol, atol=rtol / 10)


@pytest.mark.filterwarnings("ignore:reduction")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@table
def test_values_and_gradients(name, args, inputs, targets, reduction, dtype):
    ours, theirs = (build(lib, name, args, reduction, dtype) for lib in (rsnn, torch))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    same(run(rsnn, ours, inputs, targets, dtype), run(torch, theirs, inputs, targets, dtype), dtype)


def test_every_loss_is_in_the_table():
    names = {name for name in dir(nn) if name.endswith("Loss")}
    # Those with other arguments: `test_ctc_loss.py`, `test_rare_layers.py`.
    assert names == {name for name, *_ in LOSSES} | {"CTCLoss", "AdaptiveLogSoftmaxWithLoss"}


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "SmoothL1Loss", "BCEWithLogitsLoss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_empty_batches(name, reduction):
    results = []
    for lib in (rsnn, torch):
        x = lib.zeros(0, 3, requires_grad=True)
        y = getattr(lib.nn, name)(reduction=reduction)(x, lib.zeros(0, 3))
        y.sum().backward()
        results.append([y.tolist(), x.grad.tolist()])
    assert str(results[0]) == str(results[1])


@pytest.mark.parametrize("name", ["CrossEntropyLoss", "NLLLoss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_nothing_to_classify(name, reduction):
    for target in ([], [-100, -100]):
        results = []
        for lib in (rsnn, torch):
            x = lib.zeros(len(target), 3, requires_grad=True)
            y = getattr(lib.nn, name)(reduction=reduction)(x, lib.tensor(target, dtype=lib.int64))
            y.sum().backward()
            results.append([y.tolist(), x.grad.tolist()])
        assert str(results[0]) == str(results[1])


@pytest.mark.parametrize("name", ["MSELoss", "L1Loss", "HuberLoss", "KLDivLoss", "BCEWithLogitsLoss", "SoftMarginLoss"])
@pytest.mark.filterwarnings("ignore:reduction")
def test_nan_targets_give_nan(name):
    for lib in (rsnn, torch):
        loss = getattr(lib.nn, name)()(lib.zeros(2), lib.tensor([1.0, float("nan")]))
        assert loss.isnan().item()
