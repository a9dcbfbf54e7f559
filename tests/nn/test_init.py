"""`nn.init` against live PyTorch: same seed, same weights, same state of the generator afterwards."""

import math
import warnings

import numpy as np
import pytest

import rsnn
from rsnn import nn

torch = pytest.importorskip("torch")

SHAPES = [(3, 5), (17, 4), (8, 3, 5, 5)]
DRAWING = {
    "uniform_": [{}, {"a": -0.3, "b": 0.7}],
    "normal_": [{}, {"mean": 1.5, "std": 0.3}],
    "xavier_uniform_": [{}, {"gain": 1.7}],
    "xavier_normal_": [{}, {"gain": 1.7}],
    "kaiming_uniform_": [{}, {"a": math.sqrt(5)}, {"mode": "fan_out", "nonlinearity": "relu"}],
    "kaiming_normal_": [{}, {"a": 0.2}, {"mode": "fan_out", "nonlinearity": "relu"}],
    "trunc_normal_": [{}, {"std": 0.02}, {"a": -0.1, "b": 0.1}, {"a": 1.5, "b": 3.0}],
}
CASES = [(name, kwargs) for name, variants in DRAWING.items() for kwargs in variants]


def run(lib, name, shape, dtype, *args, **kwargs):
    lib.manual_seed(3)
    return getattr(lib.nn.init, name)(lib.empty(shape, dtype=getattr(lib, dtype)), *args, **kwargs)


def bits(tensor):
    return tensor.float().numpy() if "float16" in str(tensor.dtype) else tensor.numpy()


def assert_same_state():
    np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), torch.get_rng_state().numpy())


@pytest.mark.parametrize("dtype", ["float32", "float64", "bfloat16"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("name", "kwargs"), CASES)
def test_draws_equal_those_of_pytorch(name, kwargs, shape, dtype):
    ours, theirs = run(rsnn, name, shape, dtype, **kwargs), run(torch, name, shape, dtype, **kwargs)
    np.testing.assert_array_equal(bits(ours), bits(theirs))
    assert_same_state()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [*SHAPES, (5, 17), (1, 1)])
def test_orthogonal_agrees_to_rounding(shape, dtype):
    ours, theirs = run(rsnn, "orthogonal_", shape, dtype, gain=1.3), run(torch, "orthogonal_", shape, dtype, gain=1.3)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), atol=2e-6 if dtype == "float32" else 1e-14)
    assert_same_state()


def test_sparse_zeroes_a_part_of_each_column():
    ours, theirs = run(rsnn, "sparse_", (10, 4), "float32", 0.25), run(torch, "sparse_", (10, 4), "float32", 0.25)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    assert ((ours == 0).sum(0) == 3).all()
    assert_same_state()


@pytest.mark.parametrize(
    ("name", "shape", "args"),
    [
        ("eye_", (3, 5), ()),
        ("eye_", (5, 3), ()),
        ("ones_", (3,), ()),
        ("zeros_", (3, 2), ()),
        ("constant_", (3, 2), (0.3,)),
        ("dirac_", (6, 3, 5), ()),
        ("dirac_", (6, 3, 5, 4), (3,)),
        ("dirac_", (6, 3, 3, 4, 5), (2,)),
    ],
)
def test_fixed_values_equal_those_of_pytorch(name, shape, args):
    ours, theirs = run(rsnn, name, shape, "float32", *args), run(torch, name, shape, "float32", *args)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_generator_of_ones_own_leaves_the_default_one_alone():
    rsnn.manual_seed(0)
    before = rsnn.get_rng_state().numpy().copy()
    for name in DRAWING:
        ours = getattr(nn.init, name)(rsnn.empty(8, 8), generator=rsnn.Generator().manual_seed(5))
        theirs = getattr(torch.nn.init, name)(torch.empty(8, 8), generator=torch.Generator().manual_seed(5))
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())
    np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), before)


def test_the_tensor_itself_is_filled_and_returned_without_a_graph():
    for name in [*DRAWING, "orthogonal_", "eye_", "ones_", "zeros_"]:
        weight = rsnn.full((4, 4), 7.0, requires_grad=True)
        assert getattr(nn.init, name)(weight) is weight
        assert weight.is_leaf and weight.requires_grad
        assert not (weight == 7.0).all()


@pytest.mark.parametrize(
    "nonlinearity", ["linear", "conv2d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]
)
def test_gains_equal_those_of_pytorch(nonlinearity):
    assert nn.init.calculate_gain(nonlinearity) == torch.nn.init.calculate_gain(nonlinearity)
    assert nn.init.calculate_gain(nonlinearity, 0.3) == torch.nn.init.calculate_gain(nonlinearity, 0.3)


@pytest.mark.parametrize(
    ("name", "shape", "kwargs", "error"),
    [
        ("xavier_uniform_", (3,), {}, ValueError),
        ("xavier_normal_", (), {}, ValueError),
        ("kaiming_uniform_", (3,), {}, ValueError),
        ("kaiming_normal_", (3, 3), {"mode": "fan"}, ValueError),
        ("kaiming_normal_", (3, 3), {"nonlinearity": "gelu"}, ValueError),
        ("kaiming_normal_", (3, 3), {"a": True}, ValueError),
        ("eye_", (3,), {}, ValueError),
        ("dirac_", (3, 3), {}, ValueError),
        ("dirac_", (3, 3, 3), {"groups": 2}, ValueError),
        ("orthogonal_", (3,), {}, ValueError),
        ("sparse_", (3, 3, 3), {"sparsity": 0.1}, ValueError),
        ("uniform_", (3,), {"a": 2.0, "b": 1.0}, RuntimeError),
        ("normal_", (3,), {"std": -1.0}, RuntimeError),
    ],
)
def test_mistakes_raise_what_pytorch_raises(name, shape, kwargs, error):
    for lib in (rsnn, torch):
        with pytest.raises(error):
            getattr(lib.nn.init, name)(lib.empty(shape), **kwargs)


def test_orthogonal_of_a_16_bit_type_is_not_implemented():
    for lib in (rsnn, torch):
        with pytest.raises(NotImplementedError):
            lib.nn.init.orthogonal_(lib.empty(3, 3, dtype=lib.bfloat16))


def test_empty_weights_warn():
    for name in ("kaiming_uniform_", "kaiming_normal_"):
        with pytest.warns(UserWarning, match="zero-element"):
            getattr(nn.init, name)(rsnn.empty(0, 3))


def test_a_mean_far_outside_the_bounds_warns():
    with pytest.warns(UserWarning, match="more than 2 std"):
        weight = nn.init.trunc_normal_(rsnn.empty(100), mean=5.0, std=1.0, a=-2.0, b=2.0)
    assert weight.min() >= -2 and weight.max() <= 2


@pytest.mark.parametrize("name", ["uniform", "normal", "xavier_uniform", "kaiming_normal", "eye", "orthogonal"])
def test_old_names_work_and_warn(name):
    with pytest.warns(FutureWarning, match=f"nn.init.{name}_"):
        rsnn.manual_seed(1)
        old = getattr(nn.init, name)(rsnn.empty(4, 4))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rsnn.manual_seed(1)
        new = getattr(nn.init, name + "_")(rsnn.empty(4, 4))
    np.testing.assert_array_equal(old.numpy(), new.numpy())


def test_every_public_name_of_pytorch_is_there():
    members = {name: getattr(torch.nn.init, name) for name in dir(torch.nn.init)}
    own = {name for name, member in members.items() if getattr(member, "__module__", "") == "torch.nn.init"}
    assert {name for name in own if not name.startswith("_")} <= set(nn.init.__all__)
