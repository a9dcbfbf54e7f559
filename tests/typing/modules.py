"""What a type checker knows of modules."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from typing_extensions import assert_type

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F
from rsnn import Tensor


class Model(nn.Module):
    """The model of the README, with its types."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 20, 5)
        self.conv2 = nn.Conv2d(20, 20, 5)
        self.register_buffer("mean", rsnn.zeros(20))

    def forward(self, x: Tensor, scale: float = 1.0) -> Tensor:
        return F.relu(self.conv2(F.relu(self.conv1(x)))) * scale


def calls() -> None:
    """A call has the types of `forward`, and an attribute needs no cast."""
    model = Model()
    x = rsnn.randn(2, 1, 12, 12)
    assert_type(model.conv1, nn.Conv2d)
    assert_type(model.conv1(x), Tensor)
    assert_type(model(x), Tensor)
    assert_type(model(x, scale=2.0), Tensor)
    loss: Tensor = model(x).square().mean()
    loss.backward()
    assert_type(model.conv1.weight.grad, "Tensor | None")
    assert_type(nn.CrossEntropyLoss()(rsnn.randn(2, 3), rsnn.tensor([0, 1])), Tensor)

    plain = nn.Module()
    plain.conv1 = nn.Conv2d(1, 20, 5)
    found: Tensor = plain.conv1(x)
    assert_type(found.sum(), Tensor)
    assert_type(model.mean, Any)


def anything(module: nn.Module, x: Tensor) -> Any:
    """A module of unknown class takes and gives anything."""
    return module(x, 3, key=4)


def registries() -> None:
    """Walks give parameters, buffers and modules; chained methods give the same class."""
    model = Model()
    for parameter in model.parameters():
        assert_type(parameter, nn.Parameter)
    for name, buffer in model.named_buffers():
        assert_type(name, str)
        assert_type(buffer, Tensor)
    for child in model.children():
        assert_type(child, nn.Module)
    assert_type(dict(model.named_modules()), dict[str, nn.Module])
    assert_type(model.eval(), Model)
    assert_type(model.train(False).requires_grad_(False), Model)
    assert_type(model.to(rsnn.float64), Model)
    assert_type(model.to("cpu"), Model)
    assert_type(model.double().float(), Model)
    assert_type(model.training, bool)
    assert_type(model.state_dict(), dict[str, Any])
    assert_type(model.get_parameter("conv1.weight"), nn.Parameter)
    handle = model.register_forward_hook(lambda module, args, output: None)
    handle.remove()


def lists() -> None:
    """`ModuleList` knows what it holds."""
    layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 2)])
    assert_type(layers, "nn.ModuleList[nn.Linear]")
    assert_type(layers[0], nn.Linear)
    assert_type(layers[:1], "nn.ModuleList[nn.Linear]")
    for layer in layers:
        assert_type(layer(rsnn.ones(4)) if layer.in_features == 4 else rsnn.ones(1), Tensor)
    assert_type(layers.append(nn.Linear(2, 2)), "nn.ModuleList[nn.Linear]")
    assert_type(layers.pop(0), nn.Linear)
    typed = nn.ModuleList[nn.Linear]()
    assert_type(typed + [nn.Linear(1, 1)], "nn.ModuleList[nn.Linear]")
    mixed: nn.ModuleList = nn.ModuleList([nn.Linear(4, 4), nn.ReLU()])
    assert_type(mixed[1], nn.Module)


def dictionaries() -> None:
    """`ModuleDict` knows what it holds."""
    paths = nn.ModuleDict({"a": nn.Conv2d(1, 2, 3), "b": nn.Conv2d(1, 4, 3)})
    assert_type(paths, "nn.ModuleDict[nn.Conv2d]")
    assert_type(paths["a"], nn.Conv2d)
    assert_type(paths["a"](rsnn.ones(1, 3, 3)), Tensor)
    for name, path in paths.items():
        assert_type(name, str)
        assert_type(path, nn.Conv2d)
    assert_type(list(paths), list[str])
    assert_type(paths.pop("b"), nn.Conv2d)
    mixed: nn.ModuleDict = nn.ModuleDict([("act", nn.ReLU())])
    assert_type(mixed["act"], nn.Module)


def chains() -> None:
    """`Sequential` holds modules of any class."""
    chain = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))
    named = nn.Sequential(OrderedDict([("linear", nn.Linear(4, 2)), ("relu", nn.ReLU())]))
    assert_type(chain(rsnn.ones(4)), Any)
    assert_type(chain[0], nn.Module)
    assert_type(chain[:2], nn.Sequential)
    assert_type(named.linear, Any)
    assert_type(chain.append(nn.Tanh()), nn.Sequential)
    assert_type([type(layer).__name__ for layer in chain], list[str])


def parameters() -> None:
    """A parameter is a tensor."""
    weight = nn.Parameter(rsnn.zeros(2, 3))
    assert_type(weight, nn.Parameter)
    assert_type(weight + 1, Tensor)
    assert_type(weight.data, Tensor)
    frozen: Tensor = nn.Parameter(rsnn.zeros(2), requires_grad=False)
    assert_type(frozen.requires_grad, bool)


def functions() -> None:
    """The functional forms."""
    x = rsnn.randn(2, 3, 8, 8)
    assert_type(F.relu(x), Tensor)
    assert_type(F.conv2d(x, rsnn.zeros(4, 3, 3, 3), padding="same"), Tensor)
    assert_type(F.avg_pool2d(x, 2), Tensor)
    assert_type(F.softmax(x, dim=1), Tensor)
    assert_type(F.layer_norm(x, (8, 8)), Tensor)
    assert_type(F.linear(x, rsnn.zeros(5, 8)), Tensor)
    assert_type(F.mse_loss(x, x), Tensor)
    assert_type(F.batch_norm(x, None, None, training=True), Tensor)
    assert_type(F.dropout(x, 0.5, training=False), Tensor)
    assert_type(F.pad(x, (1, 1)), Tensor)
    assert_type(nn.init.kaiming_uniform_(x), Tensor)
    assert_type(nn.utils.clip_grad_norm_([x], 1.0), Tensor)
