"""`nn.summary`: the table, its numbers, the run that computes no layer, the picture."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

import rsnn
from rsnn import nn
from rsnn.nn import functional as F


class Block(nn.Module):
    """A residual block: its input goes around two layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        return F.relu(x + self.act(self.norm(self.first(x))))


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 7, stride=2, padding=3)
        self.body = nn.Sequential(Block(8), nn.MaxPool2d(3, 2, 1))
        self.unused = nn.Linear(5, 5)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.body(self.stem(x)).mean((2, 3)))


def layer(report, name):
    """The entry of a name."""
    return next(found for found in report.layers if found.name == name)


def test_numbers():
    net = Net()
    net.head.bias.requires_grad_(False)
    report = nn.summary(net, input_size=(2, 3, 32, 32))
    assert [found.name for found in report.layers] == [name for name, _ in net.named_modules()]
    stem = layer(report, "stem")
    assert (stem.kind, stem.depth, stem.calls) == ("Conv2d", 1, 1)
    assert (stem.input_shape, stem.output_shape) == ((2, 3, 32, 32), (2, 8, 16, 16))
    assert stem.parameters == stem.trainable == 3 * 8 * 49 + 8 and stem.bytes == 4 * stem.parameters
    assert stem.mult_adds == 2 * 8 * 16 * 16 * 3 * 49 and stem.output_bytes == 4 * 2 * 8 * 16 * 16
    head = layer(report, "head")
    assert head.mult_adds == 2 * 8 * 10 and head.parameters - head.trainable == 10
    assert layer(report, "body.0.norm").bytes == 4 * 4 * 8 + 8
    unused = layer(report, "unused")
    assert unused.calls == 0 and unused.output_shape is None and unused.mult_adds == 0
    assert report.total_parameters == sum(p.numel() for p in net.parameters())
    assert report.total_parameters - report.trainable_parameters == 10
    assert report.total_mult_adds == sum(found.mult_adds for found in report.layers)


def test_shared_layers_count_each_call_and_their_parameters_once():
    inner = nn.Linear(4, 4)
    report = nn.summary(nn.Sequential(inner, inner), input_size=(1, 4))
    assert report.total_parameters == 20 and layer(report, "0").calls == 2 and report.total_mult_adds == 32


def test_the_model_is_left_as_it_was():
    net = Net()
    net.body[0].eval()
    flags = [m.training for m in net.modules()]
    for shapes_only in (False, True):
        nn.summary(net, input_size=(1, 3, 32, 32), shapes_only=shapes_only)
        with pytest.raises(RuntimeError):
            nn.summary(net, input_size=(1, 2, 32, 32), shapes_only=shapes_only)
        assert [m.training for m in net.modules()] == flags
        assert not any(m._forward_hooks or m._forward_pre_hooks or "forward" in vars(m) for m in net.modules())
        assert all(p.grad is None for p in net.parameters())


LAYERS = [
    (nn.Conv1d(4, 6, 3, stride=2, padding=1, dilation=2), (2, 4, 11)),
    (nn.Conv2d(4, 6, (3, 2), padding="same"), (4, 9, 8)),
    (nn.Conv3d(4, 6, 2, groups=2, padding="valid"), (1, 4, 5, 6, 7)),
    (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1, dilation=2), (2, 4, 5, 6)),
    (nn.MaxPool2d(3, 2, 1, ceil_mode=True), (2, 4, 8, 9)),
    (nn.MaxPool1d(2, dilation=2), (2, 4, 9)),
    (nn.AvgPool2d((3, 2), ceil_mode=True), (2, 4, 8, 9)),
    (nn.AvgPool3d(2, stride=1), (2, 4, 5, 4, 3)),
    (nn.AdaptiveAvgPool2d((3, None)), (2, 4, 8, 9)),
    (nn.Linear(4, 6), (2, 3, 4)),
    (nn.BatchNorm2d(4), (2, 4, 3, 3)),
    (nn.Flatten(), (2, 3, 4)),
    (nn.Tanh(), (2, 3)),
]


@pytest.mark.parametrize(("module", "shape"), LAYERS, ids=lambda value: type(value).__name__)
def test_shapes_alone_are_those_of_a_run(module, shape):
    net = nn.Sequential(module, nn.Identity())
    real, shapes = nn.summary(net, input_size=shape), nn.summary(net, input_size=shape, shapes_only=True)
    assert real == shapes and real.layers[0].output_shape == tuple(net(rsnn.zeros(shape)).shape)


