"""MobileNetV2 (Sandler et al. 2018)."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import conv_norm, initialise

#: The stages: how much wider the blocks are inside, their channels, how many they are, the stride of the first.
STAGES = (
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)


@cache
def _classes(nn: Any) -> Any:
    class InvertedResidual(nn.Module):
        """A depthwise convolution between two of 1 x 1: wide inside, narrow and linear outside."""

        def __init__(self, inputs: int, outputs: int, stride: int, expansion: int):
            super().__init__()
            hidden = inputs * expansion
            widen = [] if expansion == 1 else [conv_norm(nn, inputs, hidden, 1, act=nn.ReLU6)]
            self.conv = nn.Sequential(
                *widen,
                conv_norm(nn, hidden, hidden, 3, stride, hidden, nn.ReLU6),
                nn.Conv2d(hidden, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )
            self.residual = stride == 1 and inputs == outputs

        def forward(self, x: Any) -> Any:
            return x + self.conv(x) if self.residual else self.conv(x)

    class MobileNetV2(nn.Module):
        """A stem, the blocks of all stages, a wide 1 x 1 convolution, and a linear layer."""

        def __init__(self, num_classes: int, dropout: float):
            super().__init__()
            layers, channels = [conv_norm(nn, 3, 32, 3, 2, act=nn.ReLU6)], 32
            for expansion, width, depth, stride in STAGES:
                for at in range(depth):
                    layers.append(InvertedResidual(channels, width, stride if at == 0 else 1, expansion))
                    channels = width
            self.features = nn.Sequential(*layers, conv_norm(nn, channels, 1280, 1, act=nn.ReLU6))
            self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(1280, num_classes))

        def forward(self, x: Any) -> Any:
            x = nn.functional.adaptive_avg_pool2d(self.features(x), 1)
            return self.classifier(x.flatten(1))

    return MobileNetV2


def mobilenet_v2(nn: Any, num_classes: int = 1000, dropout: float = 0.2) -> Any:
    """MobileNetV2, 3.5 million parameters."""
    return initialise(nn, _classes(nn)(num_classes, dropout))
