"""Transformers: attention and feed-forward layers with residual connections."""

from rsnn.nn.modules.transformer.decoder import TransformerDecoder as TransformerDecoder
from rsnn.nn.modules.transformer.decoder import TransformerDecoderLayer as TransformerDecoderLayer
from rsnn.nn.modules.transformer.encoder import TransformerEncoder as TransformerEncoder
from rsnn.nn.modules.transformer.encoder import TransformerEncoderLayer as TransformerEncoderLayer
from rsnn.nn.modules.transformer.whole import Transformer as Transformer
