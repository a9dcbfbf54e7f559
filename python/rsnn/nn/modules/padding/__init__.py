"""Borders around an input."""

from rsnn.nn.modules.padding.constant import ConstantPad1d as ConstantPad1d
from rsnn.nn.modules.padding.constant import ConstantPad2d as ConstantPad2d
from rsnn.nn.modules.padding.constant import ConstantPad3d as ConstantPad3d
from rsnn.nn.modules.padding.constant import ZeroPad1d as ZeroPad1d
from rsnn.nn.modules.padding.constant import ZeroPad2d as ZeroPad2d
from rsnn.nn.modules.padding.constant import ZeroPad3d as ZeroPad3d
from rsnn.nn.modules.padding.edge import CircularPad1d as CircularPad1d
from rsnn.nn.modules.padding.edge import CircularPad2d as CircularPad2d
from rsnn.nn.modules.padding.edge import CircularPad3d as CircularPad3d
from rsnn.nn.modules.padding.edge import ReflectionPad1d as ReflectionPad1d
from rsnn.nn.modules.padding.edge import ReflectionPad2d as ReflectionPad2d
from rsnn.nn.modules.padding.edge import ReflectionPad3d as ReflectionPad3d
from rsnn.nn.modules.padding.edge import ReplicationPad1d as ReplicationPad1d
from rsnn.nn.modules.padding.edge import ReplicationPad2d as ReplicationPad2d
from rsnn.nn.modules.padding.edge import ReplicationPad3d as ReplicationPad3d
