"""VGG: deep stacks of small convolutions (2014)."""

import rsnn
from rsnn import nn

#: The channels of the convolutions of each network; "M" stands for a maximum pooling.
LAYOUTS = {
    "vgg11": (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "vgg13": (64, 64, "M", 128, 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"),
    "vgg16": (64, 64, "M", 128, 128, "M", *[256] * 3, "M", *[512] * 3, "M", *[512] * 3, "M"),
    "vgg19": (64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"),
}


def convolutions(layout, batch_norm: bool) -> nn.Sequential:
    """The convolutional part, as a layout describes it."""
    layers = []
    channels = 3
    for step in layout:
        if step == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        layers.append(nn.Conv2d(channels, step, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(step))
        layers.append(nn.ReLU(inplace=True))
        channels = step
    return nn.Sequential(*layers)


class VGG(nn.Module):
    """Convolutions of 3 x 3 and three linear layers, for colour images of 224 x 224 (any size from 32 works).

    Args:
        layout: one of the values of ``LAYOUTS``.
        batch_norm: whether each convolution is followed by a batch normalisation.
        num_classes: the size of the output.
        hidden: the size of the hidden linear layers.
        dropout: how much of them is switched off in training.
    """

    def __init__(
        self, layout, batch_norm: bool = False, num_classes: int = 1000, hidden: int = 4096, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = convolutions(layout, batch_norm)
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, hidden),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(hidden, hidden),
            nn.ReLU(True),
            nn.Dropout(p=dropout),
            nn.Linear(hidden, num_classes),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                nn.init.constant_(module.bias, 0)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, 0, 0.01)
                nn.init.constant_(module.bias, 0)

    def forward(self, x):
        x = self.avgpool(self.features(x))
        return self.classifier(x.flatten(1))


def vgg16(**options) -> VGG:
    """VGG-16."""
    return VGG(LAYOUTS["vgg16"], **options)


if __name__ == "__main__":
    rsnn.manual_seed(0)
    model = vgg16().eval()
    with rsnn.no_grad():
        print(model(rsnn.randn(1, 3, 224, 224)).shape)
