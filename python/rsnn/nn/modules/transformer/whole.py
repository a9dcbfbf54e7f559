"""A whole transformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rsnn.nn import functional as F
from rsnn.nn.init import xavier_uniform_
from rsnn.nn.modules.module import Module
from rsnn.nn.modules.normalization import LayerNorm
from rsnn.nn.modules.transformer._shared import _generate_square_subsequent_mask
from rsnn.nn.modules.transformer.decoder import TransformerDecoder, TransformerDecoderLayer
from rsnn.nn.modules.transformer.encoder import TransformerEncoder, TransformerEncoderLayer

__all__ = ["Transformer"]


class Transformer(Module):
    r"""An encoder, and a decoder that attends to what it gives.

    Args:
        d_model: ``E``, the size of inputs and outputs.
        nhead: the number of heads of the attentions.
        num_encoder_layers: the number of layers of the encoder.
        num_decoder_layers: the number of layers of the decoder.
        dim_feedforward: the size between the affine maps of a layer.
        dropout: the probability of dropout.
        activation: ``"relu"``, ``"gelu"``, or a function of a tensor.
        custom_encoder: a module to use as the encoder.
        custom_decoder: a module to use as the decoder.
        layer_norm_eps: added to variances.
        batch_first: whether the batch comes before the sequence.
        norm_first: whether layers normalise before the attentions and the maps instead of after.
        bias: whether affine maps and normalisations have biases.
        device: only ``"cpu"``.
        dtype: the dtype of the parameters.

    Shape:
        - Inputs: ``src`` ``(S, N, E)`` and ``tgt`` ``(T, N, E)``; with ``batch_first`` the first two axes change places;
          without a batch ``(S, E)`` and ``(T, E)``
        - Output: as ``tgt``

    Example:
        >>> model = nn.Transformer(d_model=16, nhead=4, num_encoder_layers=1, num_decoder_layers=1, batch_first=True)
        >>> model(rsnn.randn(2, 7, 16), rsnn.randn(2, 5, 16)).shape
        rsnn.Size([2, 5, 16])
    """

    def __init__(
        self,
        d_model: int = 512,
        nhead: int = 8,
        num_encoder_layers: int = 6,
        num_decoder_layers: int = 6,
        dim_feedforward: int = 2048,
        dropout: float = 0.1,
        activation: str | Callable[[Any], Any] = F.relu,
        custom_encoder: Any = None,
        custom_decoder: Any = None,
        layer_norm_eps: float = 1e-5,
        batch_first: bool = False,
        norm_first: bool = False,
        bias: bool = True,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        options = {"bias": bias, "device": device, "dtype": dtype}
        layer = (d_model, nhead, dim_feedforward, dropout, activation, layer_norm_eps, batch_first, norm_first)
        if custom_encoder is not None:
            self.encoder = custom_encoder
        else:
            encoder_layer = TransformerEncoderLayer(*layer, **options)
            encoder_norm = LayerNorm(d_model, eps=layer_norm_eps, **options)
            self.encoder = TransformerEncoder(encoder_layer, num_encoder_layers, encoder_norm)
        if custom_decoder is not None:
            self.decoder = custom_decoder
        else:
            decoder_layer = TransformerDecoderLayer(*layer, **options)
            decoder_norm = LayerNorm(d_model, eps=layer_norm_eps, **options)
            self.decoder = TransformerDecoder(decoder_layer, num_decoder_layers, decoder_norm)
        self._reset_parameters()
        self.d_model = d_model
        self.nhead = nhead
        self.batch_first = batch_first

    def forward(
        self,
        src: Any,
        tgt: Any,
        src_mask: Any = None,
        tgt_mask: Any = None,
        memory_mask: Any = None,
        src_key_padding_mask: Any = None,
        tgt_key_padding_mask: Any = None,
        memory_key_padding_mask: Any = None,
        src_is_causal: bool | None = None,
        tgt_is_causal: bool | None = None,
        memory_is_causal: bool = False,
    ) -> Any:
        """The decoder's output for ``tgt`` given ``src``; masks as of :class:`rsnn.nn.MultiheadAttention`.

        Raises:
            RuntimeError: if the batches or the last sizes of ``src`` and ``tgt`` do not fit.
        """
        axis = 0 if self.batch_first else 1
        if src.dim() == 3 and src.size(axis) != tgt.size(axis):
            raise RuntimeError("the batch number of src and tgt must be equal")
        if src.size(-1) != self.d_model or tgt.size(-1) != self.d_model:
            raise RuntimeError("the feature number of src and tgt must be equal to d_model")
        memory = self.encoder(src, mask=src_mask, src_key_padding_mask=src_key_padding_mask, is_causal=src_is_causal)
        return self.decoder(
            tgt,
            memory,
            tgt_mask=tgt_mask,
            memory_mask=memory_mask,
            tgt_key_padding_mask=tgt_key_padding_mask,
            memory_key_padding_mask=memory_key_padding_mask,
            tgt_is_causal=tgt_is_causal,
            memory_is_causal=memory_is_causal,
        )

    @staticmethod
    def generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
        """The causal mask of a sequence: minus infinity above the diagonal, else zero.

        Example:
            >>> nn.Transformer.generate_square_subsequent_mask(2)
            tensor([[0., -inf],
                    [0., 0.]])
        """
        return _generate_square_subsequent_mask(sz, device=device, dtype=dtype)

    def _reset_parameters(self) -> None:
        """Draws all matrices from Xavier's uniform distribution."""
        for p in self.parameters():
            if p.dim() > 1:
                xavier_uniform_(p)
