"""The number of threads changes no bit: pieces of work follow from sizes alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

import rsnn
import rsnn.nn as nn
import rsnn.nn.functional as F

COUNTS = (1, 2, 4, 8)


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = rsnn.get_num_threads()
    yield
    rsnn.set_num_threads(before)


def bits(results: list[Any]) -> list[bytes]:
    """The bytes of tensors."""
    return [x.detach().reshape(-1).view(rsnn.uint8).numpy().tobytes() for x in results]


def assert_same_bits(run: Callable[[], list[Any]]) -> None:
    """Asserts that a run gives the same bits for any number of threads."""
    expected = None
    for count in COUNTS:
        rsnn.set_num_threads(count)
        rsnn.manual_seed(0)
        found = bits(run())
        expected = expected or found
        different = [at for at, (a, b) in enumerate(zip(found, expected, strict=True)) if a != b]
        assert not different, f"results {different} differ between 1 and {count} threads"


def with_gradients(f: Callable[..., Any], *inputs: Any) -> list[Any]:
    """What a function gives and its gradients for the inputs that have some."""
    inputs = tuple(x.detach().requires_grad_() if x.is_floating_point() else x for x in inputs)
    y = f(*inputs)
    y.backward(rsnn.randn(y.shape).to(y.dtype))
    return [y, *(x.grad for x in inputs if x.requires_grad and x.grad is not None)]


def normal(*shape: int, dtype: Any = rsnn.float32) -> Any:
    """Draws from the normal distribution."""
    return rsnn.randn(*shape).to(dtype)


@pytest.mark.parametrize("dtype", [rsnn.float32, rsnn.float64, rsnn.bfloat16], ids=str)
@pytest.mark.parametrize(
    ("m", "k", "n"),
    [(300, 500, 200), (1, 2000, 700), (700, 2000, 1), (16, 3000, 40), (8, 30_000, 8), (2000, 3, 50), (130, 129, 131)],
)
def test_products(m, k, n, dtype):
    assert_same_bits(lambda: with_gradients(rsnn.matmul, normal(m, k, dtype=dtype), normal(k, n, dtype=dtype)))
    assert_same_bits(
        lambda: with_gradients(F.linear, normal(m, k, dtype=dtype), normal(n, k, dtype=dtype), normal(n, dtype=dtype))
    )


def test_batches_of_products():
    assert_same_bits(lambda: with_gradients(rsnn.bmm, normal(24, 50, 70), normal(24, 70, 60)))
    assert_same_bits(lambda: [rsnn.randint(-9, 9, (200, 300)) @ rsnn.randint(-9, 9, (300, 100))])


#: Input, weight, and the options of the convolution.
CONVOLUTIONS = {
    "3x3": ((2, 48, 28, 28), (64, 48, 3, 3), {"padding": 1}),
    "3x3 one image": ((1, 64, 28, 28), (64, 64, 3, 3), {"padding": 1}),
    "3x3 small": ((2, 200, 7, 7), (150, 200, 3, 3), {"padding": 1}),
    "3x3 strided": ((3, 32, 29, 29), (64, 32, 3, 3), {"padding": 1, "stride": 2}),
    "3x3 dilated": ((2, 32, 30, 30), (32, 32, 3, 3), {"padding": 2, "dilation": 2}),
    "1x1": ((3, 128, 14, 14), (200, 128, 1, 1), {}),
    "1x1 strided": ((2, 64, 28, 28), (128, 64, 1, 1), {"stride": 2}),
    "first layer": ((2, 3, 64, 64), (32, 3, 7, 7), {"padding": 3, "stride": 2}),
    "one channel": ((16, 1, 28, 28), (6, 1, 5, 5), {"padding": 2}),
    "patches": ((2, 3, 64, 64), (96, 3, 16, 16), {"stride": 16}),
    "depthwise": ((3, 96, 28, 28), (96, 1, 3, 3), {"padding": 1, "groups": 96}),
    "depthwise strided": ((2, 96, 28, 28), (96, 1, 5, 5), {"padding": 2, "stride": 2, "groups": 96}),
    "depthwise multiplied": ((2, 32, 28, 28), (64, 1, 3, 3), {"padding": 1, "groups": 32}),
    "grouped": ((3, 64, 20, 20), (96, 16, 3, 3), {"padding": 1, "groups": 4}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name):
    x, w, options = CONVOLUTIONS[name]
    for dtype in (rsnn.float32, rsnn.float64):
        assert_same_bits(
            lambda: with_gradients(
                lambda x, w, b: F.conv2d(x, w, b, **options), *(normal(*shape, dtype=dtype) for shape in (x, w, w[:1]))
            )
        )


def test_convolutions_of_other_ranks():
    assert_same_bits(
        lambda: with_gradients(lambda x, w: F.conv1d(x, w, padding=2), normal(4, 32, 500), normal(64, 32, 5))
    )
    assert_same_bits(lambda: with_gradients(F.conv3d, normal(2, 8, 12, 12, 12), normal(16, 8, 3, 3, 3)))
    for shape, groups in [((32, 24, 4, 4), 1), ((32, 6, 4, 4), 4)]:
        run = partial(F.conv_transpose2d, stride=2, padding=1, groups=groups)
        assert_same_bits(lambda: with_gradients(run, normal(3, 32, 15, 15), normal(*shape)))


@pytest.mark.parametrize("channels_last", [False, True])
def test_normalisations(channels_last):
    def batch_norm(training):
        mean, variance = rsnn.zeros(40), rsnn.ones(40)

        def run(x, w, b):
            return F.batch_norm(x, mean, variance, w, b, training)

        x = normal(6, 40, 25, 25)
        if channels_last:
            x = x.contiguous(memory_format=rsnn.channels_last)
        return [*with_gradients(run, x, normal(40), normal(40)), mean, variance]

    for training in (True, False):
        assert_same_bits(lambda: batch_norm(training))
    if not channels_last:
        assert_same_bits(
            lambda: with_gradients(
                lambda x, w, b: F.layer_norm(x, (96,), w, b), normal(700, 96), normal(96), normal(96)
            )
        )
        assert_same_bits(
            lambda: with_gradients(
                lambda x, w, b: F.group_norm(x, 8, w, b), normal(6, 40, 25, 25), normal(40), normal(40)
            )
        )
        assert_same_bits(lambda: with_gradients(F.instance_norm, normal(6, 40, 25, 25)))
        assert_same_bits(lambda: with_gradients(lambda x, w: F.rms_norm(x, (96,), w), normal(700, 96), normal(96)))
        assert_same_bits(lambda: with_gradients(lambda x: F.local_response_norm(x, 5), normal(4, 32, 30, 30)))


@pytest.mark.parametrize(
    "name", ["sum", "mean", "var", "std", "norm", "prod", "logsumexp", "amax", "argmin", "cumsum", "median", "nansum"]
)
def test_reductions(name):
    for shape in [(300_000, 1), (1, 300_000), (500, 700), (70_000, 5)]:
        x = normal(*shape)
        for dim in (0, 1):
            assert_same_bits(lambda: [r if isinstance(r := getattr(x, name)(dim=dim), rsnn.Tensor) else r[0]])
        if name not in ("cumsum", "logsumexp"):
            assert_same_bits(lambda: [getattr(x, name)()])


def test_softmax_and_attention():
    for f in (F.softmax, F.log_softmax):
        for dim in (0, 1, 2):
            assert_same_bits(lambda: with_gradients(lambda x: f(x, dim), normal(20, 150, 60)))
    assert_same_bits(lambda: with_gradients(F.scaled_dot_product_attention, *(normal(2, 4, 150, 32) for _ in range(3))))


def test_poolings():
    for f in (
        lambda x: F.max_pool2d(x, 3, 2, 1),
        lambda x: F.avg_pool2d(x, 3, 2, 1),
        lambda x: F.adaptive_avg_pool2d(x, 7),
        lambda x: F.adaptive_max_pool2d(x, 7),
        lambda x: F.interpolate(x, scale_factor=1.7, mode="bilinear"),
    ):
        assert_same_bits(lambda: with_gradients(f, normal(4, 32, 41, 41)))


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses(reduction):
    labels = rsnn.randint(0, 90, (3000,))
    weight = rsnn.rand(90)
    assert_same_bits(
        lambda: with_gradients(lambda x: F.cross_entropy(x, labels, weight, reduction=reduction), normal(3000, 90))
    )
    assert_same_bits(lambda: with_gradients(lambda x: F.nll_loss(x, labels, reduction=reduction), normal(3000, 90)))
    for f in (F.mse_loss, F.l1_loss, F.smooth_l1_loss, F.huber_loss, F.kl_div):
        assert_same_bits(
            lambda: with_gradients(lambda x, y: f(x, y, reduction=reduction), normal(500, 600), normal(500, 600))
        )
    for f, squash in ((F.binary_cross_entropy, rsnn.sigmoid), (F.binary_cross_entropy_with_logits, lambda x: x)):
        target = rsnn.rand(500, 600)
        assert_same_bits(lambda: with_gradients(lambda x: f(squash(x), target, reduction=reduction), normal(500, 600)))


def test_lookups():
    places = rsnn.randint(0, 50, (9000,))
    assert_same_bits(lambda: with_gradients(lambda w: F.embedding(places, w), normal(50, 40)))
    assert_same_bits(lambda: with_gradients(lambda x: rsnn.zeros(50, 40).index_add(0, places, x), normal(9000, 40)))
    wide = places[:, None].expand(9000, 40)
    assert_same_bits(lambda: with_gradients(lambda x: rsnn.zeros(50, 40).scatter_add(0, wide, x), normal(9000, 40)))
    assert_same_bits(lambda: with_gradients(lambda x: x[places], normal(50, 40)))
    assert_same_bits(lambda: with_gradients(lambda w: F.embedding_bag(places.view(900, 10), w), normal(50, 40)))


def test_counts_and_searches():
    x = normal(300, 400)
    numbers = rsnn.randint(0, 300, (300, 400))
    assert_same_bits(lambda: [x.histc(20), x.round(decimals=2).histc(7, -1, 1), numbers.view(-1).bincount()])
    assert_same_bits(lambda: [*numbers.unique(return_inverse=True, return_counts=True)])
    assert_same_bits(lambda: [*x.round(decimals=3).unique(return_inverse=True, return_counts=True)])
    assert_same_bits(lambda: [(x > 0).nonzero(), x[x > 0], rsnn.searchsorted(normal(500).sort()[0], x)])
    assert_same_bits(
        lambda: [x.index_add(0, numbers[0], normal(400, 400)), x.scatter_add(1, numbers, normal(300, 400))]
    )


def test_draws():
    assert_same_bits(lambda: [rsnn.randn(300_001), rsnn.rand(300_001), rsnn.randperm(50_000), normal(9).bernoulli(0.5)])
    assert_same_bits(lambda: with_gradients(lambda x: F.dropout(x, 0.3), normal(600, 500)))


@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_optimizers(name):
    def run():
        parameters = [nn.Parameter(normal(*shape)) for shape in [(400, 500), (7,), (90_001,)]]
        options = {"momentum": 0.9} if name == "SGD" else {}
        optimizer = getattr(rsnn.optim, name)(parameters, lr=0.1, weight_decay=0.01, **options)
        for _ in range(3):
            for p in parameters:
                p.grad = normal(*p.shape)
            optimizer.step()
        return parameters

    assert_same_bits(run)


class Residual(nn.Module):
    """A block like those of ResNet, with a depthwise and a grouped convolution."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.bn1 = nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)
        self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.grouped, self.bn2 = nn.Conv2d(width, width, 3, padding=1, groups=4), nn.BatchNorm2d(width)

    def forward(self, x):
        y = self.depthwise(F.relu(self.bn1(self.first(x))))
        return F.relu(x + self.bn2(self.grouped(y)))


def test_training():
    def run():
        stem = [nn.Conv2d(3, 32, 7, 2, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
        head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.LayerNorm(32), nn.Linear(32, 10)]
        model = nn.Sequential(*stem, Residual(32), Residual(32), *head)
        optimizer = rsnn.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        losses = []
        for _ in range(2):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(normal(8, 3, 64, 64)), rsnn.arange(8))
            loss.backward()
            optimizer.step()
            losses.append(loss)
        return [*losses, *model.state_dict().values(), *(p.grad for p in model.parameters())]

    assert_same_bits(run)


def test_recurrent_layers():
    def run():
        layer = nn.LSTM(40, 64, num_layers=2, bidirectional=True)
        y = layer(normal(12, 30, 40))[0]
        y.square().sum().backward()
        return [y, *(p.grad for p in layer.parameters())]

    assert_same_bits(run)
