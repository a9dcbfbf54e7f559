"""Functions of `rsnn.nn.functional` that the top level has too, under the same arguments."""

from __future__ import annotations

from typing import Any

from .._expected import check_tensors
from ..nn.functional import bilinear as bilinear
from ..nn.functional import celu as celu
from ..nn.functional import celu_ as celu_
from ..nn.functional import channel_shuffle as channel_shuffle
from ..nn.functional import cosine_similarity as cosine_similarity
from ..nn.functional import pad as _pad
from ..nn.functional import pairwise_distance as pairwise_distance
from ..nn.functional import pdist as pdist
from ..nn.functional import pixel_shuffle as pixel_shuffle
from ..nn.functional import pixel_unshuffle as pixel_unshuffle
from ..nn.functional import prelu as prelu
from ..nn.functional import rrelu as rrelu
from ..nn.functional import rrelu_ as rrelu_
from ..nn.functional import selu as selu
from ..nn.functional import selu_ as selu_
from ..nn.functional import threshold as threshold
from ..nn.functional import threshold_ as threshold_

__all__ = [
    "bilinear",
    "celu",
    "celu_",
    "channel_shuffle",
    "constant_pad_nd",
    "cosine_similarity",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "prelu",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "threshold",
    "threshold_",
]


def constant_pad_nd(input: Any, pad: Any, value: Any = 0) -> Any:
    """As `rsnn.nn.functional.pad` with a constant.

    Example:
        >>> rsnn.constant_pad_nd(rsnn.ones(2), (1, 0))
        tensor([0., 1., 1.])
    """
    check_tensors("constant_pad_nd", input=input)
    return _pad(input, pad, "constant", value)
