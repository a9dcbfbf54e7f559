"""The base of learning-rate schedulers."""

from __future__ import annotations

import warnings
from typing import Any

import rsnn

from ..optimizer import Optimizer

EPOCH_WARNING = (
    "scheduler.step(epoch) is deprecated: call scheduler.step(). With an epoch, the closed form of the schedule "
    "is used where there is one"
)


def current_lrs(optimizer: Optimizer) -> list[Any]:
    """The learning rate of each group; tensors are copied, since schedules fill them in place."""
    return [_copied(group["lr"]) for group in optimizer.param_groups]


def set_in_group(group: dict[str, Any], key: str, value: Any) -> None:
    """Sets an option; a tensor keeps its identity and takes the value."""
    if isinstance(group[key], rsnn.Tensor):
        group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """An option given once for all groups, or as a list with one value for each."""
    count = len(optimizer.param_groups)
    if isinstance(value, (list, tuple)):
        if len(value) != count:
            raise ValueError(f"expected {name} for each of {count} parameter groups, got {len(value)} values")
        return [_copied(v) for v in value]
    return [_copied(value) for _ in range(count)]


def check_optimizer(optimizer: Any) -> None:
    """Schedulers take optimizers and nothing else."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"expected an Optimizer, got {type(optimizer).__name__}")


def _copied(value: Any) -> Any:
    return value.clone() if isinstance(value, rsnn.Tensor) else value


class LRScheduler:
    """What schedulers share. A subclass gives `get_lr`, and may give `_get_closed_form_lr`.

    Making a scheduler sets the rates for the first epoch. Groups remember the rate they started from as
    `"initial_lr"`.

    Args:
        optimizer: whose learning rates are scheduled.
        last_epoch: the number of steps already done when training resumes; -1 starts anew.

    Attributes:
        base_lrs: the rate each group started from.
        last_epoch: the number of steps done.

    Raises:
        TypeError: `optimizer` is not an optimizer.
        KeyError: `last_epoch` is given and a group does not know its initial rate.

    Example:
        >>> class Halve(rsnn.optim.lr_scheduler.LRScheduler):
        ...     def get_lr(self):
        ...         return [lr / 2**self.last_epoch for lr in self.base_lrs]
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = Halve(optimizer)
        >>> optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    _get_lr_called_within_step = False
    _is_initial = False
    _last_lr: list[Any]

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1):
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", _copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"{type(self).__name__}: last_epoch={last_epoch} expects 'initial_lr' in every parameter group, "
                    f"but group {i} has none; load the optimizer's state first"
                )
        self.base_lrs = [_copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        if optimizer._opt_called is None:  # from now on the optimizer notes whether it was stepped
            optimizer._opt_called = False
        self._initial_step()

    def _initial_step(self) -> None:
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def get_lr(self) -> list[Any]:
        """Computes the rate of each group for `last_epoch`; `step` calls it."""
        raise NotImplementedError(f"{type(self).__name__}: get_lr is not implemented")

    def get_last_lr(self) -> list[float]:
        """The rate of each group that the last step set."""
        return self._last_lr

    def step(self, epoch: int | None = None) -> None:
        """Goes on by one epoch; with `epoch` (deprecated), to that one."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                f"{type(self).__name__}.step() came before optimizer.step(): the first learning rate of the "
                "schedule is skipped. Call optimizer.step() first",
                UserWarning,
                stacklevel=2,
            )
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed_form = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        self._apply(self._call_get_lr() if closed_form is None else closed_form())

    def _call_get_lr(self) -> list[Any]:
        self._get_lr_called_within_step = True
        try:
            return self.get_lr()
        finally:
            self._get_lr_called_within_step = False

    def _apply(self, lrs: list[Any]) -> None:
        for group, lr in zip(self.optimizer.param_groups, lrs, strict=True):
            set_in_group(group, "lr", lr)
        self._last_lr = current_lrs(self.optimizer)

    def _warn_unless_stepping(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                f"{type(self).__name__}.get_lr() computes a step; for the current rates call get_last_lr()",
                UserWarning,
                stacklevel=3,
            )

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over the attributes that `state_dict` gave."""
        self.__dict__.update(state_dict)


class ChainableLR(LRScheduler):
    """A schedule that derives each rate from the one before, so that several can act on one optimizer.

    A subclass gives `_next(lr, base_lr)`, and `_closed(base_lr)`, which knows the rate without the one before.
    """

    def get_lr(self) -> list[Any]:
        """The rate of each group after the current one."""
        self._warn_unless_stepping()
        return [
            self._next(group["lr"], base_lr)
            for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True)
        ]

    def _get_closed_form_lr(self) -> list[Any]:
        return [self._closed(base_lr) for base_lr in self.base_lrs]

    def _next(self, lr: Any, base_lr: Any) -> Any:
        raise NotImplementedError

    def _closed(self, base_lr: Any) -> Any:
        raise NotImplementedError
