"""DenseNet (Huang et al. 2016), with bottlenecks and compression."""

from __future__ import annotations

from collections import OrderedDict
from functools import cache
from typing import Any

from .parts import initialise, library


@cache
def _classes(nn: Any) -> Any:
    cat = library(nn).cat

    class DenseLayer(nn.Module):
        """Makes a few channels from those of all layers before it."""

        def __init__(self, inputs: int, growth: int):
            super().__init__()
            hidden = 4 * growth
            self.norm1, self.relu1 = nn.BatchNorm2d(inputs), nn.ReLU(inplace=True)
            self.conv1 = nn.Conv2d(inputs, hidden, 1, bias=False)
            self.norm2, self.relu2 = nn.BatchNorm2d(hidden), nn.ReLU(inplace=True)
            self.conv2 = nn.Conv2d(hidden, growth, 3, padding=1, bias=False)

        def forward(self, features: list[Any]) -> Any:
            y = self.conv1(self.relu1(self.norm1(cat(features, 1))))
            return self.conv2(self.relu2(self.norm2(y)))

    class DenseBlock(nn.ModuleDict):
        """Layers that each see the block's input and what all layers before them made."""

        def __init__(self, inputs: int, depth: int, growth: int):
            layers = [(f"denselayer{at + 1}", DenseLayer(inputs + at * growth, growth)) for at in range(depth)]
            super().__init__(OrderedDict(layers))

        def forward(self, x: Any) -> Any:
            features = [x]
            for layer in self.values():
                features.append(layer(features))
            return cat(features, 1)

    def transition(inputs: int) -> Any:
        """Half the channels, and half the size."""
        layers = [
            ("norm", nn.BatchNorm2d(inputs)),
            ("relu", nn.ReLU(inplace=True)),
            ("conv", nn.Conv2d(inputs, inputs // 2, 1, bias=False)),
            ("pool", nn.AvgPool2d(2, 2)),
        ]
        return nn.Sequential(OrderedDict(layers))

    class DenseNet(nn.Module):
        """A stem, dense blocks with transitions between them, and a linear layer."""

        def __init__(self, growth: int, depths: tuple[int, ...], num_classes: int):
            super().__init__()
            channels = 2 * growth
            self.features = nn.Sequential(
                OrderedDict(
                    conv0=nn.Conv2d(3, channels, 7, 2, 3, bias=False),
                    norm0=nn.BatchNorm2d(channels),
                    relu0=nn.ReLU(inplace=True),
                    pool0=nn.MaxPool2d(3, 2, 1),
                )
            )
            for at, depth in enumerate(depths, 1):
                self.features.add_module(f"denseblock{at}", DenseBlock(channels, depth, growth))
                channels += depth * growth
                if at < len(depths):
                    self.features.add_module(f"transition{at}", transition(channels))
                    channels //= 2
            self.features.add_module("norm5", nn.BatchNorm2d(channels))
            self.classifier = nn.Linear(channels, num_classes)

        def forward(self, x: Any) -> Any:
            x = nn.functional.relu(self.features(x), inplace=True)
            return self.classifier(nn.functional.adaptive_avg_pool2d(x, 1).flatten(1))

    return DenseNet


def densenet121(nn: Any, num_classes: int = 1000) -> Any:
    """DenseNet-121, 8 million parameters."""
    return initialise(nn, _classes(nn)(32, (6, 12, 24, 16), num_classes))
