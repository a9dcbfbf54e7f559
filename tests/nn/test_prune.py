"""Pruning: the same masks in rsnn and PyTorch."""

from __future__ import annotations

import copy
import importlib

import numpy as np
import pytest

import rsnn


def values(x):
    return x.detach().numpy()


def tools_of(lib):
    return importlib.import_module(f"{lib.__name__}.nn.utils.prune")


CALLS = [
    "identity(m, 'weight')",
    "random_unstructured(m, 'weight', 0.3)",
    "random_unstructured(m, 'weight', 4)",
    "l1_unstructured(m, 'weight', 0.4)",
    "l1_unstructured(m, 'bias', 2)",
    "l1_unstructured(m, 'weight', 0)",
    "l1_unstructured(m, 'weight', 3, importance_scores=-m.weight)",
    "random_structured(m, 'weight', 0.5, dim=0)",
    "random_structured(m, 'weight', 2, 1)",
    "ln_structured(m, 'weight', 0.5, n=2, dim=0)",
    "ln_structured(m, 'weight', 1, 1, 1)",
    "ln_structured(m, 'weight', 1, float('inf'), -1)",
    "custom_from_mask(m, 'bias', lib.tensor([0, 1, 1, 0]))",
]


def run(lib, calls, module="Linear(5, 4)"):
    lib.manual_seed(0)
    m = eval(f"nn.{module}", {"nn": lib.nn})
    tools = tools_of(lib)
    for call in calls:
        eval(f"tools.{call}", {"tools": tools, "m": m, "lib": lib})
    y = m(lib.ones(2, 5) if module.startswith("Linear") else lib.ones(1, 3, 4, 4))
    y.pow(2).sum().backward()
    return m, y


def compare(torch, calls, module="Linear(5, 4)"):
    (ours, y), (theirs, z) = (run(lib, calls, module) for lib in (rsnn, torch))
    np.testing.assert_allclose(values(y), values(z), rtol=1e-4, atol=1e-5)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(values(ours.state_dict()[name]), values(value), rtol=1e-5, atol=1e-7, err_msg=name)
    for (name, p), q in zip(ours.named_parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(values(p.grad), values(q.grad), rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("call", CALLS)
def test_single(torch, call):
    compare(torch, [call])


@pytest.mark.parametrize(
    "calls",
    [
        ["l1_unstructured(m, 'weight', 0.3)", "random_unstructured(m, 'weight', 0.5)"],
        [
            "ln_structured(m, 'weight', 1, 2, 0)",
            "l1_unstructured(m, 'weight', 3)",
            "ln_structured(m, 'weight', 1, 2, 1)",
        ],
        ["random_structured(m, 'weight', 1, 1)", "random_structured(m, 'weight', 1, 1)"],
    ],
)
@pytest.mark.parametrize("module", ["Linear(5, 4)", "Conv2d(3, 4, 2)"])
def test_one_after_the_other(torch, calls, module):
    compare(torch, calls, module)


def test_global(torch):
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(0)
        net = lib.nn.Sequential(lib.nn.Linear(5, 4), lib.nn.Linear(4, 3))
        tools = tools_of(lib)
        parameters = [(net[0], "weight"), (net[1], "weight"), (net[1], "bias")]
        tools.global_unstructured(parameters, tools.L1Unstructured, amount=0.4)
        tools.global_unstructured(parameters, tools.RandomUnstructured, amount=5)
        assert tools.is_pruned(net)
        results.append({k: values(v) for k, v in net.state_dict().items()})
    assert list(results[0]) == list(results[1])
    for name, value in results[1].items():
        np.testing.assert_array_equal(results[0][name], value, err_msg=name)


def test_removal(lib):
    tools = tools_of(lib)
    m = lib.nn.Linear(5, 4)
    assert not tools.is_pruned(m)
    tools.l1_unstructured(m, "weight", 6)
    tools.random_unstructured(m, "weight", 2)
    assert isinstance(next(iter(m._forward_pre_hooks.values())), tools.PruningContainer)
    pruned = values(m.weight).copy()
    assert (pruned == 0).sum() == 8
    assert copy.deepcopy(m.eval().requires_grad_(False).state_dict()).keys() == m.state_dict().keys()
    tools.remove(m, "weight")
    assert isinstance(m.weight, lib.nn.Parameter) and list(m.state_dict()) == ["bias", "weight"]
    np.testing.assert_array_equal(values(m.weight), pruned)
    with pytest.raises(ValueError, match="has to be pruned before pruning can be removed"):
        tools.remove(m, "weight")


def test_tensors_without_modules(lib):
    tools = tools_of(lib)
    t = lib.tensor([[1.0, -3.0], [2.0, 0.5]])
    assert tools.L1Unstructured(2).prune(t).tolist() == [[0.0, -3.0], [2.0, 0.0]]
    assert tools.LnStructured(1, 2, 0).prune(t).tolist() == [[1.0, -3.0], [0.0, 0.0]]


def test_mistakes(lib):
    tools = tools_of(lib)
    m = lib.nn.Linear(3, 2)
    for amount, error in ((-1, ValueError), (1.5, ValueError), ("x", TypeError), (100, ValueError)):
        with pytest.raises(error):
            tools.l1_unstructured(m, "weight", amount)
        assert "weight" in dict(m.named_parameters())
    with pytest.raises(ValueError, match="Structured pruning can only be applied to multidimensional tensors"):
        tools.ln_structured(m, "bias", 1, 2, 0)
    with pytest.raises(IndexError, match="Invalid index 2"):
        tools.ln_structured(m, "weight", 1, 2, 2)
    with pytest.raises(AssertionError, match="importance_scores should have the same shape"):
        tools.l1_unstructured(m, "weight", 1, importance_scores=lib.ones(2))
    with pytest.raises(TypeError, match="parameters is not an Iterable"):
        tools.global_unstructured(3, tools.L1Unstructured, amount=1)
    with pytest.raises(TypeError, match='Only "unstructured" PRUNING_TYPE supported'):
        tools.global_unstructured([(m, "weight")], tools.RandomStructured, amount=1)
    with pytest.raises(TypeError, match="is not a BasePruningMethod subclass"):
        tools.PruningContainer().add_pruning_method(3)
