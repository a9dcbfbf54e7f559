"""Vision Transformer (Dosovitskiy et al. 2020)."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import Any

from .parts import initialise, library


@cache
def _classes(nn: Any) -> Any:
    lib = library(nn)
    norm = lambda width: nn.LayerNorm(width, eps=1e-6)  # noqa: E731

    class Block(nn.Module):
        """Attention between all patches, then two linear layers for each, both added to their input."""

        def __init__(self, width: int, heads: int, hidden: int, dropout: float):
            super().__init__()
            self.ln_1 = norm(width)
            self.self_attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
            self.dropout = nn.Dropout(dropout)
            self.ln_2 = norm(width)
            self.mlp = nn.Sequential(
                *(nn.Linear(width, hidden), nn.GELU(), nn.Dropout(dropout)),
                *(nn.Linear(hidden, width), nn.Dropout(dropout)),
            )

        def forward(self, x: Any) -> Any:
            y = self.ln_1(x)
            y, _ = self.self_attention(y, y, y, need_weights=False)
            x = x + self.dropout(y)
            return x + self.mlp(self.ln_2(x))

    class Encoder(nn.Module):
        """Positions are added, blocks follow, the result is normalised."""

        def __init__(self, length: int, depth: int, width: int, heads: int, hidden: int, dropout: float):
            super().__init__()
            self.pos_embedding = nn.Parameter(lib.empty(1, length, width).normal_(std=0.02))
            self.dropout = nn.Dropout(dropout)
            blocks = [(f"encoder_layer_{at}", Block(width, heads, hidden, dropout)) for at in range(depth)]
            self.layers, self.ln = nn.Sequential(OrderedDict(blocks)), norm(width)

        def forward(self, x: Any) -> Any:
            return self.ln(self.layers(self.dropout(x + self.pos_embedding)))

    class VisionTransformer(nn.Module):
        """An image's patches and a token of its class go through an encoder; a linear layer sees the token."""

        def __init__(
            self, image: int, patch: int, depth: int, width: int, heads: int, hidden: int, dropout: float, classes: int
        ):
            super().__init__()
            self.conv_proj = nn.Conv2d(3, width, patch, patch)
            self.class_token = nn.Parameter(lib.zeros(1, 1, width))
            length = (image // patch) ** 2 + 1
            self.encoder = Encoder(length, depth, width, heads, hidden, dropout)
            self.heads = nn.Sequential(OrderedDict(head=nn.Linear(width, classes)))

        def forward(self, x: Any) -> Any:
            x = self.conv_proj(x).flatten(2).transpose(1, 2)
            x = lib.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1)
            return self.heads(self.encoder(x)[:, 0])

    return VisionTransformer


def vit_b_16(nn: Any, num_classes: int = 1000, dropout: float = 0.0) -> Any:
    """ViT-B/16, 87 million parameters."""
    return initialise(nn, _classes(nn)(224, 16, 12, 768, 12, 3072, dropout, num_classes))
