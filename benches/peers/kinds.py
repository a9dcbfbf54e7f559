"""Kinds of cases. A case is written once, runs on every library that has PyTorch's names, and is checked before it is timed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any


class Case:
    """Something to measure."""

    #: How far single precision may be from double: the size of the difference (root mean square) relative to that of the result.
    tolerance = 1e-4

    def result(self, lib: Any, dtype: Any, channels_last: bool = False) -> list[Any]:
        """What it computes, as tensors."""
        raise NotImplementedError

    def prepare(self, lib: Any, channels_last: bool = False) -> Callable[[], Any]:
        """What is timed."""
        raise NotImplementedError


def functional(lib: Any) -> Any:
    """The library's functions of layers."""
    return importlib.import_module(f"{lib.__name__}.nn.functional")


class Operator(Case):
    """A function of tensors of given shapes, without gradients; with `wrt`, its gradient for one of them."""

    def __init__(self, f: Callable[..., Any], *shapes: tuple[int, ...], wrt: int | None = None):
        self.f, self.shapes, self.wrt = f, shapes, wrt

    def run(self, lib: Any, dtype: Any) -> Callable[[], Any]:
        """The case with its inputs."""
        lib.manual_seed(0)
        inputs = [lib.randn(*shape).to(dtype) for shape in self.shapes]
        if self.wrt is None:
            return lambda: self.f(functional(lib), *inputs)
        x = inputs[self.wrt].requires_grad_()
        with lib.enable_grad():
            y = self.f(functional(lib), *inputs)
        g = lib.randn(y.shape).to(dtype)
        return lambda: lib.autograd.grad(y, x, g, retain_graph=True)[0]

    def result(self, lib: Any, dtype: Any, channels_last: bool = False) -> list[Any]:
        with lib.no_grad():
            return [self.run(lib, dtype)()]

    def prepare(self, lib: Any, channels_last: bool = False) -> Callable[[], Any]:
        lib.set_grad_enabled(self.wrt is not None)
        return self.run(lib, lib.float32)


class Network(Case):
    """A model made by a function of `nn`, and the shape of its input; with `train`, a whole step of SGD."""

    def __init__(self, make: Callable[[Any], Any], shape: tuple[int, ...], train: bool = False):
        self.make, self.shape, self.train = make, shape, train
        if train:
            # Batch normalisation magnifies rounding, and a ReLU at zero passes a gradient or none.
            self.tolerance = 0.1

    def model(self, lib: Any, dtype: Any, channels_last: bool) -> tuple[Any, Any]:
        """The model and an input."""
        lib.manual_seed(0)
        model, x = self.make(lib.nn), lib.randn(*self.shape)
        model, x = model.train(self.train).to(dtype), x.to(dtype)
        if channels_last:
            model, x = model.to(memory_format=lib.channels_last), x.contiguous(memory_format=lib.channels_last)
        return model, x

    def step(self, lib: Any, model: Any, x: Any) -> Callable[[], Any]:
        """A step of SGD, as a function that returns the loss."""
        target = lib.arange(self.shape[0]) % 4
        optimizer = lib.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9)

        def step() -> Any:
            optimizer.zero_grad()
            loss = functional(lib).cross_entropy(model(x), target)
            loss.backward()
            optimizer.step()
            return loss

        return step

    def result(self, lib: Any, dtype: Any, channels_last: bool = False) -> list[Any]:
        model, x = self.model(lib, dtype, channels_last)
        if not self.train:
            with lib.no_grad():
                return [model(x)]
        for module in model.modules():
            if isinstance(module, lib.nn.Dropout):
                module.p = 0.0
        with lib.enable_grad():
            loss = self.step(lib, model, x)()
        return [loss.detach(), *(p.grad for p in model.parameters())]

    def prepare(self, lib: Any, channels_last: bool = False) -> Callable[[], Any]:
        model, x = self.model(lib, lib.float32, channels_last)
        lib.set_grad_enabled(True)
        if self.train:
            return self.step(lib, model, x)

        def infer() -> Any:
            with lib.no_grad():
                return model(x)

        return infer


class Call(Case):
    """A function that a function of the library makes. Tensors that it returns are compared in single precision."""

    def __init__(self, make: Callable[[Any], Callable[[], Any]]):
        self.make = make

    def result(self, lib: Any, dtype: Any, channels_last: bool = False) -> list[Any]:
        lib.manual_seed(0)
        found = self.make(lib)()
        return [x.float() for x in (found if isinstance(found, tuple) else (found,)) if isinstance(x, lib.Tensor)]

    def prepare(self, lib: Any, channels_last: bool = False) -> Callable[[], Any]:
        lib.set_grad_enabled(True)
        return self.make(lib)
