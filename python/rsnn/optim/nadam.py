"""NAdam."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_betas, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["NAdam"]


class NAdam(PerParameterOptimizer):
    r"""NAdam: Adam with Nesterov momentum.

    With $\mu_t = \beta_1 (1 - \frac{1}{2} 0.96^{t \psi})$
    ($\psi$ is `momentum_decay`) and $\Pi_t = \mu_1 \cdots \mu_t$
    the average of Adam is replaced by $\frac{\mu_{t+1} m}{1 - \Pi_{t+1}} + \frac{(1 - \mu_t) g}{1 - \Pi_t}$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        betas: decay rates of the averages, in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: L2 penalty; with `decoupled_weight_decay` parameters shrink by `lr * weight_decay` instead.
        momentum_decay: how fast the momentum approaches `betas[0]`.
        decoupled_weight_decay: see `weight_decay`.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.NAdam([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9979, 0.9979], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 2e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum_decay: float = 4e-3,
        decoupled_weight_decay: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
    ):
        check_lr("NAdam", lr)
        check_not_negative("NAdam", "eps", eps)
        check_not_negative("NAdam", "weight_decay", weight_decay)
        check_not_negative("NAdam", "momentum_decay", momentum_decay)
        defaults = {
            "lr": lr,
            "betas": check_betas("NAdam", betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "momentum_decay": momentum_decay,
            "decoupled_weight_decay": decoupled_weight_decay,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            state["mu_product"] = scalar_state(1)
            state["exp_avg"] = rsnn.zeros_like(param)
            state["exp_avg_sq"] = rsnn.zeros_like(param)
        state["step"] += 1
        step = state["step"].item()
        beta1, beta2 = group["betas"]
        decay = group["momentum_decay"]
        mu = beta1 * (1.0 - 0.5 * (0.96 ** (step * decay)))
        mu_next = beta1 * (1.0 - 0.5 * (0.96 ** ((step + 1) * decay)))
        state["mu_product"] *= mu
        _nadam_step(
            param,
            grad,
            state["exp_avg"],
            state["exp_avg_sq"],
            step=step,
            mu=mu,
            mu_next=mu_next,
            mu_product=state["mu_product"].item(),
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            decoupled=group["decoupled_weight_decay"],
        )


def _nadam_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    exp_avg: rsnn.Tensor,
    exp_avg_sq: rsnn.Tensor,
    *,
    step: float,
    mu: float,
    mu_next: float,
    mu_product: float,
    lr: float | rsnn.Tensor,
    beta1: float,
    beta2: float,
    eps: float,
    weight_decay: float,
    decoupled: bool,
) -> None:
    """Moves `param` and both averages; `step` counts from one, `mu_product` includes `mu`."""
    if weight_decay != 0:
        if decoupled:
            param.mul_(float(1 - lr * weight_decay))
        else:
            grad = grad.add(param, alpha=weight_decay)
    exp_avg.lerp_(grad, 1 - beta1)
    exp_avg_sq.mul_(beta2).addcmul_(grad, grad, value=1 - beta2)
    denominator = exp_avg_sq.div(1 - beta2**step).sqrt_().add_(eps)
    param.addcdiv_(grad, denominator, value=float(-lr * (1.0 - mu) / (1.0 - mu_product)))
    param.addcdiv_(exp_avg, denominator, value=float(-lr * mu_next / (1.0 - mu_product * mu_next)))
