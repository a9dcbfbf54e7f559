"""Schedules with a formula: steps, constant, linear, exponential, polynomial and cosine decay.

Each has a chainable form (`_next`) and a closed form (`_closed`), which agree but for rounding.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

import rsnn  # noqa: F401  (for the examples)

from ..optimizer import Optimizer
from .base import ChainableLR


class StepLR(ChainableLR):
    """Multiplies the rate by `gamma` every `step_size` epochs.

    Args:
        optimizer: whose learning rates are scheduled.
        step_size: epochs between two changes.
        gamma: the factor.
        last_epoch: see [`LRScheduler`].

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
        >>> for _ in range(4): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1):
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        due = self.last_epoch != 0 and self.last_epoch % self.step_size == 0
        return lr * self.gamma if due else lr

    def _closed(self, base_lr: Any) -> Any:
        return base_lr * self.gamma ** (self.last_epoch // self.step_size)


class MultiStepLR(ChainableLR):
    """Multiplies the rate by `gamma` at each milestone.

    Args:
        optimizer: whose learning rates are scheduled.
        milestones: epochs; one that stands there twice counts twice.
        gamma: the factor.
        last_epoch: see [`LRScheduler`].

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
        >>> for _ in range(2): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1):
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        times = self.milestones[self.last_epoch]
        return lr * self.gamma**times if times else lr

    def _closed(self, base_lr: Any) -> Any:
        return base_lr * self.gamma ** bisect_right(sorted(self.milestones.elements()), self.last_epoch)


class ConstantLR(ChainableLR):
    """Multiplies the rate by `factor` for the first `total_iters` epochs.

    Args:
        optimizer: whose learning rates are scheduled.
        factor: in [0, 1].
        total_iters: for how long.
        last_epoch: see [`LRScheduler`].

    Raises:
        ValueError: `factor` is out of range.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> rsnn.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5).get_last_lr()
        [0.5]
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1):
        if not 0 <= factor <= 1:
            raise ValueError(f"ConstantLR: expected 0 <= factor <= 1, got {factor}")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        if self.last_epoch == 0:
            return lr * self.factor
        return lr * (1.0 / self.factor) if self.last_epoch == self.total_iters else lr

    def _closed(self, base_lr: Any) -> Any:
        return base_lr * (self.factor + (self.last_epoch >= self.total_iters) * (1 - self.factor))


class LinearLR(ChainableLR):
    """Goes in a straight line from `start_factor` to `end_factor` times the rate, in `total_iters` epochs.

    Args:
        optimizer: whose learning rates are scheduled.
        start_factor: in (0, 1].
        end_factor: in [0, 1].
        total_iters: for how long.
        last_epoch: see [`LRScheduler`].

    Raises:
        ValueError: a factor is out of range.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
        >>> optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ):
        if not 0 < start_factor <= 1:
            raise ValueError(f"LinearLR: expected 0 < start_factor <= 1, got {start_factor}")
        if not 0 <= end_factor <= 1:
            raise ValueError(f"LinearLR: expected 0 <= end_factor <= 1, got {end_factor}")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        if self.last_epoch == 0:
            return lr * self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return lr * (1.0 + rise / before)

    def _closed(self, base_lr: Any) -> Any:
        rise = self.end_factor - self.start_factor
        return base_lr * (self.start_factor + rise * min(self.total_iters, self.last_epoch) / self.total_iters)


class ExponentialLR(ChainableLR):
    """Multiplies the rate by `gamma` every epoch.

    Args:
        optimizer: whose learning rates are scheduled.
        gamma: the factor.
        last_epoch: see [`LRScheduler`].

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
        >>> for _ in range(3): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.125]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1):
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        return lr if self._is_initial else lr * self.gamma

    def _closed(self, base_lr: Any) -> Any:
        return base_lr * self.gamma**self.last_epoch


class PolynomialLR(ChainableLR):
    r"""Falls to zero in `total_iters` epochs.

    $\mathrm{lr}_t = \mathrm{lr}_0 (1 - t / \mathrm{total\_iters})^{\mathrm{power}}$.

    Args:
        optimizer: whose learning rates are scheduled.
        total_iters: for how long.
        power: of the polynomial.
        last_epoch: see [`LRScheduler`].

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4)
        >>> optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.75]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1):
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        if self._is_initial or self.last_epoch > self.total_iters:
            return lr
        left = 1.0 - self.last_epoch / self.total_iters
        left_before = 1.0 - (self.last_epoch - 1) / self.total_iters
        return lr * (left / left_before) ** self.power

    def _closed(self, base_lr: Any) -> Any:
        return base_lr * (1.0 - min(self.total_iters, self.last_epoch) / self.total_iters) ** self.power


class CosineAnnealingLR(ChainableLR):
    r"""Swings between the first rate and `eta_min` with a half-period of `T_max` epochs.

    $\mathrm{lr}_t = \eta_{\min} + \frac{1}{2} (\mathrm{lr}_0 - \eta_{\min}) (1 + \cos(\pi t / T_{\max}))$.

    Args:
        optimizer: whose learning rates are scheduled.
        T_max: epochs from the highest to the lowest rate.
        eta_min: the lowest rate.
        last_epoch: see [`LRScheduler`].

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=10)
        >>> for _ in range(10): optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.0]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1):
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def _next(self, lr: Any, base_lr: Any) -> Any:
        t, half_period = self.last_epoch, self.T_max
        if self._is_initial:
            return lr
        if self._step_count == 1 and t > 0:
            return self.eta_min + (base_lr - self.eta_min) * (1 + math.cos(t * math.pi / half_period)) / 2
        if (t - 1 - half_period) % (2 * half_period) == 0:
            # One epoch after a lowest rate: the quotient below would be 0 / 0.
            return lr + (base_lr - self.eta_min) * (1 - math.cos(math.pi / half_period)) / 2
        height, before = (1 + math.cos(math.pi * epoch / half_period) for epoch in (t, t - 1))
        return height / before * (lr - self.eta_min) + self.eta_min

    def _closed(self, base_lr: Any) -> Any:
        height = 1 + math.cos(math.pi * self.last_epoch / self.T_max)
        return self.eta_min + (base_lr - self.eta_min) * height / 2
