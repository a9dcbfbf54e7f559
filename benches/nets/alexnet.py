"""AlexNet in its one-column form (Krizhevsky 2014)."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import initialise


@cache
def _classes(nn: Any) -> Any:
    class AlexNet(nn.Module):
        """Five convolutions and three linear layers."""

        def __init__(self, num_classes: int, dropout: float):
            super().__init__()
            relu = lambda: nn.ReLU(inplace=True)  # noqa: E731
            pool = lambda: nn.MaxPool2d(3, 2)  # noqa: E731
            self.features = nn.Sequential(
                *(nn.Conv2d(3, 64, 11, 4, 2), relu(), pool()),
                *(nn.Conv2d(64, 192, 5, padding=2), relu(), pool()),
                *(nn.Conv2d(192, 384, 3, padding=1), relu()),
                *(nn.Conv2d(384, 256, 3, padding=1), relu()),
                *(nn.Conv2d(256, 256, 3, padding=1), relu(), pool()),
            )
            self.avgpool = nn.AdaptiveAvgPool2d(6)
            self.classifier = nn.Sequential(
                *(nn.Dropout(dropout), nn.Linear(256 * 6 * 6, 4096), relu()),
                *(nn.Dropout(dropout), nn.Linear(4096, 4096), relu()),
                nn.Linear(4096, num_classes),
            )

        def forward(self, x: Any) -> Any:
            return self.classifier(self.avgpool(self.features(x)).flatten(1))

    return AlexNet


def alexnet(nn: Any, num_classes: int = 1000, dropout: float = 0.5) -> Any:
    """AlexNet, 61 million parameters."""
    return initialise(nn, _classes(nn)(num_classes, dropout))
