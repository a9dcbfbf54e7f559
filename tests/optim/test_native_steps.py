"""SGD and Adam move all parameters in one native pass: PyTorch's numbers to the last bit, whatever the memory looks like."""

import itertools

import numpy as np
import pytest

import rsnn

SHAPES = [(3, 5), (), (1,), (0, 4), (257,), (190, 97)]
CASES = {
    "SGD": [
        {"lr": 0.1, "momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": x}
        for m, d, w, n, x in itertools.product([0, 0.9], [0, 0.3], [0, 0.01], [False, True], [False, True])
        if not (n and (m == 0 or d != 0))
    ],
    "Adam": [
        {"lr": 0.01, "betas": b, "weight_decay": w, "amsgrad": a, "maximize": x}
        for b, w, a, x in itertools.product([(0.9, 0.999), (0.3, 0.7)], [0, 0.1], [False, True], [False, True])
    ],
    "AdamW": [{"lr": 0.01, "weight_decay": w, "amsgrad": a} for w, a in itertools.product([0, 0.1], [False, True])],
}
PAIRS = [(name, options) for name, cases in CASES.items() for options in cases]


def arrays(dtype: str, seed: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES]


def trained(lib, name: str, options: dict, dtype: str, wrap=lambda tensor: tensor) -> list[np.ndarray]:
    """The parameters after some steps with given gradients; `wrap` may change how they lie in memory."""
    tensor = lambda a: lib.from_numpy(a.copy())  # noqa: E731
    params = [wrap(tensor(a)).requires_grad_() for a in arrays(dtype, 0)]
    optimizer = getattr(lib.optim, name)(params, **options)
    for step in range(4):
        for p, g in zip(params, arrays(dtype, step + 1), strict=True):
            p.grad = tensor(g).reshape(p.shape)
        optimizer.step()
    return [p.detach().numpy() for p in params]


@pytest.fixture
def rounded_roots(torch, monkeypatch):
    """PyTorch with square roots that are rounded correctly.

    Builds of PyTorch that take square roots from MKL get a neighbour of the right number for one element in six.
    """
    monkeypatch.setattr(torch.Tensor, "sqrt", lambda self: torch.from_numpy(np.asarray(np.sqrt(self.numpy()))))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("name", "options"), PAIRS)
@pytest.mark.usefixtures("rounded_roots")
def test_every_bit_is_pytorchs(torch, name, options, dtype):
    ours, theirs = trained(rsnn, name, options, dtype), trained(torch, name, options, dtype)
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
@pytest.mark.usefixtures("rounded_roots")
def test_a_tensor_as_learning_rate_counts_in_single_precision(torch, name):
    options = {"weight_decay": 0.1}
    ours = trained(rsnn, name, {**options, "lr": rsnn.tensor(0.01)}, "float32")
    theirs = trained(torch, name, {**options, "lr": torch.tensor(0.01)}, "float32")
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(("name", "options"), PAIRS[::3])
def test_strided_parameters_are_moved_alike(name, options):
    def strided(tensor):
        wide = rsnn.zeros(*tensor.shape, 2, dtype=tensor.dtype)
        wide[..., 0] = tensor
        return wide[..., 0].detach()

    plain, other = trained(rsnn, name, options, "float64"), trained(rsnn, name, options, "float64", strided)
    for a, b in zip(plain, other, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "moved"), [("SGD", 0.5), ("Adam", 0.498046875)])
def test_half_parameters_are_moved(name, moved):
    """Averages in `bfloat16` round, so Adam's first step is not quite the learning rate, as in PyTorch."""
    p = rsnn.ones(4, dtype=rsnn.bfloat16, requires_grad=True)
    optimizer = getattr(rsnn.optim, name)([p], lr=0.5)
    p.grad = rsnn.ones_like(p)
    optimizer.step()
    assert p.tolist() == [moved] * 4


@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_a_step_counts_as_a_change_of_saved_values(name):
    p = rsnn.ones(3, requires_grad=True)
    optimizer = getattr(rsnn.optim, name)([p], lr=0.5)
    y = (p * p).sum()
    y.backward(retain_graph=True)
    before = p._version
    optimizer.step()
    assert p._version > before
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


def test_parameters_of_two_dtypes_and_without_gradients_share_a_step():
    a, b, c = rsnn.ones(3, requires_grad=True), rsnn.ones(2, dtype=rsnn.float64, requires_grad=True), rsnn.ones(1)
    c.requires_grad_()
    optimizer = rsnn.optim.SGD([a, b, c], lr=0.5, momentum=0.9)
    a.grad, b.grad = rsnn.ones(3), rsnn.ones(2, dtype=rsnn.float64)
    optimizer.step()
    assert a.tolist() == [0.5] * 3 and b.tolist() == [0.5] * 2 and c.tolist() == [1.0]
    assert c not in optimizer.state and set(optimizer.state[a]) == {"momentum_buffer"}


def test_weights_that_share_memory_with_their_gradient_are_moved_in_turn():
    p = rsnn.full((3,), 2.0, requires_grad=True)
    p.grad = p.detach()
    rsnn.optim.SGD([p], lr=0.5).step()
    assert p.tolist() == [1.0] * 3


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_results_do_not_depend_on_the_number_of_threads(dtype):
    threads = rsnn.get_num_threads()
    results = []
    try:
        for count in (1, 4):
            rsnn.set_num_threads(count)
            results.append(trained(rsnn, "Adam", {}, dtype))
    finally:
        rsnn.set_num_threads(threads)
    for a, b in zip(*results, strict=True):
        np.testing.assert_array_equal(a, b)
