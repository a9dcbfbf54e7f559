"""Learning-rate schedules: PyTorch's rates from the golden file, and PyTorch itself where importable."""

import copy
import json
import math
import pathlib
import random
import warnings

import pytest

import rsnn
from rsnn.optim import lr_scheduler

GOLDEN = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "optim.json").read_text())


def sgd(lr=0.1, groups=1, lib=rsnn, **options):
    return lib.optim.SGD([{"params": [lib.ones(1)], "lr": lr * (i + 1)} for i in range(groups)], **options)


@pytest.mark.parametrize(("name", "options", "rates"), GOLDEN["schedulers"])
def test_rates_equal_the_golden_ones(name, options, rates):
    optimizer = sgd(momentum=0.9)
    scheduler = getattr(lr_scheduler, name)(optimizer, **options)
    for i, (lr, momentum) in enumerate(rates):
        if i:
            optimizer.step()
            scheduler.step()
        assert scheduler.get_last_lr() == [optimizer.param_groups[0]["lr"]]
        assert optimizer.param_groups[0]["lr"] == pytest.approx(lr, rel=1e-15, abs=0)
        assert optimizer.param_groups[0]["momentum"] == pytest.approx(momentum, rel=1e-15, abs=0)


class Counting:
    """A callable object, whose attributes a scheduler saves."""

    def __init__(self):
        self.calls = 2

    def __call__(self, epoch):
        self.calls += 1
        return 0.9 ** (self.calls % 5)

    def __eq__(self, other):
        return isinstance(other, Counting) and self.calls == other.calls


def make(lib, name, optimizer, rng):
    """One scheduler of either library; the same state of `rng` gives the same options."""
    s, r, pick = lib.optim.lr_scheduler, rng.randint, rng.choice
    groups = len(optimizer.param_groups)
    if name == "StepLR":
        return s.StepLR(optimizer, r(1, 4), pick([0.1, 0.5]))
    if name == "MultiStepLR":
        return s.MultiStepLR(optimizer, pick([[2, 5], [1, 1, 3], [4]]), 0.5)
    if name == "ConstantLR":
        return s.ConstantLR(optimizer, pick([0.5, 1 / 3]), r(1, 8))
    if name == "LinearLR":
        return s.LinearLR(optimizer, pick([0.5, 1 / 3]), pick([1.0, 0.7]), r(1, 8))
    if name == "ExponentialLR":
        return s.ExponentialLR(optimizer, 0.9)
    if name == "PolynomialLR":
        return s.PolynomialLR(optimizer, r(2, 9), pick([1.0, 2.0, 0.5]))
    if name == "CosineAnnealingLR":
        return s.CosineAnnealingLR(optimizer, r(2, 6), pick([0.0, 0.01]))
    if name in ("LambdaLR", "MultiplicativeLR"):
        return getattr(s, name)(optimizer, pick([lambda epoch: 0.95**epoch, [Counting() for _ in range(groups)]]))
    if name == "CosineAnnealingWarmRestarts":
        return s.CosineAnnealingWarmRestarts(optimizer, r(1, 4), r(1, 3), pick([0.0, 0.001]))
    if name == "CyclicLR":
        mode, scale = pick(["triangular", "triangular2", "exp_range"]), pick([None, None, lambda x: 0.8**x])
        scale_mode = pick(["cycle", "iterations"])
        return s.CyclicLR(optimizer, 0.01, [0.1] * groups, r(1, 5), pick([None, 3]), mode, 0.9, scale, scale_mode)
    if name == "OneCycleLR":
        strategy, phases = pick(["cos", "linear"]), pick([True, False])
        return s.OneCycleLR(optimizer, 0.2, 40, anneal_strategy=strategy, three_phase=phases)
    if name == "ReduceLROnPlateau":
        mode, threshold_mode = pick(["min", "max"]), pick(["rel", "abs"])
        low = pick([0, [0.01] * groups])
        return s.ReduceLROnPlateau(optimizer, mode, 0.5, r(0, 3), pick([1e-4, 0.1]), threshold_mode, r(0, 2), low)
    if name == "SequentialLR":
        first = pick(
            [
                lambda: s.ConstantLR(optimizer, 0.1, 3),
                lambda: s.ChainedScheduler([s.ExponentialLR(optimizer, 0.9), s.StepLR(optimizer, 2)]),
            ]
        )()
        second = pick(
            [lambda: s.CosineAnnealingLR(optimizer, 5), lambda: s.CosineAnnealingWarmRestarts(optimizer, 2)]
        )()
        return s.SequentialLR(optimizer, [first, second, s.LinearLR(optimizer, 0.5)], [r(1, 4), 6])
    parts = [s.ConstantLR(optimizer, 0.1, r(1, 5)), s.ExponentialLR(optimizer, 0.9), s.CosineAnnealingLR(optimizer, 5)]
    return s.ChainedScheduler(parts)


