"""A training step needs no more memory at its peak than PyTorch's; hopeless sizes are refused."""

import subprocess
import sys

import pytest

import rsnn

STEP = """
import resource, sys
import {lib} as lib
import {lib}.nn as nn
lib.manual_seed(0)
lib.set_num_threads(2)
widths = [3, 32, 32, 64, 64, 128]
layers = []
for a, b in zip(widths, widths[1:]):
    layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU()]
model = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))
optimizer = lib.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
x, t = lib.randn(16, 3, 64, 64), lib.zeros(16, dtype=lib.int64)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(3):
    optimizer.zero_grad()
    nn.functional.cross_entropy(model(x), t).backward()
    optimizer.step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def peak_kilobytes(lib: str) -> int:
    """How much the peak of a fresh process rises during three steps."""
    code = STEP.format(lib=lib)
    result = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return int(result.stdout)


def test_a_training_step_needs_no_more_than_pytorchs(torch):
    ours, theirs = peak_kilobytes("rsnn"), peak_kilobytes("torch")
    # A megabyte for what else the two processes do.
    assert ours <= theirs + 1024, f"{ours} kB against {theirs} kB"


@pytest.mark.parametrize("size", [2**62, 2**50])
def test_hopeless_sizes_are_refused(size):
    with pytest.raises((RuntimeError, MemoryError)):
        rsnn.empty(size)
    with pytest.raises((RuntimeError, MemoryError)):
        rsnn.zeros(size, size)
