"""Schedules that come back: triangles, and cosine decay with restarts."""

from __future__ import annotations

import math
import types
from collections.abc import Callable
from typing import Any

import rsnn  # noqa: F401  (for the examples)

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group, set_in_group


def uses_beta1(op: str, optimizer: Optimizer) -> bool:
    """Whether an optimizer calls its momentum `betas[0]`; it must have the one or the other."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError(f"{op}: cycle_momentum=True expects an optimizer with momentum or betas")
    return "betas" in optimizer.defaults


def set_momentum(group: dict[str, Any], use_beta1: bool, value: float) -> None:
    """Sets the momentum of a parameter group under the name it has there."""
    if use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        group["momentum"] = value


class CyclicLR(LRScheduler):
    """Swings between two rates in straight lines; call `step` after every batch.

    Args:
        optimizer: whose learning rates are scheduled.
        base_lr: the lower rate, or one for each parameter group.
        max_lr: the upper rate of the first cycle, or one for each parameter group.
        step_size_up: batches from the lower rate to the upper.
        step_size_down: batches back; as many unless given.
        mode: how the height of the cycles changes: `"triangular"` stays, `"triangular2"` halves with each cycle,
            `"exp_range"` falls by `gamma` with each batch.
        gamma: see `mode`.
        scale_fn: gives the height as a function of its own, in place of `mode`.
        scale_mode: whether `scale_fn` gets the number of the `"cycle"` (from 1) or of the batch (`"iterations"`).
        cycle_momentum: swings the momentum (or `betas[0]`) the other way.
        base_momentum, max_momentum: its range.
        last_epoch: see [`LRScheduler`].

    Raises:
        TypeError: `optimizer` is not an optimizer.
        ValueError: an unknown mode, or an optimizer without momentum though `cycle_momentum` is True.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0, momentum=0.9)
        >>> scheduler = rsnn.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=4)
        >>> for _ in range(6): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.8,
        max_momentum: float | list[float] = 0.9,
        last_epoch: int = -1,
    ):
        check_optimizer(optimizer)
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError(
                f"CyclicLR: expected mode 'triangular', 'triangular2' or 'exp_range', or a scale_fn, got {mode!r}"
            )
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        if last_epoch == -1:
            for lr, group in zip(base_lrs, optimizer.param_groups, strict=True):
                set_in_group(group, "lr", lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        down = up if step_size_down is None else float(step_size_down)
        self.total_size = up + down
        self.step_ratio = up / self.total_size
        self.mode = mode
        self.gamma = gamma
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"
        self._scale_fn_custom = scale_fn
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = uses_beta1("CyclicLR", optimizer)
            self.base_momentums = per_group("base_momentum", optimizer, base_momentum)
            self.max_momentums = per_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for low, high, group in zip(
                    self.base_momentums, self.max_momentums, optimizer.param_groups, strict=True
                ):
                    set_momentum(group, self.use_beta1, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def scale_fn(self, x: float) -> float:
        """The height of the cycle (or batch) number `x`, relative to the first."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "triangular":
            return 1.0
        return 1 / 2.0 ** (x - 1) if self.mode == "triangular2" else self.gamma**x

    def get_lr(self) -> list[Any]:
        """The rate of each group; sets the momentum as well."""
        self._warn_unless_stepping()
        turns = self.last_epoch / self.total_size
        cycle = math.floor(1 + turns)
        x = 1.0 + turns - cycle
        rise = x / self.step_ratio if x <= self.step_ratio else (x - 1) / (self.step_ratio - 1)
        height = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            for low, high, group in zip(
                self.base_momentums, self.max_momentums, self.optimizer.param_groups, strict=True
            ):
                set_momentum(group, self.use_beta1, high - (high - low) * rise * height)
        return [low + (high - low) * rise * height for low, high in zip(self.base_lrs, self.max_lrs, strict=True)]

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer; of `scale_fn` only the attributes of a callable object."""
        state = super().state_dict()
        function = state.pop("_scale_fn_custom")
        saved = function is not None and not isinstance(function, types.FunctionType)
        state["_scale_fn_custom"] = function.__dict__.copy() if saved else None
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave; `scale_fn` stays the one this scheduler was made with."""
        attributes = state_dict["_scale_fn_custom"]
        if attributes is not None:
            self._scale_fn_custom.__dict__.update(attributes)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_scale_fn_custom"})


class CosineAnnealingWarmRestarts(LRScheduler):
    r"""Falls along a cosine to `eta_min`, then starts again from the first rate, in ever longer periods.

    $\mathrm{lr} = \eta_{\min} + \frac{1}{2} (\mathrm{lr}_0 - \eta_{\min}) (1 + \cos(\pi T_{cur} / T_i))$,
    with $T_{cur}$ epochs since the last restart and $T_i = T_0 \cdot T_{mult}^i$.
    `step(epoch)` may be called with fractions of an epoch.

    Args:
        optimizer: whose learning rates are scheduled.
        T_0: epochs of the first period.
        T_mult: how much longer each next period is.
        eta_min: the lowest rate.
        last_epoch: see [`LRScheduler`].

    Raises:
        ValueError: a period that is not a positive integer.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
        >>> for _ in range(4): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1):
        for name, value in (("T_0", T_0), ("T_mult", T_mult)):
            if not isinstance(value, int) or value < 1:
                raise ValueError(f"CosineAnnealingWarmRestarts: expected {name} to be a positive integer, got {value}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"CosineAnnealingWarmRestarts: expected eta_min to be a number, got {eta_min!r}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rate of each group."""
        self._warn_unless_stepping()
        height = 1 + math.cos(math.pi * self.T_cur / self.T_i)
        return [self.eta_min + (base_lr - self.eta_min) * height / 2 for base_lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Goes on by one epoch, or to `epoch`."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self.T_cur += 1
            if self.T_cur >= self.T_i:
                self.T_cur %= self.T_i
                self.T_i *= self.T_mult
        else:
            self._locate(epoch)
        self.last_epoch = math.floor(epoch)
        self._apply(self._call_get_lr())

    def _locate(self, epoch: float) -> None:
        """Finds the period in which an epoch lies."""
        if epoch < 0:
            raise ValueError(f"CosineAnnealingWarmRestarts: expected epoch >= 0, got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:
            period = int(math.log(epoch / self.T_0 * (self.T_mult - 1) + 1, self.T_mult))
            self.T_cur = epoch - self.T_0 * (self.T_mult**period - 1) / (self.T_mult - 1)
            self.T_i = self.T_0 * self.T_mult**period
