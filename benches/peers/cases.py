"""What is measured: groups of named cases. A group with many rows is summed up by its geometric mean."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bandwidth
import layers
import searches
from kinds import Call, Case, Network, Operator

sys.path.insert(0, str(Path(__file__).parents[1]))
nets = importlib.import_module("nets")

GROUPS: dict[str, dict[str, Case]] = {}


def group(name: str) -> dict[str, Case]:
    """The cases of a group."""
    return GROUPS.setdefault(name, {})


for n in (512, 1024, 2048):
    group("matrix products")[f"matmul {n}"] = Operator(lambda F, a, b: a @ b, (n, n), (n, n))
for n in (1024, 4096):
    group("matrix products")[f"a row of {n} by a matrix"] = Operator(lambda F, a, b: a @ b, (n,), (n, n))
for m, n, k in [(1, 4096, 4096), (16, 1000, 512), (64, 120, 400), (197, 768, 768)]:
    group("matrix products")[f"linear {m}x{k} to {n}"] = Operator(
        lambda F, x, w, b: F.linear(x, w, b), (m, k), (n, k), (n,)
    )

for net in (layers.resnet50, layers.vgg16, layers.mobilenet_v2):
    kind = "depthwise" if net is layers.mobilenet_v2 else "conv"
    for way, wrt in (("forward", None), ("d input", 0), ("d weight", 1)):
        for batch in (1, 16):
            cases = group(f"{kind} {way}: layers of {net.__name__}, batch {batch}")
            for layer in net():
                cases[f"{kind} {layer}, batch {batch}, {way}"] = Operator(layer, *layer.shapes(batch), wrt=wrt)

for wrt, way in enumerate(("queries", "keys", "values")):
    group("attention")[f"attention of 1,024, 8 heads, d {way}"] = Operator(
        lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), *3 * [(1, 8, 1024, 64)], wrt=wrt
    )
group("attention")["attention of one query to 1,024 keys, 8 heads"] = Operator(
    lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), (1, 8, 1, 64), *2 * [(1, 8, 1024, 64)]
)
group("attention")["attention of 1,024, 8 heads"] = Operator(
    lambda F, q, k, v: F.scaled_dot_product_attention(q, k, v), *3 * [(1, 8, 1024, 64)]
)
for wrt, way in ((None, "forward"), (0, "d input"), (1, "d grid")):
    for batch, channels, size in ((8, 16, 64), (2, 3, 224)):
        group("images at places")[f"grid_sample of {batch}x{channels} at {size}, {way}"] = Operator(
            lambda F, x, grid: F.grid_sample(x, grid.tanh(), align_corners=False),
            (batch, channels, size, size),
            (batch, size, size, 2),
            wrt=wrt,
        )
for wrt, way in ((None, "forward"), (0, "d input"), (1, "d weight")):
    group("other convolutions")[f"conv 3x3, dilation 2, of 64 at 56, {way}"] = Operator(
        lambda F, x, w: F.conv2d(x, w, padding=2, dilation=2), (4, 64, 56, 56), (64, 64, 3, 3), wrt=wrt
    )
    group("other convolutions")[f"transposed conv 4x4, stride 2, of 64 to 32 at 28, {way}"] = Operator(
        lambda F, x, w: F.conv_transpose2d(x, w, None, 2, 1), (4, 64, 28, 28), (64, 32, 4, 4), wrt=wrt
    )

for net in nets.IMAGENET:
    for batch in (1, 16):
        group("networks, inference")[f"{net.__name__}, batch {batch}"] = Network(net, (batch, 3, 224, 224))
group("networks, inference")["lenet, batch 64"] = Network(nets.lenet, (64, 1, 28, 28))
for net, shape in [
    (nets.lenet, (64, 1, 28, 28)),
    (nets.resnet18, (16, 3, 224, 224)),
    (nets.mobilenet_v2, (16, 3, 224, 224)),
]:
    name = f"{net.__name__}, batch {shape[0]}, training step"
    group("networks, training")[name] = Network(net, shape, train=True)


def mlp(nn: Any) -> Any:
    """Three linear layers, 16-16-4."""
    return nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))


group("networks, inference")["mlp 16-16-4, batch 1"] = Network(mlp, (1, 16))
group("networks, training")["mlp 16-16-4, batch 1, training step"] = Network(mlp, (1, 16), train=True)


def recurrent(kind: str, inputs: int, size: int) -> Callable[[Any], Any]:
    """A recurrent layer of which the last step's result is used."""

    def make(nn: Any) -> Any:
        class Last(nn.Module):  # type: ignore[misc]
            def __init__(self) -> None:
                super().__init__()
                self.layer = getattr(nn, kind)(inputs, size, batch_first=True)

            def forward(self, x: Any) -> Any:
                return self.layer(x)[0][:, -1]

        return Last()

    return make


