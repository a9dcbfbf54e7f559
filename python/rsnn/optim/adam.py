"""Adam and its variant with decoupled weight decay, AdamW."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn import _C

from ._per_parameter import PerParameterOptimizer, check_betas, check_lr, check_not_negative, with_gradients
from .optimizer import ParamsT, scalar_state

__all__ = ["Adam", "AdamW"]


class Adam(PerParameterOptimizer):
    r"""Adam: steps scaled by running averages of the gradient and of its square.

    $m \leftarrow \beta_1 m + (1 - \beta_1) g$, $v \leftarrow \beta_2 v + (1 - \beta_2) g^2$, and in step $t$
    $p \leftarrow p - \mathrm{lr} \cdot \frac{m}{1 - \beta_1^t} / (\sqrt{v / (1 - \beta_2^t)} + \epsilon)$.

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        betas: decay rates of both averages, in [0, 1).
        eps: keeps the denominator from zero.
        weight_decay: L2 penalty, added to the gradient; with `decoupled_weight_decay` parameters shrink by
            `lr * weight_decay` instead.
        amsgrad: divides by the largest average of squares so far instead of the current one.
        foreach, fused: hints about speed; they never change the result.
        maximize: climbs instead of descending.
        capturable, differentiable: must be False.
        decoupled_weight_decay: makes it [`AdamW`].

    Raises:
        ValueError: an option is out of its range.
        NotImplementedError: `capturable` or `differentiable` is True.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.Adam([w], lr=0.1)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.9000, 0.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-3,
        betas: tuple[float | rsnn.Tensor, float | rsnn.Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):
        op = type(self).__name__
        check_lr(op, lr)
        if isinstance(lr, rsnn.Tensor) and foreach and not capturable:
            raise ValueError(f"{op}: a tensor as lr is not supported with foreach=True")
        check_not_negative(op, "eps", eps)
        check_not_negative(op, "weight_decay", weight_decay)
        defaults = {
            "lr": lr,
            "betas": check_betas(op, betas),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def _update_group(self, group: dict[str, Any]) -> None:
        params, grads = with_gradients(group)
        lr = group["lr"]
        states = [self.state[param] for param in params]
        for param, state in zip(params, states, strict=True):
            if not state:
                state["step"] = scalar_state(0)
                state["exp_avg"] = rsnn.zeros_like(param)
                state["exp_avg_sq"] = rsnn.zeros_like(param)
                if group["amsgrad"]:
                    state["max_exp_avg_sq"] = rsnn.zeros_like(param)
        _C._adam_step(
            params,
            grads,
            [state["exp_avg"] for state in states],
            [state["exp_avg_sq"] for state in states],
            [state["max_exp_avg_sq"] for state in states] if group["amsgrad"] else [],
            [state["step"] for state in states],
            (float(lr), isinstance(lr, rsnn.Tensor) and lr.dtype == rsnn.float32),
            group["betas"],
            group["eps"],
            group["weight_decay"],
            group["decoupled_weight_decay"],
            group["maximize"],
        )


class AdamW(Adam):
    r"""Adam with decoupled weight decay.

    Before each step $p \leftarrow (1 - \mathrm{lr} \cdot \mathrm{weight\_decay}) p$; the gradient is left alone.

    Arguments, errors and state are those of [`Adam`]; `weight_decay` is 0.01 unless given.

    Example:
        >>> w = rsnn.ones(2, requires_grad=True)
        >>> optimizer = rsnn.optim.AdamW([w], lr=0.1, weight_decay=0.5)
        >>> (w * w).sum().backward()
        >>> optimizer.step()
        >>> w
        tensor([0.8500, 0.8500], requires_grad=True)
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float | rsnn.Tensor = 1e-3,
        betas: tuple[float | rsnn.Tensor, float | rsnn.Tensor] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        for group in self.param_groups:
            group["decoupled_weight_decay"] = True
