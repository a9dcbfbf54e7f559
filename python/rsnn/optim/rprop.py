"""Resilient propagation."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr
from .optimizer import ParamsT, scalar_state

__all__ = ["Rprop"]


class Rprop(PerParameterOptimizer):
    r"""Resilient propagation: only the sign of the gradient counts; each element has a step size of its own.

    The step size grows by `etas[1]` while the sign stays and shrinks by `etas[0]` when it changes (that element then
    stands still for one step); $p \leftarrow p - \mathrm{sign}(g) \cdot \mathrm{step}$. For full batches only.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: the first step size, a number or a tensor with one element.
        etas: factors of shrinking and growing, on both sides of 1.
        step_sizes: the smallest and the largest step.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Rprop([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9900, 0.9900], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50),
        *,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        check_lr("Rprop", lr)
        if not 0.0 < etas[0] < 1.0 < etas[1]:
            raise ValueError(f"Rprop: expected 0 < etas[0] < 1 < etas[1], got etas={etas}")
        defaults = {
            "lr": lr,
            "etas": etas,
            "step_sizes": step_sizes,
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
            state["prev"] = rsnn.zeros_like(param)
            state["step_size"] = rsnn.full_like(grad, float(group["lr"]))
        state["step"] += 1
        _rprop_step(param, grad, state["prev"], state["step_size"], etas=group["etas"], step_sizes=group["step_sizes"])


def _rprop_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    previous: rsnn.Tensor,
    step_size: rsnn.Tensor,
    *,
    etas: tuple[float, float],
    step_sizes: tuple[float, float],
) -> None:
    """Moves `param` and its step sizes, and makes `previous` the gradient that counted."""
    agreement = grad.mul(previous)
    turned = agreement.lt(0)
    factor = rsnn.ones_like(grad).masked_fill_(agreement.gt(0), etas[1]).masked_fill_(turned, etas[0])
    step_size.mul_(factor).clamp_(*step_sizes)
    grad = grad.masked_fill(turned, 0)
    param.addcmul_(grad.sign(), step_size, value=-1)
    previous.copy_(grad)
