"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn import _C

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative, with_gradients
from .optimizer import ParamsT

__all__ = ["SGD"]


class SGD(PerParameterOptimizer):
    r"""Stochastic gradient descent: $p \leftarrow p - \mathrm{lr} \cdot d$ with a direction $d$.

    With $g$ the gradient plus `weight_decay` times $p$, and momentum $\mu$,
    $b \leftarrow \mu b + (1 - \mathrm{dampening}) g$
    ($b = g$ in the first step); $d = b$, or $g + \mu b$ with `nesterov`, or $g$ without momentum.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        momentum: the share of the last direction that is kept.
        dampening: the share of the gradient that is left out of the direction.
        weight_decay: L2 penalty.
        nesterov: looks ahead along the direction; needs a momentum and no dampening.
        maximize: climbs instead of descending.
        foreach, fused: hints about speed; they never change the result.
        differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.SGD([w], lr=0.1, momentum=0.9)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8000, 0.8000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        check_lr("SGD", lr)
        check_not_negative("SGD", "momentum", momentum)
        check_not_negative("SGD", "weight_decay", weight_decay)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError(
                f"SGD: nesterov expects momentum > 0 and dampening 0, got momentum={momentum}, dampening={dampening}"
            )
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def _update_group(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        momentum = group["momentum"]
        states = [self.state[param] for param in params] if momentum != 0 else []
        buffers = _C._sgd_step(
            params,
            grads,
            [state.get("momentum_buffer") for state in states],
            float(group["lr"]),
            momentum,
            group["dampening"],
            group["weight_decay"],
            group["nesterov"],
            group["maximize"],
        )
        for state, buffer in zip(states, buffers, strict=True):
            state["momentum_buffer"] = buffer
