"""Random tensors: the recorded table, live PyTorch, layouts, gradients."""

import itertools

import numpy as np
import pytest

import rsnn
from golden import make_random
from helpers import DISTRIBUTIONS


def numbers(tensor):
    return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).detach().numpy()


def same(ours, theirs):
    assert str(ours.dtype).split(".")[1] == str(theirs.dtype).split(".")[1]
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_array_equal(numbers(ours), numbers(theirs))


def same_state(torch):
    np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), torch.get_rng_state().numpy())


def both(torch, call, seed=5):
    """Runs a call with each library from the same seed; values, and states afterwards, must be equal."""
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(seed)
        results.append(call(lib))
    same(*results)
    same_state(torch)
    return results[0]


@pytest.mark.filterwarnings("ignore:.*is out of bounds")
def test_the_recorded_table():
    recorded = make_random.TABLE.read_text().splitlines()
    wrong = [(ours, line) for ours, line in zip(make_random.lines(rsnn), recorded, strict=True) if ours != line]
    assert not wrong, f"{len(wrong)} of {len(recorded)} lines differ, first: {wrong[0]}"


FACTORIES = [
    lambda lib: lib.rand(2, 3),
    lambda lib: lib.rand((2, 3)),
    lambda lib: lib.rand([4]),
    lambda lib: lib.rand(()),
    lambda lib: lib.rand(size=(5, 2)),
    lambda lib: lib.rand(0, 3),
    lambda lib: lib.rand(3, dtype=lib.float64),
    lambda lib: lib.rand(70, dtype=lib.bfloat16),
    lambda lib: lib.randn(5),
    lambda lib: lib.randn(5, 7, dtype=lib.float16),
    lambda lib: lib.randn(3, 5, 7, dtype=lib.float64),
    lambda lib: lib.randint(10, (3,)),
    lambda lib: lib.randint(-3, 10, (3, 4)),
    lambda lib: lib.randint(high=3, size=(2,)),
    lambda lib: lib.randint(low=1, high=3, size=[2]),
    lambda lib: lib.randint(1, high=3, size=[2]),
    lambda lib: lib.randint(0, 2**40, (50,)),
    lambda lib: lib.randint(0, 10, (20,), dtype=lib.float32),
    lambda lib: lib.randint(0, 2, (20,), dtype=lib.bool),
    lambda lib: lib.randint(-128, 128, (20,), dtype=lib.int8),
    lambda lib: lib.randperm(0),
    lambda lib: lib.randperm(1),
    lambda lib: lib.randperm(100),
    lambda lib: lib.randperm(n=20, dtype=lib.float32),
    lambda lib: lib.randperm(256, dtype=lib.uint8),
    lambda lib: lib.normal(1.0, 2.0, (20,)),
    lambda lib: lib.normal(1, 2, size=(4,), dtype=lib.float64),
    lambda lib: lib.normal(lib.tensor([1.0, 2.0, 3.0]), 0.5),
    lambda lib: lib.normal(lib.tensor([1.0, 2.0, 3.0])),
    lambda lib: lib.normal(0.3, lib.tensor([1.0, 2.0, 3.0])),
    lambda lib: lib.normal(lib.rand(4, 1), lib.rand(3)),
    lambda lib: lib.normal(lib.rand(30, 1, dtype=lib.float64), lib.rand(3)),
    lambda lib: lib.normal(lib.rand(30, dtype=lib.bfloat16), lib.rand(30, dtype=lib.bfloat16)),
    lambda lib: lib.normal(lib.rand(30), lib.rand(30, dtype=lib.float64)),
    lambda lib: lib.normal(lib.rand(30), lib.rand((), dtype=lib.float64)),
    lambda lib: lib.bernoulli(lib.rand(30)),
    lambda lib: lib.bernoulli(lib.rand(30, dtype=lib.float64)),
    lambda lib: lib.bernoulli(lib.zeros(30, dtype=lib.int64), 0.4),
    lambda lib: lib.bernoulli(lib.zeros(30), p=0.4),
    lambda lib: lib.rand(6).bernoulli(),
    lambda lib: lib.rand(6).bernoulli(0.7),
    lambda lib: lib.multinomial(lib.rand(10), 4),
    lambda lib: lib.multinomial(lib.rand(10), 1),
    lambda lib: lib.multinomial(lib.rand(10), 1, True),
    lambda lib: lib.multinomial(lib.rand(10), 10),
    lambda lib: lib.multinomial(lib.rand(3, 10, dtype=lib.float64), 7),
    lambda lib: lib.multinomial(lib.rand(3, 10), 20, replacement=True),
    lambda lib: lib.multinomial(lib.rand(1000), 500),
    lambda lib: lib.rand(4, 6).t().multinomial(3),
    lambda lib: lib.multinomial(lib.zeros(0, 3), 1),
    lambda lib: lib.rand_like(lib.zeros(2, 3)),
    lambda lib: lib.randn_like(lib.zeros(5, 4, dtype=lib.int64), dtype=lib.float64),
    lambda lib: lib.randint_like(lib.zeros(2, 3), 7),
    lambda lib: lib.randint_like(lib.zeros(2, 3), 2, 7),
    lambda lib: lib.randint_like(lib.zeros(2, 3), low=2, high=7, dtype=lib.int32),
    lambda lib: lib.zeros(5).bernoulli_(),
    lambda lib: lib.zeros(5).bernoulli_(p=0.2),
    lambda lib: lib.zeros(3, 5).bernoulli_(lib.rand(5)),
    lambda lib: lib.zeros(3, 5, dtype=lib.bool).bernoulli_(lib.tensor(0.5)),
    lambda lib: lib.zeros(5).random_(4),
    lambda lib: lib.zeros(5).random_(to=4),
    lambda lib: lib.zeros(5).random_(2, 4),
    lambda lib: lib.zeros(5).random_(**{"from": 2, "to": 4}),
    lambda lib: lib.zeros(5, dtype=lib.int16).random_(100, None),
    lambda lib: lib.zeros(5).uniform_(to=3.0),
    lambda lib: lib.zeros(5).uniform_(**{"from": 0.5}),
    lambda lib: lib.zeros(5).exponential_(lambd=2.0),
    lambda lib: lib.zeros(5).exponential_(float("inf")),
    lambda lib: lib.zeros(5).cauchy_(median=2.0, sigma=3.0),
    lambda lib: lib.zeros(5).geometric_(p=0.3),
    lambda lib: lib.zeros(5, dtype=lib.int64).geometric_(0.3),
    lambda lib: lib.zeros(5).log_normal_(),
    lambda lib: lib.zeros(0, dtype=lib.int64).normal_(),
]


