"""Adam for sparse gradients, which rsnn has not."""

from __future__ import annotations

from typing import Any

from .optimizer import Optimizer, ParamsT

__all__ = ["SparseAdam"]


class SparseAdam(Optimizer):
    """Not supported: gradients are dense. Use [`Adam`].

    Args:
        params: what to optimize, see [`Optimizer`].
        lr: learning rate.
        betas: decay rates of both averages.
        eps: keeps the denominator from zero.
        maximize: climbs instead of descending.

    Raises:
        NotImplementedError: always.
    """

    def __init__(
        self,
        params: ParamsT,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        maximize: bool = False,
    ) -> None:
        raise NotImplementedError("SparseAdam is not supported: gradients are dense; use Adam")
