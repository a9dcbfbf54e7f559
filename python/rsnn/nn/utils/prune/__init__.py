"""Pruning: parameters with some of their elements set to zero."""

from rsnn.nn.utils.prune.base import BasePruningMethod as BasePruningMethod
from rsnn.nn.utils.prune.base import PruningContainer as PruningContainer
from rsnn.nn.utils.prune.functions import custom_from_mask as custom_from_mask
from rsnn.nn.utils.prune.functions import global_unstructured as global_unstructured
from rsnn.nn.utils.prune.functions import identity as identity
from rsnn.nn.utils.prune.functions import is_pruned as is_pruned
from rsnn.nn.utils.prune.functions import l1_unstructured as l1_unstructured
from rsnn.nn.utils.prune.functions import ln_structured as ln_structured
from rsnn.nn.utils.prune.functions import random_structured as random_structured
from rsnn.nn.utils.prune.functions import random_unstructured as random_unstructured
from rsnn.nn.utils.prune.functions import remove as remove
from rsnn.nn.utils.prune.methods import CustomFromMask as CustomFromMask
from rsnn.nn.utils.prune.methods import Identity as Identity
from rsnn.nn.utils.prune.methods import L1Unstructured as L1Unstructured
from rsnn.nn.utils.prune.methods import LnStructured as LnStructured
from rsnn.nn.utils.prune.methods import RandomStructured as RandomStructured
from rsnn.nn.utils.prune.methods import RandomUnstructured as RandomUnstructured
