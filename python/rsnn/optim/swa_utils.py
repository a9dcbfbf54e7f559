"""Averages of a model's parameters along training: stochastic weight averaging and exponential moving averages."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import rsnn
from rsnn.autograd import no_grad
from rsnn.nn.modules import Module

from .lr_scheduler.base import LRScheduler, per_group
from .optimizer import Optimizer

__all__ = [
    "SWALR",
    "AveragedModel",
    "get_ema_avg_fn",
    "get_ema_multi_avg_fn",
    "get_swa_avg_fn",
    "get_swa_multi_avg_fn",
    "update_bn",
]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"expected a decay between 0 and 1, got {decay}")


def get_ema_avg_fn(decay: float = 0.999) -> Callable[[Any, Any, Any], Any]:
    """An exponential moving average of one parameter, for [`AveragedModel`].

    Args:
        decay: the share of the average that is kept, from 0 to 1.
    """
    _check_decay(decay)

    @no_grad()
    def average(averaged: Any, current: Any, count: Any) -> Any:
        return decay * averaged + (1 - decay) * current

    return average


def get_ema_multi_avg_fn(decay: float = 0.999) -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """An exponential moving average of lists of parameters in place, for [`AveragedModel`].

    Args:
        decay: the share of the average that is kept, from 0 to 1.
    """
    _check_decay(decay)

    @no_grad()
    def average(averaged: Sequence[Any], current: Sequence[Any], count: Any) -> None:
        for a, c in zip(averaged, current, strict=True):
            if a.is_floating_point():
                a.lerp_(c, 1 - decay)
            else:
                a.copy_(a * decay + c * (1 - decay))

    return average


def get_swa_avg_fn() -> Callable[[Any, Any, Any], Any]:
    """The mean of one parameter over all updates, for [`AveragedModel`]."""

    @no_grad()
    def average(averaged: Any, current: Any, count: Any) -> Any:
        return averaged + (current - averaged) / (count + 1)

    return average


def get_swa_multi_avg_fn() -> Callable[[Sequence[Any], Sequence[Any], Any], None]:
    """The mean of lists of parameters over all updates in place, for [`AveragedModel`]."""

    @no_grad()
    def average(averaged: Sequence[Any], current: Sequence[Any], count: Any) -> None:
        share = 1.0 / (float(count) + 1)
        for a, c in zip(averaged, current, strict=True):
            if a.is_floating_point():
                a.lerp_(c, share)
            else:
                a.copy_(a + (c - a) * share)

    return average


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of those the model went through.

    Args:
        model: is copied.
        device: None or the CPU.
        avg_fn: the new average from the old one, the current parameter and the number of updates so far; the mean of
            all updates unless given.
        multi_avg_fn: the same for lists of parameters, in place.
        use_buffers: averages buffers too; else they are copied.

    Raises:
        AssertionError: both functions are given.

    Example:
        >>> model = rsnn.nn.Identity()
        >>> average = rsnn.optim.swa_utils.AveragedModel(model)
        >>> average.update_parameters(model)
        >>> average.n_averaged
        tensor(1)
    """

    n_averaged: Any

    def __init__(
        self,
        model: Any,
        device: Any = None,
        avg_fn: Callable[[Any, Any, Any], Any] | None = None,
        multi_avg_fn: Callable[[Sequence[Any], Sequence[Any], Any], None] | None = None,
        use_buffers: bool = False,
    ):
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("AveragedModel: expected avg_fn or multi_avg_fn, got both")
        self.module = copy.deepcopy(model)
        if device is not None:
            self.module = self.module.to(device)
        self.register_buffer("n_averaged", rsnn.tensor(0, dtype=rsnn.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the averaged model gives."""
        return self.module(*args, **kwargs)

    @no_grad()
    def update_parameters(self, model: Any) -> None:
        """Takes the current parameters of `model` into the averages."""
        averaged, current = _tensors(self.module, self.use_buffers), _tensors(model, self.use_buffers)
        if self.n_averaged == 0:
            for a, c in zip(averaged, current, strict=True):
                a.copy_(c)
        elif self.multi_avg_fn is not None:
            for dtype in dict.fromkeys(a.dtype for a in averaged):
                alike = [pair for pair in zip(averaged, current, strict=True) if pair[0].dtype == dtype]
                self.multi_avg_fn([a for a, _ in alike], [c for _, c in alike], self.n_averaged)
        else:
            average = self.avg_fn or get_swa_avg_fn()
            for a, c in zip(averaged, current, strict=True):
                a.copy_(average(a, c, self.n_averaged))
        if not self.use_buffers:
            for a, c in zip(self.module.buffers(), model.buffers(), strict=True):
                a.copy_(c)
        self.n_averaged += 1


def _tensors(model: Any, with_buffers: bool) -> list[Any]:
    buffers = model.buffers() if with_buffers else ()
    return [tensor.detach() for tensor in itertools.chain(model.parameters(), buffers)]


@no_grad()
def update_bn(loader: Iterable[Any], model: Any, device: Any = None) -> None:
    """Computes the running statistics of a model's batch normalizations anew, in one pass over data.

    Averaged parameters need it, since statistics cannot be averaged.

    Args:
        loader: gives inputs, or sequences that begin with one.
        model: is put into training mode for the pass.
        device: None or the CPU.
    """
    norms = [m for m in model.modules() if isinstance(m, rsnn.nn.modules.batchnorm._BatchNorm)]
    if not norms:
        return
    momenta = [norm.momentum for norm in norms]
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # statistics over all batches alike
    for batch in loader:
        inputs = batch[0] if isinstance(batch, (list, tuple)) else batch
        model(inputs if device is None else inputs.to(device))
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
    model.train(was_training)


class SWALR(LRScheduler):
    """Goes over from the current rate to a fixed one.

    Args:
        optimizer: whose learning rates are scheduled.
        swa_lr: the rate to go to, or one for each parameter group.
        anneal_epochs: how long it takes.
        anneal_strategy: `"cos"` or `"linear"`.
        last_epoch: see [`LRScheduler`].

    Raises:
        ValueError: an option is out of its range.

    Example:
        >>> optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=1.0)
        >>> scheduler = rsnn.optim.swa_utils.SWALR(optimizer, swa_lr=0.5, anneal_epochs=2, anneal_strategy="linear")
        >>> optimizer.step(); scheduler.step()
        >>> scheduler.get_last_lr()
        [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: float | list[float],
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ):
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"SWALR: expected anneal_strategy 'cos' or 'linear', got {anneal_strategy!r}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"SWALR: expected anneal_epochs to be an integer >= 0, got {anneal_epochs}")
        for rate, group in zip(per_group("swa_lr", optimizer, swa_lr), optimizer.param_groups, strict=True):
            group["swa_lr"] = rate
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _share(self, step: int) -> float:
        """How far the transition has come after a number of steps, from 0 to 1."""
        t = max(0, min(1, step / max(1, self.anneal_epochs)))
        return t if self._anneal_strategy == "linear" else (1 - math.cos(math.pi * t)) / 2

    def get_lr(self) -> list[Any]:
        """The rate of each group."""
        self._warn_unless_stepping()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._share(step - 1), self._share(step)
        rates = []
        for group in self.optimizer.param_groups:
            goal = group["swa_lr"]
            # The rate that the transition started from, worked out from how far it had come.
            origin = goal if before == 1 else (group["lr"] - before * goal) / (1 - before)
            rates.append(goal * now + origin * (1 - now))
        return rates
