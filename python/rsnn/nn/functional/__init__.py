"""Layers as functions: no parameters of their own, no state.

Functions validate their arguments as PyTorch's of the same names do, and raise ``NotImplementedError`` for options that
rsnn has not.
"""

from rsnn.nn.functional.activation import *  # noqa: F403
from rsnn.nn.functional.attention import *  # noqa: F403
from rsnn.nn.functional.attention import _canonical_mask as _canonical_mask
from rsnn.nn.functional.attention import _none_or_dtype as _none_or_dtype
from rsnn.nn.functional.conv import *  # noqa: F403
from rsnn.nn.functional.distance import *  # noqa: F403
from rsnn.nn.functional.dropout import *  # noqa: F403
from rsnn.nn.functional.embedding import *  # noqa: F403
from rsnn.nn.functional.embedding_bag import *  # noqa: F403
from rsnn.nn.functional.fractional_pooling import *  # noqa: F403
from rsnn.nn.functional.linear import *  # noqa: F403
from rsnn.nn.functional.loss import *  # noqa: F403
from rsnn.nn.functional.normalization import *  # noqa: F403
from rsnn.nn.functional.padding import *  # noqa: F403
from rsnn.nn.functional.pooling import *  # noqa: F403
from rsnn.nn.functional.resample import *  # noqa: F403
from rsnn.nn.functional.sequence_loss import *  # noqa: F403
from rsnn.nn.functional.vision import *  # noqa: F403
