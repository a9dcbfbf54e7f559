"""Bad arguments of `nn.functional`."""

import math

from mistakes import cases, check

nan = math.nan

FUNCTIONS = {
    "gelu: approximate": (RuntimeError, lambda lib: lib.nn.functional.gelu(lib.zeros(2), approximate="x")),
    "leaky_relu_: leaf": (RuntimeError, lambda lib: lib.nn.functional.leaky_relu_(lib.zeros(2, requires_grad=True))),
    "max_unpool2d: float indices": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_unpool2d(lib.zeros(1, 1, 2, 2), lib.zeros(1, 1, 2, 2), 2),
    ),
    "multi_margin_loss: class": (
        RuntimeError,
        lambda lib: lib.nn.functional.multi_margin_loss(lib.zeros(2, 3), lib.tensor([0, 3])),
    ),
    "multilabel_margin_loss: class": (
        RuntimeError,
        lambda lib: lib.nn.functional.multilabel_margin_loss(lib.zeros(1, 3), lib.tensor([[0, 3, -1]])),
    ),
    "threshold: text": (TypeError, lambda lib: lib.nn.functional.threshold(lib.zeros(2), "a", 0.0)),
    "conv2d: channels": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 2, 8, 8), lib.zeros(4, 3, 3, 3)),
    ),
    "conv2d: rank": (RuntimeError, lambda lib: lib.nn.functional.conv2d(lib.zeros(8, 8), lib.zeros(4, 3, 3, 3))),
    "conv2d: weight rank": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3)),
    ),
    "conv2d: dtypes": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8, dtype=lib.float64), lib.zeros(4, 3, 3, 3)),
    ),
    "conv2d: integers with floats": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8, dtype=lib.int64), lib.zeros(4, 3, 3, 3)),
    ),
    "conv2d: bias": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), lib.zeros(3)),
    ),
    "conv2d: bias rank": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), lib.zeros(4, 1)),
    ),
    "conv2d: groups": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), groups=2),
    ),
    "conv2d: no groups": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), groups=0),
    ),
    "conv2d: negative groups": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), groups=-1),
    ),
    "conv2d: no stride": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), stride=0),
    ),
    "conv2d: strides": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), stride=(1, 1, 1)),
    ),
    "conv2d: negative padding": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), padding=-1),
    ),
    "conv2d: padding text": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), padding="full"),
    ),
    "conv2d: same with stride": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), padding="same", stride=2),
    ),
    "conv2d: no dilation": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), dilation=0),
    ),
    "conv2d: kernel beyond": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 2, 2), lib.zeros(4, 3, 3, 3)),
    ),
    "conv2d: dilated beyond": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), dilation=5),
    ),
    "conv2d: float stride": (
        TypeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3, 3), stride=1.5),
    ),
    "conv2d: no tensor": (TypeError, lambda lib: lib.nn.functional.conv2d([1], lib.zeros(4, 3, 3, 3))),
    "conv2d: output of terabytes": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv2d(lib.zeros(1, 1, 8, 8), lib.zeros(1, 1, 1, 1), padding=10**7),
    ),
    "conv1d: rank": (RuntimeError, lambda lib: lib.nn.functional.conv1d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3))),
    "conv3d: rank": (RuntimeError, lambda lib: lib.nn.functional.conv3d(lib.zeros(1, 3, 8, 8), lib.zeros(4, 3, 3))),
    "conv_transpose2d: channels": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv_transpose2d(lib.zeros(1, 2, 8, 8), lib.zeros(4, 3, 3, 3)),
    ),
    "conv_transpose2d: output padding": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv_transpose2d(lib.zeros(1, 4, 8, 8), lib.zeros(4, 3, 3, 3), output_padding=2),
    ),
    "conv_transpose2d: negative output padding": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv_transpose2d(lib.zeros(1, 4, 8, 8), lib.zeros(4, 3, 3, 3), output_padding=-1),
    ),
    "conv_transpose2d: nothing left": (
        RuntimeError,
        lambda lib: lib.nn.functional.conv_transpose2d(lib.zeros(1, 4, 2, 2), lib.zeros(4, 3, 3, 3), padding=5),
    ),
    "linear: features": (RuntimeError, lambda lib: lib.nn.functional.linear(lib.zeros(2, 5), lib.zeros(4, 3))),
    "linear: dtype": (
        RuntimeError,
        lambda lib: lib.nn.functional.linear(lib.zeros(2, 3, dtype=lib.int64), lib.zeros(4, 3)),
    ),
    "linear: bias": (
        RuntimeError,
        lambda lib: lib.nn.functional.linear(lib.zeros(2, 3), lib.zeros(4, 3), lib.zeros(3)),
    ),
    "linear: weight rank": (RuntimeError, lambda lib: lib.nn.functional.linear(lib.zeros(2, 3), lib.zeros(4, 3, 2))),
    "bilinear: features": (
        RuntimeError,
        lambda lib: lib.nn.functional.bilinear(lib.zeros(2, 3), lib.zeros(2, 4), lib.zeros(5, 3, 3)),
    ),
    "max_pool2d: no kernel": (RuntimeError, lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 0)),
    "max_pool2d: no stride": (RuntimeError, lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 2, 0)),
    "max_pool2d: padding": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 2, padding=2),
    ),
    "max_pool2d: beyond": (RuntimeError, lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 5)),
    "max_pool2d: rank": (RuntimeError, lambda lib: lib.nn.functional.max_pool2d(lib.zeros(3, 3), 2)),
    "max_pool2d: no channels": (RuntimeError, lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 0, 3, 3), 2)),
    "max_pool2d: dilation": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), 2, dilation=0),
    ),
    "max_pool2d: three sizes": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_pool2d(lib.zeros(1, 1, 3, 3), (2, 2, 2)),
    ),
    "avg_pool2d: padding": (
        RuntimeError,
        lambda lib: lib.nn.functional.avg_pool2d(lib.zeros(1, 1, 3, 3), 2, padding=2),
    ),
    "avg_pool2d: divisor": (
        RuntimeError,
        lambda lib: lib.nn.functional.avg_pool2d(lib.zeros(1, 1, 3, 3), 2, divisor_override=0),
    ),
    "avg_pool2d: integers": (
        NotImplementedError,
        lambda lib: lib.nn.functional.avg_pool2d(lib.zeros(1, 1, 3, 3, dtype=lib.bool), 2),
    ),
    "adaptive_avg_pool2d: negative": (
        RuntimeError,
        lambda lib: lib.nn.functional.adaptive_avg_pool2d(lib.zeros(1, 1, 3, 3), -1),
    ),
    "adaptive_avg_pool2d: sizes": (
        RuntimeError,
        lambda lib: lib.nn.functional.adaptive_avg_pool2d(lib.zeros(1, 1, 3, 3), (1, 2, 3)),
    ),
    "adaptive_avg_pool1d: beyond counting": (
        RuntimeError,
        lambda lib: lib.nn.functional.adaptive_avg_pool1d(lib.zeros(1, 3, 8), 2**62),
    ),
    "adaptive_avg_pool1d: beyond memory": (
        RuntimeError,
        lambda lib: lib.nn.functional.adaptive_avg_pool1d(lib.zeros(1, 3, 8), 2**45),
    ),
    "adaptive_max_pool1d: beyond memory": (
        RuntimeError,
        lambda lib: lib.nn.functional.adaptive_max_pool1d(lib.zeros(1, 3, 8), 2**45),
    ),
    "max_unpool2d: index": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_unpool2d(lib.zeros(1, 1, 2, 2), lib.full((1, 1, 2, 2), 99), 2),
    ),
    "max_unpool2d: shapes": (
        RuntimeError,
        lambda lib: lib.nn.functional.max_unpool2d(lib.zeros(1, 1, 2, 2), lib.zeros(1, 1, 2, 3, dtype=lib.int64), 2),
    ),
    "batch_norm: one value": (
        ValueError,
        lambda lib: lib.nn.functional.batch_norm(lib.zeros(1, 3), None, None, training=True),
    ),
    "batch_norm: statistics": (
        RuntimeError,
        lambda lib: lib.nn.functional.batch_norm(lib.zeros(2, 3), lib.zeros(4), lib.ones(4)),
    ),
    "batch_norm: weight": (
        RuntimeError,
        lambda lib: lib.nn.functional.batch_norm(lib.zeros(2, 3), lib.zeros(3), lib.ones(3), lib.ones(4)),
    ),
    "batch_norm: no statistics": (RuntimeError, lambda lib: lib.nn.functional.batch_norm(lib.zeros(2, 3), None, None)),
    "layer_norm: shape": (RuntimeError, lambda lib: lib.nn.functional.layer_norm(lib.zeros(2, 3), (4,))),
    "layer_norm: rank": (RuntimeError, lambda lib: lib.nn.functional.layer_norm(lib.zeros(3), (2, 3))),
    "layer_norm: empty": (RuntimeError, lambda lib: lib.nn.functional.layer_norm(lib.zeros(3), ())),
    "layer_norm: weight": (RuntimeError, lambda lib: lib.nn.functional.layer_norm(lib.zeros(2, 3), (3,), lib.zeros(2))),
    "group_norm: groups": (RuntimeError, lambda lib: lib.nn.functional.group_norm(lib.zeros(2, 3, 4), 2)),
    "group_norm: rank": (RuntimeError, lambda lib: lib.nn.functional.group_norm(lib.zeros(3), 3)),
    "group_norm: one value": (ValueError, lambda lib: lib.nn.functional.group_norm(lib.zeros(1, 3), 3)),
    "instance_norm: one value": (ValueError, lambda lib: lib.nn.functional.instance_norm(lib.zeros(1, 3, 1))),
    "dropout: beyond one": (ValueError, lambda lib: lib.nn.functional.dropout(lib.zeros(2), 1.5)),
    "dropout: negative": (ValueError, lambda lib: lib.nn.functional.dropout(lib.zeros(2), -0.1)),
    "dropout: text": (TypeError, lambda lib: lib.nn.functional.dropout("x")),
    "embedding: float index": (RuntimeError, lambda lib: lib.nn.functional.embedding(lib.zeros(2), lib.zeros(3, 4))),
    "embedding: beyond": (IndexError, lambda lib: lib.nn.functional.embedding(lib.tensor([3]), lib.zeros(3, 4))),
    "embedding: negative": (IndexError, lambda lib: lib.nn.functional.embedding(lib.tensor([-1]), lib.zeros(3, 4))),
    "embedding: weight rank": (RuntimeError, lambda lib: lib.nn.functional.embedding(lib.tensor([0]), lib.zeros(3))),
    "one_hot: negative": (RuntimeError, lambda lib: lib.nn.functional.one_hot(lib.tensor([-1]))),
    "one_hot: beyond": (RuntimeError, lambda lib: lib.nn.functional.one_hot(lib.tensor([3]), 3)),
    "one_hot: floats": (RuntimeError, lambda lib: lib.nn.functional.one_hot(lib.zeros(2))),
    "cross_entropy: class": (
        IndexError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 3])),
    ),
    "cross_entropy: negative class": (
        IndexError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, -1])),
    ),
    "cross_entropy: batch": (
        ValueError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 1, 2])),
    ),
    "cross_entropy: target rank": (
        RuntimeError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.zeros(2, 2, dtype=lib.int64)),
    ),
    "cross_entropy: int32": (
        RuntimeError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.zeros(2, dtype=lib.int32)),
    ),
    "cross_entropy: probabilities shape": (
        RuntimeError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.zeros(2, 4)),
    ),
    "cross_entropy: weight": (
        RuntimeError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 1]), lib.ones(2)),
    ),
    "cross_entropy: reduction": (
        ValueError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 1]), reduction="total"),
    ),
    "cross_entropy: smoothing": (
        RuntimeError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3), lib.tensor([0, 1]), label_smoothing=2.0),
    ),
    "cross_entropy: integer input": (
        NotImplementedError,
        lambda lib: lib.nn.functional.cross_entropy(lib.zeros(2, 3, dtype=lib.int64), lib.tensor([0, 1])),
    ),
    "cross_entropy: scalar": (RuntimeError, lambda lib: lib.nn.functional.cross_entropy(lib.zeros(()), lib.tensor(0))),
    "nll_loss: floats": (RuntimeError, lambda lib: lib.nn.functional.nll_loss(lib.zeros(2, 3), lib.zeros(2))),
    "nll_loss: class": (IndexError, lambda lib: lib.nn.functional.nll_loss(lib.zeros(2, 3), lib.tensor([0, 3]))),
    "mse_loss: shapes": (RuntimeError, lambda lib: lib.nn.functional.mse_loss(lib.zeros(2), lib.zeros(3))),
    "mse_loss: reduction": (
        ValueError,
        lambda lib: lib.nn.functional.mse_loss(lib.zeros(2), lib.zeros(2), reduction="total"),
    ),
    "l1_loss: reduction": (
        ValueError,
        lambda lib: lib.nn.functional.l1_loss(lib.zeros(2), lib.zeros(2), reduction="total"),
    ),
    "smooth_l1_loss: beta": (
        RuntimeError,
        lambda lib: lib.nn.functional.smooth_l1_loss(lib.zeros(2), lib.zeros(2), beta=-1.0),
    ),
    "huber_loss: delta": (
        RuntimeError,
        lambda lib: lib.nn.functional.huber_loss(lib.zeros(2), lib.zeros(2), delta=0.0),
    ),
    "binary_cross_entropy: range": (
        RuntimeError,
        lambda lib: lib.nn.functional.binary_cross_entropy(lib.full((2,), 2.0), lib.zeros(2)),
    ),
    "binary_cross_entropy: nan": (
        RuntimeError,
        lambda lib: lib.nn.functional.binary_cross_entropy(lib.full((2,), nan), lib.zeros(2)),
    ),
    "binary_cross_entropy: shape": (
        ValueError,
        lambda lib: lib.nn.functional.binary_cross_entropy(lib.full((2,), 0.5), lib.zeros(3)),
    ),
    "bce_with_logits: shape": (
        ValueError,
        lambda lib: lib.nn.functional.binary_cross_entropy_with_logits(lib.zeros(2, 3), lib.zeros(2)),
    ),
    "kl_div: reduction": (
        ValueError,
        lambda lib: lib.nn.functional.kl_div(lib.zeros(2), lib.zeros(2), reduction="total"),
    ),
    "cosine_embedding_loss: target": (
        RuntimeError,
        lambda lib: lib.nn.functional.cosine_embedding_loss(lib.zeros(2, 3), lib.zeros(2, 3), lib.ones(2, 2)),
    ),
    "margin_ranking_loss: ranks": (
        RuntimeError,
        lambda lib: lib.nn.functional.margin_ranking_loss(lib.zeros(2), lib.zeros(2), lib.ones(2, 2)),
    ),
    "multi_margin_loss: p": (
        ValueError,
        lambda lib: lib.nn.functional.multi_margin_loss(lib.zeros(2, 3), lib.tensor([0, 1]), p=3),
    ),
    "gaussian_nll_loss: var": (
        ValueError,
        lambda lib: lib.nn.functional.gaussian_nll_loss(lib.zeros(2), lib.zeros(2), -lib.ones(2)),
    ),
    "gaussian_nll_loss: var size": (
        ValueError,
        lambda lib: lib.nn.functional.gaussian_nll_loss(lib.zeros(2, 3), lib.zeros(2, 3), lib.ones(4)),
    ),
    "triplet_margin_loss: shapes": (
        RuntimeError,
        lambda lib: lib.nn.functional.triplet_margin_loss(lib.zeros(2, 3), lib.zeros(2, 3), lib.zeros(3)),
    ),
    "glu: odd": (RuntimeError, lambda lib: lib.nn.functional.glu(lib.zeros(3))),
    "glu: scalar": (RuntimeError, lambda lib: lib.nn.functional.glu(lib.zeros(()))),
    "prelu: weight": (RuntimeError, lambda lib: lib.nn.functional.prelu(lib.zeros(2, 3), lib.zeros(2))),
    "prelu: rank": (RuntimeError, lambda lib: lib.nn.functional.prelu(lib.zeros(2, 3), lib.zeros(1, 1, 1))),
    "softmax: range": (IndexError, lambda lib: lib.nn.functional.softmax(lib.zeros(2, 3), 2)),
    "pad: odd": (RuntimeError, lambda lib: lib.nn.functional.pad(lib.zeros(2, 3), (1,))),
    "pad: too long": (RuntimeError, lambda lib: lib.nn.functional.pad(lib.zeros(2, 3), (1, 1, 1, 1, 1, 1))),
    "pad: mode": (NotImplementedError, lambda lib: lib.nn.functional.pad(lib.zeros(2, 3), (1, 1), mode="mirror")),
    "pad: reflect beyond": (
        RuntimeError,
        lambda lib: lib.nn.functional.pad(lib.zeros(1, 2, 3), (3, 3), mode="reflect"),
    ),
    "pad: circular beyond": (
        RuntimeError,
        lambda lib: lib.nn.functional.pad(lib.zeros(1, 2, 3), (4, 4), mode="circular"),
    ),
    "pad: negative beyond": (RuntimeError, lambda lib: lib.nn.functional.pad(lib.zeros(2, 3), (-2, -2))),
    "pad: huge": (RuntimeError, lambda lib: lib.nn.functional.pad(lib.zeros(2, 3), (2**62, 2**62))),
    "pixel_shuffle: channels": (RuntimeError, lambda lib: lib.nn.functional.pixel_shuffle(lib.zeros(1, 3, 2, 2), 2)),
    "pixel_shuffle: zero": (RuntimeError, lambda lib: lib.nn.functional.pixel_shuffle(lib.zeros(1, 4, 2, 2), 0)),
    "pixel_unshuffle: sizes": (RuntimeError, lambda lib: lib.nn.functional.pixel_unshuffle(lib.zeros(1, 1, 3, 3), 2)),
    "channel_shuffle: groups": (RuntimeError, lambda lib: lib.nn.functional.channel_shuffle(lib.zeros(1, 3, 2, 2), 2)),
    "unfold: beyond": (RuntimeError, lambda lib: lib.nn.functional.unfold(lib.zeros(1, 1, 2, 2), 3)),
    "fold: blocks": (RuntimeError, lambda lib: lib.nn.functional.fold(lib.zeros(1, 4, 3), (3, 3), 2)),
    "normalize: text": (AttributeError, lambda lib: lib.nn.functional.normalize("x")),
    "cosine_similarity: shapes": (
        RuntimeError,
        lambda lib: lib.nn.functional.cosine_similarity(lib.zeros(2, 3), lib.zeros(2, 4)),
    ),
    "pairwise_distance: shapes": (
        RuntimeError,
        lambda lib: lib.nn.functional.pairwise_distance(lib.zeros(2, 3), lib.zeros(2, 4)),
    ),
    "pdist: rank": (RuntimeError, lambda lib: lib.nn.functional.pdist(lib.zeros(3))),
    "local_response_norm: size": (
        RuntimeError,
        lambda lib: lib.nn.functional.local_response_norm(lib.zeros(1, 2, 3), 0),
    ),
    "unknown keyword": (TypeError, lambda lib: lib.nn.functional.relu(lib.zeros(2), colour=1)),
}

#: Where PyTorch stumbles over its own code, or computes something that nobody asked for.
OWN = {
    "adaptive_avg_pool2d: rank": (RuntimeError, lambda lib: lib.nn.functional.adaptive_avg_pool2d(lib.zeros(3, 3), 1)),
    "group_norm: no groups": (RuntimeError, lambda lib: lib.nn.functional.group_norm(lib.zeros(2, 3, 4), 0)),
    "gumbel_softmax: text": (TypeError, lambda lib: lib.nn.functional.gumbel_softmax("x")),
    "unfold: rank": (RuntimeError, lambda lib: lib.nn.functional.unfold(lib.zeros(2, 3), 2)),
}


@cases(FUNCTIONS)
def test_functions(expected, call):
    check(expected, call)


@cases(OWN)
def test_what_pytorch_does_by_accident(expected, call):
    check(expected, call, like_torch=False)
