"""What mistakes in calls for random tensors raise, beside live PyTorch."""

import warnings

import pytest

import rsnn

MISTAKES = [
    (lambda lib: lib.rand(-1), RuntimeError),
    (lambda lib: lib.rand(), TypeError),
    (lambda lib: lib.rand(2.5), TypeError),
    (lambda lib: lib.rand("a"), TypeError),
    (lambda lib: lib.rand(2, [3]), TypeError),
    (lambda lib: lib.rand(2, generator=5), TypeError),
    (lambda lib: lib.rand(2, bogus=5), TypeError),
    (lambda lib: lib.rand(2, dtype=lib.int64), NotImplementedError),
    (lambda lib: lib.randn(2, dtype=lib.int32), NotImplementedError),
    (lambda lib: lib.randint(3), TypeError),
    (lambda lib: lib.randint(0, 2.5, (2,)), TypeError),
    (lambda lib: lib.randint(5, 3, (2,)), RuntimeError),
    (lambda lib: lib.randint(3, 3, (2,)), RuntimeError),
    (lambda lib: lib.randint(0, 300, (2,), dtype=lib.uint8), RuntimeError),
    (lambda lib: lib.randint(0, 3, (2,), dtype=lib.bool), RuntimeError),
    (lambda lib: lib.randint(0, 2**63, (2,)), ValueError),
    (lambda lib: lib.randint_like(lib.zeros(2), 3, 3), RuntimeError),
    (lambda lib: lib.randperm(-1), RuntimeError),
    (lambda lib: lib.randperm(2.0), TypeError),
    (lambda lib: lib.randperm(3000, dtype=lib.float16), RuntimeError),
    (lambda lib: lib.randperm(300, dtype=lib.uint8), RuntimeError),
    (lambda lib: lib.randperm(3, dtype=lib.bool), NotImplementedError),
    (lambda lib: lib.normal(0.0, 1.0), TypeError),
    (lambda lib: lib.normal(0.0, -1.0, (3,)), RuntimeError),
    (lambda lib: lib.normal(0.0, -lib.ones(3)), RuntimeError),
    (lambda lib: lib.normal(lib.zeros(3), lib.ones(2)), RuntimeError),
    (lambda lib: lib.normal(lib.zeros(3, dtype=lib.int64), 1.0), NotImplementedError),
    (lambda lib: lib.normal(2.0, 3.0, [2], dtype=lib.int64), NotImplementedError),
    (lambda lib: lib.bernoulli(lib.tensor([0.5, 2.0])), RuntimeError),
    (lambda lib: lib.bernoulli(lib.tensor([1, 0])), NotImplementedError),
    (lambda lib: lib.bernoulli(lib.zeros(3), 1.5), RuntimeError),
    (lambda lib: lib.zeros(3).bernoulli_(1.5), RuntimeError),
    (lambda lib: lib.zeros(3).bernoulli_("a"), TypeError),
    (lambda lib: lib.zeros(3).bernoulli_(lib.tensor([0.5, 0.5])), RuntimeError),
    (lambda lib: lib.zeros(3).bernoulli_(lib.tensor([1, 0, 1])), NotImplementedError),
    (lambda lib: lib.multinomial(lib.ones(3), 4), RuntimeError),
    (lambda lib: lib.multinomial(lib.ones(3), 0), RuntimeError),
    (lambda lib: lib.multinomial(lib.ones(2, 2, 3), 2), RuntimeError),
    (lambda lib: lib.multinomial(lib.ones(3, dtype=lib.int64), 2), RuntimeError),
    (lambda lib: lib.multinomial(-lib.ones(3), 2), RuntimeError),
    (lambda lib: lib.multinomial(-lib.ones(3), 2, True), RuntimeError),
    (lambda lib: lib.multinomial(lib.zeros(3), 2), RuntimeError),
    (lambda lib: lib.multinomial(lib.zeros(3), 2, True), RuntimeError),
    (lambda lib: lib.multinomial(lib.tensor([1.0, float("nan")]), 1), RuntimeError),
    (lambda lib: lib.multinomial(lib.tensor([1.0, float("inf")]), 2, True), RuntimeError),
    (lambda lib: lib.multinomial(lib.ones(0), 1), RuntimeError),
    (lambda lib: lib.zeros(3).uniform_(2, 1), RuntimeError),
    (lambda lib: lib.zeros(0).uniform_(2, 1), RuntimeError),
    (lambda lib: lib.zeros(3).uniform_(0, float("inf")), RuntimeError),
    (lambda lib: lib.zeros(3).uniform_(float("nan"), 1), RuntimeError),
    (lambda lib: lib.zeros(3).uniform_(-3e38, 3e38), RuntimeError),
    (lambda lib: lib.zeros(3).uniform_("a"), TypeError),
    (lambda lib: lib.zeros(3, dtype=lib.float16).uniform_(0, 1e6), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int64).uniform_(), NotImplementedError),
    (lambda lib: lib.zeros(3).uniform_(0, 1, generator=3), TypeError),
    (lambda lib: lib.zeros(3).normal_(0, -1), RuntimeError),
    (lambda lib: lib.zeros(0).normal_(0, -1), RuntimeError),
    (lambda lib: lib.zeros(3).normal_(0, float("nan")), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int64).normal_(), NotImplementedError),
    (lambda lib: lib.zeros(3).random_(0), RuntimeError),
    (lambda lib: lib.zeros(3).random_(5, 3), RuntimeError),
    (lambda lib: lib.zeros(0).random_(3, 3), RuntimeError),
    (lambda lib: lib.zeros(3).random_(2.5), TypeError),
    (lambda lib: lib.zeros(3).random_(**{"from": 2}), TypeError),
    (lambda lib: lib.zeros(3, dtype=lib.uint8).random_(-1, 3), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.uint8).random_(300), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int8).random_(200, None), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.float16).random_(2048, None), RuntimeError),
    (lambda lib: lib.zeros(3).exponential_(0), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int64).exponential_(1), RuntimeError),
    (lambda lib: lib.zeros(3).cauchy_(0, 0), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int64).cauchy_(), RuntimeError),
    (lambda lib: lib.zeros(3).geometric_(1), RuntimeError),
    (lambda lib: lib.zeros(3).geometric_(0.0), RuntimeError),
    (lambda lib: lib.zeros(3).geometric_(), TypeError),
    (lambda lib: lib.zeros(3, dtype=lib.bool).geometric_(0.5), NotImplementedError),
    (lambda lib: lib.zeros(3).log_normal_(0, 0), RuntimeError),
    (lambda lib: lib.zeros(3, dtype=lib.int64).log_normal_(), NotImplementedError),
    (lambda lib: lib.zeros(1).expand(3).uniform_(), RuntimeError),
    (lambda lib: lib.zeros(1).expand(3).normal_(), RuntimeError),
    (lambda lib: lib.zeros(1).expand(3).bernoulli_(0.5), RuntimeError),
    (lambda lib: lib.rand_like([1]), TypeError),
    (lambda lib: lib.rand_like(lib.zeros(3, dtype=lib.int64)), NotImplementedError),
    (lambda lib: lib.rand(2, device="cuda:7"), RuntimeError),
]


@pytest.mark.parametrize(("call", "error"), MISTAKES, ids=range(len(MISTAKES)))
def test_mistakes_raise_what_pytorch_raises(torch, call, error):
    for lib in (torch, rsnn):
        with pytest.raises(error) as raised:
            call(lib)
        assert raised.type is error


def test_ranges_that_a_float_cannot_count_through_warn(torch):
    for lib in (rsnn, torch):
        with pytest.warns(UserWarning, match="to - 1 is out of bounds"):
            lib.zeros(3).random_(2**24 + 3)
        with pytest.warns(UserWarning, match="from is out of bounds"):
            lib.randint(-5000, 5, (3,), dtype=lib.float16)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            lib.zeros(3).random_(2**24)
