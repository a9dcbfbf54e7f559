"""The arithmetic of the optimizers: PyTorch's results from the golden file, and PyTorch itself where importable."""

import copy
import json
import pathlib
import random

import numpy as np
import pytest

import rsnn

GOLDEN = json.loads((pathlib.Path(__file__).parents[1] / "golden" / "optim.json").read_text())
OPTIONS = {
    "SGD": {"lr": [0.1, 1e-3], "momentum": [0, 0.9], "dampening": [0, 0.3], "weight_decay": [0, 0.01]},
    "Adam": {
        "lr": [0.1, 1e-3],
        "betas": [(0.9, 0.999), (0.5, 0.7)],
        "eps": [1e-8, 1e-3],
        "weight_decay": [0, 0.1],
        "amsgrad": [False, True],
        "decoupled_weight_decay": [False, True],
    },
    "AdamW": {"lr": [0.1], "betas": [(0.9, 0.999), (0.5, 0.7)], "weight_decay": [0, 0.1], "amsgrad": [False, True]},
    "RMSprop": {"alpha": [0.9, 0.99], "weight_decay": [0, 0.1], "momentum": [0, 0.9], "centered": [False, True]},
    "Adagrad": {"lr_decay": [0, 0.1], "weight_decay": [0, 0.1], "initial_accumulator_value": [0, 0.5]},
    "Adadelta": {"lr": [0.1, 1.0], "rho": [0.9, 0.5], "weight_decay": [0, 0.1]},
    "Adamax": {"lr": [0.1], "betas": [(0.9, 0.999), (0.5, 0.7)], "weight_decay": [0, 0.1]},
    "NAdam": {"weight_decay": [0, 0.1], "momentum_decay": [4e-3, 0.1], "decoupled_weight_decay": [False, True]},
    "RAdam": {"lr": [0.1], "betas": [(0.9, 0.999), (0.5, 0.7)], "decoupled_weight_decay": [False, True]},
    "ASGD": {"lambd": [1e-4, 0.1], "alpha": [0.75, 0.3], "t0": [1e6, 3], "weight_decay": [0, 0.1]},
    "Rprop": {"etas": [(0.5, 1.2), (0.3, 2.0)], "step_sizes": [(1e-6, 50), (0.01, 0.2)]},
    "Adafactor": {
        "lr": [0.1],
        "beta2_decay": [-0.8, -0.3],
        "eps": [(None, 1e-3), (1e-3, 0.1)],
        "weight_decay": [0, 0.1],
    },
}


@pytest.mark.parametrize(("name", "options", "after"), GOLDEN["optimizers"])
def test_steps_give_the_golden_parameters(name, options, after):
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    tensor = lambda values, shape: rsnn.tensor(values, dtype=rsnn.float64).view(shape)  # noqa: E731
    params = [tensor(*pair) for pair in zip(GOLDEN["start"], GOLDEN["shapes"], strict=True)]
    optimizer = getattr(rsnn.optim, name)(params, **options)
    for gradients in GOLDEN["gradients"]:
        for p, gradient in zip(params, gradients, strict=True):
            p.grad = tensor(gradient, p.shape)
        optimizer.step()
    for p, expected in zip(params, after, strict=True):
        np.testing.assert_allclose(p.flatten().numpy(), expected, rtol=1e-14, atol=0)


def same(ours, theirs, tolerance):
    """Compares state dicts of both libraries: keys and their order, types, numbers."""
    if hasattr(theirs, "numpy"):
        assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
        np.testing.assert_allclose(ours.detach().numpy(), theirs.detach().numpy(), rtol=tolerance, atol=tolerance / 10)
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs)
        for key in theirs:
            same(ours[key], theirs[key], tolerance)
    elif isinstance(theirs, (list, tuple)):
        assert type(ours) is type(theirs) and len(ours) == len(theirs)
        for pair in zip(ours, theirs, strict=True):
            same(*pair, tolerance)
    else:
        assert ours == theirs and type(ours) is type(theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", OPTIONS)
def test_steps_and_state_equal_those_of_pytorch(name, seed, dtype):
    torch = pytest.importorskip("torch")
    rng = random.Random(f"{name} {seed}")
    generator = np.random.default_rng(seed)
    options = {k: rng.choice(v) for k, v in OPTIONS[name].items() if rng.random() < 0.7}
    options["maximize"] = rng.random() < 0.3
    if name == "SGD" and seed % 4 == 0:
        options |= {"nesterov": True, "momentum": 0.9, "dampening": 0}
    tensor_lr = 0.05 if seed == 1 else None
    start = [generator.standard_normal(shape).astype(dtype) for shape in [(3, 4), (5,), ()]]
    pairs = []
    for lib in (rsnn, torch):
        params = [lib.from_numpy(np.array(value)).requires_grad_() for value in start]
        kwargs = options if tensor_lr is None else options | {"lr": lib.tensor(tensor_lr)}
        groups = [{"params": params[:2]}, {"params": params[2:], "lr": 0.03}]
        pairs.append((params, getattr(lib.optim, name)(groups, foreach=False, **kwargs)))
    (ours, optimizer), (theirs, oracle) = pairs
    tolerance = 1e-13 if dtype == "float64" else 1e-5
    for step in range(20):
        for p, q in zip(ours, theirs, strict=True):
            gradient = generator.standard_normal(tuple(q.shape)).astype(dtype)
            skip = rng.random() < 0.1
            p.grad = None if skip else rsnn.from_numpy(np.array(gradient))
            q.grad = None if skip else torch.from_numpy(np.array(gradient))
        optimizer.step()
        oracle.step()
        if step == 4:  # a state that was saved and loaded goes on alike
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))
            oracle.load_state_dict(copy.deepcopy(oracle.state_dict()))
        same(ours, theirs, tolerance)
        same(optimizer.state_dict(), oracle.state_dict(), tolerance)
    assert repr(optimizer) == repr(oracle)


