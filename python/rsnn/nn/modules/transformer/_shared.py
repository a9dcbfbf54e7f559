"""What encoders and decoders share: copies of a layer, activations by name, causal masks, a call of an attention."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any

import rsnn
from rsnn.nn import functional as F
from rsnn.nn.modules.container import ModuleList
from rsnn.nn.modules.module import Module


def _get_clones(module: Module, N: int) -> ModuleList:
    return ModuleList([copy.deepcopy(module) for _ in range(N)])


def _get_activation_fn(activation: str) -> Callable[[Any], Any]:
    if activation in ("relu", "gelu"):
        return getattr(F, activation)
    raise RuntimeError(f"activation should be relu/gelu, not {activation}")


def _generate_square_subsequent_mask(sz: int, device: Any = None, dtype: Any = None) -> Any:
    """A mask to be added to scores: minus infinity above the diagonal, else zero."""
    places = rsnn.arange(sz)
    mask = rsnn.zeros(sz, sz, dtype=dtype, device=device)
    return mask.masked_fill(places > places.unsqueeze(1), -math.inf)


def _get_seq_len(src: Any, batch_first: bool) -> int:
    return src.size(1 if batch_first and src.dim() != 2 else 0)


def _detect_is_causal_mask(mask: Any, is_causal: bool | None = None, size: int | None = None) -> bool:
    """Whether a mask is the causal one: as the caller says, else by a look at it."""
    if is_causal is not None or mask is None:
        return is_causal is True
    causal = _generate_square_subsequent_mask(mask.size(-2) if size is None else size, dtype=mask.dtype)
    return mask.shape == causal.shape and bool((mask == causal).all())


def _attended(attention: Module, x: Any, memory: Any, mask: Any, padding: Any, is_causal: bool) -> Any:
    """What an attention finds for ``x`` in ``memory``."""
    return attention(
        x, memory, memory, attn_mask=mask, key_padding_mask=padding, is_causal=is_causal, need_weights=False
    )[0]
