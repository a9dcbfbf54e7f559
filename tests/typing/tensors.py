"""What a type checker knows of tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from typing_extensions import assert_type

import rsnn
from rsnn import Tensor


def creation() -> None:
    """Functions that make tensors."""
    assert_type(rsnn.tensor([1.0, 2.0], requires_grad=True), Tensor)
    assert_type(rsnn.zeros(2, 3, dtype=rsnn.float64, device="cpu"), Tensor)
    assert_type(rsnn.ones((2, 3)), Tensor)
    assert_type(rsnn.arange(3), Tensor)
    assert_type(rsnn.arange(0, 1, 0.5), Tensor)
    assert_type(rsnn.randint(0, 3, (2,)), Tensor)
    assert_type(rsnn.from_numpy(np.zeros(3)), Tensor)
    assert_type(rsnn.zeros_like(rsnn.ones(2)), Tensor)
    assert_type(rsnn.manual_seed(0), rsnn.Generator)


def arithmetic() -> None:
    """Operators take tensors and numbers on both sides."""
    x = rsnn.ones(2, 2)
    for value in (x + 1, 1 + x, x - x, 2.5 * x, x / 2, 1 / x, x // 2, x % 2, x**2, 2**x, -x, +x, abs(x), x @ x):
        assert_type(value, Tensor)
    assert_type(x == 1, Tensor)
    assert_type(x < x, Tensor)
    assert_type((x > 0) & (x < 2) | ~(x == 1), Tensor)
    x += 1
    x *= 2.0
    assert_type(x, Tensor)
    assert_type(x.lerp_(x, 0.5), Tensor)
    assert_type(x.clamp(min=0), Tensor)
    assert_type(rsnn.add(x, 1, alpha=2), Tensor)
    assert_type(rsnn.pow(2, x), Tensor)
    assert_type(bool(x.sum()), bool)
    assert_type(float(x.sum()), float)


def shapes() -> None:
    """Sizes, views and indices."""
    x = rsnn.ones(2, 3, 4)
    assert_type(x.shape, rsnn.Size)
    assert_type(x.size(), rsnn.Size)
    assert_type(x.size(0), int)
    assert_type(x.shape[0], int)
    assert_type(x.shape[1:], rsnn.Size)
    assert_type(x.stride(), tuple[int, ...])
    assert_type(x.stride(1), int)
    assert_type(x.numel(), int)
    assert_type(x.dim(), int)
    assert_type(x.view(-1), Tensor)
    assert_type(x.reshape(2, 12), Tensor)
    assert_type(x.permute(0, 2, 1), Tensor)
    assert_type(x.squeeze((0, 1)), Tensor)
    assert_type(x[0], Tensor)
    assert_type(x[..., None, 1:, rsnn.tensor([0, 1])], Tensor)
    assert_type(x[x > 0], Tensor)
    x[0] = 1
    x[:, 1] = rsnn.zeros(2, 4)
    assert_type(x.split(1), tuple[Tensor, ...])
    assert_type(rsnn.cat([x, x], dim=1), Tensor)
    assert_type([row for row in x], list[Tensor])
    assert_type(len(x), int)


def reductions() -> None:
    """A method with several forms has the result of the form."""
    x = rsnn.randn(3, 4)
    assert_type(x.sum(), Tensor)
    assert_type(x.mean(dim=(0, 1), keepdim=True), Tensor)
    assert_type(x.max(), Tensor)
    assert_type(x.max(x), Tensor)
    assert_type(x.max(1), rsnn.return_types.max)
    assert_type(x.max(dim=1).indices, Tensor)
    values, indices = x.min(0)
    assert_type(values, Tensor)
    assert_type(indices, Tensor)
    assert_type(rsnn.max(x, 1), rsnn.return_types.max)
    assert_type(rsnn.max(x), Tensor)
    assert_type(x.sort(descending=True).values, Tensor)
    assert_type(rsnn.topk(x, 2).indices, Tensor)
    assert_type(x.median(), Tensor)
    assert_type(x.median(0), rsnn.return_types.median)
    assert_type(x.argmax(1), Tensor)
    assert_type(x.equal(x), bool)
    assert_type(rsnn.allclose(x, x), bool)
    assert_type(rsnn.var_mean(x)[0], Tensor)


def conversion() -> None:
    """Other types, and what is not a tensor."""
    x = rsnn.ones(2)
    assert_type(x.dtype, rsnn.dtype)
    assert_type(x.device, rsnn.device)
    assert_type(x.to(rsnn.float64), Tensor)
    assert_type(x.double().long(), Tensor)
    assert_type(x.numpy(), "np.ndarray[Any, Any]")
    assert_type(x[0].item(), "int | float")
    assert_type(x.is_contiguous(), bool)
    assert_type(x.requires_grad, bool)
    assert_type(x.grad, "Tensor | None")
    assert_type(rsnn.is_tensor(x), bool)


def gradients() -> None:
    """Differentiation."""
    x = rsnn.ones(2, requires_grad=True)
    with rsnn.no_grad():
        assert_type(x * 2, Tensor)
    (x * x).sum().backward()
    (gradient,) = rsnn.autograd.grad((x * x).sum(), x)
    assert_type(gradient, Tensor)
    handle = x.register_hook(lambda grad: grad * 2)
    handle.remove()

    @rsnn.no_grad()
    def evaluate(value: Tensor) -> float:
        return float(value.sum())

    assert_type(evaluate(x), float)


class Square(rsnn.autograd.Function):
    """A function that says which gradients it takes."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x * x

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        result: Tensor = 2 * x * grad
        return result


def custom() -> None:
    """Functions with gradients of their own."""
    x = rsnn.ones(2, requires_grad=True)
    result: Tensor = Square.apply(x)
    result.sum().backward()
