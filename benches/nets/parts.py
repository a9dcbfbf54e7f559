"""What several networks share."""

from __future__ import annotations

import importlib
from typing import Any


def library(nn: Any) -> Any:
    """The library that a namespace `nn` belongs to, for its functions of tensors."""
    return importlib.import_module(nn.__name__.rpartition(".")[0])


def conv_norm(
    nn: Any, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, act: Any = None
) -> Any:
    """A convolution that keeps the size (at stride 1), batch normalisation and perhaps an activation."""
    conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, groups=groups, bias=False)
    activation = [] if act is None else [act(inplace=True)]
    return nn.Sequential(conv, nn.BatchNorm2d(outputs), *activation)


def initialise(nn: Any, model: Any) -> Any:
    """The model with weights that keep the size of activations, so that untrained networks compute with ordinary numbers."""
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    return model
