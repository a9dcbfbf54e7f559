"""Bad arguments of optimisers, schedules and loaders."""

import pytest

from mistakes import cases, check

#: For every optimiser: its keyword arguments, or what to give it for parameters.
EVERY = {
    "nothing": (ValueError, lambda lib, optimizer: optimizer([])),
    "a tensor": (TypeError, lambda lib, optimizer: optimizer(p(lib))),
    "numbers": (TypeError, lambda lib, optimizer: optimizer([1, 2])),
    "a result": (ValueError, lambda lib, optimizer: optimizer([p(lib) * 2])),
    "negative rate": (ValueError, lambda lib, optimizer: optimizer([p(lib)], lr=-1.0)),
    "unknown option": (TypeError, lambda lib, optimizer: optimizer([p(lib)], colour=1.0)),
    "group without parameters": (KeyError, lambda lib, optimizer: optimizer([{"lr": 0.1}])),
}
GROUPED = {
    "negative decay": (ValueError, lambda lib, optimizer: optimizer([p(lib)], weight_decay=-1.0)),
    "twice in groups": (ValueError, lambda lib, optimizer: twice(optimizer, p(lib))),
}
WITH_BETAS = {
    "first beta": (ValueError, lambda lib, optimizer: optimizer([p(lib)], betas=(1.0, 0.9))),
    "second beta": (ValueError, lambda lib, optimizer: optimizer([p(lib)], betas=(0.9, -0.1))),
    "eps": (ValueError, lambda lib, optimizer: optimizer([p(lib)], eps=-1.0)),
}
ADAMS = ("Adam", "AdamW", "Adamax", "NAdam", "RAdam")
PLAIN = ("SGD", "Adagrad", "Adadelta", "RMSprop", "ASGD", "Adafactor")

TRAINING = {
    "SGD: nesterov": (ValueError, lambda lib: lib.optim.SGD([p(lib)], lr=0.1, nesterov=True)),
    "SGD: momentum": (ValueError, lambda lib: lib.optim.SGD([p(lib)], lr=0.1, momentum=-1.0)),
    "load_state_dict: groups": (
        ValueError,
        lambda lib: lib.optim.SGD([p(lib)], lr=0.1).load_state_dict(
            lib.optim.SGD([{"params": [p(lib)]}, {"params": [p(lib)]}], lr=0.1).state_dict()
        ),
    ),
    "load_state_dict: sizes": (
        ValueError,
        lambda lib: lib.optim.SGD([p(lib)], lr=0.1).load_state_dict(
            lib.optim.SGD([p(lib), p(lib)], lr=0.1).state_dict()
        ),
    ),
    "load_state_dict: empty": (KeyError, lambda lib: lib.optim.SGD([p(lib)], lr=0.1).load_state_dict({})),
    "StepLR: no optimizer": (TypeError, lambda lib: lib.optim.lr_scheduler.StepLR(3, 1)),
    "CosineAnnealingLR: no optimizer": (TypeError, lambda lib: lib.optim.lr_scheduler.CosineAnnealingLR(3, 1)),
    "StepLR: resumed": (
        KeyError,
        lambda lib: lib.optim.lr_scheduler.StepLR(lib.optim.SGD([p(lib)], lr=0.1), 1, last_epoch=3),
    ),
    "LambdaLR: count": (
        ValueError,
        lambda lib: lib.optim.lr_scheduler.LambdaLR(lib.optim.SGD([p(lib)], lr=0.1), [abs, abs]),
    ),
    "OneCycleLR: no length": (
        ValueError,
        lambda lib: lib.optim.lr_scheduler.OneCycleLR(lib.optim.SGD([p(lib)], lr=0.1), 0.1),
    ),
    "ReduceLROnPlateau: factor": (
        ValueError,
        lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(lib.optim.SGD([p(lib)], lr=0.1), factor=1.0),
    ),
    "ReduceLROnPlateau: mode": (
        ValueError,
        lambda lib: lib.optim.lr_scheduler.ReduceLROnPlateau(lib.optim.SGD([p(lib)], lr=0.1), mode="mean"),
    ),
    "SequentialLR: milestones": (
        ValueError,
        lambda lib: (lambda o: lib.optim.lr_scheduler.SequentialLR(o, [lib.optim.lr_scheduler.StepLR(o, 1)], [1, 2]))(
            lib.optim.SGD([p(lib)], lr=0.1)
        ),
    ),
    "CyclicLR: mode": (
        ValueError,
        lambda lib: lib.optim.lr_scheduler.CyclicLR(lib.optim.SGD([p(lib)], lr=0.1, momentum=0.9), 0.1, 1.0, mode="x"),
    ),
}

