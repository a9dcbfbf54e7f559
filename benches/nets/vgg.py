"""VGG (Simonyan and Zisserman 2014)."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import initialise


@cache
def _classes(nn: Any) -> Any:
    class VGG(nn.Module):
        """Stages of 3 x 3 convolutions, each ended by a pooling, and three linear layers.

        `stages` holds a pair for each: how many convolutions, with how many channels.
        """

        def __init__(self, stages: tuple[tuple[int, int], ...], num_classes: int, dropout: float):
            super().__init__()
            layers, channels = [], 3
            for depth, width in stages:
                for _ in range(depth):
                    layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
                    channels = width
                layers.append(nn.MaxPool2d(2, 2))
            self.features = nn.Sequential(*layers)
            self.avgpool = nn.AdaptiveAvgPool2d(7)
            self.classifier = nn.Sequential(
                *(nn.Linear(channels * 7 * 7, 4096), nn.ReLU(inplace=True), nn.Dropout(dropout)),
                *(nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout(dropout)),
                nn.Linear(4096, num_classes),
            )

        def forward(self, x: Any) -> Any:
            return self.classifier(self.avgpool(self.features(x)).flatten(1))

    return VGG


def vgg16(nn: Any, num_classes: int = 1000, dropout: float = 0.5) -> Any:
    """VGG-16, 138 million parameters."""
    stages = ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))
    return initialise(nn, _classes(nn)(stages, num_classes, dropout))
