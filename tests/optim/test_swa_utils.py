"""Averaged models and the schedule that goes with them."""

import copy

import numpy as np
import pytest

import rsnn
from rsnn.optim import swa_utils

FUNCTIONS = {
    "mean": {},
    "mean of lists": {"multi_avg_fn": "get_swa_multi_avg_fn"},
    "moving": {"avg_fn": "get_ema_avg_fn"},
    "moving, lists": {"multi_avg_fn": "get_ema_multi_avg_fn"},
}


class Pair(rsnn.nn.Module):
    """Two parameters and a buffer, without any computation."""

    def __init__(self):
        super().__init__()
        self.a = rsnn.nn.Parameter(rsnn.zeros(3))
        self.b = rsnn.nn.Parameter(rsnn.zeros(2, dtype=rsnn.float64))
        self.register_buffer("steps", rsnn.tensor(0))
        self.register_buffer("mean", rsnn.zeros(2))

    def forward(self, x):
        return x + self.a

    def fill(self, value):
        with rsnn.no_grad():
            for tensor in (self.a, self.b, self.steps, self.mean):
                tensor.fill_(value)
        return self


@pytest.mark.parametrize("name", FUNCTIONS)
def test_averages(name):
    options = {k: getattr(swa_utils, v)(*([0.9] if "ema" in v else [])) for k, v in FUNCTIONS[name].items()}
    average = swa_utils.AveragedModel(Pair(), **options)
    for value in (1, 2, 6):
        average.update_parameters(Pair().fill(value))
    expected = 3.0 if "mean" in name else (1 * 0.9 + 2 * 0.1) * 0.9 + 6 * 0.1
    np.testing.assert_allclose(average.module.a.tolist(), [expected] * 3, rtol=1e-6)
    np.testing.assert_allclose(average.module.b.tolist(), [expected] * 2, rtol=1e-12)
    assert average.n_averaged.item() == 3 and average.module.steps.item() == 6, "buffers are copied"
    assert average(rsnn.zeros(3)).tolist() == average.module.a.tolist()


def test_buffers_are_averaged_on_demand():
    average = swa_utils.AveragedModel(Pair(), use_buffers=True)
    for value in (1, 2, 6):
        average.update_parameters(Pair().fill(value))
    np.testing.assert_allclose(average.module.mean.tolist(), [3, 3], rtol=1e-6)


def test_the_state_of_an_average():
    average = swa_utils.AveragedModel(Pair())
    average.update_parameters(Pair().fill(5))
    assert list(average.state_dict())[0] == "n_averaged"
    other = swa_utils.AveragedModel(Pair())
    other.load_state_dict(copy.deepcopy(average.state_dict()))
    assert other.n_averaged.item() == 1 and other.module.a.tolist() == [5, 5, 5]


def test_bad_arguments():
    for build in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match="decay"):
            build(1.5)
    with pytest.raises(AssertionError, match="both"):
        swa_utils.AveragedModel(Pair(), avg_fn=len, multi_avg_fn=len)
    optimizer = rsnn.optim.SGD([rsnn.ones(1)])
    for options in ({"anneal_strategy": "steps"}, {"anneal_epochs": -1}, {"anneal_epochs": 1.5}, {"swa_lr": [1, 2]}):
        with pytest.raises(ValueError):
            swa_utils.SWALR(optimizer, **{"swa_lr": 0.1, **options})


@pytest.mark.parametrize("strategy", ["cos", "linear"])
@pytest.mark.parametrize("epochs", [0, 1, 4])
def test_rates_equal_those_of_pytorch(strategy, epochs):
    torch = pytest.importorskip("torch")
    rates = []
    for lib in (rsnn, torch):
        optimizer = lib.optim.SGD([{"params": [lib.ones(1)], "lr": lr} for lr in (0.1, 0.4)])
        scheduler = lib.optim.swa_utils.SWALR(optimizer, [0.01, 0.02], epochs, strategy)
        found = [scheduler.get_last_lr()]
        for _ in range(8):
            optimizer.step()
            scheduler.step()
            found.append(scheduler.get_last_lr())
            optimizer.param_groups[0]["lr"] *= 1.1
        state = copy.deepcopy(scheduler.state_dict())
        scheduler.load_state_dict(state)
        rates.append(found)
    assert rates[0] == rates[1]


def test_update_bn_measures_all_batches_alike():
    model = rsnn.nn.Sequential(rsnn.nn.BatchNorm1d(2)).eval()
    model[0].running_mean.fill_(9)
    batches = [rsnn.arange(8.0).view(4, 2), (rsnn.arange(8.0).view(4, 2) + 10, "label")]
    swa_utils.update_bn(batches, model)
    assert model[0].running_mean.tolist() == [8.0, 9.0]
    assert model[0].momentum == 0.1 and not model.training
    swa_utils.update_bn(None, rsnn.nn.Sequential())
