"""Every layer against PyTorch's: text form, state, initial values, results and gradients, copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn
from rsnn import nn

torch = pytest.importorskip("torch")

#: Class, arguments, shape of the input (with a batch), and of an input without a batch (or None).
LAYERS = [
    ("Identity", "", (2, 3), (3,)),
    ("Linear", "5, 3", (4, 5), (5,)),
    ("Linear", "5, 3, bias=False", (2, 4, 5), None),
    ("Conv1d", "4, 6, 3", (2, 4, 9), (4, 9)),
    ("Conv1d", "4, 6, 3, stride=2, padding=1, dilation=2, groups=2, bias=False", (2, 4, 9), None),
    ("Conv1d", "4, 6, 4, padding='same', padding_mode='circular'", (2, 4, 9), None),
    ("Conv2d", "4, 6, 3", (2, 4, 8, 7), (4, 8, 7)),
    ("Conv2d", "4, 6, (3, 2), stride=(2, 1), padding=(2, 1), dilation=(1, 2), groups=2", (2, 4, 8, 7), None),
    ("Conv2d", "4, 4, 3, groups=4, padding='same'", (2, 4, 8, 7), None),
    ("Conv2d", "4, 4, 3, padding='valid'", (2, 4, 8, 7), None),
    ("Conv2d", "4, 4, 3, padding=2, padding_mode='reflect'", (2, 4, 8, 7), None),
    ("Conv2d", "4, 4, 3, padding=(1, 2), padding_mode='replicate'", (2, 4, 8, 7), None),
    ("Conv3d", "2, 4, (3, 1, 2), padding=1, stride=2", (2, 2, 5, 6, 7), (2, 5, 6, 7)),
    ("ConvTranspose1d", "4, 6, 3, stride=2, output_padding=1", (2, 4, 5), (4, 5)),
    ("ConvTranspose2d", "4, 6, 3, stride=2, padding=1, groups=2, dilation=2", (2, 4, 5, 6), (4, 5, 6)),
    ("ConvTranspose3d", "2, 3, 2, stride=2, bias=False", (1, 2, 3, 4, 2), (2, 3, 4, 2)),
    ("MaxPool1d", "3, stride=2", (2, 3, 9), (3, 9)),
    ("MaxPool2d", "(3, 2), stride=2, padding=1, ceil_mode=True", (2, 3, 8, 7), (3, 8, 7)),
    ("MaxPool2d", "2, dilation=2", (2, 3, 8, 7), None),
    ("MaxPool3d", "2", (2, 3, 4, 5, 6), (3, 4, 5, 6)),
    ("AvgPool1d", "3, stride=2, padding=1", (2, 3, 9), (3, 9)),
    ("AvgPool2d", "3, padding=1, count_include_pad=False, ceil_mode=True", (2, 3, 8, 7), (3, 8, 7)),
    ("AvgPool2d", "(2, 3), divisor_override=5", (2, 3, 8, 7), None),
    ("AvgPool3d", "2, stride=(1, 2, 2)", (2, 3, 4, 5, 6), (3, 4, 5, 6)),
    ("AdaptiveAvgPool1d", "4", (2, 3, 9), (3, 9)),
    ("AdaptiveAvgPool2d", "(3, None)", (2, 3, 8, 7), (3, 8, 7)),
    ("AdaptiveAvgPool3d", "(2, 3, 1)", (2, 3, 4, 5, 6), (3, 4, 5, 6)),
    ("AdaptiveMaxPool1d", "4", (2, 3, 9), (3, 9)),
    ("AdaptiveMaxPool2d", "(3, 5)", (2, 3, 8, 7), (3, 8, 7)),
    ("AdaptiveMaxPool3d", "2", (2, 3, 4, 5, 6), (3, 4, 5, 6)),
    ("LPPool1d", "2, 3", (2, 3, 9), (3, 9)),
    ("LPPool2d", "2, 2, stride=1", (2, 3, 8, 7), (3, 8, 7)),
    ("BatchNorm1d", "4", (5, 4), None),
    ("BatchNorm1d", "4, eps=1e-3, momentum=0.2", (5, 4, 6), None),
    ("BatchNorm2d", "4", (3, 4, 5, 6), None),
    ("BatchNorm2d", "4, affine=False, momentum=None", (3, 4, 5, 6), None),
    ("BatchNorm2d", "4, bias=False, track_running_stats=False", (3, 4, 5, 6), None),
    ("BatchNorm3d", "4", (3, 4, 2, 3, 4), None),
    ("InstanceNorm1d", "4", (3, 4, 6), (4, 6)),
    ("InstanceNorm2d", "4, affine=True", (3, 4, 5, 6), (4, 5, 6)),
    ("InstanceNorm2d", "4, track_running_stats=True", (3, 4, 5, 6), None),
    ("InstanceNorm3d", "4, affine=True, track_running_stats=True", (3, 4, 2, 3, 4), (4, 2, 3, 4)),
    ("LayerNorm", "6", (3, 4, 6), (6,)),
    ("LayerNorm", "(4, 6), eps=1e-3, bias=False", (3, 4, 6), None),
    ("LayerNorm", "6, elementwise_affine=False", (3, 6), None),
    ("GroupNorm", "2, 4", (3, 4, 5), None),
    ("GroupNorm", "4, 4, affine=False", (3, 4, 5, 6), None),
    ("RMSNorm", "6", (3, 4, 6), (6,)),
    ("RMSNorm", "(4, 6), eps=1e-3, elementwise_affine=False", (3, 4, 6), None),
    ("LocalResponseNorm", "3, alpha=0.1, beta=0.5, k=2.0", (2, 5, 4, 3), None),
    ("LocalResponseNorm", "2", (2, 5, 4), None),
    ("ReLU", "", (3, 4), ()),
    ("ReLU6", "", (3, 4), None),
    ("RReLU", "0.1, 0.3", (3, 4), None),
    ("Hardtanh", "-0.5, 0.7", (3, 4), None),
    ("LeakyReLU", "0.2", (3, 4), None),
    ("PReLU", "", (3, 4), ()),
    ("PReLU", "4, init=0.1", (3, 4, 2), None),
    ("ELU", "0.7", (3, 4), None),
    ("CELU", "0.7", (3, 4), None),
    ("SELU", "", (3, 4), None),
    ("Threshold", "0.1, 2.0", (3, 4), None),
    ("Sigmoid", "", (3, 4), ()),
    ("Tanh", "", (3, 4), None),
    ("Hardsigmoid", "", (3, 4), None),
    ("Hardswish", "", (3, 4), None),
    ("SiLU", "", (3, 4), None),
    ("Mish", "", (3, 4), None),
    ("GELU", "", (3, 4), None),
    ("GELU", "approximate='tanh'", (3, 4), None),
    ("GLU", "", (3, 4), (4,)),
    ("GLU", "dim=0", (4, 3), None),
    ("LogSigmoid", "", (3, 4), None),
    ("Softplus", "2.0, 1.0", (3, 4), None),
    ("Softsign", "", (3, 4), None),
    ("Hardshrink", "0.3", (3, 4), None),
    ("Softshrink", "0.3", (3, 4), None),
    ("Tanhshrink", "", (3, 4), None),
    ("Softmax", "dim=1", (3, 4), None),
    ("Softmin", "dim=0", (3, 4), None),
    ("LogSoftmax", "dim=-1", (3, 4, 5), None),
    ("Softmax2d", "", (2, 3, 4, 5), (3, 4, 5)),
    ("Dropout", "0.4", (30, 40), None),
    ("Dropout1d", "0.4", (5, 7, 3), (7, 3)),
    ("Dropout2d", "0.4", (5, 7, 3, 2), None),
    ("Dropout3d", "0.4", (5, 7, 3, 2, 2), (7, 3, 2, 2)),
    ("AlphaDropout", "0.4", (30, 40), None),
    ("FeatureAlphaDropout", "0.4", (5, 7, 3), None),
    ("Flatten", "", (2, 3, 4), None),
    ("Flatten", "0, 1", (2, 3, 4), None),
    ("Unflatten", "1, (2, 3)", (2, 6, 4), None),
    ("PixelShuffle", "2", (2, 8, 3, 4), (8, 3, 4)),
    ("PixelUnshuffle", "2", (2, 3, 4, 6), (3, 4, 6)),
    ("ChannelShuffle", "2", (2, 6, 4), None),
    ("ZeroPad1d", "2", (2, 3, 4), (3, 4)),
    ("ZeroPad2d", "(1, 2, 0, -1)", (2, 3, 4, 5), (3, 4, 5)),
    ("ZeroPad3d", "1", (2, 3, 4, 5, 2), None),
    ("ConstantPad1d", "(1, 2), 0.5", (2, 3, 4), None),
    ("ConstantPad2d", "1, 0.5", (2, 3, 4, 5), None),
    ("ConstantPad3d", "1, -1.5", (2, 3, 4, 5, 2), None),
    ("ReflectionPad1d", "(1, 2)", (2, 3, 4), (3, 4)),
    ("ReflectionPad2d", "2", (2, 3, 4, 5), (3, 4, 5)),
    ("ReflectionPad3d", "1", (2, 3, 4, 5, 2), None),
    ("ReplicationPad1d", "(1, 6)", (2, 3, 4), (3, 4)),
    ("ReplicationPad2d", "(3, 1, 2, 0)", (2, 3, 4, 5), None),
    ("ReplicationPad3d", "1", (2, 3, 4, 5, 2), None),
    ("CircularPad1d", "(1, 4)", (2, 3, 4), (3, 4)),
    ("CircularPad2d", "2", (2, 3, 4, 5), (3, 4, 5)),
    ("CircularPad3d", "1", (2, 3, 4, 5, 2), None),
    ("Unfold", "(2, 3), dilation=2, padding=1, stride=2", (2, 3, 6, 7), (3, 6, 7)),
    ("Fold", "(4, 5), (2, 3), padding=1", (2, 12, 25), (12, 25)),
]
IDS = [f"{name}({args})" for name, args, _, _ in LAYERS]
table = pytest.mark.parametrize(("name", "args", "shape", "unbatched"), LAYERS, ids=IDS)


def build(lib, name: str, args: str):
    lib.manual_seed(0)
    return eval(f"nn.{name}({args})", {"nn": lib.nn})


def draw(shape, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 2.0, shape).astype(np.float32) * np.where(
        np.random.default_rng(seed + 1).random(shape) < 0.5, -1, 1
    ).astype(np.float32)


def values(x) -> np.ndarray:
    return np.array(x.detach().numpy())


def close(ours, theirs, what: str, rtol: float = 2e-5, atol: float = 5e-6) -> None:
    assert tuple(ours.shape) == tuple(theirs.shape), what
    np.testing.assert_allclose(values(ours), values(theirs), rtol=rtol, atol=atol, err_msg=what)


def run(lib, module, x: np.ndarray):
    """The output, and the gradients of the input and the parameters."""
    lib.manual_seed(1)
    leaf = lib.from_numpy(np.array(x)).requires_grad_()
    output = module(leaf)
    weights = lib.from_numpy(np.array(draw(tuple(output.shape), seed=7)))
    output.backward(weights)
    return [output, leaf.grad, *[p.grad for p in module.parameters()]]


def compare(ours, theirs, x: np.ndarray) -> None:
    for i, (a, b) in enumerate(zip(run(rsnn, ours, x), run(torch, theirs, x), strict=True)):
        close(a, b, f"result {i}", atol=2e-5)
    for key, expected in theirs.state_dict().items():
        close(ours.state_dict()[key], expected, key)


@table
def test_text_and_state(name, args, shape, unbatched):
    ours, theirs = build(rsnn, name, args), build(torch, name, args)
    assert repr(ours) == repr(theirs)
    mine, others = ours.state_dict(), theirs.state_dict()
    assert list(mine) == list(others)
    assert {k: v["version"] for k, v in mine._metadata.items()} == {
        k: v["version"] for k, v in others._metadata.items()
    }
    for key, expected in others.items():
        assert str(mine[key].dtype).removeprefix("rsnn.") == str(expected.dtype).removeprefix("torch.")
        assert values(mine[key]).tobytes() == values(expected).tobytes(), f"initial {key}"


@table
def test_training_and_evaluation(name, args, shape, unbatched):
    ours, theirs = build(rsnn, name, args), build(torch, name, args)
    x = draw(shape)
    compare(ours, theirs, x)
    for module in (ours, theirs):
        module.zero_grad()
        module.eval()
    compare(ours, theirs, x)


@pytest.mark.parametrize(
    ("name", "args", "unbatched"),
    [(name, args, u) for name, args, _, u in LAYERS if u is not None],
    ids=[i for i, (_, _, _, u) in zip(IDS, LAYERS, strict=True) if u is not None],
)
def test_without_batch(name, args, unbatched):
    compare(build(rsnn, name, args), build(torch, name, args), draw(unbatched))


@table
def test_copies(name, args, shape, unbatched):
    module = build(rsnn, name, args).eval()
    x = rsnn.from_numpy(draw(shape))
    expected = values(module(x))
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert repr(twin) == repr(module)
        assert not twin.training
        np.testing.assert_array_equal(values(twin(x)), expected)
        for a, b in zip(twin.parameters(), module.parameters(), strict=True):
            assert a is not b and a.data_ptr() != b.data_ptr()


INPLACE = [
    "ReLU", "ReLU6", "RReLU", "Hardtanh", "LeakyReLU", "ELU", "CELU", "SELU", "Hardsigmoid", "Hardswish", "SiLU",
    "Mish",
]  # fmt: skip


@pytest.mark.parametrize("name", INPLACE)
def test_inplace(name):
    outputs = []
    for lib in (rsnn, torch):
        module = getattr(lib.nn, name)(inplace=True)
        leaf = lib.from_numpy(draw((3, 4))).requires_grad_()
        x = leaf * 1
        lib.manual_seed(0)
        y = module(x)
        assert y is x
        y.backward(lib.from_numpy(draw((3, 4), 5)))
        outputs.append((repr(module), y, leaf.grad))
    assert outputs[0][0] == outputs[1][0]
    close(outputs[0][1], outputs[1][1], "output")
    close(outputs[0][2], outputs[1][2], "gradient")


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ("", (2, 3, 4)),
        ("padding_idx=1", (2, 3, 4)),
        ("padding_idx=-2, scale_grad_by_freq=True", (2, 3, 4)),
        ("max_norm=1.0", (2, 3, 4)),
    ],
)
def test_embedding(args, expected):
    ours, theirs = (build(lib, "Embedding", f"5, 4, {args}") for lib in (rsnn, torch))
    assert repr(ours) == repr(theirs)
    close(ours.weight, theirs.weight, "initial weight", rtol=1e-6, atol=0)
    for lib, module in ((rsnn, ours), (torch, theirs)):
        module(lib.tensor([[1, 0, 1], [4, 3, 1]])).pow(2).sum().backward()
    assert tuple(ours(rsnn.tensor([[1, 0, 1], [4, 3, 1]])).shape) == expected
    close(ours.weight.grad, theirs.weight.grad, "gradient")
    close(ours.weight, theirs.weight, "weight")


def test_max_unpool():
    x = draw((2, 3, 6, 8))
    results = []
    for lib in (rsnn, torch):
        pool, unpool = lib.nn.MaxPool2d(2, return_indices=True), lib.nn.MaxUnpool2d(2)
        output, indices = pool(lib.from_numpy(x))
        results.append((indices, unpool(output, indices), unpool(output, indices, output_size=(7, 9))))
    for a, b in zip(*results, strict=True):
        close(a, b, "unpooled")


def test_output_size_of_transposed_convolutions():
    x = draw((1, 4, 5, 5))
    for size in [(12, 11), (1, 4, 12, 12), None]:
        close(
            build(rsnn, "ConvTranspose2d", "4, 3, 3, stride=2")(rsnn.from_numpy(x), size),
            build(torch, "ConvTranspose2d", "4, 3, 3, stride=2")(torch.from_numpy(x), size),
            str(size),
        )


#: Expression, shape of the input if the module is called.
MISTAKES = [
    ("Conv2d(1, 1, 1, groups=0)", None),
    ("Conv2d(3, 4, 1, groups=2)", None),
    ("Conv2d(4, 3, 1, groups=2)", None),
    ("Conv2d(4, 4, 1, padding='foo')", None),
    ("Conv2d(4, 4, 1, padding='same', stride=2)", None),
    ("Conv2d(4, 4, 1, padding_mode='foo')", None),
    ("Conv2d(-1, 1, 1)", None),
    ("Conv2d(3, 4, 3)", (1, 2, 8, 8)),
    ("Conv2d(3, 4, 3)", (3, 8)),
    ("Conv2d(3, 4, 9)", (1, 3, 8, 8)),
    ("ConvTranspose2d(4, 4, 3, padding_mode='circular')", None),
    ("Linear(3, 4)", (2, 5)),
    ("Bilinear(0, 1, 1)", None),
    ("BatchNorm1d(2)", (2, 2, 2, 2)),
    ("BatchNorm1d(2)", (1, 2)),
    ("BatchNorm1d(2)", (2, 3)),
    ("BatchNorm2d(2)", (2, 2)),
    ("BatchNorm3d(2)", (2, 2)),
    ("GroupNorm(3, 4)", None),
    ("GroupNorm(0, 4)", None),
    ("GroupNorm(2, 4)", (1, 2)),
    ("LayerNorm(4)", (2, 3)),
    ("RMSNorm(4)", (2, 3)),
    ("InstanceNorm1d(2)", (1, 2, 1)),
    ("InstanceNorm1d(3, affine=True)", (1, 2, 4)),
    ("InstanceNorm2d(3)", (2, 4)),
    ("Dropout(1.5)", None),
    ("Dropout(-0.5)", None),
    ("Dropout1d(0.5)", (2,)),
    ("MaxPool2d(2)", (3,)),
    ("MaxPool2d(0)", (1, 3, 3)),
    ("MaxPool2d(4)", (1, 3, 3)),
    ("MaxPool2d(2, padding=2)", (1, 3, 3)),
    ("AvgPool2d(2, padding=2)", (1, 3, 3)),
    ("AvgPool2d(2, divisor_override=0)", (1, 3, 3)),
    ("AdaptiveAvgPool2d(2)", (3,)),
    ("AdaptiveAvgPool2d(-1)", (1, 3, 3)),
    ("Flatten(2, 1)", (2, 3, 4)),
    ("Flatten(5)", (2, 3, 4)),
    ("Unflatten(1, (2, 2))", (2, 3)),
    ("Unflatten(1, 5)", None),
    ("Unflatten(1, (2, 'a'))", None),
    ("PReLU(3)", (2, 4)),
    ("Softmax2d()", (2, 3)),
    ("Softmax(3)", (2, 3)),
    ("GLU(1)", (2, 3)),
    ("GELU('foo')", (2,)),
    ("Hardtanh(1, -1)", None),
    ("RReLU(0.5, 0.1)", (3,)),
    ("Softshrink(-1)", (2,)),
    ("Embedding(10, 3, padding_idx=10)", None),
    ("PixelShuffle(2)", (1, 3, 3, 3)),
    ("PixelUnshuffle(2)", (1, 3, 3, 3)),
    ("ChannelShuffle(2)", (1, 3, 3, 3)),
    ("LocalResponseNorm(2)", (3, 3)),
    ("ReflectionPad2d(3)", (1, 3, 3)),
    ("CircularPad2d(5)", (1, 3, 3)),
    ("Fold((4, 5), 2)", (1, 4, 11)),
    ("Unfold(9)", (1, 1, 4, 4)),
]


@pytest.mark.parametrize(("expression", "shape"), MISTAKES, ids=[f"{e}{s or ''}" for e, s in MISTAKES])
def test_mistakes(expression, shape):
    errors = []
    for lib in (rsnn, torch):
        with pytest.raises(Exception) as caught:
            module = eval(f"nn.{expression}", {"nn": lib.nn})
            assert shape is not None, "raised nothing"
            module(lib.from_numpy(draw(shape)))
            raise AssertionError("raised nothing")
        if lib is rsnn and isinstance(caught.value, (NotImplementedError, AttributeError)):
            raise caught.value
        errors.append(caught.value)
    assert type(errors[0]) is type(errors[1]), errors
    assert "raised nothing" not in str(errors[0]) + str(errors[1])


@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax", "Softmin"])
def test_implicit_axis_warns(name):
    with pytest.warns(UserWarning, match="Implicit dimension choice"):
        getattr(nn, name)()(rsnn.from_numpy(draw((2, 3))))


def test_old_batch_norm_states_load():
    module = nn.BatchNorm2d(3)
    state = {key: value for key, value in module.state_dict().items() if key != "num_batches_tracked"}
    module.load_state_dict(state)
    assert module.num_batches_tracked.item() == 0
