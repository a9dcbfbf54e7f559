"""Functions of several tensors, or of none, that are no methods; written with tensor operations."""

from .calculus import cumulative_trapezoid as cumulative_trapezoid
from .calculus import gradient as gradient
from .calculus import trapezoid as trapezoid
from .calculus import trapz as trapz
from .contraction import chain_matmul as chain_matmul
from .contraction import tensordot as tensordot
from .distance import cdist as cdist
from .distance import cosine_similarity as cosine_similarity
from .distance import pairwise_distance as pairwise_distance
from .distance import pdist as pdist
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
    "cumulative_trapezoid",
    "gradient",
    "trapezoid",
    "trapz",
    "chain_matmul",
    "tensordot",
    "cdist",
    "cosine_similarity",
    "pairwise_distance",
    "pdist",
    "broadcast_shapes",
    "cartesian_prod",
    "combinations",
    "meshgrid",
    "range",
    "tril_indices",
    "triu_indices",
    "vander",
    "frombuffer",
    "get_default_device",
    "is_storage",
    "set_default_device",
    "set_default_tensor_type",
    "typename",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "block_diag",
    "column_stack",
    "dstack",
    "hstack",
    "row_stack",
    "vstack",
]
