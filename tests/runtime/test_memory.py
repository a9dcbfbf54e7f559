"""A training step needs no more memory at its peak than PyTorch's; hopeless sizes are refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import rsnn

EXAMPLES = Path(__file__).parents[2] / "examples"

#: A process of its own for each library: what the kernel counts for one process includes everything it ever did.
STEP = """
import importlib, sys
name, examples, make, shape, batch = sys.argv[1], sys.argv[2], sys.argv[3], eval(sys.argv[4]), int(sys.argv[5])
lib = importlib.import_module(name)
nn = lib.nn
for part in ("", ".nn", ".nn.functional"):
    sys.modules["rsnn" + part] = importlib.import_module(name + part)
sys.path.insert(0, examples)
import alexnet, lenet, resnet, vgg

def train(model, batch, shape, steps):
    optimizer = lib.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    for _ in range(steps):
        x, t = lib.randn(batch, *shape), lib.zeros(batch, dtype=lib.int64)
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), t).backward()
        optimizer.step()

def kilobytes(what):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(what))

lib.manual_seed(0)
lib.set_num_threads(2)
model = eval(make)
# A step of a tiny net of the same layers loads the code, and makes what a library makes once.
tiny = [nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1)]
train(nn.Sequential(*tiny, nn.Dropout(), nn.Flatten(), nn.Linear(4, 2)), 2, (1, 8, 8), 2)
before = kilobytes("VmRSS")
with open("/proc/self/clear_refs", "w") as file:
    file.write("5")
train(model, batch, shape, 3)
print(kilobytes("VmHWM") - before, kilobytes("VmHWM"))
"""

NETS = {
    "lenet": ("lenet.LeNet()", (1, 28, 28), 64),
    "vgg": ("vgg.VGG(vgg.LAYOUTS['vgg11'], batch_norm=True, num_classes=10, hidden=64)", (3, 64, 64), 8),
    "resnet18": ("resnet.resnet18(num_classes=10)", (3, 64, 64), 8),
    "plain": (
        "nn.Sequential(*[layer for a, b in zip([3, 32, 32, 64, 64], [32, 32, 64, 64, 128]) for layer in ("
        "nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU())], nn.AdaptiveAvgPool2d(1), nn.Flatten())",
        (3, 64, 64),
        16,
    ),
}


def peak_kilobytes(lib: str, net: str) -> tuple[int, int]:
    """How much the memory of a fresh process rises during three steps, and its whole size at the peak."""
    make, shape, batch = NETS[net]
    command = [sys.executable, "-W", "ignore", "-c", STEP, lib, str(EXAMPLES), make, str(shape), str(batch)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    rise, whole = result.stdout.split()
    return int(rise), int(whole)


@pytest.mark.skipif(not os.access("/proc/self/clear_refs", os.W_OK), reason="needs Linux's count of a process's peak")
@pytest.mark.parametrize("net", NETS)
def test_a_training_step_needs_no_more_than_pytorchs(torch, net):
    # What threads hold at once depends on how they meet, so the smallest of a few runs counts.
    (ours, our_whole), (theirs, their_whole) = (
        min(peak_kilobytes(lib, net) for _ in range(3)) for lib in ("rsnn", "torch")
    )
    assert our_whole < their_whole, f"{our_whole} kB against {their_whole} kB"
    # Tensors need the same; blocks of another size class and buffers of kernels may differ by a few hundredths.
    assert ours <= 1.05 * theirs + 2048, f"{ours} kB against {theirs} kB"


@pytest.mark.parametrize("size", [2**62, 2**50])
def test_hopeless_sizes_are_refused(size):
    with pytest.raises((RuntimeError, MemoryError)):
        rsnn.empty(size)
    with pytest.raises((RuntimeError, MemoryError)):
        rsnn.zeros(size, size)
