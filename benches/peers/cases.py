"""What is measured. A case is written once and runs on every library that has PyTorch's names."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

EXAMPLES = Path(__file__).parents[2] / "examples"


class Operator:
    """A function of tensors of given shapes, without gradients; with `wrt`, the gradient of its sum for one of them."""

    def __init__(self, f: Callable[..., Any], *shapes: tuple[int, ...], wrt: int | None = None):
        self.f, self.shapes, self.wrt = f, shapes, wrt

    def run(self, lib: Any, dtype: Any) -> Callable[[], Any]:
        """The case with its inputs."""
        lib.manual_seed(0)
        functional = importlib.import_module(f"{lib.__name__}.nn.functional")
        inputs = [lib.randn(*shape).to(dtype) for shape in self.shapes]
        if self.wrt is None:
            return lambda: self.f(functional, *inputs)
        x = inputs[self.wrt].requires_grad_()
        with lib.enable_grad():
            y = self.f(functional, *inputs)
        g = lib.ones_like(y)
        return lambda: lib.autograd.grad(y, x, g, retain_graph=True)[0]

    def result(self, lib: Any, dtype: Any) -> list[Any]:
        """What it computes."""
        with lib.no_grad():
            return [self.run(lib, dtype)()]

    def prepare(self, lib: Any) -> Callable[[], Any]:
        """What is timed."""
        lib.set_grad_enabled(self.wrt is not None)
        return self.run(lib, lib.float32)


class Network:
    """A model made by a function of the library, and its input; with `train`, a whole step of SGD."""

    def __init__(self, make: Callable[[Any], Any], shape: tuple[int, ...], train: bool = False):
        self.make, self.shape, self.train = make, shape, train

    def model(self, lib: Any) -> tuple[Any, Any]:
        """The model and an input."""
        lib.manual_seed(0)
        model = self.make(lib)
        return model, lib.randn(*self.shape)

    def result(self, lib: Any, dtype: Any) -> list[Any]:
        """The output in evaluation mode."""
        model, x = self.model(lib)
        with lib.no_grad():
            return [model.eval().to(dtype)(x.to(dtype))]

    def prepare(self, lib: Any) -> Callable[[], Any]:
        """What is timed."""
        model, x = self.model(lib)
        lib.set_grad_enabled(True)
        if not self.train:
            model.eval()

            def infer() -> Any:
                with lib.no_grad():
                    return model(x)

            return infer
        functional = importlib.import_module(f"{lib.__name__}.nn.functional")
        target = lib.zeros(self.shape[0], dtype=lib.int64)
        optimizer = lib.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

        def step() -> None:
            optimizer.zero_grad()
            functional.cross_entropy(model(x), target).backward()
            optimizer.step()

        return step


class Call:
    """Something small, whose time is that of getting there and back."""

    def __init__(self, make: Callable[[Any], Callable[[], Any]]):
        self.make = make

    def result(self, lib: Any, dtype: Any) -> list[Any]:
        """Nothing to compare but that it runs."""
        self.make(lib)()
        return []

    def prepare(self, lib: Any) -> Callable[[], Any]:
        """What is timed."""
        lib.set_grad_enabled(True)
        return self.make(lib)


def example(lib: Any, name: str) -> dict[str, Any]:
    """The definitions of one of our examples, for a library."""
    text = (EXAMPLES / f"{name}.py").read_text()
    if lib.__name__ != "rsnn":
        text = text.replace("import rsnn\n", f"import {lib.__name__} as rsnn\n").replace(
            "from rsnn", f"from {lib.__name__}"
        )
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, name, "exec"), names)
    return names


def mlp(lib: Any) -> Any:
    """Three linear layers, 16-16-4."""
    nn = lib.nn
    return nn.Sequential(nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 4))


def conv(b: int, c: int, o: int, size: int, k: int, s: int = 1, g: int = 1, wrt: int | None = None) -> Operator:
    """A square convolution with padding."""
    run = lambda F, x, w: F.conv2d(x, w, None, s, k // 2, 1, g)  # noqa: E731
    return Operator(run, (b, c, size, size), (o, c // g, k, k), wrt=wrt)


CASES: dict[str, Any] = {}

for n in (512, 1024, 2048):
    CASES[f"matmul {n}"] = Operator(lambda F, a, b: a @ b, (n, n), (n, n))
for m, n, k in [(1, 4096, 4096), (16, 1000, 512), (64, 120, 400), (197, 768, 768)]:
    CASES[f"linear {m}x{k} to {n}"] = Operator(lambda F, x, w, b: F.linear(x, w, b), (m, k), (n, k), (n,))

# Layers of ResNet-50 at batch 1, two of VGG-16, depthwise layers of MobileNetV2.
for c, o, size, k, s in [
    (3, 64, 224, 7, 2), (64, 64, 56, 1, 1), (64, 64, 56, 3, 1), (64, 256, 56, 1, 1), (256, 128, 56, 1, 1),
    (128, 128, 56, 3, 2), (128, 128, 28, 3, 1), (128, 512, 28, 1, 1), (256, 256, 14, 3, 1), (256, 1024, 14, 1, 1),
    (1024, 2048, 14, 1, 2), (512, 512, 7, 3, 1), (512, 2048, 7, 1, 1), (3, 64, 224, 3, 1), (512, 512, 14, 3, 1),
]:  # fmt: skip
    CASES[f"conv {k}x{k}/{s} {c}-{o} at {size}"] = conv(1, c, o, size, k, s)
for c, size, k, s in [(32, 112, 3, 1), (96, 112, 3, 2), (144, 56, 3, 1), (384, 14, 3, 1), (960, 7, 3, 1)]:
    CASES[f"depthwise {k}x{k}/{s} {c} at {size}"] = conv(1, c, c, size, k, s, c)
for c, o, size, k, s in [(64, 64, 56, 3, 1), (256, 64, 56, 1, 1), (512, 512, 7, 3, 1)]:
    CASES[f"conv {k}x{k} {c}-{o} at {size}, batch 4, d input"] = conv(4, c, o, size, k, s, wrt=0)
    CASES[f"conv {k}x{k} {c}-{o} at {size}, batch 4, d weight"] = conv(4, c, o, size, k, s, wrt=1)
CASES["depthwise 3x3 96 at 56, batch 4, d input"] = conv(4, 96, 96, 56, 3, 1, 96, wrt=0)
CASES["depthwise 3x3 96 at 56, batch 4, d weight"] = conv(4, 96, 96, 56, 3, 1, 96, wrt=1)

CASES["max_pool2d 3/2 of 64 at 112"] = Operator(lambda F, x: F.max_pool2d(x, 3, 2, 1), (1, 64, 112, 112))
CASES["batch_norm of 256 at 56"] = Operator(
    lambda F, x, m, v: F.batch_norm(x, m, v * v, training=False), (1, 256, 56, 56), (256,), (256,)
)
# 16 MB each.
for name, run in {
    "softmax": lambda F, x: F.softmax(x, -1),
    "layer_norm": lambda F, x: F.layer_norm(x, (1024,)),
    "gelu": lambda F, x: F.gelu(x),
    "relu": lambda F, x: F.relu(x),
    "sigmoid": lambda F, x: F.sigmoid(x),
    "sum": lambda F, x: x.sum(),
    "sum of columns": lambda F, x: x.sum(0),
    "max of rows": lambda F, x: x.amax(1),
    "argmax of rows": lambda F, x: x.argmax(1),
    "add": lambda F, x: x + x,
    "copy": lambda F, x: x.clone(),
    "transposed copy": lambda F, x: x.t().contiguous(),
}.items():
    CASES[f"{name}, 16 MB"] = Operator(run, (4096, 1024))

for name, file, size in [("alexnet", "alexnet", 224), ("resnet18", "resnet", 224), ("resnet50", "resnet", 224)]:
    for batch in (1, 16):
        make = lambda lib, n=name, f=file: example(lib, f)[{"alexnet": "AlexNet"}.get(n, n)]()  # noqa: E731
        CASES[f"{name}, batch {batch}"] = Network(make, (batch, 3, size, size))
lenet = lambda lib: example(lib, "lenet")["LeNet"]()  # noqa: E731
CASES["lenet, batch 64"] = Network(lenet, (64, 1, 28, 28))
CASES["lenet, batch 64, training step"] = Network(lenet, (64, 1, 28, 28), train=True)
CASES["resnet18, batch 16, training step"] = Network(
    lambda lib: example(lib, "resnet")["resnet18"](), (16, 3, 224, 224), train=True
)

CASES["mlp 16-16-4, batch 1"] = Network(mlp, (1, 16))
CASES["mlp 16-16-4, batch 1, training step"] = Network(mlp, (1, 16), train=True)


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


CASES["x + y of 4x4"] = small(lambda lib, x: x + x)
CASES["x.relu() of 4x4"] = small(lambda lib, x: x.relu())
CASES["x @ x of 4x4"] = small(lambda lib, x: x @ x)
CASES["call of nn.Identity"] = called(lambda lib: lib.nn.Identity())
CASES["making 100 nn.Linear(10, 10)"] = Call(lambda lib: lambda: [lib.nn.Linear(10, 10) for _ in range(100)])
CASES["state_dict of 100 layers"] = Call(
    lambda lib: lib.nn.Sequential(*[lib.nn.Linear(10, 10) for _ in range(100)]).state_dict
)
