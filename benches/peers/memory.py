"""Prints how many kB the peak of the process rises in inference (ResNet-50, batch 16) or training (ResNet-18, batch 16)."""

from __future__ import annotations

import importlib
import resource
import sys

from cases import example

lib = importlib.import_module(sys.argv[1])
importlib.import_module(f"{sys.argv[1]}.optim")
nn = importlib.import_module(f"{sys.argv[1]}.nn")
lib.set_num_threads(int(sys.argv[3]))
lib.manual_seed(0)
training = sys.argv[2] == "step"
model = example(lib, "resnet")["resnet18" if training else "resnet50"]().train(training)
x = lib.randn(16, 3, 224, 224)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if training:
    target = lib.zeros(16, dtype=lib.int64)
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(2):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), target).backward()
        optimizer.step()
else:
    with lib.no_grad():
        for _ in range(2):
            model(x)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
