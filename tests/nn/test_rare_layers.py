"""Layers that few networks have: adaptive softmax, fractional pooling, normalisation across maps, old names."""

from __future__ import annotations

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, grads, tensor


@pytest.mark.parametrize("arguments", ["16, 20, [5, 12]", "16, 20, cutoffs=[3], div_value=2.0, head_bias=True"])
def test_adaptive_softmax(torch, arguments):
    classes = np.array([0, 4, 5, 13, 19, 2, 12])
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(0)
        module = eval(f"nn.AdaptiveLogSoftmaxWithLoss({arguments})", {"nn": lib.nn})
        x = tensor(lib, np.random.default_rng(0).normal(size=(7, 16)), "float32").requires_grad_()
        output, loss = module(x, lib.from_numpy(classes))
        gradients = grads(lib, [loss], [x, *module.parameters()], [lib.ones_like(loss)], False)
        single = module(x[3], lib.from_numpy(classes)[3])
        results.append([output, loss, *gradients, *single, module.log_prob(x), module.predict(x)])
        results.append([repr(module), list(module.state_dict()), module.cutoffs])
    assert_same(results[0], results[2], 1e-4, 1e-5)
    assert results[1] == results[3]


def test_mistakes_of_adaptive_softmax(torch):
    calls = [
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, []),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5, 5]),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [0]),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [20]),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])(o(2, 8), o(3).long()),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])(o(8), o(8).long()),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])(o(2, 8), o(2, 1).long()),
        lambda nn, o: nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])(o(2, 8), o(2).long() * 20),
    ]
    for call in calls:
        assert_same_error(lambda lib: call(lib.nn, lib.ones))  # noqa: B023


@pytest.mark.parametrize(
    ("rank", "shape", "options"),
    [
        (2, (2, 3, 9, 8), {"output_size": 3}),
        (2, (3, 9, 8), {"output_size": (1, 5)}),
        (2, (2, 3, 9, 8), {"output_ratio": (0.5, 0.7)}),
        (3, (2, 3, 5, 6, 7), {"output_size": (2, 3, 1)}),
        (3, (3, 5, 6, 7), {"output_ratio": 0.6}),
    ],
)
def test_fractional_pooling(torch, rank, shape, options):
    def call(lib, x):
        lib.manual_seed(0)
        return getattr(lib.nn.functional, f"fractional_max_pool{rank}d")(x, 2, return_indices=True, **options)

    if isinstance(options.get("output_ratio"), float):
        options = {"output_ratio": (options["output_ratio"],) * rank}
    # Gradients of maxima: all elements differ.
    values = np.random.default_rng(0).permutation(int(np.prod(shape))).reshape(shape) / 10.0
    check_op(call, values, layouts=("contiguous", "strided"))
    kernel = {"kernel_size": 2, "return_indices": True}
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(1)
        module = getattr(lib.nn, f"FractionalMaxPool{rank}d")(**kernel, **options)
        results.append(module(tensor(lib, values, "float32")))
        assert repr(module) == f"FractionalMaxPool{rank}d()"
    assert_same(*results)


def test_mistakes_of_fractional_pooling(torch):
    calls = [
        lambda nn, x: nn.FractionalMaxPool2d(2),
        lambda nn, x: nn.FractionalMaxPool2d(2, 3, 0.5),
        lambda nn, x: nn.FractionalMaxPool2d(2, output_ratio=1.5),
        lambda nn, x: nn.FractionalMaxPool2d(2, 9)(x),
        lambda nn, x: nn.functional.fractional_max_pool2d(x[0, 0], 2, 3),
        lambda nn, x: nn.functional.fractional_max_pool2d(x, 2),
        lambda nn, x: nn.functional.fractional_max_pool2d(x, 2, 3, _random_samples=x[:1, :, 0, :2]),
        lambda nn, x: nn.functional.fractional_max_pool2d(x, 2, 3, _random_samples=x[:, :, 0, :2].double()),
    ]
    for call in calls:
        assert_same_error(lambda lib: call(lib.nn, lib.ones(2, 3, 9, 8)))  # noqa: B023


@pytest.mark.parametrize(("arguments", "channels"), [("3", 5), ("4, 0.1, 0.5, 2.0", 7), ("5, alpha=0.2", 2), ("2", 6)])
def test_cross_map_normalisation(torch, arguments, channels):
    results = []
    for lib in (rsnn, torch):
        module = eval(f"nn.CrossMapLRN2d({arguments})", {"nn": lib.nn})
        x = tensor(lib, np.random.default_rng(0).normal(size=(2, channels, 3, 4)), "float64").requires_grad_()
        y = module(x)
        seed = tensor(lib, np.random.default_rng(1).normal(size=tuple(y.shape)), "float64")
        results.append([repr(module), y, *grads(lib, [y], [x], [seed], False)])
    assert results[0][0] == results[1][0]
    assert_same(results[0][1:], results[1][1:])
    assert_same_error(lambda lib: lib.nn.CrossMapLRN2d(3)(lib.ones(2, 3, 4)))


def test_old_name_of_the_likelihood_loss(lib):
    with pytest.warns(FutureWarning, match="`NLLLoss2d` has been deprecated"):
        loss = lib.nn.NLLLoss2d()
    assert repr(loss) == "NLLLoss2d()"
    assert loss(-lib.ones(1, 3, 2, 2), lib.zeros(1, 2, 2, dtype=lib.int64)).item() == 1.0


def test_sparse_adam_is_not_supported():
    with pytest.raises(NotImplementedError, match="SparseAdam is not supported"):
        rsnn.optim.SparseAdam([rsnn.nn.Parameter(rsnn.zeros(2))])


@pytest.mark.parametrize("first", [[[0.0, 0.0]], [[1e-9, 2e-9]], [[1.0, 2.0]]])
def test_cosines_of_short_vectors_have_pytorchs_gradients(torch, first):
    def run(lib):
        x, y = (lib.tensor(a, dtype=lib.float64, requires_grad=True) for a in (first, [[3.0, 4.0]]))
        out = lib.nn.functional.cosine_similarity(x, y)
        out.sum().backward()
        return [a.detach().numpy() for a in (out, x.grad, y.grad)]

    for ours, theirs in zip(run(rsnn), run(torch), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12)