for kind, batch, steps, inputs, size in [
    ("LSTM", 16, 32, 64, 128),
    ("LSTM", 1, 64, 128, 256),
    ("LSTM", 32, 20, 256, 512),
    ("GRU", 16, 32, 64, 128),
]:
    for train in (False, True):
        group("recurrent layers")[
            f"{kind} {inputs}-{size}, {steps} steps of {batch}, {'training step' if train else 'forward'}"
        ] = Network(recurrent(kind, inputs, size), (batch, steps, inputs), train)
conv3d: Callable[..., Any] = lambda F, x, w: F.conv3d(x, w, None, 1, 1)  # noqa: E731
for wrt, way in enumerate(("forward", "d input", "d weight"), -1):
    group("other convolutions")[f"conv 3x3x3 16-32 at 16, batch 2, {way}"] = Operator(
        conv3d, (2, 16, 16, 16, 16), (32, 16, 3, 3, 3), wrt=None if wrt < 0 else wrt
    )
    for kernel, channels in ((16, 384), (4, 96)):
        group("other convolutions")[f"patches of {kernel}x{kernel} to {channels}, batch 4, {way}"] = Operator(
            lambda F, x, w: F.conv2d(x, w, None, w.size(-1)),
            (4, 3, 224, 224),
            (channels, 3, kernel, kernel),
            wrt=None if wrt < 0 else wrt,
        )
    for batch, channels, size in ((1, 96, 56), (8, 384, 14), (1, 768, 7)):
        group("other convolutions")[f"depthwise 7x7 of {channels} at {size}, batch {batch}, {way}"] = Operator(
            lambda F, x, w: F.conv2d(x, w, None, 1, 3, 1, w.size(0)),
            (batch, channels, size, size),
            (channels, 1, 7, 7),
            wrt=None if wrt < 0 else wrt,
        )

group("memory")["max_pool2d 3/2 of 64 at 112"] = Operator(lambda F, x: F.max_pool2d(x, 3, 2, 1), (1, 64, 112, 112))
group("memory")["fractional_max_pool2d of 16x32 at 28"] = Operator(
    lambda F, x: F.fractional_max_pool2d(x, 2, 13, _random_samples=x.new_full((16, 32, 2), 0.37)), (16, 32, 28, 28)
)
group("memory")["batch_norm of 256 at 56"] = Operator(
    lambda F, x, m, v: F.batch_norm(x, m, v * v, training=False), (1, 256, 56, 56), (256,), (256,)
)
group("memory").update(bandwidth.CASES)
group("searches").update(searches.CASES)


def small(f: Callable[[Any, Any], Any]) -> Call:
    """A function of the library and a tensor of 16 numbers."""

    def make(lib: Any) -> Callable[[], Any]:
        x = lib.ones(4, 4)
        return lambda: f(lib, x)

    return Call(make)


def called(make: Callable[[Any], Any]) -> Call:
    """The call of a module with a tensor of 16 numbers."""

    def prepare(lib: Any) -> Callable[[], Any]:
        module, x = make(lib), lib.ones(1, 16)
        return lambda: module(x)

    return Call(prepare)


calls = group("calls")
calls["x + y of 4x4"] = small(lambda lib, x: x + x)
calls["x.relu() of 4x4"] = small(lambda lib, x: x.relu())
calls["x @ x of 4x4"] = small(lambda lib, x: x @ x)
calls["call of nn.Identity"] = called(lambda lib: lib.nn.Identity())
calls["making 100 nn.Linear(10, 10)"] = Call(lambda lib: lambda: [lib.nn.Linear(10, 10) for _ in range(100)])
calls["state_dict of 100 layers"] = Call(
    lambda lib: lib.nn.Sequential(*[lib.nn.Linear(10, 10) for _ in range(100)]).state_dict
)

CASES: dict[str, Case] = {name: case for cases in GROUPS.values() for name, case in cases.items()}
