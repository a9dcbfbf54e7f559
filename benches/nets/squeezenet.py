"""SqueezeNet 1.1 (Iandola et al. 2016)."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import initialise, library


@cache
def _classes(nn: Any) -> Any:
    cat = library(nn).cat

    class Fire(nn.Module):
        """Few channels, then many by convolutions of 1 x 1 and of 3 x 3, side by side."""

        def __init__(self, inputs: int, squeezed: int, expanded: int):
            super().__init__()
            self.squeeze, self.squeeze_activation = nn.Conv2d(inputs, squeezed, 1), nn.ReLU(inplace=True)
            self.expand1x1, self.expand1x1_activation = nn.Conv2d(squeezed, expanded, 1), nn.ReLU(inplace=True)
            self.expand3x3 = nn.Conv2d(squeezed, expanded, 3, padding=1)
            self.expand3x3_activation = nn.ReLU(inplace=True)

        def forward(self, x: Any) -> Any:
            x = self.squeeze_activation(self.squeeze(x))
            sides = [self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))]
            return cat(sides, 1)

    class SqueezeNet(nn.Module):
        """A stem, eight fire modules with poolings between them, and a convolution that makes the classes."""

        def __init__(self, num_classes: int, dropout: float):
            super().__init__()
            pool = lambda: nn.MaxPool2d(3, 2, ceil_mode=True)  # noqa: E731
            self.features = nn.Sequential(
                *(nn.Conv2d(3, 64, 3, 2), nn.ReLU(inplace=True), pool()),
                *(Fire(64, 16, 64), Fire(128, 16, 64), pool()),
                *(Fire(128, 32, 128), Fire(256, 32, 128), pool()),
                *(Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256)),
            )
            self.classifier = nn.Sequential(
                nn.Dropout(dropout), nn.Conv2d(512, num_classes, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1)
            )

        def forward(self, x: Any) -> Any:
            return self.classifier(self.features(x)).flatten(1)

    return SqueezeNet


def squeezenet1_1(nn: Any, num_classes: int = 1000, dropout: float = 0.5) -> Any:
    """SqueezeNet 1.1, 1.2 million parameters."""
    return initialise(nn, _classes(nn)(num_classes, dropout))
