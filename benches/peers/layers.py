"""The convolutions of some networks: every different one, in the order of the network."""

from __future__ import annotations

from typing import Any, NamedTuple


class Layer(NamedTuple):
    """A square convolution that keeps the size, up to its stride."""

    inputs: int
    outputs: int
    size: int
    kernel: int
    stride: int = 1
    groups: int = 1

    def __str__(self) -> str:
        if self.groups > 1:
            return f"{self.kernel}x{self.kernel}/{self.stride} {self.inputs} at {self.size}"
        return f"{self.kernel}x{self.kernel}/{self.stride} {self.inputs}-{self.outputs} at {self.size}"

    def shapes(self, batch: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The shapes of an input and of the weights."""
        weights = (self.outputs, self.inputs // self.groups, self.kernel, self.kernel)
        return (batch, self.inputs, self.size, self.size), weights

    def __call__(self, functional: Any, x: Any, weight: Any) -> Any:
        return functional.conv2d(x, weight, None, self.stride, self.kernel // 2, 1, self.groups)


def resnet50() -> list[Layer]:
    """The convolutions of ResNet-50."""
    layers, inputs, size = [Layer(3, 64, 224, 7, 2)], 64, 56
    for width in (64, 128, 256, 512):
        stride = 1 if width == 64 else 2
        small = size // stride
        layers += [
            Layer(inputs, width, size, 1),
            Layer(width, width, size, 3, stride),
            Layer(width, 4 * width, small, 1),
            Layer(inputs, 4 * width, size, 1, stride),
            Layer(4 * width, width, small, 1),
            Layer(width, width, small, 3),
        ]
        inputs, size = 4 * width, small
    return list(dict.fromkeys(layers))


def vgg16() -> list[Layer]:
    """The convolutions of VGG-16."""
    channels = [(3, 64, 224), (64, 64, 224), (64, 128, 112), (128, 128, 112), (128, 256, 56), (256, 256, 56)]
    channels += [(256, 512, 28), (512, 512, 28), (512, 512, 14)]
    return [Layer(*sizes, 3) for sizes in channels]


def mobilenet_v2() -> list[Layer]:
    """The depthwise convolutions of MobileNetV2."""
    sizes = [(32, 112, 1), (96, 112, 2), (144, 56, 1), (144, 56, 2), (192, 28, 1), (192, 28, 2)]
    sizes += [(384, 14, 1), (576, 14, 1), (576, 14, 2), (960, 7, 1)]
    return [Layer(channels, channels, size, 3, stride, channels) for channels, size, stride in sizes]