@pytest.mark.parametrize("call", FACTORIES, ids=range(len(FACTORIES)))
def test_calls_draw_what_pytorch_draws(torch, call):
    both(torch, call)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16"])
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_tensors_that_are_not_contiguous_are_filled_in_the_order_of_their_memory(torch, name, dtype):
    def fill(lib, view):
        base = lib.zeros(4, 6, 5, 3, dtype=getattr(lib, dtype))
        getattr(view(base), name)(*DISTRIBUTIONS[name])
        return base

    for axes in itertools.permutations(range(4)):
        both(torch, lambda lib, axes=axes: fill(lib, lambda x: x.permute(axes)))
    both(torch, lambda lib: fill(lib, lambda x: x[:, ::2].permute(3, 1, 0, 2)))
    both(torch, lambda lib: fill(lib, lambda x: x[1:3, :, 2]))
    both(torch, lambda lib: fill(lib, lambda x: x[..., 1].t() if x.dim() == 2 else x[..., 1].transpose(0, 2)))


def test_probabilities_follow_the_layout_of_the_target(torch):
    both(torch, lambda lib: lib.zeros(4, 6).t().bernoulli_(lib.rand(6, 4)))
    both(torch, lambda lib: lib.zeros(4, 6)[:, ::2].bernoulli_(lib.rand(3, 4).t()))


def test_like_forms_keep_the_order_of_the_axes(torch):
    for name in ("rand_like", "randn_like"):
        ours = both(torch, lambda lib, name=name: getattr(lib, name)(lib.zeros(2, 3, 4).permute(2, 0, 1)))
        assert ours.stride() == (1, 12, 4)
    assert rsnn.bernoulli(rsnn.zeros(3, 2).t()).stride() == (3, 1)


def test_out_is_written_and_returned(torch):
    for lib in (rsnn, torch):
        lib.manual_seed(3)
        expected = lib.rand(2, 3)
        out = lib.zeros(2, 3)
        lib.manual_seed(3)
        assert lib.rand(2, 3, out=out) is out
        np.testing.assert_array_equal(out.numpy(), expected.numpy())
    out = rsnn.zeros(4, dtype=rsnn.int64)
    assert rsnn.multinomial(rsnn.ones(4), 4, out=out) is out
    assert sorted(out.numpy()) == [0, 1, 2, 3]


def test_requires_grad():
    assert rsnn.rand(2, requires_grad=True).requires_grad
    assert rsnn.normal(0.0, 1.0, (2,), requires_grad=True).is_leaf
    with pytest.raises(RuntimeError):
        rsnn.randperm(3, requires_grad=True)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_a_fill_cuts_the_gradient_off(torch, name):
    for lib in (rsnn, torch):
        x = lib.ones(3, requires_grad=True)
        y = x * 2.0
        getattr(y, name)(*DISTRIBUTIONS[name])
        (y * 3.0).sum().backward()
        np.testing.assert_array_equal(x.grad.numpy(), [0, 0, 0])
        with pytest.raises(RuntimeError):
            getattr(x, name)(*DISTRIBUTIONS[name])
        with lib.no_grad():
            getattr(x, name)(*DISTRIBUTIONS[name])


def test_draws_by_tensors_have_zero_gradients(torch):
    for lib in (rsnn, torch):
        p = lib.full((3,), 0.5, requires_grad=True)
        for draw in (lib.bernoulli(p), lib.normal(p, 1.0), lib.normal(0.0, p), lib.normal(p, p)):
            p.grad = None
            draw.sum().backward()
            np.testing.assert_array_equal(p.grad.numpy(), [0, 0, 0])
        assert not lib.multinomial(p, 2).requires_grad


def test_fills_count_as_changes():
    x = rsnn.zeros(3)
    version = x._version
    x.uniform_()
    assert x._version == version + 1
