"""Attention against PyTorch's: the function, the layer with all its options, mistakes."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import rsnn
from helpers import assert_same, assert_same_error, check_op, grads, tensor


def attend(**options):
    return lambda lib, q, k, v, *mask: lib.nn.functional.scaled_dot_product_attention(q, k, v, *mask, **options)


SHAPES = [
    ((2, 3, 5, 4), (2, 3, 7, 4), (2, 3, 7, 6)),
    ((5, 4), (7, 4), (7, 6)),
    ((2, 1, 5, 4), (3, 7, 4), (1, 3, 7, 2)),
    ((0, 3, 5, 4), (0, 3, 7, 4), (0, 3, 7, 6)),
    ((2, 0, 4), (2, 7, 4), (2, 7, 6)),
    ((2, 5, 4), (2, 0, 4), (2, 0, 6)),
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("options", [{}, {"is_causal": True, "scale": 0.3}], ids=str)
def test_function(shapes, options):
    check_op(attend(**options), *shapes)


def test_long_sequences_go_block_by_block():
    check_op(attend(is_causal=True), (2, 150, 4), (2, 150, 4), (2, 150, 3), layouts=("contiguous",))
    check_op(attend(), (130, 4), (90, 4), (90, 3), (130, 90), layouts=("contiguous",))


@pytest.mark.parametrize("mask", [(5, 7), (3, 5, 7), (2, 1, 1, 7), (2, 3, 5, 1)], ids=str)
def test_float_masks_have_gradients(mask):
    check_op(attend(), *SHAPES[0], mask)


def test_bool_masks_and_queries_that_see_nothing():
    seen = np.random.default_rng(0).random((5, 7)) < 0.5
    seen[2] = False
    check_op(attend(), *SHAPES[0], seen)
    check_op(attend(), *SHAPES[0], np.zeros((2, 3, 5, 7), bool))


def test_groups_of_heads():
    check_op(attend(enable_gqa=True), (2, 6, 5, 4), (2, 3, 7, 4), (2, 2, 7, 6))


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_types(dtype):
    check_op(attend(), *SHAPES[0], dtypes=(dtype,), gradgrad=False, rtol=3e-2, atol=3e-2)


def test_dropout_draws_as_pytorch(torch):
    results = []
    for lib in (rsnn, torch):
        lib.manual_seed(3)
        q = tensor(lib, np.random.default_rng(0).normal(size=(2, 3, 5, 4)), "float32").requires_grad_()
        y = lib.nn.functional.scaled_dot_product_attention(q, q, q, dropout_p=0.4, is_causal=True)
        y.sum().backward()
        results.append((y, q.grad))
    assert_same(*results)


def test_no_matrix_of_scores_is_kept():
    q = rsnn.randn(1, 1, 2000, 4).requires_grad_()
    y = rsnn.nn.functional.scaled_dot_product_attention(q, q, q)
    assert y.grad_fn.name() == "ScaledDotProductFlashAttentionForCpuBackward0"


FUNCTION_MISTAKES = [
    lambda F, x: F.scaled_dot_product_attention(x, x, x.double()),
    lambda F, x: F.scaled_dot_product_attention(x[0, 0, 0], x, x),
    lambda F, x: F.scaled_dot_product_attention(x, x, x, x.long()),
    lambda F, x: F.scaled_dot_product_attention(x, x, x, x[0, 0, :, :2]),
    lambda F, x: F.scaled_dot_product_attention(x, x[..., :2], x),
    lambda F, x: F.scaled_dot_product_attention(x, x[:, :2], x[:, :2]),
    lambda F, x: F.scaled_dot_product_attention(x, x[:, :2], x, enable_gqa=True),
    lambda F, x: F.scaled_dot_product_attention(x[0, 0], x[0, 0], x[0, 0], enable_gqa=True),
    lambda F, x: F.scaled_dot_product_attention(x, x, x, dropout_p=1.5),
    lambda F, x: F.scaled_dot_product_attention(x.long(), x.long(), x.long()),
    lambda F, x: F.scaled_dot_product_attention(x, x, None),
]


@pytest.mark.parametrize("call", FUNCTION_MISTAKES)
def test_mistakes_of_the_function(torch, call):
    assert_same_error(lambda lib: call(lib.nn.functional, lib.ones(2, 3, 4, 4)))


LAYERS = [
    ("8, 2", {}),
    ("8, 4, bias=False", {"need_weights": False}),
    ("8, 2, add_bias_kv=True", {"average_attn_weights": False}),
    ("8, 2, add_zero_attn=True", {"need_weights": False}),
    ("8, 2, add_bias_kv=True, add_zero_attn=True, bias=False", {}),
    ("8, 2, kdim=5, vdim=3", {}),
    ("8, 1, kdim=5, bias=False, add_bias_kv=True", {"need_weights": False}),
    ("8, 2, dropout=0.5", {}),
    ("8, 2, dropout=0.5", {"need_weights": False}),
]


def build(lib, arguments: str, **more):
    lib.manual_seed(0)
    return eval(f"nn.MultiheadAttention({arguments}, **more)", {"nn": lib.nn, "more": more})


def run(lib, module, options, batched=True, masks=None, same=False, dtype="float32"):
    """Output, weights, and the gradients of everything."""
    rng = np.random.default_rng(4)
    lead = {True: (2,), False: ()}[batched]
    sizes = [(5, module.embed_dim), (6, module.kdim), (6, module.vdim)]
    inputs = []
    for length, width in sizes[:1] if same else sizes:
        shape = (*lead, length, width) if module.batch_first else (length, *lead, width)
        inputs.append(tensor(lib, rng.normal(size=shape), dtype).requires_grad_())
    lib.manual_seed(1)
    masks = {name: lib.from_numpy(mask) for name, mask in (masks or {}).items()}
    output, weights = module(*(inputs * 3 if same else inputs), **options, **masks)
    results = [output] if weights is None else [output, weights]
    seeds = [tensor(lib, rng.normal(size=tuple(x.shape)), dtype) for x in results]
    if output.requires_grad:
        results += grads(lib, results, [*inputs, *module.parameters()], seeds, False)
    return [*results, *([None] if weights is None else [])]


@pytest.mark.parametrize(("arguments", "options"), LAYERS, ids=str)
@pytest.mark.parametrize("batch_first", [False, True])
def test_layer(torch, arguments, options, batch_first):
    ours, theirs = (build(lib, arguments, batch_first=batch_first) for lib in (rsnn, torch))
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for key, value in theirs.state_dict().items():
        assert_same(ours.state_dict()[key], value, 1e-6, 0, where=f"initial {key}")
    for batched in (True, False):
        assert_same(run(rsnn, ours, options, batched), run(torch, theirs, options, batched))
    if "kdim" not in arguments:
        for module in (ours, theirs):
            module.eval()
        assert_same(run(rsnn, ours, options, same=True), run(torch, theirs, options, same=True))
        with rsnn.no_grad(), torch.no_grad():
            results = [run(lib, m, options, same=True)[:1] for lib, m in ((rsnn, ours), (torch, theirs))]
            assert_same(*results)


HIDDEN = np.triu(np.ones((5, 6), bool), 2)
PADDED = np.array([[False] * 6, [False] * 4 + [True] * 2])
SPREAD = np.random.default_rng(1).normal(size=(4, 5, 6)).astype("float32")


@pytest.mark.parametrize(
    "masks",
    [
        {"attn_mask": HIDDEN},
        {"key_padding_mask": PADDED},
        {"attn_mask": HIDDEN, "key_padding_mask": PADDED},
        {"attn_mask": SPREAD},
        {"attn_mask": SPREAD, "key_padding_mask": np.where(PADDED, -1.5, 0).astype("float32")},
        {"attn_mask": SPREAD[0]},
    ],
    ids=lambda masks: "+".join(f"{name}:{m.dtype}{m.ndim}" for name, m in masks.items()),
)
@pytest.mark.parametrize("arguments", ["8, 2", "8, 2, add_bias_kv=True, add_zero_attn=True"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_masks(torch, masks, arguments, need_weights):
    ours, theirs = (build(lib, arguments) for lib in (rsnn, torch))
    options = {"need_weights": need_weights}
    assert_same(run(rsnn, ours, options, masks=masks), run(torch, theirs, options, masks=masks))


@pytest.mark.parametrize("need_weights", [True, False])
def test_the_causal_hint(torch, need_weights):
    masks = {"attn_mask": np.triu(np.ones((5, 5), bool), 1)}
    options = {"need_weights": need_weights, "is_causal": True}
    ours, theirs = (build(lib, "8, 2") for lib in (rsnn, torch))
    assert_same(*(run(lib, m, options, masks=masks, same=True) for lib, m in ((rsnn, ours), (torch, theirs))))


def test_mixed_kinds_of_masks_warn(torch):
    masks = {"attn_mask": SPREAD, "key_padding_mask": PADDED}
    for lib in (rsnn, torch):
        with pytest.warns(UserWarning, match="Support for mismatched key_padding_mask and attn_mask is deprecated"):
            run(lib, build(lib, "8, 2"), {}, masks=masks)


def test_copies():
    module = build(rsnn, "8, 2, add_bias_kv=True").eval()
    x = rsnn.randn(5, 2, 8)
    for twin in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert_same_values(twin(x, x, x)[0], module(x, x, x)[0])


def assert_same_values(a, b):
    np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


MISTAKES = [
    lambda nn, ones: nn.MultiheadAttention(0, 1),
    lambda nn, ones: nn.MultiheadAttention(8, 3),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(ones(5, 2, 8), ones(5, 8), ones(5, 8)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(ones(5), ones(5, 8), ones(5, 8)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(ones(5, 2, 6), ones(5, 2, 6), ones(5, 2, 6)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(ones(5, 2, 8), ones(5, 2, 8), ones(4, 2, 8)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, is_causal=True),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, attn_mask=ones(5, 4)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, attn_mask=ones(5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, attn_mask=ones(3, 5, 5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, attn_mask=ones(5, 5).int()),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, key_padding_mask=ones(5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 2, 8)] * 3, key_padding_mask=ones(3, 5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 8)] * 3, key_padding_mask=ones(1, 5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2)(*[ones(5, 8)] * 3, attn_mask=ones(1, 5, 5)),
    lambda nn, ones: nn.MultiheadAttention(8, 2, kdim=4)(ones(5, 2, 8), ones(5, 2, 4), ones(4, 2, 8)),
]


@pytest.mark.parametrize("call", MISTAKES)
def test_mistakes_of_the_layer(torch, call):
    assert_same_error(lambda lib: call(lib.nn, lib.ones))


def test_given_keys_and_values(torch):
    results = []
    for lib in (rsnn, torch):
        rng = np.random.default_rng(0)
        draw = lambda *shape: tensor(lib, rng.normal(size=shape), "float32").requires_grad_()  # noqa: B023, E731
        x, k, v, weight, out = draw(5, 2, 8), draw(4, 7, 4), draw(4, 7, 4), draw(24, 8), draw(8, 8)
        call = lib.nn.functional.multi_head_attention_forward
        y = call(x, x, x, 8, 2, weight, None, None, None, False, 0.0, out, None, static_k=k, static_v=v)
        results.append([*y, *grads(lib, y, [x, k, v, weight, out], [lib.ones_like(each) for each in y], False)])
    assert_same(*results)
