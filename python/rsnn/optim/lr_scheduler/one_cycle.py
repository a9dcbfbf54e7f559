"""The one-cycle policy."""

from __future__ import annotations

import math
from typing import Any

import rsnn  # noqa: F401  (for the examples)

from ..optimizer import Optimizer
from .base import LRScheduler, check_optimizer, per_group
from .cyclic import set_momentum, uses_beta1


class OneCycleLR(LRScheduler):
    """Rises from a low rate to `max_lr`, then falls far below the start; call `step` after every batch.

    Args:
        optimizer: whose learning rates are scheduled.
        max_lr: the highest rate, or one for each parameter group.
        total_steps: the number of steps; or
        epochs, steps_per_epoch: whose product it is.
        pct_start: the share of steps that rise.
        anneal_strategy: `"cos"` or `"linear"`.
        cycle_momentum: moves the momentum (or `betas[0]`) the other way.
        base_momentum, max_momentum: its range, or one for each parameter group.
        div_factor: the first rate is `max_lr / div_factor`.
        final_div_factor: the last rate is the first one divided by this.
        three_phase: falls back to the first rate in as many steps as it rose, and only then to the last one.
        last_epoch: see [`LRScheduler`].

    Raises:
        TypeError: `optimizer` is not an optimizer.
        ValueError: the number of steps is missing or not positive, an option is out of range, or more steps than
            `total_steps` are taken.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0, momentum=0.9)
        >>> scheduler = rsnn.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10, pct_start=0.5)
        >>> for _ in range(4): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [1.0]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _count_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: expected pct_start to be a float in [0, 1], got {pct_start}")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"OneCycleLR: expected anneal_strategy 'cos' or 'linear', got {anneal_strategy!r}")
        self._schedule_phases = _phases(self.total_steps, pct_start, three_phase)
        self._anneal_func_type = anneal_strategy
        max_lrs = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for highest, group in zip(max_lrs, optimizer.param_groups, strict=True):
                group["initial_lr"] = highest / div_factor
                group["max_lr"] = highest
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self.use_beta1 = uses_beta1("OneCycleLR", optimizer)
            lows = per_group("base_momentum", optimizer, base_momentum)
            highs = per_group("max_momentum", optimizer, max_momentum)
            if last_epoch == -1:
                for low, high, group in zip(lows, highs, optimizer.param_groups, strict=True):
                    set_momentum(group, self.use_beta1, high)
                    group["max_momentum"], group["base_momentum"] = high, low
        super().__init__(optimizer, last_epoch)

    def _between(self, start: Any, end: Any, share: float) -> Any:
        if self._anneal_func_type == "linear":
            return (end - start) * share + start
        return end + (start - end) / 2.0 * (math.cos(math.pi * share) + 1)

    def get_lr(self) -> list[Any]:
        """The rate of each group; sets the momentum as well."""
        self._warn_unless_stepping()
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(f"OneCycleLR: expected at most {self.total_steps} steps, got {step}")
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if step <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        share = (step - start) / (phase["end_step"] - start)
        groups = self.optimizer.param_groups
        if self.cycle_momentum:
            for group in groups:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], share)
                set_momentum(group, self.use_beta1, momentum)
        return [self._between(group[phase["start_lr"]], group[phase["end_lr"]], share) for group in groups]


def _count_steps(total_steps: int | None, epochs: int | None, steps_per_epoch: int | None) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("OneCycleLR: expected total_steps, or both epochs and steps_per_epoch")
    given: dict[str, Any] = {"total_steps": total_steps}
    if total_steps is None:
        given = {"epochs": epochs, "steps_per_epoch": steps_per_epoch}
    for name, value in given.items():
        if not isinstance(value, int) or value <= 0:
            raise ValueError(f"OneCycleLR: expected {name} to be a positive integer, got {value}")
    return math.prod(given.values())


def _phases(total_steps: int, pct_start: float, three_phase: bool) -> list[dict[str, Any]]:
    """Where each phase ends, and the names in a parameter group of what it runs from and to."""

    def phase(end_step: float, start_lr: str, end_lr: str, start_momentum: str, end_momentum: str) -> dict[str, Any]:
        return {
            "end_step": end_step,
            "start_lr": start_lr,
            "end_lr": end_lr,
            "start_momentum": start_momentum,
            "end_momentum": end_momentum,
        }

    low, high = "base_momentum", "max_momentum"
    rise = phase(float(pct_start * total_steps) - 1, "initial_lr", "max_lr", high, low)
    if not three_phase:
        return [rise, phase(total_steps - 1, "max_lr", "min_lr", low, high)]
    fall = phase(float(2 * pct_start * total_steps) - 2, "max_lr", "initial_lr", low, high)
    return [rise, fall, phase(total_steps - 1, "initial_lr", "min_lr", high, high)]