@pytest.mark.parametrize("options", [{}, {"nesterov": False, "momentum": 0.5}, {"adjust_lr_fn": "match_rms_adamw"}])
@pytest.mark.parametrize("shape", [(3, 5), (6, 2), (4, 4)])
def test_muon_equals_that_of_pytorch(shape, options):
    torch = pytest.importorskip("torch")
    results = []
    for lib in (rsnn, torch):
        generator = np.random.default_rng(0)
        w = lib.from_numpy(generator.standard_normal(shape).astype(np.float32)).requires_grad_()
        optimizer = lib.optim.Muon([w], lr=0.1, **options)
        for _ in range(4):
            w.grad = lib.from_numpy(generator.standard_normal(shape).astype(np.float32))
            optimizer.step()
        results.append((w.detach().numpy(), optimizer.state_dict()["state"][0]["momentum_buffer"].numpy()))
    np.testing.assert_allclose(results[0][0], results[1][0], atol=0.02)  # directions are computed in bfloat16
    np.testing.assert_allclose(results[0][1], results[1][1], rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("hint", ["foreach", "fused"])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "Adagrad"])
def test_hints_about_speed_change_nothing(name, hint):
    results = []
    for options in ({}, {hint: True}):
        w = rsnn.tensor([1.0, -2.0], requires_grad=True)
        optimizer = getattr(rsnn.optim, name)([w], lr=0.1, **options)
        for _ in range(3):
            w.grad = w.detach() * 2
            optimizer.step()
        results.append(w.tolist())
    assert results[0] == results[1]


def test_a_closure_is_evaluated_with_gradients_and_its_loss_returned():
    w = rsnn.tensor([1.0, 2.0], requires_grad=True)
    optimizer = rsnn.optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with rsnn.no_grad():
        assert optimizer.step(closure).item() == 5.0
    assert w.tolist() == [0.5, 1.0]


@pytest.mark.parametrize(
    ("name", "options", "error"),
    [
        ("SGD", {"lr": -1}, ValueError),
        ("SGD", {"momentum": -1}, ValueError),
        ("SGD", {"weight_decay": -1}, ValueError),
        ("SGD", {"nesterov": True}, ValueError),
        ("SGD", {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, ValueError),
        ("SGD", {"lr": float("nan")}, ValueError),
        ("SGD", {"foreach": True, "fused": True}, RuntimeError),
        ("SGD", {"differentiable": True}, NotImplementedError),
        ("Adam", {"betas": (1.0, 0.9)}, ValueError),
        ("Adam", {"betas": (0.9, -0.1)}, ValueError),
        ("Adam", {"eps": -1}, ValueError),
        ("Adam", {"capturable": True}, NotImplementedError),
        ("RMSprop", {"alpha": -1}, ValueError),
        ("Adadelta", {"rho": 1.5}, ValueError),
        ("Adagrad", {"lr_decay": -1}, ValueError),
        ("Rprop", {"etas": (1.5, 2)}, ValueError),
        ("NAdam", {"momentum_decay": -1}, ValueError),
        ("Adafactor", {"beta2_decay": 0.5}, ValueError),
        ("Adafactor", {"d": 0.5}, ValueError),
        ("Muon", {"ns_steps": 100}, ValueError),
        ("Muon", {"adjust_lr_fn": "other"}, ValueError),
        ("Muon", {}, ValueError),
    ],
)
def test_options_out_of_range(name, options, error):
    with pytest.raises(error, match=name):
        getattr(rsnn.optim, name)([rsnn.ones(1)], **options)


def test_a_tensor_as_learning_rate():
    rate = rsnn.tensor(0.5)
    w = rsnn.ones(1)
    optimizer = rsnn.optim.SGD([w], lr=rate)
    w.grad = rsnn.ones(1)
    optimizer.step()
    assert w.item() == 0.5
    rate.fill_(0.25)
    optimizer.step()
    assert w.item() == 0.25
    with pytest.raises(ValueError, match="one element"):
        rsnn.optim.SGD([w], lr=rsnn.ones(2))
    with pytest.raises(ValueError, match="foreach"):
        rsnn.optim.Adam([w], lr=rate, foreach=True)
