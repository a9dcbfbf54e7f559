"""The encoder of a transformer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import rsnn
from rsnn.nn import functional as F
from rsnn.nn.modules.activation import GELU, MultiheadAttention, ReLU
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

__all__ = ["TransformerEncoder", "TransformerEncoderLayer"]


class TransformerEncoderLayer(Module):
    r"""Self-attention, then two affine maps with an activation between them; each with a residual connection and a
    layer normalisation: :math:`y = \mathrm{LN}(x + \mathrm{SA}(x))`, :math:`z = \mathrm{LN}(y + \mathrm{FF}(y))`.

    Args:
        d_model: ``E``, the size of inputs and outputs.
        nhead: the number of heads of the attention.
        dim_feedforward: the size between the two affine maps.
        dropout: the probability of dropout.
        activation: ``"relu"``, ``"gelu"``, or a function of a tensor.
        layer_norm_eps: added to variances.
        batch_first: whether the batch comes before the sequence.
        norm_first: whether to normalise before the attention and the maps instead of after.
        bias: whether affine maps and normalisations have biases.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Input: ``(S, N, E)``, ``(N, S, E)`` with ``batch_first``, or ``(S, E)``
        - Output: as the input

    Example:
        >>> layer = nn.TransformerEncoderLayer(d_model=16, nhead=4, batch_first=True)
        >>> layer(rsnn.randn(2, 5, 16)).shape
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
        self.self_attn = MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=batch_first, **options)
        self.linear1 = Linear(d_model, dim_feedforward, **options)
        self.dropout = Dropout(dropout)
        self.linear2 = Linear(dim_feedforward, d_model, **options)
        self.norm_first = norm_first
        self.norm1 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.norm2 = LayerNorm(d_model, eps=layer_norm_eps, **options)
        self.dropout1 = Dropout(dropout)
        self.dropout2 = Dropout(dropout)
        if isinstance(activation, str):
            activation = _get_activation_fn(activation)
        if activation is F.relu or isinstance(activation, ReLU):
            self.activation_relu_or_gelu = 1
        elif activation is F.gelu or isinstance(activation, GELU):
            self.activation_relu_or_gelu = 2
        else:
            self.activation_relu_or_gelu = 0
        self.activation = activation

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if not hasattr(self, "activation"):
            self.activation = F.relu

    def forward(self, src: Any, src_mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool = False) -> Any:
        """The layer's output; masks as of :class:`rsnn.nn.MultiheadAttention`."""
        src_key_padding_mask = F._canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", F._none_or_dtype(src_mask), "src_mask", src.dtype
        )
        src_mask = F._canonical_mask(src_mask, "src_mask", None, "", src.dtype, check_other=False)
        x = src
        if self.norm_first:
            x = x + self._sa_block(self.norm1(x), src_mask, src_key_padding_mask, is_causal=is_causal)
            return x + self._ff_block(self.norm2(x))
        x = self.norm1(x + self._sa_block(x, src_mask, src_key_padding_mask, is_causal=is_causal))
        return self.norm2(x + self._ff_block(x))

    def _sa_block(self, x: Any, attn_mask: Any, key_padding_mask: Any, is_causal: bool = False) -> Any:
        return self.dropout1(_attended(self.self_attn, x, x, attn_mask, key_padding_mask, is_causal))

    def _ff_block(self, x: Any) -> Any:
        return self.dropout2(self.linear2(self.dropout(self.activation(self.linear1(x)))))


