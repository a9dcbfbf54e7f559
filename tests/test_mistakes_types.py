"""Something other than a tensor in first place: of functions, and of layers."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import rsnn

try:
    import torch
except ImportError:
    torch = None

#: What is given, and its class in messages.
GIVEN = {"int": 5, "NoneType": None, "str": "x", "list": [1.0, 2.0], "numpy.ndarray": np.ones((2, 3), np.float32)}

#: Functions of `nn.functional`, with their further arguments; `t` is a tensor.
FUNCTIONAL = """
adaptive_avg_pool1d 2; adaptive_avg_pool2d 2; adaptive_avg_pool3d 2; adaptive_max_pool1d 2; adaptive_max_pool2d 2
alpha_dropout; avg_pool1d 2; avg_pool2d 2; avg_pool3d 2; batch_norm None, None; bilinear t, t; binary_cross_entropy t
binary_cross_entropy_with_logits t; celu; channel_shuffle 2
conv1d t; conv2d t; conv3d t; conv_transpose1d t; conv_transpose2d t; conv_transpose3d t; cosine_embedding_loss t, t
cosine_similarity t; cross_entropy t; ctc_loss t, t, t; dropout; elu; elu_; feature_alpha_dropout; fold 2, 1; gelu; glu
group_norm 1; gumbel_softmax; hardshrink; hardsigmoid; hardswish; hardtanh; hardtanh_; hinge_embedding_loss t
kl_div t; layer_norm [3]; leaky_relu; leaky_relu_; linear t; logsigmoid; margin_ranking_loss t, t; max_pool1d 2
max_pool2d 2; max_pool3d 2; mish; multi_margin_loss t; multilabel_margin_loss t; multilabel_soft_margin_loss t
one_hot; pad (1, 1); pairwise_distance t; pdist; pixel_shuffle 2; pixel_unshuffle 2; poisson_nll_loss t; prelu t; relu; relu6
relu_; rms_norm [3]; rrelu; rrelu_; selu; selu_; silu; soft_margin_loss t; softplus; softshrink; softsign
mse_loss t; l1_loss t; smooth_l1_loss t; huber_loss t; max_unpool1d t, 2; max_unpool2d t, 2; max_unpool3d t, 2
fractional_max_pool2d 2, 1; fractional_max_pool3d 2, 1
tanhshrink; threshold 1, 1; threshold_ 1, 1; triplet_margin_loss t, t; unfold 2
"""

#: Functions of the library itself.
TOP = """
abs; add t; atan2 t; bitwise_and t; bmm t; cdist t; clamp 0; combinations; constant_pad_nd (1, 1)
cumsum 0; cumulative_trapezoid; empty_like; exp; flatten; floor_divide t; frobenius_norm 0; full_like 1; gradient
matmul t; mean; mul t; multiply t; ones_like; pow t; rand_like; relu; remainder t; repeat_interleave 2; sigmoid; softmax 0
sub t; subtract t; sum; trapezoid; transpose 0, 1; vander; zeros_like
"""

#: Functions of a sequence of tensors.
SEQUENCES = "cat stack hstack vstack dstack column_stack row_stack"

#: Functions of any number of tensors.
MANY = "block_diag cartesian_prod chain_matmul meshgrid broadcast_tensors"

#: Layers, with their arguments.
LAYERS = """
ReLU; ReLU6; ELU; SELU; CELU; GELU; SiLU; Mish; Sigmoid; Tanh; Hardtanh; Hardswish; Hardsigmoid; LeakyReLU; PReLU; RReLU
Softplus; Softshrink; Hardshrink; LogSigmoid; Threshold 1, 1; Linear 3, 2; Conv1d 1, 1, 1; Conv2d 1, 1, 1; Conv3d 1, 1, 1
ConvTranspose2d 1, 1, 1; MaxPool1d 2; MaxPool2d 2; MaxPool3d 2; AvgPool1d 2; AvgPool2d 2; AdaptiveAvgPool2d 2; GLU
LayerNorm 3; GroupNorm 1, 1; RMSNorm 3; Dropout; AlphaDropout; PixelShuffle 2; PixelUnshuffle 2; ChannelShuffle 2
Fold 2, 1; Unfold 2; ZeroPad2d 1; Softsign; Tanhshrink
"""


def rows(table):
    return [entry.strip() for line in table.strip().splitlines() for entry in line.split(";") if entry.strip()]


def refusal(call):
    """The class and text of the error of a call."""
    with pytest.raises(Exception) as caught, warnings.catch_warnings():  # noqa: PT011 - the class is compared below
        warnings.simplefilter("ignore")
        call()
    return caught.type, str(caught.value)


def check(call, kind, text=r"\w+\(\): argument '\w+'( \(position \d\))? must be Tensor, not {}"):
    """Asserts that the call names the argument; PyTorch raises the same class, or has not looked and asks for an attribute."""
    error, message = refusal(lambda: call(rsnn))
    assert error is TypeError, (error, message)
    assert re.match(text.format(re.escape(kind)), message), message
    if torch is not None:
        theirs, message = refusal(lambda: call(torch))
        assert theirs in (TypeError, AttributeError), message


def evaluated(lib, arguments):
    return eval(f"({arguments},)" if arguments else "()", {"t": lib.ones(2, 3)})


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("row", rows(FUNCTIONAL))
def test_functional(row, kind):
    name, _, arguments = row.partition(" ")
    check(lambda lib: getattr(lib.nn.functional, name)(GIVEN[kind], *evaluated(lib, arguments)), kind)


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"])
def test_targets(name, kind):
    check(lambda lib: getattr(lib.nn.functional, name)(lib.zeros(2, 3), GIVEN[kind]), kind)


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("name", ["binary_cross_entropy", "binary_cross_entropy_with_logits"])
def test_losses(name, kind):
    check(lambda lib: getattr(lib.nn.functional, name)(lib.zeros(2, 3), GIVEN[kind]), kind)
    for option in ("weight", "pos_weight")[: 2 if name.endswith("logits") else 1]:
        if kind != "NoneType":
            given = {option: GIVEN[kind]}
            check(lambda lib, g=given: getattr(lib.nn.functional, name)(lib.zeros(2, 3), lib.zeros(2, 3), **g), kind)


@pytest.mark.parametrize("option", ["size", "scale_factor"])
def test_sizes_of_interpolate(option):
    text = rf"expected {option} to be .* but got {option} with types \[<class '{{}}'>\]"
    check(lambda lib: lib.nn.functional.interpolate(lib.zeros(1, 1, 4), **{option: "2"}), "str", text)


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("row", rows(TOP))
def test_functions(row, kind):
    name, _, arguments = row.partition(" ")
    numbers = ("add", "bitwise_and", "floor_divide", "mul", "multiply", "pow", "remainder", "sub", "subtract")
    if kind == "int" and name in numbers:
        return
    check(lambda lib: getattr(lib, name)(GIVEN[kind], *evaluated(lib, arguments)), kind)


@pytest.mark.parametrize("kind", ["int", "NoneType", "str"])
@pytest.mark.parametrize("name", SEQUENCES.split())
def test_functions_of_a_sequence(name, kind):
    text = r"\w+\(\): argument 'tensors' \(position 1\) must be tuple of Tensors, not {}"
    if kind != "str" or name not in ("cat", "stack"):
        check(lambda lib: getattr(lib, name)(GIVEN[kind]), kind, text)
    element = r"(\w+\(\): )?expected Tensor as element 1 in argument 0, but got {}"
    check(lambda lib: getattr(lib, name)([lib.ones(2), GIVEN[kind]]), kind, element)


@pytest.mark.parametrize("kind", ["int", "NoneType", "str"])
@pytest.mark.parametrize("name", MANY.split())
def test_functions_of_any_number(name, kind):
    text = r"(\w+\(\): )?expected Tensor as element 1 in argument 0, but got {}"
    check(lambda lib: getattr(lib, name)(lib.ones(2), GIVEN[kind]), kind, text)


@pytest.mark.parametrize("kind", GIVEN)
@pytest.mark.parametrize("row", rows(LAYERS))
def test_layers(row, kind):
    name, _, arguments = row.partition(" ")
    check(lambda lib: getattr(lib.nn, name)(*evaluated(lib, arguments))(GIVEN[kind]), kind)


def test_the_place_is_named_where_there_is_one():
    relu = rsnn.nn.functional.relu
    assert refusal(lambda: relu(5)) == (TypeError, "relu(): argument 'input' (position 1) must be Tensor, not int")
    conv2d = rsnn.nn.functional.conv2d
    x = rsnn.ones(1, 1, 2, 2)
    text = "conv2d(): argument 'weight' (position 2) must be Tensor, not list"
    assert refusal(lambda: conv2d(x, [1])) == (TypeError, text)
    assert refusal(lambda: conv2d(x, weight=[1]))[1] == "conv2d(): argument 'weight' must be Tensor, not list"
    text = "relu(): argument 'input' (position 1) must be Tensor, not int (in 0 (ReLU))"
    assert refusal(lambda: rsnn.nn.Sequential(rsnn.nn.ReLU())(5)) == (TypeError, text)
