"""Linear algebra on small matrices: numpy's LAPACK routines, with gradients of every order.

Functions take batches of matrices `(..., m, n)` in `float32` or `float64`.
"""

from ._array import LinAlgError as LinAlgError
from .factor import cholesky as cholesky
from .factor import eigh as eigh
from .factor import eigvalsh as eigvalsh
from .factor import qr as qr
from .factor import svd as svd
from .factor import svdvals as svdvals
from .norm import cond as cond
from .norm import matrix_norm as matrix_norm
from .norm import matrix_rank as matrix_rank
from .norm import norm as norm
from .norm import vector_norm as vector_norm
from .power import matrix_exp as matrix_exp
from .power import matrix_power as matrix_power
from .product import cross as cross
from .product import diagonal as diagonal
from .product import matmul as matmul
from .product import multi_dot as multi_dot
from .product import vander as vander
from .product import vecdot as vecdot
from .solve import det as det
from .solve import inv as inv
from .solve import pinv as pinv
from .solve import slogdet as slogdet
from .solve import solve as solve
from .solve import solve_triangular as solve_triangular

__all__ = [
    "LinAlgError",
    "cholesky",
    "cond",
    "cross",
    "det",
    "diagonal",
    "eigh",
    "eigvalsh",
    "inv",
    "matmul",
    "matrix_exp",
    "matrix_norm",
    "matrix_power",
    "matrix_rank",
    "multi_dot",
    "norm",
    "pinv",
    "qr",
    "slogdet",
    "solve",
    "solve_triangular",
    "svd",
    "svdvals",
    "vander",
    "vecdot",
    "vector_norm",
]