def plain(value):
    """Tensors as numbers, so that both libraries can be compared."""
    if hasattr(value, "item"):
        return value.item()
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, (list, tuple)) else value


NAMES = [
    "StepLR", "MultiStepLR", "ConstantLR", "LinearLR", "ExponentialLR", "PolynomialLR", "CosineAnnealingLR",
    "LambdaLR", "MultiplicativeLR", "CosineAnnealingWarmRestarts", "CyclicLR", "OneCycleLR", "ReduceLROnPlateau",
    "SequentialLR", "ChainedScheduler",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", NAMES)
def test_rates_and_state_equal_those_of_pytorch(name, seed):
    torch = pytest.importorskip("torch")
    pairs = []
    for lib in (rsnn, torch):
        rng = random.Random(seed)
        optimizer = sgd(groups=rng.randint(1, 3), lib=lib, momentum=0.9)
        if seed == 1:
            for group in optimizer.param_groups:
                group["lr"] = lib.tensor(group["lr"])
        pairs.append((optimizer, make(lib, name, optimizer, rng), random.Random(seed)))
    for step in range(25):
        for optimizer, scheduler, rng in pairs:
            optimizer.step()
            if name == "ReduceLROnPlateau":
                scheduler.step(rng.choice([1.0, 2.0, 0.5, 0.4]))
            elif name not in ("SequentialLR", "ChainedScheduler") and rng.random() < 0.1:
                scheduler.step(rng.randint(0, 12))
            else:
                scheduler.step()
            if step == 12:
                optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
                scheduler.load_state_dict(copy.deepcopy(scheduler.state_dict()))
        (ours, scheduler, _), (theirs, oracle, _) = pairs
        assert plain(scheduler.get_last_lr()) == plain(oracle.get_last_lr())
        assert plain(scheduler.state_dict()) == plain(oracle.state_dict())
        for a, b in zip(ours.param_groups, theirs.param_groups, strict=True):
            assert {k: plain(v) for k, v in a.items() if k != "params"} == {
                k: plain(v) for k, v in b.items() if k != "params"
            }


def test_resuming_from_an_epoch():
    optimizer = sgd()
    with pytest.raises(KeyError, match="initial_lr"):
        lr_scheduler.StepLR(optimizer, 2, last_epoch=3)
    optimizer.param_groups[0]["initial_lr"] = 1.0
    scheduler = lr_scheduler.CosineAnnealingLR(optimizer, 10, last_epoch=4)
    assert scheduler.last_epoch == 5 and scheduler.base_lrs == [1.0]


def test_stepping_before_the_optimizer_warns_once():
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    with pytest.warns(UserWarning, match="before optimizer.step"):
        scheduler.step()
    scheduler.step()
    optimizer = sgd()
    scheduler = lr_scheduler.StepLR(optimizer, 1)
    optimizer.step()
    scheduler.step()


def test_get_lr_outside_of_a_step_warns():
    scheduler = lr_scheduler.StepLR(sgd(), 1)
    with pytest.warns(UserWarning, match="get_last_lr"):
        scheduler.get_lr()


def test_an_epoch_in_step_is_deprecated():
    optimizer = sgd(lr=1.0)
    scheduler = lr_scheduler.StepLR(optimizer, 2, gamma=0.5)
    optimizer.step()
    with pytest.warns(UserWarning, match="deprecated"):
        scheduler.step(5)
    assert scheduler.get_last_lr() == [0.25]


def test_a_schedule_of_ones_own():
    class Halving(lr_scheduler.LRScheduler):
        def get_lr(self):
            return [lr / 2**self.last_epoch for lr in self.base_lrs]

    optimizer = sgd(lr=1.0, groups=2)
    scheduler = Halving(optimizer)
    optimizer.step()
    scheduler.step()
    assert scheduler.get_last_lr() == [0.5, 1.0]
    assert lr_scheduler._LRScheduler is lr_scheduler.LRScheduler
    with pytest.raises(NotImplementedError):
        lr_scheduler.LRScheduler(optimizer)


def test_a_tensor_as_rate_keeps_its_identity():
    rate = rsnn.tensor(1.0)
    optimizer = rsnn.optim.SGD([rsnn.ones(1)], lr=rate)
    scheduler = lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    scheduler.step()
    assert optimizer.param_groups[0]["lr"] is rate and rate.item() == 0.5
    assert scheduler.base_lrs[0].item() == 1.0


def test_plateau_needs_more_than_patience():
    optimizer = sgd(lr=1.0)
    scheduler = lr_scheduler.ReduceLROnPlateau(optimizer, factor=0.5, patience=2)
    rates = []
    for loss in [3.0, 3.0, 3.0, 3.0, 2.0, math.nan]:
        scheduler.step(rsnn.tensor(loss))
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]
    optimizer.add_param_group({"params": [rsnn.ones(1)]})
    for _ in range(3):
        scheduler.step(9.0)
    assert scheduler.min_lrs == [0, 0]


