"""Convolutions and transposed convolutions."""

from rsnn.nn.modules.conv.base import _ConvNd as _ConvNd
from rsnn.nn.modules.conv.direct import Conv1d as Conv1d
from rsnn.nn.modules.conv.direct import Conv2d as Conv2d
from rsnn.nn.modules.conv.direct import Conv3d as Conv3d
from rsnn.nn.modules.conv.transposed import ConvTranspose1d as ConvTranspose1d
from rsnn.nn.modules.conv.transposed import ConvTranspose2d as ConvTranspose2d
from rsnn.nn.modules.conv.transposed import ConvTranspose3d as ConvTranspose3d
from rsnn.nn.modules.conv.transposed import _ConvTransposeNd as _ConvTransposeNd
