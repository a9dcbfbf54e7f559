"""Adamax."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_betas, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["Adamax"]


class Adamax(PerParameterOptimizer):
    r"""Adamax: Adam with the largest recent gradient in place of the root of the average square.

    $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $u \leftarrow \max(\beta_2 u, |g| + \epsilon)$, and in step $t$
    $p \leftarrow p - \frac{\mathrm{lr}}{1 - \beta_1^t} \cdot m / u$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        betas: decay rates of the average and of the maximum, in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: L2 penalty.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Adamax([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9980, 0.9980], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        check_lr("Adamax", lr)
        check_not_negative("Adamax", "eps", eps)
        check_not_negative("Adamax", "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "betas": check_betas("Adamax", betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            state["exp_avg"] = rsnn.zeros_like(param)
            state["exp_inf"] = rsnn.zeros_like(param)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        _adamax_step(
            param,
            grad,
            state["exp_avg"],
            state["exp_inf"],
            step=state["step"].item(),
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
        )


def _adamax_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    exp_avg: rsnn.Tensor,
    exp_inf: rsnn.Tensor,
    *,
    step: float,
    lr: float | rsnn.Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
) -> None:
    """Moves `param`, its average gradient and its largest gradient; `step` counts from one."""
    if weight_decay != 0:
        grad = grad.add(param, alpha=weight_decay)
    exp_avg.lerp_(grad, 1 - beta1)
    exp_inf.copy_(rsnn.maximum(exp_inf.mul_(beta2), grad.abs().add_(eps)))
    param.addcdiv_(exp_avg, exp_inf, value=-float(lr / (1 - beta1**step)))
