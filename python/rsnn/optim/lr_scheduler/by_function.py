"""Schedules given as functions of the epoch."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

import rsnn  # noqa: F401  (for the examples)

from ..optimizer import Optimizer
from .base import LRScheduler


class _ByFunction(LRScheduler):
    """Keeps a function for each parameter group. Functions are not saved; callable objects save their attributes."""

    def __init__(
        self,
        optimizer: Optimizer,
        lr_lambda: Callable[[int], float] | list[Callable[[int], float]],
        last_epoch: int = -1,
    ):
        self.optimizer = optimizer
        count = len(optimizer.param_groups)
        functions = list(lr_lambda) if isinstance(lr_lambda, (list, tuple)) else [lr_lambda] * count
        if len(functions) != count:
            raise ValueError(f"{type(self).__name__}: expected {count} functions, got {len(functions)}")
        for function in functions:
            if not callable(function):
                raise TypeError(f"{type(self).__name__}: expected a function, got {type(function).__name__}")
        self.lr_lambdas = functions
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """All attributes but the optimizer, and of the functions only the attributes of callable objects."""
        state = super().state_dict()
        del state["lr_lambdas"]
        state["lr_lambdas"] = [
            None if isinstance(f, types.FunctionType) else f.__dict__.copy() for f in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over what `state_dict` gave; the functions stay the ones this scheduler was made with."""
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if attributes is not None:
                function.__dict__.update(attributes)
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})


class LambdaLR(_ByFunction):
    """Sets the rate to the first one times a function of the epoch.

    Args:
        optimizer: whose learning rates are scheduled.
        lr_lambda: from epoch to factor, or a list with one function for each parameter group.
        last_epoch: see [`LRScheduler`].

    Raises:
        ValueError: the list has another length than there are groups.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
        >>> for _ in range(3): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def get_lr(self) -> list[Any]:
        """The rate of each group."""
        self._warn_unless_stepping()
        return [lr * f(self.last_epoch) for f, lr in zip(self.lr_lambdas, self.base_lrs, strict=True)]


class MultiplicativeLR(_ByFunction):
    """Multiplies the rate by a function of the epoch, every epoch.

    Args:
        optimizer: whose learning rates are scheduled.
        lr_lambda: from epoch to factor, or a list with one function for each parameter group.
        last_epoch: see [`LRScheduler`].

    Raises:
        TypeError: something that is not callable.
        ValueError: the list has another length than there are groups.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
        >>> for _ in range(3): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    def get_lr(self) -> list[Any]:
        """The rate of each group."""
        self._warn_unless_stepping()
        groups = self.optimizer.param_groups
        if self._is_initial:
            return [group["lr"] for group in groups]
        return [group["lr"] * f(self.last_epoch) for f, group in zip(self.lr_lambdas, groups, strict=True)]