BAD = [
    (lambda o: lr_scheduler.StepLR(object(), 1), TypeError),
    (lambda o: lr_scheduler.ConstantLR(o, factor=1.5), ValueError),
    (lambda o: lr_scheduler.LinearLR(o, start_factor=0), ValueError),
    (lambda o: lr_scheduler.LinearLR(o, end_factor=2), ValueError),
    (lambda o: lr_scheduler.LambdaLR(o, [lambda e: 1, lambda e: 1]), ValueError),
    (lambda o: lr_scheduler.MultiplicativeLR(o, 0.5), TypeError),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 0), ValueError),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1, 0.5), ValueError),
    (lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, 1).step(-1), ValueError),
    (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0), ValueError),
    (lambda o: lr_scheduler.CyclicLR(o, 0.1, [1.0, 2.0], cycle_momentum=False), ValueError),
    (lambda o: lr_scheduler.CyclicLR(o, 0.1, 1.0, mode="square", cycle_momentum=False), ValueError),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0), ValueError),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, pct_start=2.0), ValueError),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, epochs=0, steps_per_epoch=3), ValueError),
    (lambda o: lr_scheduler.OneCycleLR(o, 1.0, 10, anneal_strategy="cubic"), ValueError),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, factor=1.0), ValueError),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, mode="mean"), ValueError),
    (lambda o: lr_scheduler.ReduceLROnPlateau(o, min_lr=[0, 0]), ValueError),
    (lambda o: lr_scheduler.SequentialLR(o, [], []), ValueError),
    (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(o, 1)], [3]), ValueError),
    (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.StepLR(sgd(), 1)], []), ValueError),
    (lambda o: lr_scheduler.SequentialLR(o, [lr_scheduler.ReduceLROnPlateau(o)], []), ValueError),
    (lambda o: lr_scheduler.ChainedScheduler([]), ValueError),
    (lambda o: lr_scheduler.ChainedScheduler([3]), TypeError),
]


@pytest.mark.parametrize(("build", "error"), BAD, ids=range(len(BAD)))
def test_bad_arguments(build, error):
    with pytest.raises(error):
        build(rsnn.optim.Rprop([rsnn.ones(1)]))


def test_one_cycle_ends():
    optimizer = sgd(momentum=0.9)
    scheduler = lr_scheduler.OneCycleLR(optimizer, 1.0, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scheduler.step()
        scheduler.step()
        with pytest.raises(ValueError, match="at most 2"):
            scheduler.step()
