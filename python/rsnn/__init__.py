"""rsnn: `torch.nn` as a small wheel. Tensors, gradients and neural-network modules on a CPU."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from . import _tensor as _tensor
from . import autograd as autograd
from . import nn as nn
from . import random as random
from . import return_types as return_types
from . import utils as utils
from ._C import *  # noqa: F403
from ._C import __version__ as __version__
from ._composite import *  # noqa: F403
from ._constants import *  # noqa: F403
from ._device import device as device
from ._einsum import einsum as einsum
from ._formats import channels_last as channels_last
from ._formats import channels_last_3d as channels_last_3d
from ._formats import contiguous_format as contiguous_format
from ._formats import layout as layout
from ._formats import legacy_contiguous_format as legacy_contiguous_format
from ._formats import memory_format as memory_format
from ._formats import preserve_format as preserve_format
from ._formats import sparse_coo as sparse_coo
from ._formats import strided as strided
from ._functions import *  # noqa: F403
from ._limits import finfo as finfo
from ._limits import iinfo as iinfo
from ._precision import get_float32_matmul_precision as get_float32_matmul_precision
from ._precision import set_float32_matmul_precision as set_float32_matmul_precision
from ._size import Size as Size
from ._tensor_str import set_printoptions as set_printoptions
from ._types import *  # noqa: F403
from .autograd import enable_grad as enable_grad
from .autograd import inference_mode as inference_mode
from .autograd import no_grad as no_grad
from .autograd import set_grad_enabled as set_grad_enabled
from .nn.functional import celu_ as celu_
from .nn.functional import rrelu_ as rrelu_
from .nn.functional import selu_ as selu_
from .nn.functional import threshold_ as threshold_
from .random import get_rng_state as get_rng_state
from .random import initial_seed as initial_seed
from .random import manual_seed as manual_seed
from .random import seed as seed
from .random import set_rng_state as set_rng_state

# What `_C` holds for the packages below: there it has its public name, or it has none.
for _name in """
    HookOptions HookTable Module ModuleDict ModuleIterator ModuleList NameSet Node Parameter Registry RemovableHandle
    Sequential adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool2d adaptive_max_pool3d avg_pool2d avg_pool3d elu
    gelu glu hardsigmoid hardswish hardtanh leaky_relu linear logsigmoid max_pool2d_with_indices max_pool3d_with_indices
    mish register_module_backward_hook register_module_buffer_registration_hook register_module_forward_hook
    register_module_forward_pre_hook register_module_full_backward_hook register_module_full_backward_pre_hook
    register_module_module_registration_hook register_module_parameter_registration_hook relu6
    scaled_dot_product_attention silu softplus softshrink softsign tanhshrink
""".split():
    globals().pop(_name, None)
del _name

if TYPE_CHECKING:
    from . import linalg as linalg
    from . import optim as optim
    from .serialization import load as load
    from .serialization import save as save
    from .utils.dlpack import to_dlpack as to_dlpack
else:

    def __getattr__(name: str) -> Any:
        """Imports what a program that only runs a network does without, when it is first asked for."""
        if name == "to_dlpack":
            from .utils.dlpack import to_dlpack

            return to_dlpack
        if name in ("linalg", "optim"):
            return importlib.import_module(f"rsnn.{name}")
        if name in ("load", "save"):
            function = getattr(importlib.import_module("rsnn.serialization"), name)
            globals()[name] = function
            return function
        raise AttributeError(f"module 'rsnn' has no attribute {name!r}")
