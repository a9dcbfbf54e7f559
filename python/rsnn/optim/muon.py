"""Muon."""

from __future__ import annotations

import math
from typing import Any

import rsnn

from ._per_parameter import PerParameterOptimizer, check_lr, check_not_negative
from .optimizer import ParamsT

__all__ = ["Muon"]

_MAX_ITERATIONS = 100


class Muon(PerParameterOptimizer):
    r"""Muon: momentum steps whose singular values are all made about one. For matrices of hidden layers only.

    $b \leftarrow \mu b + (1 - \mu) g$; the direction ($b$, or with `nesterov` $(1 - \mu) g + \mu b$) is made nearly
    orthogonal by Newton-Schulz iterations $x \leftarrow a x + (b (x x^T) + c (x x^T)^2) x$ in bfloat16.

    Args:
        params: matrices, see [`Optimizer`].
        lr: learning rate, a number or a tensor with one element.
        weight_decay: parameters shrink by `lr * weight_decay`.
        momentum: the share of the last direction that is kept.
        nesterov: looks ahead along the direction.
        ns_coefficients: $a$, $b$, $c$.
        eps: keeps the norm that is divided by from zero.
        ns_steps: iterations, below 100.
        adjust_lr_fn: how the rate grows with a matrix of A x B: `"original"` (also None) by $\sqrt{\max(1, A / B)}$,
            `"match_rms_adamw"` by $0.2 \sqrt{\max(A, B)}$.

    Raises:
        ValueError: an option is out of its range, or a parameter is not a matrix.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        nesterov: bool = True,
        ns_coefficients: tuple[float, float, float] = (3.4445, -4.775, 2.0315),
        eps: float = 1e-7,
        ns_steps: int = 5,
        adjust_lr_fn: str | None = None,
    ):
        check_lr("Muon", lr)
        check_not_negative("Muon", "momentum", momentum)
        check_not_negative("Muon", "weight_decay", weight_decay)
        if adjust_lr_fn not in (None, "original", "match_rms_adamw"):
            raise ValueError(f"Muon: expected adjust_lr_fn 'original' or 'match_rms_adamw', got {adjust_lr_fn!r}")
        if ns_steps >= _MAX_ITERATIONS:
            raise ValueError(f"Muon: expected ns_steps < {_MAX_ITERATIONS}, got {ns_steps}")
        if len(ns_coefficients) != 3:
            raise ValueError(f"Muon: expected three ns_coefficients, got {len(ns_coefficients)}")
        defaults = {
            "lr": lr,
            "weight_decay": weight_decay,
            "momentum": momentum,
            "nesterov": nesterov,
            "ns_coefficients": ns_coefficients,
            "eps": eps,
            "ns_steps": ns_steps,
            "adjust_lr_fn": adjust_lr_fn,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a parameter group, of matrices."""
        super().add_param_group(param_group)
        for param in self.param_groups[-1]["params"]:
            if param.ndim != 2:
                raise ValueError(f"Muon: expected matrices, got a parameter of shape {list(param.shape)}")

    def _update(self, param: rsnn.Tensor, grad: rsnn.Tensor, group: dict[str, Any]) -> None:
        state = self.state[param]
        if not state:
            state["momentum_buffer"] = rsnn.zeros_like(grad)
        lr = float(group["lr"])
        rows, columns = param.shape
        if group["adjust_lr_fn"] == "match_rms_adamw":
            stretch = 0.2 * math.sqrt(max(rows, columns))
        else:
            stretch = math.sqrt(max(1, rows / columns))
        _muon_step(
            param,
            grad,
            state["momentum_buffer"],
            lr=lr * stretch,
            decay=lr * group["weight_decay"],
            momentum=group["momentum"],
            nesterov=group["nesterov"],
            coefficients=group["ns_coefficients"],
            iterations=group["ns_steps"],
            eps=group["eps"],
        )


def _muon_step(
    param: rsnn.Tensor,
    grad: rsnn.Tensor,
    buffer: rsnn.Tensor,
    *,
    lr: float,
    decay: float,
    momentum: float,
    nesterov: bool,
    coefficients: tuple[float, float, float],
    iterations: int,
    eps: float,
) -> None:
    """Moves `param` and its momentum `buffer`."""
    buffer.lerp_(grad, 1 - momentum)
    direction = grad.lerp(buffer, momentum) if nesterov else buffer
    update = _orthogonalized(direction, coefficients, iterations, eps)
    param.mul_(1 - decay)
    param.add_(update, alpha=-lr)


def _orthogonalized(
    matrix: rsnn.Tensor, coefficients: tuple[float, float, float], iterations: int, eps: float
) -> rsnn.Tensor:
    """A matrix with the singular vectors of this one and singular values near one, in bfloat16."""
    a, b, c = coefficients
    tall = matrix.size(0) > matrix.size(1)
    x = matrix.to(rsnn.bfloat16)
    x = x.t() if tall else x
    x = x / (x * x).sum().sqrt().clamp(min=eps)
    for _ in range(iterations):
        gram = x @ x.t()
        x = rsnn.addmm(x, rsnn.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.t() if tall else x
