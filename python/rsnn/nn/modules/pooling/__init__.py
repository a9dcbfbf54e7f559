"""Pooling."""

from rsnn.nn.modules.pooling.adaptive import AdaptiveAvgPool1d as AdaptiveAvgPool1d
from rsnn.nn.modules.pooling.adaptive import AdaptiveAvgPool2d as AdaptiveAvgPool2d
from rsnn.nn.modules.pooling.adaptive import AdaptiveAvgPool3d as AdaptiveAvgPool3d
from rsnn.nn.modules.pooling.adaptive import AdaptiveMaxPool1d as AdaptiveMaxPool1d
from rsnn.nn.modules.pooling.adaptive import AdaptiveMaxPool2d as AdaptiveMaxPool2d
from rsnn.nn.modules.pooling.adaptive import AdaptiveMaxPool3d as AdaptiveMaxPool3d
from rsnn.nn.modules.pooling.average import AvgPool1d as AvgPool1d
from rsnn.nn.modules.pooling.average import AvgPool2d as AvgPool2d
from rsnn.nn.modules.pooling.average import AvgPool3d as AvgPool3d
from rsnn.nn.modules.pooling.average import LPPool1d as LPPool1d
from rsnn.nn.modules.pooling.average import LPPool2d as LPPool2d
from rsnn.nn.modules.pooling.average import LPPool3d as LPPool3d
from rsnn.nn.modules.pooling.fractional import FractionalMaxPool2d as FractionalMaxPool2d
from rsnn.nn.modules.pooling.fractional import FractionalMaxPool3d as FractionalMaxPool3d
from rsnn.nn.modules.pooling.maximum import MaxPool1d as MaxPool1d
from rsnn.nn.modules.pooling.maximum import MaxPool2d as MaxPool2d
from rsnn.nn.modules.pooling.maximum import MaxPool3d as MaxPool3d
from rsnn.nn.modules.pooling.maximum import MaxUnpool1d as MaxUnpool1d
from rsnn.nn.modules.pooling.maximum import MaxUnpool2d as MaxUnpool2d
from rsnn.nn.modules.pooling.maximum import MaxUnpool3d as MaxUnpool3d
