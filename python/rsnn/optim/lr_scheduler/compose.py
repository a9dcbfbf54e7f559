"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import rsnn  # noqa: F401  (for the examples)

from ..optimizer import Optimizer
from .base import LRScheduler, current_lrs, set_in_group
from .plateau import ReduceLROnPlateau


class _Composed(LRScheduler):
    """Holds schedulers of one optimizer, and saves and loads them."""

    _schedulers: Sequence[LRScheduler]

    def _check(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> Optimizer:
        op = type(self).__name__
        if len(schedulers) < 1:
            raise ValueError(f"{op}: expected at least one scheduler, got none")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"{op}: expected schedulers, got {type(scheduler).__name__} at index {i}")
            if isinstance(scheduler, ReduceLROnPlateau):
                raise ValueError(f"{op}: ReduceLROnPlateau at index {i} needs a metric in each step: not supported")
            optimizer = optimizer or scheduler.optimizer
            if scheduler.optimizer is not optimizer:
                raise ValueError(f"{op}: the scheduler at index {i} belongs to another optimizer than the first")
        assert optimizer is not None
        return optimizer

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer, with the state of each scheduler."""
        state = super().state_dict()
        del state["_schedulers"]
        state["_schedulers"] = [scheduler.state_dict() for scheduler in self._schedulers]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave."""
        for scheduler, state in zip(self._schedulers, state_dict["_schedulers"], strict=True):
            scheduler.load_state_dict(state)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "_schedulers"})


class SequentialLR(_Composed):
    """Runs schedulers one after the other, each from the rate it would have started with.

    Args:
        optimizer: whose learning rates are scheduled.
        schedulers: all made for this optimizer.
        milestones: the epochs at which the second, third, ... takes over.
        last_epoch: see [`LRScheduler`].

    Raises:
        TypeError, ValueError: no schedulers, one that does not belong here, or a wrong number of milestones.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> warmup = rsnn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
        >>> decay = rsnn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> scheduler = rsnn.optim.lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
        >>> for _ in range(3): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: list[int], last_epoch: int = -1
    ):
        self._check(schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                f"SequentialLR: expected {len(schedulers) - 1} milestones for {len(schedulers)} schedulers, "
                f"got {len(milestones)}"
            )
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        # Making the schedulers moved the rates and counted an epoch in each of them: take that back.
        for group in optimizer.param_groups:
            set_in_group(group, "lr", group["initial_lr"])
        _undo_first_step(self)
        first = schedulers[bisect_right(milestones, 0)]
        first._initial_step()
        self._last_lr = first.get_last_lr()

    def step(self) -> None:  # type: ignore[override]
        """Goes on by one epoch."""
        self.last_epoch += 1
        i = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[i]
        if i > 0 and self._milestones[i - 1] == self.last_epoch:
            scheduler._update_lr(0)
        else:
            scheduler.step()
        self._last_lr = scheduler.get_last_lr()


def _undo_first_step(scheduler: LRScheduler) -> None:
    if isinstance(scheduler, _Composed):
        for inner in scheduler._schedulers:
            _undo_first_step(inner)
    elif hasattr(scheduler, "last_epoch"):
        scheduler.last_epoch -= 1


class ChainedScheduler(_Composed):
    """Steps several schedulers at once; each changes the rates that the one before it set.

    Args:
        schedulers: all made for one optimizer.
        optimizer: that optimizer, if it is to be checked.

    Raises:
        TypeError, ValueError: no schedulers, or one that does not belong here.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> parts = [rsnn.optim.lr_scheduler.ExponentialLR(optimizer, gamma) for gamma in (0.5, 0.25)]
        >>> scheduler = rsnn.optim.lr_scheduler.ChainedScheduler(parts)
        >>> optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None):
        self.optimizer = self._check(schedulers, optimizer)
        self._schedulers = schedulers
        self._last_lr = current_lrs(self.optimizer)

    def step(self) -> None:  # type: ignore[override]
        """Goes on by one epoch."""
        for scheduler in self._schedulers:
            scheduler.step()
        self._last_lr = current_lrs(self.optimizer)
