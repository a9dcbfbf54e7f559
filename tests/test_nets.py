"""The networks that are measured (`benches/nets/`) are those of the papers: torchvision's names, sizes and numbers."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

import rsnn

sys.path.insert(0, str(Path(__file__).parents[1] / "benches"))
nets = importlib.import_module("nets")
sys.path.pop(0)

#: Parameters, entries of the state dict, and the size of an image for tests.
NETS = {
    "alexnet": (61_100_840, 16, 64),
    "vgg16": (138_357_544, 32, 32),
    "resnet18": (11_689_512, 122, 64),
    "resnet50": (25_557_032, 320, 64),
    "mobilenet_v2": (3_504_872, 314, 64),
    "efficientnet_b0": (5_288_548, 360, 64),
    "densenet121": (7_978_856, 727, 64),
    "squeezenet1_1": (1_235_496, 52, 64),
    "vit_b_16": (86_567_656, 152, 224),
}


#: Random numbers to take weights from; drawing 138 million takes long.
POOL = np.random.default_rng(0).standard_normal(1_000_003, dtype=np.float32)


def numbers(key: str, shape: tuple[int, ...]) -> np.ndarray:
    """Weights that keep activations near one; variances near one; everything else small."""
    values = np.resize(np.roll(POOL, len(key)), shape)
    if len(shape) > 1:
        return values * np.float32((2.0 / np.prod(shape[1:])) ** 0.5)
    return np.abs(1 + 0.1 * values) if key.endswith(("running_var", "weight")) else 0.1 * values


def state(model) -> dict[str, np.ndarray]:
    """Numbers for everything that a model keeps."""
    return {
        key: numbers(key, tuple(x.shape)) if x.is_floating_point() else np.array(7)
        for key, x in model.state_dict().items()
    }


def output(lib, model, values: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """What the model makes of an image with these weights."""
    model.load_state_dict({key: lib.from_numpy(x) for key, x in values.items()}, assign=True)
    threads = lib.get_num_threads()
    # Two libraries in one process: threads of one that wait hold up those of the other.
    lib.set_num_threads(1)
    try:
        with lib.no_grad():
            return model.eval()(lib.from_numpy(x)).numpy()
    finally:
        lib.set_num_threads(threads)


def test_every_network_is_listed():
    assert [net.__name__ for net in nets.IMAGENET] == list(NETS)


@pytest.mark.parametrize("name", NETS)
def test_network(name):
    parameters, entries, size = NETS[name]
    make = getattr(nets, name)
    ours = make(rsnn.nn)
    assert sum(p.numel() for p in ours.parameters()) == parameters
    assert len(ours.state_dict()) == entries
    values = state(ours)
    x = np.random.default_rng(1).standard_normal((2, 3, size, size), dtype=np.float32)
    y = output(rsnn, ours, values, x)
    assert y.shape == (2, 1000) and np.isfinite(y).all() and y.std() > 1e-3

    torch = pytest.importorskip("torch")
    # The same code makes the same network of PyTorch.
    with torch.device("meta"):
        theirs = make(torch.nn)
    assert repr(ours) == repr(theirs)
    try:
        models = importlib.import_module("torchvision.models")
    except ImportError:
        models = None
    if models is not None:
        with torch.device("meta"):
            theirs = getattr(models, name)()
    shapes = {key: tuple(x.shape) for key, x in theirs.state_dict().items()}
    assert list(shapes) == list(values)
    assert shapes == {key: x.shape for key, x in values.items()}
    bound = 2e-5 * np.abs(y).max()
    np.testing.assert_allclose(y, output(torch, theirs, values, x), rtol=0, atol=bound)


def test_lenet_trains():
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((8, 1, 28, 28), dtype=np.float32)
    losses = []
    for lib in (rsnn, torch):
        lib.manual_seed(0)
        model = nets.lenet(lib.nn)
        optimizer = lib.optim.SGD(model.parameters(), lr=0.1)
        target = lib.arange(8)
        for _ in range(3):
            optimizer.zero_grad()
            loss = lib.nn.functional.cross_entropy(model(lib.from_numpy(x)), target)
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("name", ["mobilenet_v2", "efficientnet_b0"])
def test_a_training_step_changes_every_parameter(name):
    model = getattr(nets, name)(rsnn.nn, num_classes=4)
    before = [p.detach().clone() for p in model.parameters()]
    optimizer = rsnn.optim.SGD(model.parameters(), lr=1.0)
    x = rsnn.randn(4, 3, 64, 64)
    rsnn.nn.functional.cross_entropy(model(x), rsnn.arange(4)).backward()
    optimizer.step()
    assert all((p != q).any() for p, q in zip(model.parameters(), before, strict=True))
