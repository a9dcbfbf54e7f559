"""Networks that are measured and compared. Each is a function of a library's `nn`: `resnet50(rsnn.nn)`, `resnet50(torch.nn)`.

The same code makes the same layers, names and, after `manual_seed`, weights in every library that has PyTorch's names. The
architectures are those of the papers; names in state dicts are torchvision's, so its checkpoints load.
"""

from .alexnet import alexnet
from .densenet import densenet121
from .efficientnet import efficientnet_b0
from .lenet import lenet
from .mobilenet import mobilenet_v2
from .resnet import resnet18, resnet50
from .squeezenet import squeezenet1_1
from .vgg import vgg16
from .vit import vit_b_16

#: The networks for colour images of 224 x 224 in 1000 classes.
IMAGENET = (
    alexnet,
    vgg16,
    resnet18,
    resnet50,
    mobilenet_v2,
    efficientnet_b0,
    densenet121,
    squeezenet1_1,
    vit_b_16,
)

__all__ = ["IMAGENET", "lenet", *(net.__name__ for net in IMAGENET)]
