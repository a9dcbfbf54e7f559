"""RAdam."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_betas, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["RAdam"]


class RAdam(PerParameterOptimizer):
    r"""RAdam: Adam that leaves the average of squares out while it rests on too few steps.

    With $\rho_\infty = 2 / (1 - \beta_2) - 1$ and
    $\rho_t = \rho_\infty - 2 t \beta_2^t / (1 - \beta_2^t)$, the steps of Adam are scaled by
    $\sqrt{\frac{(\rho_t - 4)(\rho_t - 2) \rho_\infty}{(\rho_\infty - 4)(\rho_\infty - 2) \rho_t}}$
    once $\rho_t > 5$; before that
    $p \leftarrow p - \mathrm{lr} \cdot m / (1 - \beta_1^t)$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        betas: decay rates of the averages, in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: L2 penalty; with `decoupled_weight_decay` parameters shrink by `lr * weight_decay` instead.
        decoupled_weight_decay: see `weight_decay`.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.RAdam([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9980, 0.9980], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ):
        check_lr("RAdam", lr)
        check_not_negative("RAdam", "eps", eps)
        check_not_negative("RAdam", "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "betas": check_betas("RAdam", betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "decoupled_weight_decay": decoupled_weight_decay,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            state["exp_avg"] = rsnn.zeros_like(param)
            state["exp_avg_sq"] = rsnn.zeros_like(param)
        state["step"] += 1
        beta1, beta2 = group["betas"]
        _radam_step(
            param,
            grad,
            state["exp_avg"],
            state["exp_avg_sq"],
            step=state["step"].item(),
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            decoupled=group["decoupled_weight_decay"],
        )


def _radam_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    exp_avg: rsnn.Tensor,
    exp_avg_sq: rsnn.Tensor,
    *,
    step: float,
    lr: float | rsnn.Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
) -> None:
    """Moves `param` and both averages; `step` counts from one."""
    if weight_decay != 0:
        if decoupled:
            param.mul_(float(1 - lr * weight_decay))
        else:
            grad = grad.add(param, alpha=weight_decay)
    exp_avg.lerp_(grad, 1 - beta1)
    exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    correction2 = 1 - beta2**step
    update = (exp_avg / (1 - beta1**step)).mul_(float(lr))
    long_run = 2 / (1 - beta2) - 1
    length = long_run - 2 * step * (beta2**step) / correction2
    if length > 5.0:
        rectified = (length - 4) * (length - 2) * long_run / ((long_run - 4) * (long_run - 2) * length)
        update.mul_(correction2**0.5 / exp_avg_sq.sqrt().add_(eps)).mul_(rectified**0.5)
    param.add_(update, alpha=-1.0)
