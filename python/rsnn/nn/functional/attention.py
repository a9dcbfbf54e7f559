"""Attention."""

from __future__ import annotations

import math
import warnings
from typing import Any

import rsnn
from rsnn._C import Tensor
from rsnn._C import scaled_dot_product_attention as scaled_dot_product_attention
from rsnn.nn.functional.activation import softmax
from rsnn.nn.functional.dropout import dropout
from rsnn.nn.functional.linear import linear
from rsnn.nn.functional.padding import pad

__all__ = ["multi_head_attention_forward", "scaled_dot_product_attention"]


def _canonical_mask(
    mask: Any, mask_name: str, other_type: Any, other_name: str, target_type: Any, check_other: bool = True
) -> Any:
    """A mask as what is added to scores: a bool mask is true where nothing may be seen."""
    if mask is None:
        return None
    if mask.dtype is not rsnn.bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {mask_name} are supported")
    if check_other and other_type is not None and mask.dtype is not other_type:
        warnings.warn(
            f"Support for mismatched {mask_name} and {other_name} is deprecated. Use same type for both instead.",
            stacklevel=3,
        )
    if mask.is_floating_point():
        return mask
    return rsnn.zeros(mask.shape, dtype=target_type).masked_fill(mask, -math.inf)


def _none_or_dtype(input: Any) -> Any:
    if input is None:
        return None
    if isinstance(input, rsnn.Tensor):
        return input.dtype
    raise RuntimeError("input to _none_or_dtype() must be None or rsnn.Tensor")


