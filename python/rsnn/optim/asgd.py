"""Averaged stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["ASGD"]


class ASGD(PerParameterOptimizer):
    r"""Averaged SGD: descends with a falling rate and keeps the average of the parameters it went through.

    $p \leftarrow (1 - \lambda \eta_t) p - \eta_t g$ with
    $\eta_t = \mathrm{lr} / (1 + \lambda \cdot \mathrm{lr} \cdot t)^{\alpha}$;
    from step $t_0$ on, `state[p]["ax"]` is the mean of $p$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        lambd: the decay $\lambda$.
        alpha: the power of the falling rate.
        t0: the step at which averaging starts.
        weight_decay: L2 penalty.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.ASGD([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9800, 0.9800], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-2,
        lambd: float = 1e-4,
        alpha: float = 0.75,
        t0: float = 1e6,
        weight_decay: float = 0,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
        capturable: bool = False,
    ):
        check_lr("ASGD", lr)
        check_not_negative("ASGD", "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "lambd": lambd,
            "alpha": alpha,
            "t0": t0,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
            "capturable": capturable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        lr, lambd = group["lr"], group["lambd"]
        if not state:
            state["step"] = scalar_state(0)
            state["eta"] = scalar_state(float(lr))
            state["mu"] = scalar_state(1)
            state["ax"] = rsnn.zeros_like(param)
        state["step"] += 1
        _asgd_step(
            param,
            grad,
            state["ax"],
            eta=state["eta"].item(),
            mu=state["mu"].item(),
            lambd=lambd,
            weight_decay=group["weight_decay"],
        )
        step = state["step"].item()
        state["eta"].copy_(rsnn.as_tensor(lr / ((1 + lambd * lr * step) ** group["alpha"])))
        state["mu"].copy_(rsnn.as_tensor(1 / max(1, step - group["t0"])))


def _asgd_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    average: rsnn.Tensor,
    *,
    eta: float,
    mu: float,
    lambd: float,
    weight_decay: float,
) -> None:
    """Moves `param` at the rate `eta` and its average by the share `mu` of the distance."""
    if weight_decay != 0:
        grad = grad.add(param, alpha=weight_decay)
    param.mul_(1 - lambd * eta)
    param.add_(grad, alpha=-eta)
    if mu == 1:
        average.copy_(param)
    else:
        average.add_(param.sub(average).mul_(mu))