def test_shapes_alone_compute_no_layer():
    net = nn.Sequential(nn.Conv2d(256, 256, 11, padding=5), nn.ReLU(), nn.Conv2d(256, 512, 11, padding=5))
    report = nn.summary(net, input_size=(8, 256, 512, 512), shapes_only=True)
    # A run would take minutes, and its activations gigabytes.
    assert report.layers[0].output_shape == (8, 512, 512, 512) and report.total_mult_adds > 10**13


def test_text_and_depth():
    text = str(nn.summary(Net(), input_size=(1, 3, 32, 32)))
    assert "\n  body: Sequential " in text and "\n    0: Block " in text and "\n      first: Conv2d " in text
    report = nn.summary(Net(), input_size=(1, 3, 32, 32), max_depth=1)
    body = report.shown()[2]
    assert "Block" not in str(report) and body.name == "body" and body.parameters == 8 * 8 * 9 + 16
    assert body.mult_adds == layer(report, "body.0.first").mult_adds


def test_edges_follow_the_data():
    report = nn.summary(Net(), input_size=(1, 3, 32, 32))
    names = {-1: "", **{i: found.name for i, found in enumerate(report.layers)}}
    edges = {(names[source], names[target]) for source, target in report.edges}
    assert edges == {
        ("", "stem"),
        ("stem", "body.0.first"),
        ("body.0.first", "body.0.norm"),
        ("body.0.norm", "body.0.act"),
        ("body.0.act", "body.1"),
        ("stem", "body.1"),
        ("body.1", "head"),
        ("head", ""),
    }


def test_inputs_of_all_sorts():
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(rsnn.ones(5, 3))

        def forward(self, numbers):
            return self.weight[numbers]

    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.table = Table()
            self.map = nn.Linear(3, 2)

        def forward(self, numbers, x):
            return {"sum": self.map(self.table(numbers) + x)}

    report = nn.summary(Two(), rsnn.tensor([1, 2]), rsnn.ones(2, 3))
    assert layer(report, "table").output_shape == (2, 3) and layer(report, "").output_shape == (2, 2)
    assert nn.summary(nn.Bilinear(2, 3, 4), input_size=[(5, 2), (5, 3)]).layers[0].output_shape == (5, 4)
    for wrong in ({}, {"input_size": (1,)}):
        with pytest.raises(ValueError, match="summary: expected either inputs or input_size"):
            nn.summary(nn.Identity(), *([rsnn.ones(1)] if wrong else []), **wrong)


def test_dictionary_and_picture():
    report = nn.summary(Net(), input_size=(1, 3, 32, 32))
    plain = json.loads(json.dumps(report.to_dict()))
    assert plain["layers"][1]["output_shape"] == [1, 8, 16, 16] and plain["total_parameters"] == report.total_parameters
    root = ElementTree.fromstring(report.to_svg())
    texts = [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "body.0.first" in texts and "Conv2d 1×8×16×16" in texts and "input" in texts
    assert len(root.findall("{http://www.w3.org/2000/svg}path")) == len(report.edges)


def test_png(tmp_path):
    pytest.importorskip("matplotlib")
    nn.summary(nn.Sequential(nn.Linear(2, 3), nn.ReLU()), input_size=(1, 2)).save(tmp_path / "net.png")
    assert (tmp_path / "net.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


class Writes(nn.Module):
    """A block as people write them, which adds to what a layer returned, and to its input."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        x -= 1
        y = self.norm(self.conv(x))
        y += x
        return self.act(y)


@pytest.mark.parametrize("shapes_only", [False, True])
def test_models_that_write_in_place(shapes_only):
    given = rsnn.ones(1, 3, 4, 4)
    report = nn.summary(Writes(), given, shapes_only=shapes_only)
    assert given.min().item() == 1 and [found.calls for found in report.layers] == [1, 1, 1, 1]
    assert report == nn.summary(Writes(), input_size=(1, 3, 4, 4), shapes_only=not shapes_only)


def test_other_errors_of_a_run_are_raised():
    class Fails(nn.Module):
        runs = 0

        def forward(self, x):
            self.runs += 1
            raise RuntimeError("broken")

    model = Fails()
    with pytest.raises(RuntimeError, match="broken"):
        nn.summary(model, input_size=(1,), shapes_only=True)
    assert model.runs == 1
