"""LeNet-5: the network that read handwritten digits in 1998, with the activations of today."""

import rsnn
from rsnn import nn


class LeNet(nn.Module):
    """Two convolutions and three linear layers, for images of 28 x 28 in one channel.

    Args:
        num_classes: the size of the output.
    """

    def __init__(self, num_classes: int = 10) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, kernel_size=5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, kernel_size=5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, num_classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv1(x)), 2)
        x = nn.functional.max_pool2d(nn.functional.relu(self.conv2(x)), 2)
        x = x.flatten(1)
        x = nn.functional.relu(self.fc1(x))
        x = nn.functional.relu(self.fc2(x))
        return self.fc3(x)


if __name__ == "__main__":
    rsnn.manual_seed(0)
    model = LeNet().eval()
    with rsnn.no_grad():
        print(model(rsnn.randn(1, 1, 28, 28)))
