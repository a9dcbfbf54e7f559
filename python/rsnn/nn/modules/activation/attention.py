"""Attention in several heads."""

from __future__ import annotations

from typing import Any

import rsnn
from rsnn.nn import functional as F
from rsnn.nn.init import constant_, xavier_normal_, xavier_uniform_
from rsnn.nn.modules.linear import NonDynamicallyQuantizableLinear
from rsnn.nn.modules.module import Module
from rsnn.nn.parameter import Parameter

__all__ = ["MultiheadAttention"]


class MultiheadAttention(Module):
    r"""Lets every query look at all keys: :math:`\mathrm{Concat}(h_1, \dots, h_n) W^O` with
    :math:`h_i = \mathrm{softmax}(Q W_i^Q (K W_i^K)^T / \sqrt{d}) \, V W_i^V`.

    Args:
        embed_dim: ``E``, the size of queries and outputs.
        num_heads: the number of heads; divides ``embed_dim``.
        dropout: the probability of a weight to be dropped in training.
        bias: whether the projections have biases.
        add_bias_kv: whether to add a learned key and value to every sequence.
        add_zero_attn: whether to add a key and a value of zeros to every sequence.
        kdim: ``Ek``, the size of keys; ``embed_dim`` if ``None``.
        vdim: ``Ev``, the size of values; ``embed_dim`` if ``None``.
        batch_first: whether the batch comes before the sequence.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: query ``(L, N, E)``, key ``(S, N, Ek)``, value ``(S, N, Ev)``; with ``batch_first`` the first two axes
          change places; without a batch ``(L, E)``, ``(S, Ek)``, ``(S, Ev)``
        - Outputs: as the query; weights ``(N, L, S)``, or ``(N, num_heads, L, S)`` if not averaged, or ``None``

    Example:
        >>> attention = nn.MultiheadAttention(16, 4, batch_first=True)
        >>> x = rsnn.randn(2, 5, 16)
        >>> output, weights = attention(x, x, x)
        >>> output.shape, weights.shape
        (rsnn.Size([2, 5, 16]), rsnn.Size([2, 5, 5]))
    """

    __constants__ = ["batch_first"]
    bias_k: Any
    bias_v: Any

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                "embed_dim and num_heads must be greater than 0, "
                f"got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        options = {"device": device, "dtype": dtype}
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == embed_dim and self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")
        if self._qkv_same_embed_dim:
            self.in_proj_weight = Parameter(rsnn.empty((3 * embed_dim, embed_dim), **options))
            for name in "qkv":
                self.register_parameter(f"{name}_proj_weight", None)
        else:
            self.q_proj_weight = Parameter(rsnn.empty((embed_dim, embed_dim), **options))
            self.k_proj_weight = Parameter(rsnn.empty((embed_dim, self.kdim), **options))
            self.v_proj_weight = Parameter(rsnn.empty((embed_dim, self.vdim), **options))
            self.register_parameter("in_proj_weight", None)
        if bias:
            self.in_proj_bias = Parameter(rsnn.empty(3 * embed_dim, **options))
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias=bias, **options)
        if add_bias_kv:
            self.bias_k = Parameter(rsnn.empty((1, 1, embed_dim), **options))
            self.bias_v = Parameter(rsnn.empty((1, 1, embed_dim), **options))
        else:
            self.bias_k = self.bias_v = None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        """Draws the weights from Xavier's distributions and sets the biases to zero."""
        names = ["in_proj_weight"] if self._qkv_same_embed_dim else [f"{name}_proj_weight" for name in "qkv"]
        for name in names:
            xavier_uniform_(getattr(self, name))
        if self.in_proj_bias is not None:
            constant_(self.in_proj_bias, 0.0)
            constant_(self.out_proj.bias, 0.0)
        if self.bias_k is not None:
            xavier_normal_(self.bias_k)
        if self.bias_v is not None:
            xavier_normal_(self.bias_v)

    def __setstate__(self, state: dict[str, Any]) -> None:
        state.setdefault("_qkv_same_embed_dim", True)
        super().__setstate__(state)

    def forward(
        self,
        query: Any,
        key: Any,
        value: Any,
        key_padding_mask: Any = None,
        need_weights: bool = True,
        attn_mask: Any = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Any, Any]:
        """The outputs and the weights of the heads; arguments as of
        :func:`rsnn.nn.functional.multi_head_attention_forward`."""
        turned = self.batch_first and query.dim() == 3
        if turned:
            # Equal inputs stay equal, so that they share a projection.
            seen: dict[int, Any] = {}
            query, key, value = (seen.setdefault(id(x), x.transpose(1, 0)) for x in (query, key, value))
        output, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return (output.transpose(1, 0) if turned else output), weights

    def merge_masks(self, attn_mask: Any, key_padding_mask: Any, query: Any) -> tuple[Any, int | None]:
        """One mask for both, and its kind.

        Args:
            attn_mask: ``(L, L)`` or ``(N * num_heads, L, L)``, to be added to scores, or ``None``.
            key_padding_mask: ``(N, L)``, to be added to scores, or ``None``.
            query: ``(N, L, E)``.

        Returns:
            ``(None, None)`` without masks, the padding mask and 1 if it is the only one, else a mask
            ``(N, num_heads, L, L)`` and 2.
        """
        if attn_mask is None:
            return key_padding_mask, None if key_padding_mask is None else 1
        batch, length, _ = query.shape
        if attn_mask.dim() == 3:
            merged = attn_mask.view(batch, -1, length, length)
        else:
            merged = attn_mask.view(1, 1, length, length).expand(batch, self.num_heads, -1, -1)
        if key_padding_mask is not None:
            padding = key_padding_mask.view(batch, 1, 1, length).expand(-1, self.num_heads, -1, -1)
            merged = merged + padding
        return merged, 2
