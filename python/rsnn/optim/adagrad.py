"""Adagrad."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["Adagrad"]


class Adagrad(PerParameterOptimizer):
    r"""Adagrad: the gradient divided by the root of the sum of all its squares.

    $s \leftarrow s + g^2$, and in step $t$
    $p \leftarrow p - \frac{\mathrm{lr}}{1 + (t - 1) \cdot \mathrm{lr\_decay}} \cdot g / (\sqrt{s} + \epsilon)$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        lr_decay: how fast the learning rate falls.
        weight_decay: L2 penalty.
        initial_accumulator_value: the sum before the first step.
        eps: keeps the denominator from zero.
        foreach, fused: hints about speed; they never change the result.
        maximize: climbs instead of descending.
        differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Adagrad([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9900, 0.9900], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-2,
        lr_decay: float = 0,
        weight_decay: float = 0,
        initial_accumulator_value: float = 0,
        eps: float = 1e-10,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        check_lr("Adagrad", lr)
        check_not_negative("Adagrad", "lr_decay", lr_decay)
        check_not_negative("Adagrad", "weight_decay", weight_decay)
        check_not_negative("Adagrad", "initial_accumulator_value", initial_accumulator_value)
        check_not_negative("Adagrad", "eps", eps)
        defaults = {
            "lr": lr,
            "lr_decay": lr_decay,
            "eps": eps,
            "weight_decay": weight_decay,
            "initial_accumulator_value": initial_accumulator_value,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        for param in group["params"]:
            self.state[param] = {
                "step": scalar_state(0),
                "sum": rsnn.full_like(param, group["initial_accumulator_value"], requires_grad=False),
            }

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        state["step"] += 1
        _adagrad_step(
            param,
            grad,
            state["sum"],
            step=state["step"].item(),
            lr=group["lr"],
            lr_decay=group["lr_decay"],
            weight_decay=group["weight_decay"],
            eps=group["eps"],
        )

    def share_memory(self) -> None:
        """PyTorch moves the state to shared memory here; tensors of rsnn cannot."""
        raise NotImplementedError("Adagrad: share_memory is not supported")


def _adagrad_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    total: rsnn.Tensor,
    *,
    step: float,
    lr: float | rsnn.Tensor,
    lr_decay: float,
    weight_decay: float,
    eps: float,
) -> None:
    """Moves `param` and the sum of squares `total`; `step` counts from one."""
    if weight_decay != 0:
        grad = grad.add(param, alpha=weight_decay)
    total.addcmul_(grad, grad, value=1)
    root = total.sqrt().add_(eps)
    param.addcdiv_(grad, root, value=-float(lr / (1 + (step - 1) * lr_decay)))
