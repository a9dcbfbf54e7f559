"""RMSprop."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["RMSprop"]


class RMSprop(PerParameterOptimizer):
    r"""RMSprop: the gradient divided by the root of a running average of its square.

    $v \leftarrow \alpha v + (1 - \alpha) g^2$, $p \leftarrow p - \mathrm{lr} \cdot g / (\sqrt{v} + \epsilon)$.
    With `centered`, the square of the average gradient is taken from $v$ below the root; with `momentum` $\mu$
    the quotient goes through $b \leftarrow \mu b + g / (\sqrt{v} + \epsilon)$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        alpha: decay rate of the average of squares.
        eps: keeps the denominator from zero.
        weight_decay: L2 penalty.
        momentum: the share of the last direction that is kept.
        centered: divides by an estimate of the standard deviation instead.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.RMSprop([w])
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0,
        momentum: float = 0,
        centered: bool = False,
        capturable: bool = False,
        foreach: bool | None = None,
        maximize: bool = False,
        differentiable: bool = False,
    ):
        check_lr("RMSprop", lr)
        check_not_negative("RMSprop", "eps", eps)
        check_not_negative("RMSprop", "momentum", momentum)
        check_not_negative("RMSprop", "weight_decay", weight_decay)
        check_not_negative("RMSprop", "alpha", alpha)
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "alpha": alpha,
            "eps": eps,
            "centered": centered,
            "weight_decay": weight_decay,
            "capturable": capturable,
            "foreach": foreach,
            "maximize": maximize,
            "differentiable": differentiable,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            state["square_avg"] = rsnn.zeros_like(param)
            if group["momentum"] > 0:
                state["momentum_buffer"] = rsnn.zeros_like(param)
            if group["centered"]:
                state["grad_avg"] = rsnn.zeros_like(param)
        state["step"] += 1
        _rmsprop_step(
            param,
            grad,
            state["square_avg"],
            state["grad_avg"] if group["centered"] else None,
            state["momentum_buffer"] if group["momentum"] > 0 else None,
            lr=float(group["lr"]),
            alpha=group["alpha"],
            eps=group["eps"],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
        )


def _rmsprop_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    square_avg: rsnn.Tensor,
    grad_avg: rsnn.Tensor | None,
    buffer: rsnn.Tensor | None,
    *,
    lr: float,
    alpha: float,
    eps: float,
    weight_decay: float,
    momentum: float,
) -> None:
    """Moves `param` and its averages. `grad_avg` is given when centered, `buffer` with momentum."""
    if weight_decay != 0:
        grad = grad.add(param, alpha=weight_decay)
    square_avg.mul_(alpha).addcmul_(grad, grad, value=1 - alpha)
    if grad_avg is None:
        root = square_avg.sqrt()
    else:
        grad_avg.lerp_(grad, 1 - alpha)
        root = square_avg.addcmul(grad_avg, grad_avg, value=-1).sqrt_()
    root.add_(eps)
    if buffer is None:
        param.addcdiv_(grad, root, value=-lr)
    else:
        buffer.mul_(momentum).addcdiv_(grad, root)
        param.add_(buffer, alpha=-lr)
