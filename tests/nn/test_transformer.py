"""Transformers against PyTorch's: initial values, outputs, gradients, masks, copies."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, grads, tensor

LAYERS = [
    ("TransformerEncoderLayer(8, 2, 12)", ["src"]),
    ("TransformerEncoderLayer(8, 2, 12, activation='gelu', norm_first=True, batch_first=True)", ["src"]),
    ("TransformerEncoderLayer(8, 2, 12, bias=False, layer_norm_eps=1e-3, activation=nn.functional.silu)", ["src"]),
    ("TransformerEncoderLayer(8, 2, 12, dropout=0.0, activation=nn.ReLU())", ["src"]),
    ("TransformerDecoderLayer(8, 2, 12)", ["tgt", "src"]),
    ("TransformerDecoderLayer(8, 4, 12, activation='gelu', norm_first=True, batch_first=True)", ["tgt", "src"]),
    ("TransformerDecoderLayer(8, 2, 12, bias=False)", ["tgt", "src"]),
    ("TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12, batch_first=True), 2)", ["src"]),
    ("TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 12), 2, nn.LayerNorm(8), False)", ["src"]),
    ("TransformerDecoder(nn.TransformerDecoderLayer(8, 2, 12), 2, nn.LayerNorm(8))", ["tgt", "src"]),
    ("Transformer(8, 2, 2, 1, 12)", ["src", "tgt"]),
    ("Transformer(8, 2, 1, 2, 12, norm_first=True, batch_first=True, bias=False)", ["src", "tgt"]),
]
LENGTHS = {"src": 6, "tgt": 5}
table = pytest.mark.parametrize(("text", "names"), LAYERS, ids=[text for text, _ in LAYERS])


def build(lib, text: str):
    lib.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return eval(f"nn.{text}", {"nn": lib.nn})


def first(lib, text, names, batched=True):
    rng = np.random.default_rng(2)
    inputs = []
    for name in names:
        length = LENGTHS[name]
        shape = (length, 8) if not batched else (2, length, 8) if "batch_first=True" in text else (length, 2, 8)
        inputs.append(tensor(lib, rng.normal(size=shape), "float32").requires_grad_())
    return inputs


def run(lib, module, text, names, batched=True, **masks):
    """The output and all gradients."""
    inputs = first(lib, text, names, batched)
    lib.manual_seed(1)
    masks = {k: lib.from_numpy(v) if isinstance(v, np.ndarray) else v for k, v in masks.items()}
    y = module(*inputs, **masks)
    seed = tensor(lib, np.random.default_rng(5).normal(size=tuple(y.shape)), "float32")
    return [y, *grads(lib, [y], [*inputs, *module.parameters()], [seed], False)]


@table
def test_layers(torch, text, names):
    ours, theirs = (build(lib, text) for lib in (rsnn, torch))
    if "silu" not in text:
        assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        assert_same(ours.state_dict()[key], value, 1e-6, 0, where=f"initial {key}")
    for training in (True, False):
        ours.train(training), theirs.train(training)
        for batched in (True, False):
            results = [run(lib, m, text, names, batched) for lib, m in ((rsnn, ours), (torch, theirs))]
            assert_same(*results, 1e-4, 1e-5)
    with rsnn.no_grad(), torch.no_grad():
        results = [m(*first(lib, text, names)) for lib, m in ((rsnn, ours), (torch, theirs))]
    assert_same(*results, 1e-4, 1e-5)


CAUSAL = np.triu(np.full((5, 5), -np.inf, dtype="float32"), 1)
PADDED = np.array([[False] * 6, [False] * 4 + [True] * 2])
MASKS = [
    {"tgt_mask": CAUSAL},
    {"tgt_mask": CAUSAL, "tgt_is_causal": True},
    {"tgt_mask": CAUSAL == 0, "src_mask": np.eye(6, dtype=bool)},
    {"src_key_padding_mask": PADDED, "memory_key_padding_mask": PADDED},
    {"src_mask": np.eye(6, dtype=bool), "src_key_padding_mask": PADDED, "tgt_key_padding_mask": PADDED[:, :5]},
    {"memory_mask": np.triu(np.ones((5, 6), bool), 2)},
]


@pytest.mark.parametrize("masks", MASKS, ids=lambda masks: "+".join(masks))
def test_masks(torch, masks):
    text, names = "Transformer(8, 2, 2, 1, 12, batch_first=True)", ["src", "tgt"]
    if not masks.get("tgt_mask", CAUSAL).dtype == bool:
        masks = {**masks}
    else:
        masks = {**masks, "tgt_mask": ~masks["tgt_mask"]}
    ours, theirs = (build(lib, text) for lib in (rsnn, torch))
    results = [run(lib, m, text, names, **masks) for lib, m in ((rsnn, ours), (torch, theirs))]
    assert_same(*results, 1e-4, 1e-5)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("padding", [PADDED, PADDED[:, ::-1].copy()], ids=["behind", "in front"])
@pytest.mark.parametrize("text", [LAYERS[7][0], LAYERS[8][0].replace("12)", "12, batch_first=True)")])
def test_padded_places_in_evaluation(torch, padding, text):
    results = []
    for lib in (rsnn, torch):
        module = build(lib, text).eval()
        x = first(lib, "batch_first=True", ["src"])[0]
        with lib.no_grad():
            y = module(x, src_key_padding_mask=lib.from_numpy(padding))
        results.append(y)
    assert_same(*results, 1e-4, 1e-5)


@pytest.mark.parametrize(
    "arguments",
    ["8, 2", "8, 2, batch_first=True, norm_first=True", "9, 3, batch_first=True", "8, 2, batch_first=True, bias=False"],
)
def test_warnings_of_the_encoder(torch, arguments):
    texts = []
    for lib in (rsnn, torch):
        with pytest.warns(UserWarning) as caught:
            eval(f"nn.TransformerEncoder(nn.TransformerEncoderLayer({arguments}), 1)", {"nn": lib.nn})
        texts.append([str(w.message) for w in caught])
    assert texts[0] == texts[1]


def test_square_subsequent_mask(torch):
    for lib_size in (0, 1, 4):
        results = [lib.nn.Transformer.generate_square_subsequent_mask(lib_size) for lib in (rsnn, torch)]
        assert_same(*results)


def test_copies():
    module = build(rsnn, LAYERS[10][0]).eval()
    x = rsnn.randn(4, 2, 8)
    expected = module(x, x).detach().numpy()
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        np.testing.assert_array_equal(twin(x, x).detach().numpy(), expected)


MISTAKES = [
    lambda nn, ones: nn.TransformerEncoderLayer(8, 2, activation="tanh"),
    lambda nn, ones: nn.TransformerEncoderLayer(8, 3),
    lambda nn, ones: nn.Transformer(8, 2, 1, 1, 8)(ones(4, 2, 8), ones(4, 3, 8)),
    lambda nn, ones: nn.Transformer(8, 2, 1, 1, 8)(ones(4, 2, 8), ones(4, 2, 7)),
    lambda nn, ones: nn.TransformerEncoderLayer(8, 2, 8)(ones(4, 2, 8), is_causal=True),
    lambda nn, ones: nn.TransformerEncoderLayer(8, 2, 8)(ones(4, 2, 8), ones(4, 4).int()),
]


@pytest.mark.parametrize("call", MISTAKES)
def test_mistakes(torch, call):
    assert_same_error(lambda lib: call(lib.nn, lib.ones))
