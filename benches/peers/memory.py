"""Prints how many kB the peak of the process rises in inference (ResNet-50, batch 16) or training (ResNet-18, batch 16)."""

from __future__ import annotations

import resource
import sys

from cases import CASES
from libraries import Eager

training = sys.argv[2] == "step"
lib = Eager(sys.argv[1], int(sys.argv[3])).lib
run = CASES["resnet18, batch 16, training step" if training else "resnet50, batch 16"].prepare(lib)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
# As many as allocators take to find their ways.
for _ in range(6):
    run()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
