"""Switching off at random. Nothing happens for ``training=False``."""

from __future__ import annotations

import warnings
from typing import Any

from rsnn import _C
from rsnn._C import Tensor

__all__ = ["alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout"]


def _check(name: str, p: float) -> None:
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"{name}: dropout probability has to be between 0 and 1, but got {p}")


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets elements to zero with probability ``p``, and divides the others by ``1 - p``.

    Raises:
        ValueError: for ``p`` outside of 0 to 1.

    Example:
        >>> F.dropout(rsnn.ones(3), p=0.0)
        tensor([1., 1., 1.])
    """
    _check("dropout", p)
    return (_C.dropout_ if inplace else _C.dropout)(input, p, training)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1. See :class:`rsnn.nn.AlphaDropout`."""
    _check("alpha_dropout", p)
    return (_C.alpha_dropout_ if inplace else _C.alpha_dropout)(input, p, training)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """:func:`alpha_dropout` of whole channels. See :class:`rsnn.nn.FeatureAlphaDropout`."""
    _check("feature_alpha_dropout", p)
    return (_C.feature_alpha_dropout_ if inplace else _C.feature_alpha_dropout)(input, p, training)


def _channels(input: Tensor, p: float, training: bool, inplace: bool) -> Any:
    return (_C.feature_dropout_ if inplace else _C.feature_dropout)(input, p, training)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets channels of ``(N, C, L)`` or ``(C, L)`` to zero with probability ``p``.

    Raises:
        RuntimeError: for an input of another rank.
        ValueError: for ``p`` outside of 0 to 1.
    """
    _check("dropout1d", p)
    if input.dim() not in (2, 3):
        raise RuntimeError(f"dropout1d: Expected 2D or 3D input, but received a {input.dim()}D input.")
    if input.dim() == 3:
        return _channels(input, p, training, inplace)
    if inplace:
        _channels(input.unsqueeze_(0), p, training, True)
        return input.squeeze_(0)
    return _channels(input.unsqueeze(0), p, training, False).squeeze(0)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets channels of ``(N, C, H, W)`` to zero with probability ``p``. A 3-D input is taken as ``(N, C, L)``.

    Raises:
        ValueError: for ``p`` outside of 0 to 1.
    """
    _check("dropout2d", p)
    if input.dim() not in (3, 4):
        _warn_rank("dropout2d", input.dim())
    if input.dim() == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired "
            "- input is interpreted as shape (N, C, L), where C is the channel dim. Use dropout1d to say so.",
            stacklevel=2,
        )
    return _channels(input, p, training, inplace)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Sets channels of ``(N, C, D, H, W)`` or ``(C, D, H, W)`` to zero with probability ``p``.

    Raises:
        ValueError: for ``p`` outside of 0 to 1.
    """
    _check("dropout3d", p)
    if input.dim() not in (4, 5):
        _warn_rank("dropout3d", input.dim())
    if input.dim() != 4:
        return _channels(input, p, training, inplace)
    if inplace:
        _channels(input.unsqueeze_(0), p, training, True)
        return input.squeeze_(0)
    return _channels(input.unsqueeze(0), p, training, False).squeeze(0)


def _warn_rank(name: str, rank: int) -> None:
    warnings.warn(
        f"{name}: Received a {rank}-D input to {name}, which is deprecated and will result in an error in a future "
        "release. To retain the behavior and silence this warning, please use dropout instead.",
        stacklevel=3,
    )
