"""Parametrizations, and weights normalised by them and by hooks: with rsnn and PyTorch alike."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn


def values(x):
    return x.detach().numpy()


def symmetric(lib):
    class Symmetric(lib.nn.Module):
        def forward(self, x):
            return (x + x.mT) / 2

        def right_inverse(self, x):
            return x

    return Symmetric()


def doubled(lib, inverse=True):
    class Doubled(lib.nn.Module):
        def forward(self, x):
            return x * 2

    module = Doubled()
    if inverse:
        Doubled.right_inverse = lambda self, x: x / 2
    return module


def test_one_parametrization(lib):
    tools = lib.nn.utils.parametrize
    module = lib.nn.Linear(3, 3)
    before, cls = values(module.weight).copy(), type(module)
    assert tools.register_parametrization(module, "weight", symmetric(lib)) is module
    assert type(module).__name__ == "ParametrizedLinear" and isinstance(module, cls)
    assert tools.is_parametrized(module) and tools.is_parametrized(module, "weight")
    assert not tools.is_parametrized(module, "bias")
    assert tools.type_before_parametrizations(module) is cls
    np.testing.assert_allclose(values(module.weight), (before + before.T) / 2, rtol=1e-6)
    assert list(module.state_dict()) == ["bias", "parametrizations.weight.original"]
    module(lib.ones(1, 3)).sum().backward()
    assert module.parametrizations.weight.original.grad is not None
    module.weight = lib.ones(3, 3)
    np.testing.assert_array_equal(values(module.weight), np.ones((3, 3)))
    tools.remove_parametrizations(module, "weight")
    assert type(module) is cls and isinstance(module.weight, lib.nn.Parameter)
    np.testing.assert_array_equal(values(module.weight), np.ones((3, 3)))


def test_one_upon_the_other(lib):
    tools = lib.nn.utils.parametrize
    module = lib.nn.Linear(3, 3)
    before = values(module.weight).copy()
    tools.register_parametrization(module, "weight", doubled(lib))
    np.testing.assert_allclose(values(module.weight), before)
    tools.register_parametrization(module, "weight", symmetric(lib))
    tools.register_parametrization(module, "bias", doubled(lib, inverse=False))
    assert len(module.parametrizations.weight) == 2
    np.testing.assert_allclose(values(module.weight), (before + before.T) / 2, rtol=1e-6)
    with pytest.raises(RuntimeError, match="parametrization Doubled does not implement right_inverse"):
        module.bias = lib.zeros(3)
    tools.remove_parametrizations(module, "weight", leave_parametrized=False)
    np.testing.assert_allclose(values(module.weight), before / 2)
    assert tools.is_parametrized(module)


def test_buffers_and_caching(lib):
    tools = lib.nn.utils.parametrize
    module = lib.nn.Module()
    module.register_buffer("x", lib.ones(2))
    tools.register_parametrization(module, "x", doubled(lib, inverse=False))
    assert [name for name, _ in module.named_buffers()] == ["parametrizations.x.original"]
    assert module.x is not module.x
    with tools.cached():
        assert module.x is module.x
    tools.remove_parametrizations(module, "x")
    np.testing.assert_array_equal(values(module.x), [2, 2])
    assert "x" in dict(module.named_buffers())


def test_copies(lib):
    tools = lib.nn.utils.parametrize
    module = tools.register_parametrization(lib.nn.Linear(3, 3), "weight", symmetric(lib))
    twin = copy.deepcopy(module)
    np.testing.assert_array_equal(values(twin.weight), values(module.weight))
    twin.parametrizations.weight.original.data.zero_()
    assert values(module.weight).any() and not values(twin.weight).any()
    with pytest.raises(RuntimeError, match="Serialization of parametrized modules is only supported"):
        pickle.dumps(module)


def test_transfer(lib):
    tools = lib.nn.utils.parametrize
    module = tools.register_parametrization(lib.nn.Linear(3, 3), "weight", symmetric(lib))
    other = lib.nn.Linear(3, 3)
    tools.transfer_parametrizations_and_params(module, other)
    np.testing.assert_array_equal(values(other.weight), values(module.weight))


def test_mistakes(lib):
    tools = lib.nn.utils.parametrize

    class Narrow(lib.nn.Module):
        def forward(self, x):
            return x[:1]

    with pytest.raises(ValueError, match="does not have a parameter, a buffer, or a parametrized element"):
        tools.register_parametrization(lib.nn.Linear(3, 3), "wait", doubled(lib))
    with pytest.raises(ValueError, match="Registering a parametrization may not change the shape"):
        tools.register_parametrization(lib.nn.Linear(3, 3), "weight", Narrow())
    module = tools.register_parametrization(lib.nn.Linear(3, 3), "weight", Narrow(), unsafe=True)
    assert tuple(module.weight.shape) == (1, 3)
    with pytest.raises(ValueError, match="Registering a parametrization may not change the shape"):
        tools.register_parametrization(tools.register_parametrization(lib.nn.Linear(3, 3), "weight", doubled(lib)),
                                       "weight", Narrow())  # fmt: skip
    with pytest.raises(ValueError, match="does not have a parametrization on bias"):
        tools.remove_parametrizations(module, "bias")
    with pytest.raises(ValueError, match="ParametrizationList requires one or more modules"):
        tools.ParametrizationList([], lib.zeros(2))
    with pytest.raises(ValueError, match="Cannot leave unparametrized"):
        module = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(3, 3))
        tools.remove_parametrizations(module, "weight", leave_parametrized=False)


MODULES = ["Linear(5, 4)", "Conv2d(3, 4, 2)", "ConvTranspose1d(3, 4, 2)"]
WAYS = ["parametrizations.weight_norm", "parametrizations.spectral_norm", "weight_norm", "spectral_norm"]


@pytest.mark.parametrize("text", MODULES)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("dim", ["", "dim=1", "dim=0"])
@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
def test_normalised_weights(torch, text, way, dim):
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(0)
        names = {"nn": lib.nn}
        module = eval(f"nn.utils.{way}(nn.{text}, {dim})", names)
        shape = {"Linear(5, 4)": (2, 5), "Conv2d(3, 4, 2)": (1, 3, 4, 4), "ConvTranspose1d(3, 4, 2)": (1, 3, 4)}[text]
        x = lib.from_numpy(np.random.default_rng(0).normal(size=shape).astype("float32"))
        module.train()
        outputs = [module(x)]
        outputs[0].pow(2).sum().backward()
        gradients = {name: values(p.grad) for name, p in module.named_parameters()}
        module.eval()
        outputs += [module(x), module(x)]
        state = {name: values(value) for name, value in module.state_dict().items()}
        results.append((repr(module), [values(y) for y in outputs], gradients, state))
    ours, theirs = results
    assert ours[0] == theirs[0]
    for a, b in zip(ours[1], theirs[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    for mine, others in zip(ours[2:], theirs[2:], strict=True):
        assert list(mine) == list(others)
        for name, value in others.items():
            np.testing.assert_allclose(mine[name], value, rtol=1e-4, atol=1e-4, err_msg=name)


@pytest.mark.filterwarnings("ignore:`torch.nn.utils.weight_norm` is deprecated")
@pytest.mark.parametrize("way", ["weight_norm", "spectral_norm"])
def test_hooks_come_and_go(lib, way):
    utils = lib.nn.utils
    module = getattr(utils, way)(lib.nn.Linear(5, 4))
    with pytest.raises(RuntimeError, match=f"Cannot register two {way} hooks on the same parameter weight"):
        getattr(utils, way)(module)
    state = module.state_dict()
    getattr(utils, way)(lib.nn.Linear(5, 4)).load_state_dict(state)
    getattr(utils, f"remove_{way}")(module)
    assert isinstance(module.weight, lib.nn.Parameter) and list(module.state_dict()) == ["bias", "weight"]
    with pytest.raises(ValueError, match=f"{way} of 'weight' not found"):
        getattr(utils, f"remove_{way}")(module)


def test_older_names_of_weight_norm_load(lib):
    module = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(2, 3))
    state = {"bias": lib.zeros(3), "weight_g": lib.full((3, 1), 2.0), "weight_v": lib.ones(3, 2)}
    module.load_state_dict(state)
    np.testing.assert_allclose(values(module.weight), np.full((3, 2), 2**0.5), rtol=1e-6)


def test_weight_norm_of_all(lib):
    module = lib.nn.utils.parametrizations.weight_norm(lib.nn.Linear(2, 3), dim=None)
    assert tuple(module.parametrizations.weight.original0.shape) == ()


def test_mistakes_of_normalisations(lib):
    ways = lib.nn.utils.parametrizations
    with pytest.raises(ValueError, match="has no parameter or buffer with name 'x'"):
        ways.spectral_norm(lib.nn.Linear(2, 3), "x")
    with pytest.raises(ValueError, match="Expected n_power_iterations to be positive"):
        ways.spectral_norm(lib.nn.Linear(2, 3), n_power_iterations=0)
    with pytest.raises(IndexError, match="Dimension out of range"):
        ways.spectral_norm(lib.nn.Linear(2, 3), dim=2)
    with pytest.raises(ValueError, match="orthogonal_map has to be one of"):
        ways.orthogonal(lib.nn.Linear(2, 3), orthogonal_map="x")
    with pytest.raises(ValueError, match="Expected a matrix or batch of matrices"):
        ways.orthogonal(lib.nn.Linear(2, 3), "bias")


def test_orthogonal_is_not_supported():
    with pytest.raises(NotImplementedError, match="parametrizations.orthogonal is not supported"):
        rsnn.nn.utils.parametrizations.orthogonal(rsnn.nn.Linear(2, 3))


def test_skip_init(lib):
    lib.manual_seed(0)
    expected = lib.rand(2).tolist()
    lib.manual_seed(0)
    module = lib.nn.utils.skip_init(lib.nn.Linear, 2, 3, bias=False)
    assert lib.rand(2).tolist() == expected and tuple(module.weight.shape) == (3, 2)
    with pytest.raises(RuntimeError, match="Expected a Module; got"):
        lib.nn.utils.skip_init(int)
    with pytest.raises(RuntimeError, match="Module must support a 'device' arg"):
        lib.nn.utils.skip_init(lib.nn.ReLU)
