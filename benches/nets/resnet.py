"""ResNet (He et al. 2015), with the stride of a bottleneck in its 3 x 3 convolution."""

from __future__ import annotations

from functools import cache
from typing import Any

from .parts import conv_norm, initialise


@cache
def _classes(nn: Any) -> Any:
    def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> Any:
        return nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)

    class Basic(nn.Module):
        """Two 3 x 3 convolutions, added to the input."""

        expansion = 1

        def __init__(self, inputs: int, width: int, stride: int, downsample: Any):
            super().__init__()
            self.conv1, self.bn1 = conv(inputs, width, 3, stride), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
            self.relu, self.downsample = nn.ReLU(inplace=True), downsample

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            y = self.bn2(self.conv2(y))
            y += x if self.downsample is None else self.downsample(x)
            return self.relu(y)

    class Bottleneck(nn.Module):
        """A 3 x 3 convolution of few channels between two of 1 x 1, added to the input."""

        expansion = 4

        def __init__(self, inputs: int, width: int, stride: int, downsample: Any):
            super().__init__()
            self.conv1, self.bn1 = conv(inputs, width, 1), nn.BatchNorm2d(width)
            self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
            self.conv3, self.bn3 = conv(width, 4 * width, 1), nn.BatchNorm2d(4 * width)
            self.relu, self.downsample = nn.ReLU(inplace=True), downsample

        def forward(self, x: Any) -> Any:
            y = self.relu(self.bn1(self.conv1(x)))
            y = self.relu(self.bn2(self.conv2(y)))
            y = self.bn3(self.conv3(y))
            y += x if self.downsample is None else self.downsample(x)
            return self.relu(y)

    class ResNet(nn.Module):
        """A stem, four stages of blocks, and a linear layer on the mean of all places."""

        def __init__(self, block: Any, depths: tuple[int, ...], num_classes: int):
            super().__init__()
            self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
            self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
            channels = 64
            for stage, depth in enumerate(depths):
                width, blocks = 64 << stage, []
                for at in range(depth):
                    stride = 2 if stage > 0 and at == 0 else 1
                    outputs = width * block.expansion
                    plain = stride == 1 and channels == outputs
                    downsample = None if plain else conv_norm(nn, channels, outputs, 1, stride)
                    blocks.append(block(channels, width, stride, downsample))
                    channels = outputs
                setattr(self, f"layer{stage + 1}", nn.Sequential(*blocks))
            self.avgpool = nn.AdaptiveAvgPool2d(1)
            self.fc = nn.Linear(channels, num_classes)

        def forward(self, x: Any) -> Any:
            x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
            x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
            return self.fc(self.avgpool(x).flatten(1))

    return Basic, Bottleneck, ResNet


def resnet18(nn: Any, num_classes: int = 1000) -> Any:
    """ResNet-18, 12 million parameters."""
    basic, _, net = _classes(nn)
    return initialise(nn, net(basic, (2, 2, 2, 2), num_classes))


def resnet50(nn: Any, num_classes: int = 1000) -> Any:
    """ResNet-50, 26 million parameters."""
    _, bottleneck, net = _classes(nn)
    return initialise(nn, net(bottleneck, (3, 4, 6, 3), num_classes))
