"""Layers that learn the sizes of their inputs from the first one."""

from rsnn.nn.modules.lazy.conv import LazyConv1d as LazyConv1d
from rsnn.nn.modules.lazy.conv import LazyConv2d as LazyConv2d
from rsnn.nn.modules.lazy.conv import LazyConv3d as LazyConv3d
from rsnn.nn.modules.lazy.conv import LazyConvTranspose1d as LazyConvTranspose1d
from rsnn.nn.modules.lazy.conv import LazyConvTranspose2d as LazyConvTranspose2d
from rsnn.nn.modules.lazy.conv import LazyConvTranspose3d as LazyConvTranspose3d
from rsnn.nn.modules.lazy.linear import LazyLinear as LazyLinear
from rsnn.nn.modules.lazy.mixin import LazyModuleMixin as LazyModuleMixin
from rsnn.nn.modules.lazy.norm import LazyBatchNorm1d as LazyBatchNorm1d
from rsnn.nn.modules.lazy.norm import LazyBatchNorm2d as LazyBatchNorm2d
from rsnn.nn.modules.lazy.norm import LazyBatchNorm3d as LazyBatchNorm3d
from rsnn.nn.modules.lazy.norm import LazyInstanceNorm1d as LazyInstanceNorm1d
from rsnn.nn.modules.lazy.norm import LazyInstanceNorm2d as LazyInstanceNorm2d
from rsnn.nn.modules.lazy.norm import LazyInstanceNorm3d as LazyInstanceNorm3d
