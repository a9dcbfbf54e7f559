"""The classic examples of modules, as a reader of PyTorch's documentation would type them, in both libraries."""

from collections import OrderedDict

import numpy as np
import pytest

import rsnn
from helpers import assert_same, to_numpy
from rsnn import _C


def model(lib):
    nn, F = lib.nn, lib.nn.functional  # noqa: N806

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(1, 20, 5)
            self.conv2 = nn.Conv2d(20, 20, 5)

        def forward(self, x):
            x = F.relu(self.conv1(x))
            return F.relu(self.conv2(x))

    return Model(), (2, 1, 12, 12)


def sequential(lib):
    nn = lib.nn
    return nn.Sequential(nn.Conv2d(1, 20, 5), nn.ReLU(), nn.Conv2d(20, 64, 5), nn.ReLU()), (2, 1, 12, 12)


def named_sequential(lib):
    nn = lib.nn
    layers = OrderedDict(
        [("conv1", nn.Conv2d(1, 20, 5)), ("relu1", nn.ReLU()), ("conv2", nn.Conv2d(20, 64, 5)), ("relu2", nn.ReLU())]
    )
    return nn.Sequential(layers), (2, 1, 12, 12)


def module_list(lib):
    nn = lib.nn

    class MyModule(nn.Module):
        def __init__(self):
            super().__init__()
            self.linears = nn.ModuleList([nn.Linear(10, 10) for i in range(10)])

        def forward(self, x):
            for i, layer in enumerate(self.linears):
                x = self.linears[i // 2](x) + layer(x)
            return x

    return MyModule(), (3, 10)


def module_dict(lib):
    nn = lib.nn

    class MyModule(nn.Module):
        def __init__(self):
            super().__init__()
            self.choices = nn.ModuleDict({"conv": nn.Conv2d(10, 10, 3), "pool": nn.MaxPool2d(3)})
            self.activations = nn.ModuleDict([["lrelu", nn.LeakyReLU()], ["prelu", nn.PReLU()]])

        def forward(self, x, choice="conv", act="prelu"):
            x = self.choices[choice](x)
            return self.activations[act](x)

    return MyModule(), (2, 10, 8, 8)


@pytest.mark.parametrize("build", [model, sequential, named_sequential, module_list, module_dict])
def test_classic(torch, build):
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(7)
        module, size = build(lib)
        x = lib.from_numpy(np.random.default_rng(0).normal(size=size).astype(np.float32))
        output = module(x)
        output.square().mean().backward()
        results.append((module, output))
    (ours, y), (theirs, z) = results
    assert repr(ours) == repr(theirs)
    assert_same(y, z, 1e-4, 1e-5)
    expected = dict(theirs.named_parameters())
    assert [name for name, _ in ours.named_parameters()] == list(expected)
    for name, p in ours.named_parameters():
        assert (to_numpy(p) == to_numpy(expected[name])).all(), f"{name} starts differently"
        assert_same(p.grad, expected[name].grad, 1e-3, 1e-5, where=name)


@pytest.mark.skipif(not hasattr(_C, "leaky_relu"), reason="needs leaky_relu")
def test_choices_by_key():
    module, size = module_dict(rsnn)
    x = rsnn.randn(size)
    assert module(x, "pool", "lrelu").shape == (2, 10, 2, 2)
    with pytest.raises(KeyError):
        module(x, "none")
