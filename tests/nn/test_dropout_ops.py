"""The kinds of dropout against live PyTorch: same seed, same masks, same gradients."""

import numpy as np
import pytest

import rsnn

KINDS = ["dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout"]


def numbers(tensor):
    return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).detach().numpy()


def run(lib, name, values, dtype, p, train=True, permute=None):
    lib.manual_seed(8)
    x = lib.tensor(values, dtype=getattr(lib, dtype), requires_grad=True)
    y = getattr(lib, name)(x if permute is None else x.permute(permute), p, train)
    (y * y).sum().backward()
    return y, x


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("p", [0.0, 0.1, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("name", KINDS)
def test_values_and_gradients(torch, name, p, dtype):
    values = np.linspace(-2, 2, 4 * 5 * 6).reshape(4, 5, 6).tolist()
    for train in (True, False):
        (ours, x), (theirs, z) = (run(lib, name, values, dtype, p, train) for lib in (rsnn, torch))
        np.testing.assert_array_equal(numbers(ours), numbers(theirs))
        np.testing.assert_array_equal(numbers(x.grad), numbers(z.grad))
        np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), torch.get_rng_state().numpy())


@pytest.mark.parametrize("name", KINDS)
def test_masks_follow_the_order_of_the_memory(torch, name):
    values = np.linspace(-2, 2, 4 * 5 * 6).reshape(4, 5, 6).tolist()
    (ours, _), (theirs, _) = (run(lib, name, values, "float32", 0.4, permute=(2, 0, 1)) for lib in (rsnn, torch))
    np.testing.assert_array_equal(numbers(ours), numbers(theirs))
    if not name.startswith("feature"):
        assert ours.stride() == theirs.stride()


@pytest.mark.parametrize("name", KINDS)
def test_in_place(torch, name):
    for p in (0.0, 0.3, 1.0):
        results = []
        for lib in (rsnn, torch):
            lib.manual_seed(2)
            x = lib.ones(4, 5, 3)
            assert getattr(lib, name + "_")(x, p, True) is x
            results.append(x.numpy())
        np.testing.assert_array_equal(*results)


def test_nothing_to_drop_gives_the_input_back(torch):
    for lib in (rsnn, torch):
        x = lib.ones(3, 2)
        assert lib.dropout(x, 0.0, True) is x
        assert lib.dropout(x, 0.5, False) is x


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.dropout(lib.ones(3), 1.5, True),
        lambda lib: lib.dropout(lib.ones(3), -0.1, False),
        lambda lib: lib.dropout(lib.ones(3, dtype=lib.int64), 0.5, True),
        lambda lib: lib.alpha_dropout(lib.ones(3), -1.0, True),
        lambda lib: lib.feature_dropout(lib.ones(3), 0.5, True),
        lambda lib: lib.feature_alpha_dropout(lib.ones(3), 0.5, True),
        lambda lib: lib.dropout_(lib.ones(3, requires_grad=True), 0.5, True),
    ],
)
def test_mistakes(torch, call):
    for lib in (torch, rsnn):
        with pytest.raises(RuntimeError):
            call(lib)
