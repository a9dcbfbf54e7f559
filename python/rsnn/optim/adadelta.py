"""Adadelta."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["Adadelta"]


class Adadelta(PerParameterOptimizer):
    r"""Adadelta: steps in the units of the parameter, from running averages of squared gradients and squared steps.

    $v \leftarrow \rho v + (1 - \rho) g^2$, $\Delta = g \sqrt{u + \epsilon} / \sqrt{v + \epsilon}$,
    $u \leftarrow \rho u + (1 - \rho) \Delta^2$, $p \leftarrow p - \mathrm{lr} \cdot \Delta$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: scales the steps, a number or a tensor with one element.
        rho: decay rate of both averages, in [0, 1].
        eps: keeps the roots from zero.
        weight_decay: L2 penalty.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Adadelta([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9968, 0.9968], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        *,
        capturable: bool = False,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        check_lr("Adadelta", lr)
        if not 0.0 <= rho <= 1.0:
            raise ValueError(f"Adadelta: expected 0 <= rho <= 1, got {rho}")
        check_not_negative("Adadelta", "eps", eps)
        check_not_negative("Adadelta", "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "rho": rho,
            "eps": eps,
            "weight_decay": weight_decay,
            "maximize": maximize,
            "capturable": capturable,
            "foreach": foreach,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            state["square_avg"] = rsnn.zeros_like(param)
            state["acc_delta"] = rsnn.zeros_like(param)
        state["step"] += 1
        _adadelta_step(
            param,
            grad,
            state["square_avg"],
            state["acc_delta"],
            lr=float(group["lr"]),
            rho=group["rho"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
        )


def _adadelta_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    square_avg: rsnn.Tensor,
    acc_delta: rsnn.Tensor,
    *,
    lr: float,
    rho: float,
    eps: float,
    weight_decay: float,
) -> None:
    """Moves `param` and both averages."""
    if weight_decay != 0:
        grad = grad.add(param, alpha=weight_decay)
    square_avg.mul_(rho).addcmul_(grad, grad, value=1 - rho)
    root = square_avg.add(eps).sqrt_()
    delta = acc_delta.add(eps).sqrt_().div_(root).mul_(grad)
    acc_delta.mul_(rho).addcmul_(delta, delta, value=1 - rho)
    param.add_(delta, alpha=-lr)