DATA = {
    "TensorDataset: sizes": (AssertionError, lambda lib: lib.utils.data.TensorDataset(lib.zeros(2), lib.zeros(3))),
    "TensorDataset: index": (IndexError, lambda lib: lib.utils.data.TensorDataset(lib.zeros(2))[2]),
    "DataLoader: batch size": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], batch_size=0)),
    "DataLoader: negative batch": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], batch_size=-1)),
    "DataLoader: float batch": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], batch_size=1.5)),
    "DataLoader: workers": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], num_workers=-1)),
    "DataLoader: timeout": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], timeout=-1)),
    "DataLoader: prefetch": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], prefetch_factor=2)),
    "DataLoader: persistent": (ValueError, lambda lib: lib.utils.data.DataLoader([1, 2], persistent_workers=True)),
    "DataLoader: sampler and shuffle": (
        ValueError,
        lambda lib: lib.utils.data.DataLoader([1, 2], shuffle=True, sampler=[0, 1]),
    ),
    "DataLoader: batch sampler": (
        ValueError,
        lambda lib: lib.utils.data.DataLoader([1, 2], batch_size=2, batch_sampler=[[0]]),
    ),
    "DataLoader: drop last": (
        ValueError,
        lambda lib: lib.utils.data.DataLoader([1, 2], batch_size=None, drop_last=True),
    ),
    "DataLoader: empty shuffled": (ValueError, lambda lib: list(lib.utils.data.DataLoader([], shuffle=True))),
    "DataLoader: number": (TypeError, lambda lib: list(lib.utils.data.DataLoader(3))),
    "DataLoader: context": (
        ValueError,
        lambda lib: lib.utils.data.DataLoader([1, 2], num_workers=1, multiprocessing_context="x"),
    ),
    "DataLoader: attribute": (ValueError, lambda lib: setattr(lib.utils.data.DataLoader([1, 2]), "batch_size", 3)),
    "collate: ragged": (RuntimeError, lambda lib: lib.utils.data.default_collate([lib.zeros(2), lib.zeros(3)])),
    "collate: objects": (TypeError, lambda lib: lib.utils.data.default_collate([object()])),
    "collate: nothing": (IndexError, lambda lib: lib.utils.data.default_collate([])),
    "collate: lengths": (RuntimeError, lambda lib: lib.utils.data.default_collate([[1, 2], [3]])),
    "random_split: sum": (ValueError, lambda lib: lib.utils.data.random_split([1, 2, 3], [1, 1])),
    "random_split: fractions": (ValueError, lambda lib: lib.utils.data.random_split([1, 2, 3], [0.5, 0.9])),
    "RandomSampler: samples": (ValueError, lambda lib: lib.utils.data.RandomSampler([1, 2], num_samples=-1)),
    "RandomSampler: replacement": (TypeError, lambda lib: lib.utils.data.RandomSampler([1, 2], replacement=3)),
    "BatchSampler: size": (ValueError, lambda lib: lib.utils.data.BatchSampler([1, 2], 0, False)),
    "BatchSampler: drop": (ValueError, lambda lib: lib.utils.data.BatchSampler([1, 2], 1, "x")),
    "WeightedRandomSampler: samples": (ValueError, lambda lib: lib.utils.data.WeightedRandomSampler([1.0], 0)),
    "Subset: index": (IndexError, lambda lib: lib.utils.data.Subset([1, 2], [5])[0]),
    "ConcatDataset: empty": (AssertionError, lambda lib: lib.utils.data.ConcatDataset([])),
    "ConcatDataset: index": (ValueError, lambda lib: lib.utils.data.ConcatDataset([[1], [2]])[-3]),
    "Dataset: getitem": (NotImplementedError, lambda lib: lib.utils.data.Dataset()[0]),
}


def p(lib):
    return lib.zeros(1, requires_grad=True)


def twice(optimizer, x):
    return optimizer([{"params": [x]}, {"params": [x]}])


def optimizer_rows():
    tables = ((ADAMS + PLAIN + ("Rprop", "LBFGS"), EVERY), (ADAMS + PLAIN, GROUPED), (ADAMS, WITH_BETAS))
    for names, table in tables:
        for name in names:
            for what, (expected, call) in table.items():
                yield pytest.param(name, expected, call, id=f"{name}: {what}")


@pytest.mark.parametrize(("name", "expected", "call"), list(optimizer_rows()))
def test_optimizers(name, expected, call):
    check(expected, lambda lib: call(lib, getattr(lib.optim, name)))


@cases(TRAINING)
def test_training(expected, call):
    check(expected, call)


@cases(DATA)
def test_data(expected, call):
    check(expected, call)