class TransformerEncoder(Module):
    r"""A stack of copies of an encoder layer.

    In evaluation, where no gradient is wanted, outputs at padded places are zero if PyTorch would take its path for
    padded batches (``enable_nested_tensor``, padding at the end of sequences, a layer that fits).

    Args:
        encoder_layer: the layer to copy.
        num_layers: the number of copies.
        norm: a layer for the output, or ``None``.
        enable_nested_tensor: see above.
        mask_check: kept for PyTorch's sake; the mask is always checked.

    Shape:
        - Input, output: as of the layer

    Example:
        >>> layer = nn.TransformerEncoderLayer(d_model=16, nhead=4, batch_first=True)
        >>> nn.TransformerEncoder(layer, num_layers=2)(rsnn.randn(2, 5, 16)).shape
        rsnn.Size([2, 5, 16])
    """

    __constants__ = ["norm"]

    def __init__(
        self,
        encoder_layer: Module,
        num_layers: int,
        norm: Module | None = None,
        enable_nested_tensor: bool = True,
        mask_check: bool = True,
    ) -> None:
        super().__init__()
        self.layers = _get_clones(encoder_layer, num_layers)
        self.num_layers = num_layers
        self.norm = norm
        self.enable_nested_tensor = enable_nested_tensor
        self.use_nested_tensor = enable_nested_tensor
        self.mask_check = mask_check
        reason = _not_for_padded_batches(encoder_layer)
        if enable_nested_tensor and reason:
            warnings.warn(
                f"enable_nested_tensor is True, but self.use_nested_tensor is False because {reason}", stacklevel=2
            )
            self.use_nested_tensor = False

    def forward(
        self, src: Any, mask: Any = None, src_key_padding_mask: Any = None, is_causal: bool | None = None
    ) -> Any:
        """The output of the last layer.

        Args:
            src: the input of the first layer.
            mask: which places see which; see :class:`rsnn.nn.MultiheadAttention`.
            src_key_padding_mask: which places nobody sees.
            is_causal: whether ``mask`` is the causal one; found out if ``None``.
        """
        src_key_padding_mask = F._canonical_mask(
            src_key_padding_mask, "src_key_padding_mask", F._none_or_dtype(mask), "mask", src.dtype
        )
        mask = F._canonical_mask(mask, "mask", None, "", src.dtype, check_other=False)
        first = self.layers[0]
        is_causal = _detect_is_causal_mask(mask, is_causal, _get_seq_len(src, first.self_attn.batch_first))
        output = src
        for layer in self.layers:
            output = layer(output, src_mask=mask, is_causal=is_causal, src_key_padding_mask=src_key_padding_mask)
        if src_key_padding_mask is not None and mask is None and self._blanks_padding(src, src_key_padding_mask):
            output = output.masked_fill((src_key_padding_mask != 0).unsqueeze(-1), 0.0)
        return output if self.norm is None else self.norm(output)

    def _blanks_padding(self, src: Any, padding: Any) -> bool:
        """Whether outputs at padded places are to be zero."""
        first = self.layers[0]
        if not getattr(self, "use_nested_tensor", False) or first.training or src.dim() != 3:
            return False
        parts = (first.self_attn.out_proj, first.norm1, first.norm2, first.linear1, first.linear2)
        tensors = [src, first.self_attn.in_proj_weight, first.self_attn.in_proj_bias]
        tensors += [tensor for part in parts for tensor in (part.weight, part.bias)]
        if rsnn.is_grad_enabled() and any(tensor.requires_grad for tensor in tensors):
            return False
        hidden = (padding != 0).to(rsnn.int64)
        # Once padded, a sequence stays so.
        return bool((hidden[:, 1:] >= hidden[:, :-1]).all())


def _not_for_padded_batches(layer: Module) -> str:
    """Why PyTorch would not run copies of a layer on padded batches; empty if it would."""
    if not isinstance(layer, TransformerEncoderLayer):
        return "encoder_layer was not TransformerEncoderLayer"
    attention = layer.self_attn
    reasons = {
        "encoder_layer.norm_first was True": layer.norm_first,
        "encoder_layer.self_attn.batch_first was not True(use batch_first for better inference performance)": (
            not attention.batch_first
        ),
        "encoder_layer.self_attn._qkv_same_embed_dim was not True": not attention._qkv_same_embed_dim,
        "encoder_layer.self_attn was passed bias=False": attention.in_proj_bias is None,
        "encoder_layer.activation_relu_or_gelu was not True": not layer.activation_relu_or_gelu,
        "encoder_layer.norm1.eps was not equal to encoder_layer.norm2.eps": layer.norm1.eps != layer.norm2.eps,
        "encoder_layer.self_attn.num_heads is odd": attention.num_heads % 2 == 1,
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
