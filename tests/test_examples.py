"""The networks of `examples/`: forward, a training step, and equality with the same definitions run by PyTorch."""

from __future__ import annotations

import types
from pathlib import Path

import numpy as np
import pytest

import rsnn

pytestmark = pytest.mark.skipif(not hasattr(rsnn._C, "max_pool2d"), reason="needs convolutions and pooling")

EXAMPLES = Path(__file__).parent.parent / "examples"

#: File, expression that makes the network, shape of the input.
NETWORKS = [
    ("lenet", "LeNet()", (2, 1, 28, 28)),
    ("alexnet", "AlexNet(num_classes=10, dropout=0.0)", (1, 3, 64, 64)),
    ("vgg", "VGG(LAYOUTS['vgg11'], num_classes=10, hidden=64, dropout=0.0)", (1, 3, 32, 32)),
    ("vgg", "VGG(LAYOUTS['vgg11'], batch_norm=True, num_classes=10, hidden=64, dropout=0.0)", (2, 3, 32, 32)),
    ("resnet", "resnet18(num_classes=10)", (2, 3, 64, 64)),
    ("resnet", "resnet34(num_classes=10)", (2, 3, 64, 64)),
    ("resnet", "resnet50(num_classes=10)", (2, 3, 64, 64)),
]
IDS = [f"{name}:{make}" for name, make, _ in NETWORKS]


def load(name: str, library: str) -> types.ModuleType:
    """An example as a module, with every `rsnn` in it read as the name of a library."""
    source = (EXAMPLES / f"{name}.py").read_text().replace("rsnn", library)
    module = types.ModuleType(f"{name}_of_{library}")
    exec(compile(source, f"{name}.py", "exec"), vars(module))
    return module


def build(lib, name: str, make: str):
    lib.manual_seed(0)
    return eval(make, vars(load(name, lib.__name__)))


def values(x) -> np.ndarray:
    return np.array(x.detach().numpy())


def close(ours, theirs, what: str, rtol: float) -> None:
    expected = values(theirs)
    # The gradient of a bias before a normalisation is zero but for rounding.
    scale = max(np.abs(expected).max(), 1e-6)
    np.testing.assert_allclose(values(ours), expected, rtol=rtol, atol=rtol * scale, err_msg=what)


def training_step(lib, model, x: np.ndarray):
    """One step of gradient descent; returns the loss."""
    criterion = lib.nn.CrossEntropyLoss()
    target = lib.tensor([i % 10 for i in range(len(x))])
    loss = criterion(model(lib.from_numpy(x)), target)
    loss.backward()
    with lib.no_grad():
        for parameter in model.parameters():
            parameter -= parameter.grad * 0.01
    return loss


@pytest.mark.parametrize(("name", "make", "shape"), NETWORKS, ids=IDS)
def test_trains(name, make, shape):
    model = build(rsnn, name, make)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    before = [values(p) for p in model.parameters()]
    loss = training_step(rsnn, model, x)
    assert np.isfinite(loss.item())
    after = [values(p) for p in model.parameters()]
    assert all(np.isfinite(p).all() for p in after)
    assert sum(not np.array_equal(a, b) for a, b in zip(before, after, strict=True)) > len(before) / 2


@pytest.mark.parametrize(("name", "make", "shape"), NETWORKS, ids=IDS)
def test_equals_pytorch(name, make, shape):
    torch = pytest.importorskip("torch")
    ours, theirs = build(rsnn, name, make), build(torch, name, make)
    assert repr(ours) == repr(theirs)
    mine, others = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(others)
    for key in others:
        # Draws from the normal distribution may differ by a few units in the last place.
        np.testing.assert_allclose(values(mine[key]), values(others[key]), rtol=1e-6, atol=0, err_msg=key)
    x = np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    for model in (ours, theirs):
        model.eval()
    with rsnn.no_grad(), torch.no_grad():
        close(ours(rsnn.from_numpy(x)), theirs(torch.from_numpy(x)), "output", 1e-3)
    # Normalising small batches magnifies rounding errors: a step is compared in double precision.
    for model in (ours, theirs):
        model.train().double()
    x = x.astype(np.float64)
    close(training_step(rsnn, ours, x), training_step(torch, theirs, x), "loss", 1e-6)
    for (key, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        close(p.grad, q.grad, f"gradient of {key}", 1e-5)
        close(p, q, f"{key} after the step", 1e-6)
