"""The generator: seeds, states that go to PyTorch and back, copies, threads."""

import copy
import pickle
import threading

import numpy as np
import pytest

import rsnn
from helpers import DISTRIBUTIONS
from rsnn import random as rsnn_random


def same(ours, theirs):
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_generator_starts_with_the_known_seed():
    assert rsnn.Generator().initial_seed() == 67280421310721
    assert rsnn.Generator("cpu").device == rsnn.Generator(device=rsnn.device("cpu")).device == rsnn.device("cpu")
    with pytest.raises(RuntimeError):
        rsnn.Generator("cuda")


@pytest.mark.parametrize("seed", [0, 1, 42, 2**40 + 7, 2**64 - 1, -1, -(2**63), True])
def test_seeds(torch, seed):
    for lib in (rsnn, torch):
        assert lib.manual_seed(seed) is lib.default_generator
        assert lib.initial_seed() == int(seed) % 2**64
        assert lib.random.initial_seed() == lib.initial_seed()
    same(rsnn.rand(5), torch.rand(5))


@pytest.mark.parametrize(
    ("seed", "error"), [(2**64, ValueError), (-(2**63) - 1, ValueError), ("a", RuntimeError), (1.5, RuntimeError)]
)
def test_bad_seeds(torch, seed, error):
    for lib in (rsnn, torch):
        with pytest.raises(error):
            lib.Generator().manual_seed(seed)


def test_seed_is_not_foreseeable():
    generator = rsnn.Generator()
    seeds = {generator.seed() for _ in range(4)} | {rsnn.seed()}
    assert len(seeds) == 5
    assert rsnn.initial_seed() in seeds
    assert rsnn.Generator().manual_seed(generator.initial_seed()).get_state().equal(generator.get_state())


def test_states_go_from_one_library_to_the_other(torch):
    ours, theirs = rsnn.Generator().manual_seed(11), torch.Generator().manual_seed(12)
    for tensor in (rsnn.zeros(3).normal_(generator=ours), rsnn.zeros(701).uniform_(generator=ours)):
        assert tensor.numel()
    theirs.set_state(torch.from_numpy(ours.get_state().numpy()))
    assert theirs.initial_seed() == 11
    same(rsnn.randn(4, generator=ours), torch.randn(4, generator=theirs))
    torch.randn(5, generator=theirs)
    rsnn.set_rng_state(rsnn.from_numpy(theirs.get_state().numpy()))
    same(rsnn.randn(4), torch.randn(4, generator=theirs))


def test_bad_states(torch):
    for lib in (rsnn, torch):
        before = lib.get_rng_state().numpy().copy()
        for bad, error in [
            (lib.zeros(5056, dtype=lib.uint8), RuntimeError),
            (lib.zeros(3, dtype=lib.uint8), RuntimeError),
            (lib.zeros(5056), TypeError),
            (3, TypeError),
        ]:
            with pytest.raises(error):
                lib.set_rng_state(bad)
        np.testing.assert_array_equal(lib.get_rng_state().numpy(), before)


def test_generators_are_copied_and_pickled_with_their_state():
    generator = rsnn.Generator().manual_seed(4)
    rsnn.randn(3, generator=generator)
    pickled = pickle.loads(pickle.dumps(generator))
    copies = [copy.copy(generator), copy.deepcopy(generator), pickled, generator.clone_state()]
    expected = rsnn.randn(20, generator=generator).numpy()
    for other in copies:
        assert other is not generator and other.initial_seed() == 4
        np.testing.assert_array_equal(rsnn.randn(20, generator=other).numpy(), expected)


def test_fork_rng_leaves_the_default_generator_as_it_was():
    before = rsnn.get_rng_state().numpy().copy()
    with rsnn_random.fork_rng():
        rsnn.randn(7)
    np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), before)
    with rsnn_random.fork_rng(enabled=False):
        rsnn.randn(7)
    assert (rsnn.get_rng_state().numpy() != before).any()


def test_a_generator_of_ones_own_leaves_the_default_one_alone(torch):
    calls = [
        lambda lib, g: lib.rand(3, generator=g),
        lambda lib, g: lib.randn(3, generator=g),
        lambda lib, g: lib.randint(9, (3,), generator=g),
        lambda lib, g: lib.randperm(9, generator=g),
        lambda lib, g: lib.normal(0.0, 1.0, (3,), generator=g),
        lambda lib, g: lib.normal(lib.zeros(3), 1.0, generator=g),
        lambda lib, g: lib.bernoulli(lib.full((3,), 0.5), generator=g),
        lambda lib, g: lib.multinomial(lib.ones(5), 2, generator=g),
        lambda lib, g: lib.rand_like(lib.zeros(3), generator=g),
        lambda lib, g: lib.zeros(3).bernoulli_(lib.full((3,), 0.5), generator=g),
        *(lambda lib, g, n=n, a=a: getattr(lib.zeros(3), n)(*a, generator=g) for n, a in DISTRIBUTIONS.items()),
    ]
    before = rsnn.get_rng_state().numpy().copy()
    ours, theirs = rsnn.Generator().manual_seed(1), torch.Generator().manual_seed(1)
    for call in calls:
        same(call(rsnn, ours), call(torch, theirs))
    np.testing.assert_array_equal(rsnn.get_rng_state().numpy(), before)


def test_threads_take_turns():
    generator, draws = rsnn.Generator().manual_seed(0), []
    threads = [threading.Thread(target=lambda: draws.append(rsnn.rand(5000, generator=generator))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expected = rsnn.rand(40000, generator=rsnn.Generator().manual_seed(0)).numpy().reshape(8, 5000)
    assert {d.numpy().tobytes() for d in draws} == {row.tobytes() for row in expected}
