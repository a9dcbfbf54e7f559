"""The decoder of a transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsnn.nn import functional as F
from rsnn.nn.modules.activation import MultiheadAttention
from rsnn.nn.modules.dropout import Dropout
from rsnn.nn.modules.linear import Linear
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.normalization import LayerNorm
from rsnn.nn.modules.transformer._shared import (
    _attended,
    _detect_is_causal_mask,
    _get_activation_fn,
    _get_clones,
    _get_seq_len,
)

__all__ = ["TransformerDecoder", "TransformerDecoderLayer"]


class TransformerDecoderLayer(Module):
    r"""Self-attention, attention to the encoder's output, then two affine maps with an activation between them; each
    with a residual connection and a layer normalisation.

    Args:
        d_model: ``E``, the size of inputs and outputs.
        nhead: the number of heads of the attentions.
        dim_feedforward: the size between the two affine maps.
        dropout: the probability of dropout.
        activation: ``"relu"``, ``"gelu"``, or a function of a tensor.
        layer_norm_eps: added to variances.
        batch_first: whether the batch comes before the sequence.
        norm_first: whether to normalise before the attentions and the maps instead of after.
        bias: whether affine maps and normalisations have biases.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``(T, N, E)`` and memory ``(S, N, E)``; with ``batch_first`` the first two axes change places; without
          a batch ``(T, E)`` and ``(S, E)``
        - Output: as the first input

    Example:
        >>> layer = nn.TransformerDecoderLayer(d_model=16, nhead=4, batch_first=True)
        >>> layer(rsnn.randn(2, 5, 16), rsnn.randn(2, 7, 16)).shape
        rsnn.Size([2, 5, 16])
    """

    __constants__ = ["norm_first"]

    def __init__(
        self,
        d_model: int,
        nhead: int,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        heads = {"dropout": dropout, "batch_first": batch_first, **options}
        self.self_attn = MultiheadAttention(d_model, nhead, **heads)
        self.multihead_attn = MultiheadAttention(d_model, nhead, **heads)
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm3 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        self.dropout3 = Dropout(dropout)
        self.activation = _get_activation_fn(activation) if isinstance(activation, str) else activation

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "activation" not in state and "activation" not in state.get("_modules", {}):
            state["activation"] = F.relu
        super().__setstate__(state)

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool = False,
        memory_is_causal: bool = False,
    ) -> Any:
        """The layer's output; masks as of :class:`rsnn.nn.MultiheadAttention`, for each of the attentions."""
        own = (tgt_mask, tgt_key_padding_mask, tgt_is_causal)
        other = (memory_mask, memory_key_padding_mask, memory_is_causal)
        x = tgt
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), *own)
            x = x + self._mha_block(self.norm2(x), memory, *other)
            return x + self._ff_block(self.norm3(x))
        x = self.norm1(x + self._sa_block(x, *own))
        x = self.norm2(x + self._mha_block(x, memory, *other))
        return self.norm3(x + self._ff_block(x))

    def _sa_block(self, x: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False) -> Any:
        return self.dropout1(_attended(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))

    def _mha_block(self, x: Any, mem: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False) -> Any:
        return self.dropout2(_attended(self.multihead_attn, x, mem, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x: Any) -> Any:
        return self.dropout3(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerDecoder(Module):
    r"""A stack of copies of a decoder layer.

    Args:
        decoder_layer: the layer to copy.
        num_layers: the number of copies.
        norm: a layer for the output, or ``None``.

    Shape:
        - Inputs, output: as of the layer

    Example:
        >>> layer = nn.TransformerDecoderLayer(d_model=16, nhead=4, batch_first=True)
        >>> nn.TransformerDecoder(layer, num_layers=2)(rsnn.randn(2, 5, 16), rsnn.randn(2, 7, 16)).shape
        rsnn.Size([2, 5, 16])
    """

    __constants__ = ["norm"]

    def __init__(self, decoder_layer: Module, num_layers: int, norm: Module | None = None) -> None:
        super().__init__()
        self.layers = _get_clones(decoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm

    def forward(
        self,
        tgt: Any,
        memory: Any,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """The output of the last layer; ``tgt_is_causal=None`` finds out whether ``tgt_mask`` is the causal one."""
        length = _get_seq_len(tgt, self.layers[0].self_attn.batch_first)
        tgt_is_causal = _detect_is_causal_mask(tgt_mask, tgt_is_causal, length)
        output = tgt
        for layer in self.layers:
            output = layer(
                output,
                memory,
                tgt_mask=tgt_mask,
                memory_mask=memory_mask,
                tgt_key_padding_mask=tgt_key_padding_mask,
                memory_key_padding_mask=memory_key_padding_mask,
                tgt_is_causal=tgt_is_causal,
                memory_is_causal=memory_is_causal,
            )
        return output if self.norm is None else self.norm(output)
