"""The frame of the optimizers that treat each parameter by itself, and the checks of their options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rsnn
from rsnn.autograd import no_grad

from .optimizer import Optimizer


class PerParameterOptimizer(Optimizer):
    """Walks over the parameters that have a gradient; a subclass gives `_update` for one of them."""

    @no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates each parameter that has a gradient.

        Args:
            closure: evaluates the model anew and returns the loss.

        Returns:
            What the closure returned, or None.
        """
        loss = None
        if closure is not None:
            with rsnn.enable_grad():
                loss = closure()
        for group in self.param_groups:
            self._update_group(group)
        return loss

    def _update_group(self, group: dict[str, Any]) -> None:
        """Updates the parameters of a group that have a gradient."""
        maximize = group.get("maximize", False)
        for param in group["params"]:
            grad = param.grad
            if grad is not None:
                self._update(param, -grad if maximize else grad, group)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        """Moves one parameter, making its state when it has none; `grad` points uphill."""
        raise NotImplementedError


def with_gradients(group: dict[str, Any]) -> tuple[list[rsnn.Tensor], list[rsnn.Tensor]]:
    """The parameters of a group that have a gradient, and these."""
    pairs = [(param, grad) for param in group["params"] if (grad := param.grad) is not None]
    return [param for param, _ in pairs], [grad for _, grad in pairs]


def check_lr(op: str, lr: Any) -> None:
    """A learning rate is a number or a tensor with one element, and not negative."""
    if isinstance(lr, rsnn.Tensor) and lr.numel() != 1:
        raise ValueError(f"{op}: expected a learning rate with one element, got shape {list(lr.shape)}")
    check_not_negative(op, "lr", lr)


def check_not_negative(op: str, name: str, value: Any) -> None:
    """An option that must be at least zero."""
    if not value >= 0.0:
        raise ValueError(f"{op}: expected {name} >= 0, got {value}")


def check_unit(op: str, name: str, value: Any) -> None:
    """A decay rate, in [0, 1)."""
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{op}: expected 0 <= {name} < 1, got {value}")


def check_betas(op: str, betas: Any) -> tuple[float, float]:
    """Both decay rates of the moving averages, as numbers."""
    beta1, beta2 = betas
    check_unit(op, "betas[0]", beta1)
    check_unit(op, "betas[1]", beta2)
    return (
        float(beta1) if isinstance(beta1, rsnn.Tensor) else beta1,
        float(beta2) if isinstance(beta2, rsnn.Tensor) else beta2,
    )
