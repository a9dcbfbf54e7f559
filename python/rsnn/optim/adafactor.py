"""Adafactor."""

from __future__ import annotations

from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT, scalar_state

__all__ = ["Adafactor"]


class Adafactor(PerParameterOptimizer):
    r"""Adafactor: Adam-like steps with one average of squares for each row and each column of a matrix.

    In step $t$ with $\beta_t = 1 - t^{\tau}$: $r$ and $c$ are running means of $g^2$ along rows and columns,
    $v = r c^T / \mathrm{mean}(r)$ (vectors keep $v$ whole), $u = g / \sqrt{v}$, and
    $p \leftarrow p - \alpha u / \max(1, \mathrm{rms}(u) / d)$ with
    $\alpha = \max(\epsilon_2, \mathrm{rms}(p)) \min(\mathrm{lr}, 1 / \sqrt{t})$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: the largest relative step, a number or a tensor with one element.
        beta2_decay: $\tau$, at most 0.
        eps: $\epsilon_1$, below which means of squares are not taken for real (the precision of the dtype if None), and
            $\epsilon_2$, the smallest scale of a parameter.
        d: the largest root mean square of an update, at least 1.
        weight_decay: parameters shrink by `lr * weight_decay`.
        foreach: a hint about speed; it never changes the result.
        maximize: climbs instead of descending.

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Adafactor([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-2,
        beta2_decay: float = -0.8,
        eps: tuple[float | None, float] = (None, 1e-3),
        d: float = 1.0,
        weight_decay: float = 0.0,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
    ):
        check_lr("Adafactor", lr)
        if not beta2_decay <= 0:
            raise ValueError(f"Adafactor: expected beta2_decay <= 0, got {beta2_decay}")
        if eps[0] is not None:
            check_not_negative("Adafactor", "eps[0]", eps[0])
        check_not_negative("Adafactor", "eps[1]", eps[1])
        if not d >= 1:
            raise ValueError(f"Adafactor: expected d >= 1, got {d}")
        check_not_negative("Adafactor", "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "beta2_decay": beta2_decay,
            "eps": eps,
            "d": d,
            "weight_decay": weight_decay,
            "foreach": foreach,
            "maximize": maximize,
        }
        super().__init__(params, defaults)

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["step"] = scalar_state(0)
            if grad.ndim > 1:
                state["row_var"] = grad.new_zeros((*grad.shape[:-1], 1))
                state["col_var"] = grad.new_zeros((*grad.shape[:-2], 1, grad.shape[-1]))
            else:
                state["variance"] = rsnn.zeros_like(grad)
        state["step"] += 1
        eps1, eps2 = group["eps"]
        _adafactor_step(
            param,
            grad,
            state.get("row_var"),
            state.get("col_var"),
            state.get("variance"),
            step=state["step"].item(),
            lr=group["lr"],
            beta2_decay=group["beta2_decay"],
            eps1=rsnn.finfo(param.dtype).eps if eps1 is None else eps1,
            eps2=eps2,
            d=group["d"],
            weight_decay=group["weight_decay"],
        )


def _adafactor_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    row_var: Any,
    col_var: Any,
    variance: Any,
    *,
    step: float,
    lr: float | rsnn.Tensor,
    beta2_decay: float,
    eps1: float,
    eps2: float,
    d: float,
    weight_decay: float,
) -> None:
    """Moves `param` and its averages: `row_var` and `col_var` for matrices, `variance` for vectors."""
    share = step**beta2_decay
    scale = max(eps2, _rms(param)) * min(lr, 1 / step**0.5)
    if weight_decay != 0:
        param.mul_(float(1 - lr * weight_decay))
    if variance is None:
        row_var.lerp_((grad * grad).mean(-1, keepdim=True), share)
        col_var.lerp_((grad * grad).mean(-2, keepdim=True), share)
        squares = (row_var @ col_var).div_(row_var.mean(dim=-2, keepdim=True).clamp_(min=eps1))
    else:
        squares = variance.lerp_(grad * grad, share).clone()
    update = squares.clamp_(min=eps1 * eps1).rsqrt_().mul_(grad)
    excess = max(1.0, _rms(update) / d)
    param.add_(update, alpha=float(-scale / excess))


def _rms(tensor: rsnn.Tensor) -> float:
    """The root of the mean of squares."""
    return (tensor * tensor).mean().item() ** 0.5