def _mha_shape_check(query: Any, key: Any, value: Any, key_padding_mask: Any, attn_mask: Any, num_heads: int) -> bool:
    """Whether the inputs have a batch."""
    rank = query.dim()
    if rank not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {rank}-D query tensor")
    kind = f"For {'batched' if rank == 3 else 'unbatched'} ({rank}-D) `query`, expected"
    if key.dim() != rank or value.dim() != rank:
        raise AssertionError(
            f"{kind} `key` and `value` to be {rank}-D but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if key_padding_mask is not None and key_padding_mask.dim() != rank - 1:
        raise AssertionError(
            f"{kind} `key_padding_mask` to be `None` or {rank - 1}-D but found {key_padding_mask.dim()}-D tensor instead"
        )
    if attn_mask is not None:
        if attn_mask.dim() not in (2, 3):
            raise AssertionError(
                f"{kind} `attn_mask` to be `None`, 2-D or 3-D but found {attn_mask.dim()}-D tensor instead"
            )
        expected = (num_heads, query.shape[0], key.shape[0])
        if rank == 2 and attn_mask.dim() == 3 and tuple(attn_mask.shape) != expected:
            raise AssertionError(f"Expected `attn_mask` shape to be {expected} but got {attn_mask.shape}")
    return rank == 3


def _in_projection_packed(q: Any, k: Any, v: Any, w: Any, b: Any = None) -> tuple[Any, Any, Any]:
    """Queries, keys and values by weights that lie one below the other; equal inputs share a product."""
    size = q.size(-1)
    if q is k and k is v:
        queries, keys, values = linear(q, w, b).chunk(3, -1)
        return queries, keys, values
    if k is v:
        w_q, w_kv = w.split([size, 2 * size])
        b_q, b_kv = (None, None) if b is None else b.split([size, 2 * size])
        keys, values = linear(k, w_kv, b_kv).chunk(2, -1)
        return linear(q, w_q, b_q), keys, values
    biases = (None, None, None) if b is None else b.chunk(3)
    q, k, v = (linear(x, weight, bias) for x, weight, bias in zip((q, k, v), w.chunk(3), biases, strict=True))
    return q, k, v


def _check_mask_sizes(attn_mask: Any, batch: int, heads: int, tgt_len: int, src_len: int) -> Any:
    """The mask of scores with an axis for batch and heads in front."""
    if attn_mask.dim() == 2:
        if tuple(attn_mask.shape) != (tgt_len, src_len):
            raise RuntimeError(
                f"The shape of the 2D attn_mask is {attn_mask.shape}, but should be {(tgt_len, src_len)}."
            )
        return attn_mask.unsqueeze(0)
    if attn_mask.dim() == 3:
        if tuple(attn_mask.shape) != (batch * heads, tgt_len, src_len):
            raise RuntimeError(
                f"The shape of the 3D attn_mask is {attn_mask.shape}, "
                f"but should be {(batch * heads, tgt_len, src_len)}."
            )
        return attn_mask
    raise RuntimeError(f"attn_mask's dimension {attn_mask.dim()} is not supported")


def _check_sizes(query: Any, key: Any, value: Any, embed_dim: int, heads: int, separate: bool) -> None:
    if query.size(-1) != embed_dim:
        raise AssertionError(f"was expecting embedding dimension of {embed_dim}, but got {query.size(-1)}")
    if embed_dim % heads:
        raise AssertionError(f"embed_dim {embed_dim} not divisible by num_heads {heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _given(name: str, given: Any, rows: int, width: int) -> Any:
    """Keys or values that come ready made."""
    for axis, size in ((0, rows), (2, width)):
        if given.size(axis) != size:
            raise AssertionError(f"expecting {name}.size({axis}) of {size}, but got {given.size(axis)}")
    return given


def multi_head_attention_forward(
    query: Any,
    key: Any,
    value: Any,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Any,
    in_proj_bias: Any,
    bias_k: Any,
    bias_v: Any,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Any,
    out_proj_bias: Any,
    training: bool = True,
    key_padding_mask: Any = None,
    need_weights: bool = True,
    attn_mask: Any = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Any = None,
    k_proj_weight: Any = None,
    v_proj_weight: Any = None,
    static_k: Any = None,
    static_v: Any = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Any, Any]:
    """Attention in several heads, sequence first. See :class:`rsnn.nn.MultiheadAttention`.

    Args:
        query: ``(L, N, E)`` or ``(L, E)``.
        key: ``(S, N, Ek)`` or ``(S, Ek)``.
        value: ``(S, N, Ev)`` or ``(S, Ev)``.
        embed_dim_to_check: ``E``.
        num_heads: divides ``E``.
        in_proj_weight: ``(3E, E)``, unless the weights are separate.
        in_proj_bias: ``(3E,)`` or ``None``.
        bias_k: a key to add to every sequence, ``(1, 1, E)``, or ``None``.
        bias_v: its value.
        add_zero_attn: whether to add a key and a value of zeros.
        dropout_p: the probability of a weight to be dropped in training.
        out_proj_weight: ``(E, E)``.
        out_proj_bias: ``(E,)`` or ``None``.
        training: whether to drop.
        key_padding_mask: ``(N, S)`` or ``(S,)``: true where a key is not to be seen, or added to its scores.
        need_weights: whether to return the weights.
        attn_mask: ``(L, S)`` or ``(N * num_heads, L, S)``: true where a key is not to be seen, or added to the scores.
        use_separate_proj_weight: whether to use the three weights that follow.
        q_proj_weight: ``(E, E)``.
        k_proj_weight: ``(E, Ek)``.
        v_proj_weight: ``(E, Ev)``.
        static_k: keys in place of those computed, ``(N * num_heads, S, E / num_heads)``.
        static_v: values in place of those computed.
        average_attn_weights: whether to return the mean of the weights over the heads.
        is_causal: says that ``attn_mask`` is the causal one.

    Returns:
        The output, ``(L, N, E)`` or ``(L, E)``, and the weights, ``(N, L, S)`` (or ``(N, num_heads, L, S)``), or
        ``None``.

    Raises:
        AssertionError: where ranks or sizes do not fit, or a mask is neither bool nor float.
        RuntimeError: where the sizes of ``attn_mask`` do not fit, or ``is_causal`` comes without it.
    """
    batched = _mha_shape_check(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = _with_batch(query, key, value)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    tgt_len, batch, embed_dim = query.shape
    src_len = key.size(0)
    key_padding_mask = _canonical_mask(
        key_padding_mask, "key_padding_mask", _none_or_dtype(attn_mask), "attn_mask", query.dtype
    )
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and key_padding_mask is None and not need_weights:
        attn_mask = None
    else:
        attn_mask = _canonical_mask(attn_mask, "attn_mask", None, "", query.dtype, check_other=False)
        is_causal = is_causal and key_padding_mask is None
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    head_dim = embed_dim // num_heads

    if use_separate_proj_weight:
        for name, weight in (("q", q_proj_weight), ("k", k_proj_weight), ("v", v_proj_weight)):
            if weight is None:
                raise AssertionError(f"use_separate_proj_weight is True but {name}_proj_weight is None")
        biases = (None, None, None) if in_proj_bias is None else in_proj_bias.chunk(3)
        projections = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = (linear(x, w, b) for x, w, b in zip((query, key, value), projections, biases, strict=True))
    else:
        if in_proj_weight is None:
            raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
        q, k, v = _in_projection_packed(query, key, value, in_proj_weight, in_proj_bias)
    if attn_mask is not None:
        attn_mask = _check_mask_sizes(attn_mask, batch, num_heads, tgt_len, src_len)

    added = 0
    if bias_k is not None and bias_v is not None:
        if static_k is not None:
            raise AssertionError("bias cannot be added to static key.")
        if static_v is not None:
            raise AssertionError("bias cannot be added to static value.")
        k = rsnn.cat([k, bias_k.expand(1, batch, embed_dim)])
        v = rsnn.cat([v, bias_v.expand(1, batch, embed_dim)])
        added += 1
    elif bias_k is not None:
        raise AssertionError("bias_k is set but bias_v is None")
    elif bias_v is not None:
        raise AssertionError("bias_v is set but bias_k is None")

    rows = batch * num_heads
    q, k, v = (x.reshape(x.size(0), rows, head_dim).transpose(0, 1) for x in (q, k, v))
    k = k if static_k is None else _given("static_k", static_k, rows, head_dim)
    v = v if static_v is None else _given("static_v", static_v, rows, head_dim)
    if add_zero_attn:
        zeros = rsnn.zeros(rows, 1, head_dim, dtype=k.dtype)
        k, v = rsnn.cat([k, zeros], 1), rsnn.cat([v, zeros], 1)
        added += 1
    src_len = k.size(1)
    if added:
        attn_mask = None if attn_mask is None else pad(attn_mask, (0, added))
        key_padding_mask = None if key_padding_mask is None else pad(key_padding_mask, (0, added))
    if key_padding_mask is not None:
        for axis, size in ((0, batch), (1, src_len)):
            if key_padding_mask.size(axis) != size:
                raise AssertionError(
                    f"Expected key_padded_mask.shape[{axis}] to be {size}, but got {key_padding_mask.size(axis)}"
                )
        spread = key_padding_mask.view(batch, 1, 1, src_len).expand(batch, num_heads, 1, src_len)
        spread = spread.reshape(rows, 1, src_len)
        attn_mask = spread if attn_mask is None else attn_mask + spread
    if not training:
        dropout_p = 0.0

    weights: Tensor | None = None
    if need_weights:
        scores = (q * math.sqrt(1.0 / float(head_dim))) @ k.transpose(1, 2)
        weights = softmax(scores if attn_mask is None else scores + attn_mask, dim=-1)
        if dropout_p > 0.0:
            weights = dropout(weights, p=dropout_p)
        output = (weights @ v).transpose(0, 1).reshape(tgt_len, batch, embed_dim)
        weights = weights.view(batch, num_heads, tgt_len, src_len)
        if average_attn_weights:
            weights = weights.mean(dim=1)
    else:
        q, k, v = (x.unflatten(0, (batch, num_heads)) for x in (q, k, v))
        if attn_mask is not None:
            shared = attn_mask.size(0) == 1
            attn_mask = attn_mask.unsqueeze(0) if shared else attn_mask.view(batch, num_heads, -1, src_len)
        output = scaled_dot_product_attention(q, k, v, attn_mask, dropout_p, is_causal)
        output = output.permute(2, 0, 1, 3).reshape(tgt_len, batch, embed_dim)
    output = linear(output, out_proj_weight, out_proj_bias)
    if not batched:
        output = output.squeeze(1)
        weights = None if weights is None else weights.squeeze(0)
    return output, weights


def _with_batch(query: Any, key: Any, value: Any) -> tuple[Any, Any, Any]:
    """The inputs with a batch of one; equal ones stay equal."""
    seen: dict[int, Any] = {}
    query, key, value = (seen.setdefault(id(x), x.unsqueeze(1)) for x in (query, key, value))
    return query, key, value
