"""EfficientNet (Tan and Le 2019)."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import conv_norm, initialise

#: The stages of B0: how much wider the blocks are inside, kernel, stride of the first, channels, how many.
STAGES = (
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
)
#: How often the last block is left out in training; earlier ones less, in proportion to their place.
DEPTH_DROP = 0.2


@cache
def _classes(nn: Any) -> Any:
    class SqueezeExcitation(nn.Module):
        """Scales each channel by what a small network makes of the means of all channels."""

        def __init__(self, channels: int, squeezed: int):
            super().__init__()
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc1, self.fc2 = nn.Conv2d(channels, squeezed, 1), nn.Conv2d(squeezed, channels, 1)
            self.activation, self.scale_activation = nn.SiLU(inplace=True), nn.Sigmoid()

        def forward(self, x: Any) -> Any:
            scale = self.fc2(self.activation(self.fc1(self.avgpool(x))))
            return self.scale_activation(scale) * x

    class MBConv(nn.Module):
        """An inverted residual block with squeeze and excitation."""

        def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int, drop: float):
            super().__init__()
            hidden = inputs * expansion
            widen = [] if expansion == 1 else [conv_norm(nn, inputs, hidden, 1, act=nn.SiLU)]
            self.block = nn.Sequential(
                *widen,
                conv_norm(nn, hidden, hidden, kernel, stride, hidden, nn.SiLU),
                SqueezeExcitation(hidden, max(1, inputs // 4)),
                conv_norm(nn, hidden, outputs, 1),
            )
            self.residual, self.drop = stride == 1 and inputs == outputs, drop

        def forward(self, x: Any) -> Any:
            y = self.block(x)
            if not self.residual:
                return y
            if self.training:
                # Dropout of one number per image leaves the block out for some images.
                y = y * nn.functional.dropout(x.new_ones(x.shape[0], 1, 1, 1), self.drop)
            return x + y

    class EfficientNet(nn.Module):
        """A stem, the stages, a wide 1 x 1 convolution, and a linear layer."""

        def __init__(self, num_classes: int, dropout: float):
            super().__init__()
            total = sum(stage[-1] for stage in STAGES)
            layers, channels, made = [conv_norm(nn, 3, 32, 3, 2, act=nn.SiLU)], 32, 0
            for expansion, kernel, stride, width, depth in STAGES:
                blocks = []
                for at in range(depth):
                    drop = DEPTH_DROP * made / total
                    blocks.append(MBConv(channels, width, kernel, stride if at == 0 else 1, expansion, drop))
                    channels, made = width, made + 1
                layers.append(nn.Sequential(*blocks))
            self.features = nn.Sequential(*layers, conv_norm(nn, channels, 4 * channels, 1, act=nn.SiLU))
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(4 * channels, num_classes))

        def forward(self, x: Any) -> Any:
            return self.classifier(self.avgpool(self.features(x)).flatten(1))

    return EfficientNet


def efficientnet_b0(nn: Any, num_classes: int = 1000, dropout: float = 0.2) -> Any:
    """EfficientNet-B0, 5.3 million parameters."""
    return initialise(nn, _classes(nn)(num_classes, dropout))
