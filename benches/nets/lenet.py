"""LeNet-5 (LeCun et al. 1998), with the activations of today."""

from __future__ import annotations

from typing import Any


def lenet(nn: Any, num_classes: int = 10) -> Any:
    """Two convolutions and three linear layers, for images of 28 x 28 in one channel."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(16 * 5 * 5, 120),
        nn.ReLU(),
        nn.Linear(120, 84),
        nn.ReLU(),
        nn.Linear(84, num_classes),
    )
