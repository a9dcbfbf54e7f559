"""Functions of several tensors, or of none, that are no methods; written with tensor operations."""

from .calculus import cumulative_trapezoid as cumulative_trapezoid
from .calculus import gradient as gradient
from .calculus import trapezoid as trapezoid
from .calculus import trapz as trapz
from .contraction import chain_matmul as chain_matmul
from .contraction import tensordot as tensordot
from .distance import cdist as cdist
from .grid import broadcast_shapes as broadcast_shapes
from .grid import cartesian_prod as cartesian_prod
from .grid import combinations as combinations
from .grid import meshgrid as meshgrid
from .grid import range as range
from .grid import tril_indices as tril_indices
from .grid import triu_indices as triu_indices
from .grid import vander as vander
from .kinds import frombuffer as frombuffer
from .kinds import get_default_device as get_default_device
from .kinds import is_storage as is_storage
from .kinds import set_default_device as set_default_device
from .kinds import set_default_tensor_type as set_default_tensor_type
from .kinds import typename as typename
from .network import bilinear as bilinear
from .network import celu as celu
from .network import celu_ as celu_
from .network import channel_shuffle as channel_shuffle
from .network import constant_pad_nd as constant_pad_nd
from .network import cosine_similarity as cosine_similarity
from .network import pairwise_distance as pairwise_distance
from .network import pdist as pdist
from .network import pixel_shuffle as pixel_shuffle
from .network import pixel_unshuffle as pixel_unshuffle
from .network import prelu as prelu
from .network import rrelu as rrelu
from .network import rrelu_ as rrelu_
from .network import selu as selu
from .network import selu_ as selu_
from .network import threshold as threshold
from .network import threshold_ as threshold_
from .simple import fill as fill
from .simple import frobenius_norm as frobenius_norm
from .simple import nuclear_norm as nuclear_norm
from .stack import atleast_1d as atleast_1d
from .stack import atleast_2d as atleast_2d
from .stack import atleast_3d as atleast_3d
from .stack import block_diag as block_diag
from .stack import column_stack as column_stack
from .stack import dstack as dstack
from .stack import hstack as hstack
from .stack import row_stack as row_stack
from .stack import vstack as vstack

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "bilinear",
    "block_diag",
    "broadcast_shapes",
    "cartesian_prod",
    "cdist",
    "celu",
    "celu_",
    "chain_matmul",
    "channel_shuffle",
    "column_stack",
    "combinations",
    "constant_pad_nd",
    "cosine_similarity",
    "cumulative_trapezoid",
    "dstack",
    "fill",
    "frobenius_norm",
    "frombuffer",
    "get_default_device",
    "gradient",
    "hstack",
    "is_storage",
    "meshgrid",
    "nuclear_norm",
    "pairwise_distance",
    "pdist",
    "pixel_shuffle",
    "pixel_unshuffle",
    "prelu",
    "range",
    "row_stack",
    "rrelu",
    "rrelu_",
    "selu",
    "selu_",
    "set_default_device",
    "set_default_tensor_type",
    "tensordot",
    "threshold",
    "threshold_",
    "trapezoid",
    "trapz",
    "tril_indices",
    "triu_indices",
    "typename",
    "vander",
    "vstack",
]
